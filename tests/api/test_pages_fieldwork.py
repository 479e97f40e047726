"""The pages of the field: over HTTP without a script, and in a real browser whose network comes and goes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.async_api import BrowserContext, Page, Route, async_playwright, expect
from playwright.async_api import TimeoutError as PlaywrightTimeout

from api.pages.fieldwork.visits import IN_THE_FIELD
from permits.authority import Actor, Role
from permits.decisions import Decision, Inspected, MinutesSigned, Receipt, TaskKind
from permits.errors import Code, RuleError
from permits.events import Tag
from permits.steps import LetterFrozen, LetterOpening, Step, TaskClosed
from store.queries.inbox import AttachmentView, attachments
from tests.api.cases import an_event, open_task
from tests.api.conftest import Api
from tests.api.filing import a_case, a_pdf, a_picture
from tests.api.test_passkeys_in_browser import served
from tests.browser_fixture import find_chromium

TYPE = "izin-reklame-tetap"
WHO = Actor(id="teknis", name="Contoh Teknis", role=Role.TECHNICAL_TEAM)
REPORT = {
    "lintang": "-6,8886", "bujur": "109.6753", "ketelitian": "8", "temuan": "Konstruksi kokoh.",
    "hadir": "Contoh Teknis\n\nContoh Pemohon\nContoh Teknis", "seen": "a" * 64, "kunci": "kunci-laporan",
}  # fmt: skip


expect.set_options(timeout=20_000)


def words(answer: httpx.Response) -> str:
    main = answer.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


async def a_visit(api: Api) -> tuple[str, str]:
    """A case whose site is to be inspected: number and task."""
    number = await a_case(api, await api.as_("pemohon"), TYPE)
    task = await open_task(
        api, number, TaskKind.INSPECTION, Role.TECHNICAL_TEAM, stage="Pemeriksaan lapangan", holder="Tim Teknis",
        photos=2,
    )  # fmt: skip
    return number, task


async def minutes_to_sign(api: Api, *people: str) -> tuple[str, str, str]:
    """Minutes that wait for those present: number, task, sha256 of the letter."""
    number = await a_case(api, await api.as_("pemohon"), TYPE)
    sha256 = await api.services.documents.put_document(a_pdf(text="berita acara"))
    opening = LetterOpening(
        number=number, purpose="minutes-inspection", series="BA", number_template="{sequence:04d}/BA/{year}",
        letter_date=api.clock.now.date(), event=an_event(api, "ba", Tag.LETTER_NUMBERED),
    )  # fmt: skip
    await api.records.open_letter(opening)
    frozen = LetterFrozen(
        number=number, purpose="minutes-inspection", sha256=sha256, input_sha256="b" * 64, template="berita-acara",
        template_version=1, event=an_event(api, "ba-drafted", Tag.LETTER_DRAFTED),
    )  # fmt: skip
    await api.records.freeze_letter(frozen)
    await api.records.issue_letter(number, "minutes-inspection", an_event(api, "ba-issued", Tag.LETTER_ISSUED))
    task = await open_task(
        api, number, TaskKind.SIGN_MINUTES, Role.TECHNICAL_TEAM, stage="Pemeriksaan lapangan", holder="Tim Teknis",
        people=people, subject_sha256=sha256,
    )  # fmt: skip
    return number, task, sha256


async def kept(api: Api, task: str) -> list[AttachmentView]:
    async with api.services.db.transaction() as session:
        return await attachments(session, task)


async def photo(client: httpx.AsyncClient, task: str, colour: str) -> httpx.Response:
    files = {"file": ("foto.jpg", a_picture(colour=colour), "image/jpeg")}
    return await client.post(f"/lapangan/{task}/foto", data={"kind": "photo", "kunci": f"k-{colour}"}, files=files)


async def test_an_inspection_is_sent_without_a_script(api: Api) -> None:
    _, task = await a_visit(api)
    client = await api.as_("teknis")
    shown = await client.get(f"/lapangan/{task}")
    assert shown.status_code == 200 and "Diminta paling sedikit 2 foto." in words(shown)
    assert shown.headers["permissions-policy"] == IN_THE_FIELD["Permissions-Policy"]
    for colour in ("teal", "teal", "olive"):  # one of them twice, by a second tap
        assert (await photo(client, task, colour)).status_code == 303
    photos = [one.sha256 for one in await kept(api, task)]
    assert len(photos) == 2
    answer = await client.post(f"/lapangan/{task}/laporan", data={**REPORT, "foto": photos})
    assert answer.status_code == 303
    [(_, decision, key)] = api.engine.decisions
    assert isinstance(decision.body, Inspected) and key == "kunci-laporan"
    assert (decision.body.position.latitude, decision.body.position.longitude) == (-6.8886, 109.6753)
    assert decision.body.present == ("Contoh Teknis", "Contoh Pemohon")
    assert set(decision.body.photos) == set(photos)


async def test_what_is_missing_is_said_beside_what_was_typed(api: Api) -> None:
    _, task = await a_visit(api)
    wrong = {**REPORT, "lintang": "enam", "bujur": "200", "hadir": " "}
    answer = await (await api.as_("teknis")).post(f"/lapangan/{task}/laporan", data=wrong)
    assert answer.status_code == 422 and api.engine.decisions == []
    for field in ("foto", "lintang", "bujur", "hadir"):
        assert f'href="#{field}"' in answer.text
    assert 'value="enam"' in answer.text and "Konstruksi kokoh." in answer.text


async def test_only_the_team_enters_and_strangers_do_not_learn_of_it(api: Api) -> None:
    _, task = await a_visit(api)
    assert (await (await api.as_("lain")).get(f"/lapangan/{task}")).status_code == 404
    assert (await (await api.as_("depan")).post(f"/lapangan/{task}/laporan", data=REPORT)).status_code == 403
    said = words(await (await api.as_("depan")).get(f"/lapangan/{task}"))
    assert "Kirim laporan" not in said


async def test_the_list_holds_what_the_team_has_to_do_outside(api: Api) -> None:
    number, task = await a_visit(api)
    client = await api.as_("teknis")
    assert number in words(await client.get("/lapangan")) and task in (await client.get("/lapangan")).text
    await closes(api, number, task)
    assert "Tidak ada tugas lapangan" in words(await client.get("/lapangan"))


async def test_minutes_signed_on_paper_and_one_who_refused(api: Api) -> None:
    _, task, sha256 = await minutes_to_sign(api, "Contoh Teknis", "Contoh Pemohon")
    client = await api.as_("teknis")
    shown = await client.get(f"/lapangan/{task}")
    assert "/surat/minutes-inspection/1.png" in shown.text
    form = {"cara.0": "kertas", "cara.1": "menolak", "alasan.1": "", "seen": sha256}
    wrong = await client.post(f"/lapangan/{task}/tanda-tangan", data=form)
    assert wrong.status_code == 422
    assert 'href="#alasan-1"' in wrong.text and 'href="#file"' in wrong.text
    files = {"file": ("ba.pdf", a_pdf(text="bertanda tangan"), "application/pdf")}
    await client.post(f"/lapangan/{task}/foto", data={"kind": "minutes-signature"}, files=files)
    [scan] = await kept(api, task)
    form |= {"alasan.1": "Tidak setuju ukurannya.", "pindaian": scan.sha256}
    assert (await client.post(f"/lapangan/{task}/tanda-tangan", data=form)).status_code == 303
    body = api.engine.decisions[0][1].body
    assert isinstance(body, MinutesSigned)
    assert [(one.name, one.way, one.image) for one in body.signatures] == [("Contoh Teknis", "paper", scan.sha256)]
    assert body.refused == {"Contoh Pemohon": "Tidak setuju ukurannya."}


# In a browser ---------------------------------------------------------------------------------------------------------


async def closes(api: Api, number: str, task: str, decision: str = "inspected", by: Actor = WHO) -> None:
    """The task is over, as the engine writes it."""
    closed = TaskClosed(
        id=task, status="decided", decision=decision, actor_id=by.id, actor_name=by.name, closed_at=api.clock.now
    )
    event = an_event(api, f"{task}-decided", Tag.TASK_DECIDED, by, task=task)
    await api.records.keep(Step(number=number, events=(event,), tasks_closed=(closed,)))


def closing_engine(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is decided is over in the store, as with the real engine."""
    decide = api.engine.decide

    async def decided(workflow_id: str, decision: Decision, key: str) -> Receipt:
        receipt = await decide(workflow_id, decision, key)
        await closes(api, workflow_id, decision.task_id, decision.body.kind)
        return receipt

    monkeypatch.setattr(api.engine, "decide", decided)


@asynccontextmanager
async def phone(api: Api, address: str, **more: Any) -> AsyncIterator[tuple[BrowserContext, Page]]:
    """An inspector's phone, logged in."""
    token = (await api.as_("teknis")).headers["authorization"].removeprefix("Bearer ")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        context = await browser.new_context(viewport={"width": 360, "height": 780}, locale="id-ID", **more)
        context.set_default_timeout(20_000)
        await context.add_cookies([{"name": "sakpore_session", "value": token, "url": address}])
        yield context, await context.new_page()
        await browser.close()


async def ready(page: Page, address: str, task: str = "") -> None:
    """Opens the page and waits until the phone keeps it."""
    await page.goto(f"{address}/lapangan/{task}" if task else f"{address}/lapangan")
    await expect(page.locator("#lapangan")).to_have_attribute("data-dibawa", "ya", timeout=20_000)


async def fill_in(page: Page, tmp_path: Path) -> None:
    """Two photos larger than needed, and the report."""
    paths = []
    for n, colour in enumerate(("teal", "olive")):
        path = tmp_path / f"besar-{n}.jpg"
        Image.new("RGB", (3000, 2250), colour).save(path, "JPEG", exif=b"Exif\x00\x00")
        paths.append(str(path))
    await page.get_by_label("Ambil atau pilih foto").set_input_files(paths)
    await expect(page.locator("#foto-daftar canvas")).to_have_count(2)
    await page.get_by_label("Apa yang ditemukan di lokasi?").fill("Konstruksi kokoh.")
    await page.get_by_label("Siapa yang hadir?").fill("Contoh Teknis\nContoh Pemohon")


PLACE = {"latitude": -6.8886, "longitude": 109.6753, "accuracy": 8}
LOCATED: dict[str, Any] = {"geolocation": PLACE, "permissions": ["geolocation"]}


async def databases(page: Page) -> list[int]:
    """How many entries and pictures the phone keeps, but for the mark of what is sent."""
    counted: list[int] = await page.evaluate(
        """async () => {
          const database = await new Promise((done) => {
            const asked = indexedDB.open("sakpore-lapangan");
            asked.onsuccess = () => done(asked.result);
          });
          const all = (name) => new Promise((done) => {
            const asked = database.transaction(name).objectStore(name).getAll();
            asked.onsuccess = () => done(asked.result);
          });
          const [entries, pictures] = [await all("isian"), await all("gambar")];
          database.close();
          return [entries.filter((one) => one.state !== "terkirim").length, pictures.length];
        }"""
    )
    return counted


@pytest.mark.seconds(120)
async def test_an_inspection_made_without_a_network_is_sent_once_when_there_is_one(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, task = await a_visit(api)
    closing_engine(api, monkeypatch)
    async with served(api) as address, phone(api, address, **LOCATED) as (context, page):
        await ready(page, address)
        await context.set_offline(True)
        await page.goto(f"{address}/lapangan/{task}")  # never opened before: the list has brought it along
        await fill_in(page, tmp_path)
        await page.get_by_role("button", name="Ambil posisi telepon ini").click()
        await expect(page.get_by_text("ketelitian sekitar 8 meter")).to_be_visible()
        await page.reload()
        await expect(page.get_by_label("Apa yang ditemukan di lokasi?")).to_have_value("Konstruksi kokoh.")
        await expect(page.locator("#foto-daftar canvas")).to_have_count(2)
        await page.get_by_role("button", name="Kirim laporan").click()
        await expect(page.locator("#keadaan")).to_contain_text("Dikirim begitu ada jaringan")
        await page.reload()
        await expect(page.locator("#keadaan")).to_contain_text("Dikirim begitu ada jaringan")
        assert api.engine.decisions == [] and await kept(api, task) == []

        await context.set_offline(False)
        await expect(page.get_by_role("heading", name="Pemeriksaan ini sudah selesai")).to_be_visible()
        assert await databases(page) == [0, 0]
    [(_, decision, _key)] = api.engine.decisions
    assert isinstance(decision.body, Inspected)
    assert decision.body.position.model_dump() == {
        "latitude": -6.8886, "longitude": 109.6753, "accuracy_metres": 8.0
    }  # fmt: skip
    photos = await kept(api, task)
    assert len(photos) == 2 and {one.sha256 for one in photos} == set(decision.body.photos)
    for one in photos:
        drawn = Image.open(BytesIO(await api.services.documents.get_document(one.sha256)))
        assert drawn.size == (2000, 1500) and not drawn.getexif()


@pytest.mark.seconds(120)
async def test_answers_that_are_lost_on_the_way_make_no_second_photo_and_no_second_decision(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, task = await a_visit(api)
    closing_engine(api, monkeypatch)
    lost: list[str] = []

    async def lose(route: Route) -> None:
        """The office hears it, the phone does not hear the office; once for each address."""
        path = route.request.url.rpartition("/")[2]
        if route.request.method == "POST" and path not in lost:
            lost.append(path)
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()

    async with served(api) as address, phone(api, address, **LOCATED, service_workers="block") as (context, page):
        await context.route("**/api/v1/tasks/**", lose)
        await page.goto(f"{address}/lapangan/{task}")
        await expect(page.locator("#lapangan")).to_have_attribute("data-siap", "ya")
        await fill_in(page, tmp_path)
        for name, value in (("Garis lintang", "-6,8886"), ("Garis bujur", "109,6753"), ("Ketelitian (meter)", "20")):
            await page.get_by_label(name).fill(value)
        await page.get_by_role("button", name="Kirim laporan").dblclick()
        await expect(page.locator("#keadaan")).to_contain_text("Dikirim begitu ada jaringan")
        again = page.get_by_role("button", name="Kirim sekarang")
        while len(lost) < 2 or await again.is_visible():
            with suppress(PlaywrightTimeout):
                await again.click(timeout=500)
        await expect(page.get_by_role("heading", name="Pemeriksaan ini sudah selesai")).to_be_visible()
    assert sorted(lost) == ["attachments", "decision"]
    assert len(await kept(api, task)) == 2
    assert len({key for _, _, key in api.engine.decisions}) == 1
    assert len({decision.body_sha256 for _, decision, _ in api.engine.decisions}) == 1


@pytest.mark.seconds(120)
async def test_whoever_was_second_reads_who_decided_and_keeps_what_was_entered(api: Api, tmp_path: Path) -> None:
    number, task = await a_visit(api)
    async with served(api) as address, phone(api, address) as (context, page):
        await ready(page, address, task)
        await context.set_offline(True)
        await fill_in(page, tmp_path)
        await page.get_by_role("button", name="Ambil posisi telepon ini").click()
        await expect(page.locator("#posisi-kabar")).to_contain_text("Ketik angkanya")
        for name, value in (("Garis lintang", "-6,8886"), ("Garis bujur", "109,6753"), ("Ketelitian (meter)", "20")):
            await page.get_by_label(name).fill(value)
        await page.get_by_role("button", name="Kirim laporan").click()
        await expect(page.locator("#keadaan")).to_contain_text("Dikirim begitu ada jaringan")
        other = Actor(id="lain", name="Contoh Rekan", role=Role.TECHNICAL_TEAM)
        await closes(api, number, task, by=other)
        api.engine.failing[task] = RuleError(Code.TASK_CLOSED, decided_by="Contoh Rekan")
        await context.set_offline(False)
        await expect(page.locator("#keadaan")).to_contain_text("sudah diputus oleh Contoh Rekan")
        await page.reload()
        await expect(page.locator("#keadaan")).to_contain_text("Konstruksi kokoh.")
        page.once("dialog", lambda dialog: dialog.accept())
        await page.get_by_role("button", name="Hapus dari telepon ini").click()
        await expect(page.locator("#keadaan")).to_be_hidden()
        assert await databases(page) == [0, 0]
    assert api.engine.decisions == []


@pytest.mark.seconds(120)
async def test_a_signature_is_drawn_on_the_screen_and_another_one_refuses(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, task, _ = await minutes_to_sign(api, "Contoh Teknis", "Contoh Pemohon")
    closing_engine(api, monkeypatch)
    async with served(api) as address, phone(api, address) as (context, page):
        await ready(page, address, task)
        await context.set_offline(True)
        await page.reload()
        first, second = page.locator(".hadir").nth(0), page.locator(".hadir").nth(1)
        await page.get_by_role("button", name="Kirim berita acara").click()
        await expect(page.locator("#galat")).to_contain_text("Pilih bagaimana Contoh Teknis menandatangani.")
        await first.get_by_label("Menandatangani di layar").check()
        await first.locator("canvas").scroll_into_view_if_needed()
        box = await first.locator("canvas").bounding_box()
        assert box is not None
        await page.mouse.move(box["x"] + 20, box["y"] + 20)
        await page.mouse.down()
        await page.mouse.move(box["x"] + 120, box["y"] + 60, steps=8)
        await page.mouse.up()
        await second.get_by_label("Tidak bersedia").check()
        await second.get_by_label("Alasan").fill("Tidak setuju.")
        await page.get_by_role("button", name="Kirim berita acara").click()
        await expect(page.locator("#keadaan")).to_contain_text("Dikirim begitu ada jaringan")
        await context.set_offline(False)
        await expect(page.get_by_role("heading", name="Berita acara ini sudah selesai")).to_be_visible()
    [(_, decision, _key)] = api.engine.decisions
    body = decision.body
    assert isinstance(body, MinutesSigned) and body.refused == {"Contoh Pemohon": "Tidak setuju."}
    [signature], [image] = body.signatures, await kept(api, task)
    assert (signature.name, signature.way, signature.image) == ("Contoh Teknis", "screen", image.sha256)
    drawn = Image.open(BytesIO(await api.services.documents.get_document(image.sha256))).convert("L")
    assert drawn.getextrema()[0] < 80 < 250 < drawn.getextrema()[1], "ink on a white ground"


@pytest.mark.seconds(120)
async def test_log_out_names_what_is_not_sent_and_deletes_everything(api: Api, tmp_path: Path) -> None:
    _, task = await a_visit(api)
    async with served(api) as address, phone(api, address) as (_context, page):
        await ready(page, address, task)
        await fill_in(page, tmp_path)
        await expect(page.locator("#keadaan")).to_contain_text("hanya ada di telepon ini")
        await page.goto(f"{address}/keluar")
        await expect(page.get_by_text("Ada laporan lapangan yang belum terkirim")).to_be_visible()
        await page.get_by_role("button", name="Keluar sekarang").click()
        await page.wait_for_url(f"{address}/")
        assert await page.evaluate("indexedDB.databases().then((all) => all.map((one) => one.name))") == []
        names = await page.evaluate("caches.keys()")
        assert not [name for name in names if name.startswith("sakpore-lapangan")]


@pytest.mark.seconds(120)
async def test_a_log_in_that_is_over_loses_nothing(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, task = await a_visit(api)
    closing_engine(api, monkeypatch)
    async with served(api) as address, phone(api, address, **LOCATED) as (context, page):
        await ready(page, address, task)
        await context.set_offline(True)
        await fill_in(page, tmp_path)
        await page.get_by_role("button", name="Ambil posisi telepon ini").click()
        await expect(page.get_by_text("ketelitian sekitar 8 meter")).to_be_visible()
        await page.get_by_role("button", name="Kirim laporan").click()
        await context.clear_cookies()
        await context.set_offline(False)
        await expect(page.locator("#keadaan")).to_contain_text("Masuk lagi; isian tetap tersimpan")
        token = (await api.as_("teknis")).headers["authorization"].removeprefix("Bearer ")
        await context.add_cookies([{"name": "sakpore_session", "value": token, "url": address}])
        await page.reload()
        await expect(page.get_by_role("heading", name="Pemeriksaan ini sudah selesai")).to_be_visible()
    assert len(api.engine.decisions) == 1 and len(await kept(api, task)) == 2
