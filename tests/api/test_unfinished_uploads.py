"""A file in parts over a bad line: it goes on where it stopped, is nobody else's, and is judged like any other."""

import asyncio
import base64
import os
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from starlette.types import Message

from api.unfinished import LARGEST_PART, LIFETIME, MOST_UNFINISHED, SMALLEST_PART, UnfinishedUploads
from tests.api.conftest import PASSWORD, Api
from tests.api.filing import a_draft, a_pdf

PART = {"Content-Type": "application/offset+octet-stream", "Tus-Resumable": "1.0.0"}
A_PDF = a_pdf(text="besar" * 9000)
PIECE = SMALLEST_PART


def name(text: str) -> str:
    return f"filename {base64.b64encode(text.encode()).decode()}"


class Sender:
    """A browser whose script sends files in parts."""

    def __init__(self, api: Api, client: httpx.AsyncClient, number: str, secret: str) -> None:
        self.api, self.client, self.number = api, client, number
        self.headers = {"X-CSRF-Token": secret, "Accept": "application/json"}

    async def begin(self, length: int, filename: str = "ijazah.pdf", **headers: str) -> httpx.Response:
        about = {"Upload-Length": str(length), "Upload-Metadata": name(filename)}
        return await self.client.post(
            f"/permohonan/{self.number}/unggahan", headers={**self.headers, **about, **headers}
        )

    async def begun(self, length: int = len(A_PDF)) -> str:
        answer = await self.begin(length)
        assert answer.status_code == 201, answer.text
        return answer.headers["location"]

    async def offset(self, address: str) -> int:
        answer = await self.client.head(address, headers=self.headers)
        assert answer.status_code == 204, answer.text
        return int(answer.headers["upload-offset"])

    async def send(self, address: str, at: int, content: Any) -> httpx.Response:
        headers = {**self.headers, **PART, "Upload-Offset": str(at)}
        return await self.client.patch(address, headers=headers, content=content)

    async def whole(self, content: bytes = A_PDF) -> str:
        address = await self.begun(len(content))
        for at in range(0, len(content), PIECE):
            answer = await self.send(address, at, content[at : at + PIECE])
            assert answer.status_code == 204, answer.text
        return address

    async def finish(self, address: str, requirement: str = "ijazah") -> httpx.Response:
        return await self.client.post(
            f"/permohonan/{self.number}/berkas/{requirement}",
            data={"csrf_token": self.headers["X-CSRF-Token"], "unggahan": address.rpartition("/")[2]},
            headers={"Accept": "text/html"},
        )


async def sender(api: Api, account_id: str = "pemohon", number: str | None = None) -> Sender:
    client = api.anonymous()
    asked = {"email": f"{account_id}@contoh.invalid", "password": PASSWORD}
    answer = await client.post("/api/v1/sessions", json=asked)
    number = number or await a_draft(await api.as_(account_id))
    return Sender(api, client, number, answer.json()["csrf_token"])


async def kept(api: Api, number: str) -> list[str]:
    return [one.filename for one in await api.records.documents_of(number)]


async def test_a_file_in_parts_is_kept_like_one_that_came_whole(api: Api) -> None:
    one = await sender(api)
    address = await one.whole()
    assert await one.offset(address) == len(A_PDF)
    answer = await one.finish(address)
    assert answer.status_code == 303, answer.text
    document = (await api.records.documents_of(one.number))[0]
    assert (document.filename, document.size) == ("ijazah.pdf", len(A_PDF))
    assert await api.services.documents.get_document(document.sha256) == A_PDF
    assert (await one.client.head(address, headers=one.headers)).status_code == 404  # its parts are gone


async def test_a_broken_line_costs_a_part_and_not_the_file(api: Api) -> None:
    one = await sender(api)
    address = await one.begun()
    assert (await one.send(address, 0, A_PDF[:PIECE])).status_code == 204
    await _send_and_break(api, one, address, PIECE, A_PDF[PIECE : 2 * PIECE + 100])
    at = await one.offset(address)
    assert at == 2 * PIECE + 100  # what came before the break is there
    assert (await one.send(address, at, A_PDF[at:])).status_code == 204
    assert (await one.finish(address)).status_code == 303
    document = (await api.records.documents_of(one.number))[0]
    assert await api.services.documents.get_document(document.sha256) == A_PDF


async def test_less_than_a_worthwhile_part_is_sent_again(api: Api) -> None:
    one = await sender(api)
    address = await one.begun()
    await _send_and_break(api, one, address, 0, A_PDF[: PIECE - 1])
    assert await one.offset(address) == 0


async def test_a_part_that_was_kept_but_never_answered_is_not_kept_twice(api: Api) -> None:
    one = await sender(api)
    address = await one.begun()
    await one.send(address, 0, A_PDF[:PIECE])
    again = await one.send(address, 0, A_PDF[:PIECE])
    assert (again.status_code, again.headers["upload-offset"]) == (409, str(PIECE))
    assert await one.offset(address) == PIECE


async def test_two_tabs_that_send_one_file_do_not_spoil_it(api: Api) -> None:
    one = await sender(api)
    address = await one.begun()
    sizes = (PIECE, 2 * PIECE, PIECE + 7)
    await asyncio.gather(*(one.send(address, 0, A_PDF[:size]) for size in sizes))
    at = await one.offset(address)
    assert at in sizes  # whichever came first, or the longest of those that came at once
    await one.send(address, at, A_PDF[at:])
    assert (await one.finish(address)).status_code == 303
    document = (await api.records.documents_of(one.number))[0]
    assert await api.services.documents.get_document(document.sha256) == A_PDF


async def test_a_late_part_beside_others_costs_time_and_not_the_file(api: Api) -> None:
    uploads = UnfinishedUploads(api.services.documents, "pemohon", api.clock)
    begun = await uploads.begin("PRM-2026-000001", "a.pdf", len(A_PDF), 10_000_000)
    second = await uploads.add(begun, A_PDF[:PIECE])
    await uploads.add(second, A_PDF[PIECE : 2 * PIECE])
    after = await uploads.add(begun, A_PDF[: PIECE + 7])  # of a request that began before the others
    assert after.offset == PIECE + 7
    assert await uploads.whole(await uploads.add(after, A_PDF[PIECE + 7 :])) == A_PDF


async def test_finishing_twice_keeps_one_document(api: Api) -> None:
    one = await sender(api)
    address = await one.whole()
    first, second = await one.finish(address), await one.finish(address)
    assert (first.status_code, second.status_code) == (303, 303)
    assert await kept(api, one.number) == ["ijazah.pdf"]


async def test_a_file_of_which_something_is_missing_is_not_taken(api: Api) -> None:
    one = await sender(api)
    address = await one.begun()
    await one.send(address, 0, A_PDF[:PIECE])
    answer = await one.finish(address)
    assert answer.status_code == 422 and "Ada yang perlu diperbaiki" in answer.text
    assert await kept(api, one.number) == []


async def test_what_comes_in_parts_is_judged_like_everything_else(api: Api) -> None:
    one = await sender(api)
    address = await one.whole(b"%PDF-1.7 " + os.urandom(3 * PIECE))
    answer = await one.finish(address)
    assert answer.status_code == 422 and "rusak" in answer.text
    assert await kept(api, one.number) == []


async def test_nobody_else_reads_continues_or_takes_a_file(api: Api) -> None:
    one = await sender(api)
    address = await one.whole()
    other = await sender(api, "tetangga")
    theirs = f"/permohonan/{other.number}/unggahan/{address.rpartition('/')[2]}"
    for place in (address, theirs):
        for answer in (
            await other.client.head(place, headers=other.headers),
            await other.send(place, 0, b"x"),
        ):
            assert answer.status_code == 404
    assert (await other.finish(theirs)).status_code == 422
    assert await kept(api, other.number) == []


async def test_a_file_belongs_to_the_application_it_was_begun_for(api: Api) -> None:
    one = await sender(api)
    address = await one.whole()
    second = await sender(api)
    elsewhere = f"/permohonan/{second.number}/unggahan/{address.rpartition('/')[2]}"
    assert (await second.client.head(elsewhere, headers=second.headers)).status_code == 404
    assert (await second.finish(elsewhere)).status_code == 422


async def test_a_stranger_and_a_form_of_strangers_begin_nothing(api: Api) -> None:
    one = await sender(api)
    stranger = api.anonymous(Accept="application/json")
    begin = {"Upload-Length": "10"}
    assert (await stranger.post(f"/permohonan/{one.number}/unggahan", headers=begin)).status_code == 401
    forged = await one.begin(10, **{"X-CSRF-Token": "tebakan"})
    assert forged.status_code == 403 and forged.json()["code"] == "csrf-failed"


@pytest.mark.parametrize(
    ("length", "status"),
    [("0", 422), ("", 422), ("-1", 422), ("1e3", 422), ("٣", 422), ("9" * 40, 422), ("10000001", 413)],
)
async def test_a_file_of_no_good_length_is_not_begun(api: Api, length: str, status: int) -> None:
    one = await sender(api)
    headers = [(k.encode(), v.encode()) for k, v in {**one.headers, "Upload-Length": length}.items()]
    answer = await one.client.post(f"/permohonan/{one.number}/unggahan", headers=headers)
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    "upload_id", ["x", "0" * 31, "0" * 33, "g" * 32, "F" * 32, "ffffffff" + "0" * 24, "00000000" + "0" * 24]
)
async def test_an_id_that_was_never_given_out_is_not_found(api: Api, upload_id: str) -> None:
    one = await sender(api)
    place = f"/permohonan/{one.number}/unggahan/{upload_id}"
    assert (await one.client.head(place, headers=one.headers)).status_code == 404
    assert (await one.send(place, 0, b"x")).status_code == 404
    assert (await one.finish(place)).status_code in (404, 422)


async def test_more_than_was_announced_is_refused_and_not_kept(api: Api) -> None:
    one = await sender(api)
    address = await one.begun(PIECE)
    assert (await one.send(address, 0, bytes(PIECE + 1))).status_code == 413
    assert await one.offset(address) == 0


async def test_a_part_beyond_all_bounds_is_cut_off(api: Api) -> None:
    one = await sender(api)
    address = await one.begun(9_000_000)

    async def endless() -> AsyncIterator[bytes]:
        for _each in range(200):
            yield bytes(64 * 1024)

    assert (await one.send(address, 0, endless())).status_code == 413
    assert await one.offset(address) == 0
    assert (await one.send(address, 0, bytes(LARGEST_PART))).status_code == 204


async def test_a_part_of_another_kind_is_refused(api: Api) -> None:
    one = await sender(api)
    address = await one.begun()
    answer = await one.client.patch(
        address, headers={**one.headers, "Upload-Offset": "0", "Content-Type": "text/plain"}, content=b"x"
    )
    assert answer.status_code == 415


async def test_one_person_has_a_few_unfinished_files_and_the_oldest_gives_way(api: Api) -> None:
    one = await sender(api)
    addresses = []
    for _each in range(MOST_UNFINISHED + 1):
        addresses.append(await one.begun())
        api.clock.advance(seconds=1)
    assert (await one.client.head(addresses[0], headers=one.headers)).status_code == 404
    assert [await one.offset(each) for each in addresses[1:]] == [0] * MOST_UNFINISHED


async def test_what_is_not_finished_in_a_day_is_gone(api: Api) -> None:
    one = await sender(api)
    address = await one.whole()
    api.clock.advance(seconds=LIFETIME.total_seconds())
    back = await sender(api, number=one.number)
    assert (await back.client.head(address, headers=back.headers)).status_code == 404
    api.clock.advance(days=1)
    other = await sender(api, "tetangga")
    await other.begun()  # whoever begins the next file sweeps what expired of everybody
    left = await api.services.documents.parts("", 1000)
    assert not any(address.rpartition("/")[2] in key for key in left)


async def test_parts_lie_sealed_and_bound_to_their_place(api: Api) -> None:
    uploads = UnfinishedUploads(api.services.documents, "pemohon", api.clock)
    upload = await uploads.begin("PRM-2026-000001", "a.pdf", 2 * PIECE, 10_000_000)
    await uploads.add(upload, b"rahasia!" * (PIECE // 8))
    documents = api.services.documents
    keys = [key for key in await documents.parts("", 1000) if upload.id in key and not key.endswith("info")]
    raw = await documents._objects.get(documents._bucket, f"unfinished/{keys[0]}")
    assert b"rahasia!" not in raw
    assert "pemohon" not in keys[0]


async def test_the_name_of_a_file_is_cleaned_whatever_the_sender_says(api: Api) -> None:
    one = await sender(api)
    answer = await one.begin(len(A_PDF), "../../etc/<script>‮fdp.exe")
    address = answer.headers["location"]
    for at in range(0, len(A_PDF), PIECE):
        await one.send(address, at, A_PDF[at : at + PIECE])
    assert (await one.finish(address)).status_code == 303
    assert await kept(api, one.number) == ["_script_fdp.exe"]


async def _send_and_break(api: Api, one: Sender, address: str, at: int, content: bytes) -> None:
    """A part whose line breaks after these bytes: the server is told that nobody is there any more."""
    messages: Iterator[Message] = iter(
        [{"type": "http.request", "body": content, "more_body": True}, {"type": "http.disconnect"}]
    )
    headers = {
        **one.headers, **PART, "upload-offset": str(at), "content-length": str(len(content) + 50_000),
        "cookie": f"sakpore_session={one.client.cookies['sakpore_session']}", "host": "localhost:8080",
    }  # fmt: skip
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "PATCH", "scheme": "http",
        "path": address, "raw_path": address.encode(), "query_string": b"", "root_path": "",
        "headers": [(key.lower().encode(), value.encode()) for key, value in headers.items()],
        "client": ("127.0.0.1", 40_000), "server": ("localhost", 8080),
    }  # fmt: skip

    async def receive() -> Message:
        return next(messages)

    async def send(_message: Message) -> None:
        return None

    await api.app(scope, receive, send)
