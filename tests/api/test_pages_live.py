"""Pages that follow along: told of changes alone, bounded, over with the log-in, and out of the way at a stop."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import httpx
import pytest

from api.main import Door, server_config
from api.watching import Change, Limits, Listener, TooManyListen
from permits.authority import Role
from permits.decisions import TaskKind
from store.queries.changes import desk_mark, desk_of
from tests.api.cases import close_task, open_task
from tests.api.conftest import PASSWORD, Api
from tests.api.filing import a_case
from tests.api.pages import browser, send

QUICK = Limits(look_seconds=0.05)


@dataclass
class Stream:
    """What a page hears."""

    answer: httpx.Response
    _lines: AsyncIterator[str]

    async def next(self) -> dict[str, str]:
        """The next event: its fields by name; {} when the stream ends."""
        event: dict[str, str] = {}
        async with asyncio.timeout(20):
            async for line in self._lines:
                if line == "" and event:
                    return event
                name, _, value = line.partition(": ")
                if name and not line.startswith(":"):
                    event[name] = value
        return event


class Served:
    """The application behind a real server, since a stream has no end to wait for."""

    def __init__(self, api: Api, server: Door, address: str) -> None:
        self.api, self.server, self.address = api, server, address

    @asynccontextmanager
    async def follow(self, path: str, client: httpx.AsyncClient | None = None, **headers: str) -> AsyncIterator[Stream]:
        sent = headers | (dict(client.headers) if client else {})
        async with (
            httpx.AsyncClient(base_url=self.address, timeout=30) as asking,
            asking.stream("GET", path, headers={**sent, "Accept": "text/event-stream"}) as answer,
        ):
            yield Stream(answer, answer.aiter_lines())

    async def nobody_listens(self) -> None:
        async with asyncio.timeout(20):
            while len(self.api.services.watching):
                await asyncio.sleep(0.02)


@pytest.fixture
async def served(api: Api) -> AsyncIterator[Served]:
    api.services.watching.limits = QUICK
    config = server_config(api.app, api.settings.model_copy(update={"api_port": 0, "api_host": "127.0.0.1"}))
    config.lifespan = "off"  # the fixture `api` closes its services itself
    server = Door(config)
    serving = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Served(api, server, f"http://127.0.0.1:{port}")
    server.should_exit = True
    await serving


async def tracking_code(api: Api, number: str) -> str:
    return str((await (await api.as_("pemohon")).get(f"/api/v1/applications/{number}")).json()["tracking_code"])


async def test_whoever_tracks_a_case_is_told_that_it_changed_and_nothing_else(api: Api, served: Served) -> None:
    number = await a_case(api, await api.as_("pemohon"))
    api.clock.advance(minutes=5)
    async with served.follow(f"/aliran/lacak/{await tracking_code(api, number)}") as stream:
        assert stream.answer.headers["content-type"].startswith("text/event-stream")
        began = await stream.next()
        assert began["event"] == "mulai" and int(began["retry"]) >= 1000
        await open_task(api, number, TaskKind.VERIFICATION, Role.FRONT_OFFICE)
        changed = await stream.next()
    assert (changed["event"], changed["data"]) == ("berubah", "{}")
    assert changed["id"] != began["id"]


@pytest.mark.parametrize(
    ("who", "page"),
    [(None, "/lacak/{code}"), ("pemohon", "/permohonan/{number}"), ("depan", "/kasus/{number}"), ("depan", "/tugas")],
)
async def test_a_page_about_what_moves_follows_a_stream_that_its_reader_may_hear(
    api: Api, served: Served, who: str | None, page: str
) -> None:
    number = await a_case(api, await api.as_("pemohon"))
    reader = await api.as_(who) if who else api.anonymous()
    path = page.format(number=number, code=await tracking_code(api, number))
    shown = await reader.get(path, headers={"Accept": "text/html"})
    (address,) = re.findall(r'data-hidup="([^"]+)"', shown.text)
    async with served.follow(address, reader) as stream:
        assert (await stream.next())["event"] in ("mulai", "berubah")


async def test_an_inbox_that_shows_what_stands_is_not_asked_for_twice(api: Api, served: Served) -> None:
    number = await a_case(api, await api.as_("pemohon"))
    front = await api.as_("depan")
    shown = (await front.get("/tugas", headers={"Accept": "text/html"})).text
    (mark,) = re.findall(r'data-tanda="([0-9a-f]+)"', shown)
    async with served.follow(f"/aliran/tugas?tanda={mark}", front) as stream:
        assert (await stream.next())["event"] == "mulai"
    await open_task(api, number, TaskKind.VERIFICATION, Role.FRONT_OFFICE)
    async with served.follow(f"/aliran/tugas?tanda={mark}", front) as stream:
        assert (await stream.next())["event"] == "berubah"


async def test_what_was_searched_is_not_asked_for_again_by_an_address_that_does_not_name_it(api: Api) -> None:
    front = browser(api)
    await send(front, "/masuk", {"email": "depan@contoh.invalid", "password": PASSWORD})
    assert "data-hidup" in (await front.get("/tugas")).text
    found = await send(front, "/tugas", {"cari": "contoh"})
    assert found.status_code == 200 and "data-hidup" not in found.text


async def test_a_page_whose_case_changed_while_it_was_on_its_way_is_told_at_once(api: Api, served: Served) -> None:
    number = await a_case(api, await api.as_("pemohon"))
    code = await tracking_code(api, number)
    api.clock.advance(seconds=30)
    async with served.follow(f"/aliran/lacak/{code}?umur=2000") as stream:
        assert (await stream.next())["event"] == "mulai"
    async with served.follow(f"/aliran/lacak/{code}?umur=40000") as stream:
        assert (await stream.next())["event"] == "berubah"


async def test_whoever_comes_back_is_told_only_of_what_it_missed(api: Api, served: Served) -> None:
    number = await a_case(api, await api.as_("pemohon"))
    api.clock.advance(minutes=5)
    address = f"/aliran/lacak/{await tracking_code(api, number)}"
    async with served.follow(address) as stream:
        known = (await stream.next())["id"]
    async with served.follow(address, **{"Last-Event-ID": known}) as stream:
        assert (await stream.next())["event"] == "mulai"
    await open_task(api, number, TaskKind.VERIFICATION, Role.FRONT_OFFICE)
    async with served.follow(f"{address}?tanda={known}") as stream:
        assert (await stream.next())["event"] == "berubah"


async def test_a_stream_is_not_held_back_by_compression(api: Api, served: Served) -> None:
    number = await a_case(api, await api.as_("pemohon"))
    async with served.follow(
        f"/aliran/lacak/{await tracking_code(api, number)}", **{"Accept-Encoding": "gzip"}
    ) as stream:
        assert "content-encoding" not in stream.answer.headers
        assert await stream.next()


@pytest.mark.parametrize(
    ("address", "who", "status"),
    [
        ("/aliran/tugas", None, 401),
        ("/aliran/kasus/PRM-2026-000001", None, 401),
        ("/aliran/kasus/PRM-2026-000001", "tetangga", 404),
        ("/aliran/tugas", "ops", 403),
        ("/aliran/lacak/7Q2MZK4XWB3FJ5T8", None, 404),
        ("/aliran/lacak/tidak-ada", None, 404),
    ],
)
async def test_streams_are_refused_as_their_pages_are(api: Api, address: str, who: str | None, status: int) -> None:
    await a_case(api, await api.as_("pemohon"))
    client = await api.as_(who) if who else api.anonymous()
    answer = await client.get(address, headers={"Accept": "text/event-stream"})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(api.services.watching) == 0


async def test_an_inbox_hears_of_its_own_desk_alone(api: Api, served: Served) -> None:
    number = await a_case(api, await api.as_("pemohon"))
    async with (
        served.follow("/aliran/tugas", await api.as_("depan")) as front,
        served.follow("/aliran/tugas", await api.as_("dinas")) as agency,
    ):
        assert {(await front.next())["event"], (await agency.next())["event"]} == {"mulai"}
        task = await open_task(api, number, TaskKind.VERIFICATION, Role.FRONT_OFFICE)
        assert (await front.next())["event"] == "berubah"
        await close_task(api, number, task)
        assert (await front.next())["event"] == "berubah"
        await open_task(api, number, TaskKind.RECOMMENDATION, Role.OPD, opd="bappeda")
        assert (await agency.next())["event"] == "berubah"


async def test_colleagues_of_a_desk_share_one_mark(api: Api) -> None:
    today = api.clock.now.date()
    people = [(await api.records.capacities_of(name, today))[0] for name in ("depan", "rekan", "bidang")]
    assert len({desk_of(one) for one in people}) == 2


async def test_an_overdue_task_changes_the_mark_of_its_desk(api: Api) -> None:
    number = await a_case(api, await api.as_("pemohon"))
    await open_task(api, number, TaskKind.VERIFICATION, Role.FRONT_OFFICE)
    marks = []
    for _ in range(2):
        async with api.services.db.transaction() as session:
            desk = desk_of((await api.records.capacities_of("depan", api.clock.now.date()))[0])
            marks.append(await desk_mark(session, desk, api.clock.now))
        api.clock.advance(days=3)
    assert marks[0] != marks[1]


@pytest.mark.parametrize("way", ["logged out", "expired"])
async def test_a_stream_ends_with_its_log_in(api: Api, served: Served, way: str) -> None:
    client = await api.as_("depan")
    async with served.follow("/aliran/tugas", client) as stream:
        assert (await stream.next())["event"] == "mulai"
        if way == "expired":
            api.clock.advance(hours=2)
        else:
            assert (await client.delete("/api/v1/sessions/current")).status_code == 204
        assert (await stream.next())["event"] == "selesai"
        assert await stream.next() == {}
    await served.nobody_listens()


async def test_following_along_does_not_keep_a_log_in_alive(api: Api) -> None:
    client = await api.as_("pemohon")
    number = await a_case(api, client)
    for _ in range(2):
        api.clock.advance(minutes=40)
        by_itself = await client.get(f"/api/v1/applications/{number}", headers={"X-Sakpore-Hidup": "1"})
    assert by_itself.status_code == 401
    client = await api.as_("pemohon")
    for _ in range(2):
        api.clock.advance(minutes=40)
        assert (await client.get(f"/api/v1/applications/{number}")).status_code == 200


async def test_the_reader_works_only_while_somebody_listens(api: Api, served: Served) -> None:
    watching = api.services.watching
    number = await a_case(api, await api.as_("pemohon"))
    async with served.follow(f"/aliran/lacak/{await tracking_code(api, number)}") as stream:
        await stream.next()
        reader = watching._reader
        assert reader is not None and not reader.done()
    await served.nobody_listens()
    await asyncio.wait([reader])
    assert reader.cancelled() and watching._marks == {}


async def test_streams_end_at_once_when_the_server_stops(api: Api, served: Served) -> None:
    number = await a_case(api, await api.as_("pemohon"))
    async with served.follow(f"/aliran/lacak/{await tracking_code(api, number)}") as stream:
        await stream.next()
        served.server.should_exit = True
        assert await stream.next() == {}
    await served.nobody_listens()


async def test_the_store_may_go_away_and_come_back(api: Api, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    number = await a_case(api, await api.as_("pemohon"))
    api.clock.advance(minutes=5)
    watching = api.services.watching
    look, failures = watching._look, iter([OSError("away"), OSError("away")])

    async def failing() -> None:
        if error := next(failures, None):
            raise error
        await look()

    monkeypatch.setattr(watching, "_look", failing)
    async with served.follow(f"/aliran/lacak/{await tracking_code(api, number)}") as stream:
        await stream.next()
        await open_task(api, number, TaskKind.VERIFICATION, Role.FRONT_OFFICE)
        assert (await stream.next())["event"] == "berubah"


async def test_places_are_bounded_in_all_by_address_and_by_log_in(api: Api) -> None:
    watching = api.services.watching
    watching.limits = Limits(in_all=5, per_address=3, per_login=2, look_seconds=60)
    mine = [Listener("PRM-2026-000001", "10.0.0.1", "saya") for _ in range(2)]
    for one in mine:
        watching.join(one)
    with pytest.raises(TooManyListen):
        watching.join(Listener("PRM-2026-000001", "10.0.0.2", "saya"))
    watching.join(Listener("PRM-2026-000001", "10.0.0.1"))
    with pytest.raises(TooManyListen):
        watching.join(Listener("PRM-2026-000001", "10.0.0.1"))
    for place in (3, 4):
        watching.join(Listener("PRM-2026-000001", f"10.0.0.{place}"))
    with pytest.raises(TooManyListen):
        watching.join(Listener("PRM-2026-000001", "10.0.0.9"))
    watching.leave(mine[0])
    watching.join(Listener("PRM-2026-000001", "10.0.0.9"))
    for one in tuple(watching._listeners):
        watching.leave(one)


async def test_whoever_finds_no_place_is_told_when_to_come_back(api: Api, served: Served) -> None:
    number = await a_case(api, await api.as_("pemohon"))
    code = await tracking_code(api, number)
    api.services.watching.limits = replace(QUICK, per_address=1)
    async with served.follow(f"/aliran/lacak/{code}") as first:
        await first.next()
        async with served.follow(f"/aliran/lacak/{code}") as second:
            assert second.answer.status_code == 429
            assert int(second.answer.headers["retry-after"]) > 0
    await served.nobody_listens()
    async with served.follow(f"/aliran/lacak/{code}") as third:
        assert third.answer.status_code == 200


async def test_what_waits_for_a_slow_listener_is_one_change(api: Api) -> None:
    listener = Listener("PRM-2026-000001", "10.0.0.1")
    for mark in ("a", "b", "c"):
        listener.offer(Change(mark))
    assert await listener.next(1) == Change("c")
    with pytest.raises(TimeoutError):
        await listener.next(0.01)


async def test_head_of_a_stream_ends(api: Api) -> None:
    number = await a_case(api, await api.as_("pemohon"))
    answer = await api.anonymous().head(f"/aliran/lacak/{await tracking_code(api, number)}")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith("text/event-stream")
