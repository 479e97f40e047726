"""The pages of those who keep the office running, over HTTP: each opened by whom it is for, and by nobody else."""

import re

import pytest

from permits.definition_loader import load_definitions
from tests.api.conftest import Api
from tests.api.pages import hidden, in_as

OPS_PAGES = (
    "/kelola", "/kelola/orang", "/kelola/orang/baru", "/kelola/orang/depan", "/kelola/kotak-keluar",
    "/kelola/kotak-keluar/naskah", "/kelola/mesin", "/kelola/kalender", "/kelola/tangga",
)  # fmt: skip
COORDINATORS_PAGES = (
    "/kelola", "/kelola/izin", "/kelola/izin/izin-penelitian/1", "/kelola/izin/izin-penelitian/1/naskah",
    "/kelola/izin/izin-penelitian/1/beda", "/kelola/kalender", "/kelola/tangga",
)  # fmt: skip


@pytest.mark.parametrize("address", OPS_PAGES)
async def test_operators_open_their_pages_and_an_applicant_does_not(api: Api, address: str) -> None:
    ops, applicant = await in_as(api, "ops"), await in_as(api, "pemohon")
    assert (await ops.get(address)).status_code == 200
    assert (await applicant.get(address)).status_code == 403


@pytest.mark.parametrize("address", COORDINATORS_PAGES)
async def test_coordinators_open_their_pages_and_the_front_office_does_not(api: Api, address: str) -> None:
    coordinator, front = await in_as(api, "koordinator"), await in_as(api, "depan")
    assert (await coordinator.get(address)).status_code == 200
    assert (await front.get(address)).status_code == 403


async def test_whoever_is_not_logged_in_is_led_to_the_log_in_and_back(api: Api) -> None:
    answer = await api.anonymous(Accept="text/html").get("/kelola/orang")
    assert (answer.status_code, answer.headers["location"]) == (303, "/masuk?next=%2Fkelola%2Forang")


async def test_an_officer_is_added_once_though_the_form_is_sent_twice(api: Api) -> None:
    ops = await in_as(api, "ops")
    form = await hidden(ops, "/kelola/orang/baru")
    form |= {"name": "Petugas Contoh Baru", "email": "baru@contoh.test", "role": "back_office", "field": "kesehatan"}
    first, again = await ops.post("/kelola/orang/baru", data=form), await ops.post("/kelola/orang/baru", data=form)
    assert (first.status_code, again.status_code) == (303, 303)
    page = (await ops.get("/kelola/orang?q=baru@contoh.test")).text
    assert page.count("Petugas Contoh Baru") == 1
    assert "Belum pernah masuk" in page


async def test_a_form_that_is_refused_keeps_what_was_typed(api: Api) -> None:
    ops = await in_as(api, "ops")
    form = await hidden(ops, "/kelola/orang/baru")
    answer = await ops.post("/kelola/orang/baru", data={**form, "name": "Petugas Contoh", "email": "bukan e-mail"})
    assert answer.status_code == 422
    assert 'value="Petugas Contoh"' in answer.text and 'value="bukan e-mail"' in answer.text
    assert "Ada yang perlu diperbaiki" in answer.text


async def test_a_form_without_its_secret_changes_nothing(api: Api) -> None:
    ops = await in_as(api, "ops")
    answer = await ops.post("/kelola/orang/depan/keluarkan", data={"csrf_token": "dari-situs-lain"})
    assert answer.status_code == 403
    row = await api.records.account("depan")
    assert row is not None and row.active


async def test_a_closed_account_says_what_is_left_and_can_be_opened_again(api: Api) -> None:
    ops = await in_as(api, "ops")
    form = await hidden(ops, "/kelola/orang/teknis")
    answer = await ops.post("/kelola/orang/teknis/keluarkan", data=form)
    assert answer.status_code == 303
    news = (await ops.get("/kelola/orang")).text
    assert "Akun ditutup." in news and "Mejanya kini kosong" in news
    assert (await ops.post("/kelola/orang/teknis/aktifkan", data=form)).status_code == 303
    row = await api.records.account("teknis")
    assert row is not None and row.active


async def test_a_day_is_declared_and_stands_in_the_calendar(api: Api) -> None:
    coordinator = await in_as(api, "koordinator")
    form = await hidden(coordinator, "/kelola/kalender")
    day = {"day": "17", "month": "6", "year": "2026", "name": "Libur contoh", "kind": "office"}
    wrong = await coordinator.post("/kelola/kalender", data={**form, **day, "day": "31"})
    assert wrong.status_code == 422 and 'value="Libur contoh"' in wrong.text
    answer = await coordinator.post("/kelola/kalender", data={**form, **day})
    assert answer.headers["location"] == "/kelola/kalender?tahun=2026"
    assert "Libur contoh" in (await coordinator.get("/kelola/kalender?tahun=2026")).text


async def test_a_draft_is_copied_changed_compared_and_published_by_another(api: Api) -> None:
    author = await in_as(api, "koordinator")
    form = await hidden(author, "/kelola/izin/izin-penelitian/1")
    made = (await author.post("/kelola/izin/izin-penelitian/1/salin", data=form)).headers["location"]
    draft = made.removesuffix("/ubah")
    page = (await author.get(made)).text
    typed = dict(re.findall(r'name="([^"]+)"[^>]*? value="([^"]*)"', page)) | await hidden(author, made)
    typed |= {"fee": "Retribusi contoh", "day": "1", "month": "12", "year": "2026"}
    assert (await author.post(made, data={**typed, "fee": ""})).status_code == 422
    assert (await author.post(made, data=typed)).status_code == 303
    assert "Retribusi contoh" in (await author.get(f"{draft}/beda")).text
    own = await author.post(f"{draft}/terbitkan", data=await hidden(author, draft))
    assert own.status_code == 403 and "Ada yang perlu diperbaiki" in own.text


async def test_a_text_that_is_no_version_is_refused_with_its_place_and_kept(api: Api) -> None:
    author = await in_as(api, "koordinator")
    form = await hidden(author, "/kelola/izin/izin-penelitian/1")
    made = (await author.post("/kelola/izin/izin-penelitian/1/salin", data=form)).headers["location"]
    whole = made.removesuffix("/ubah") + "/naskah"
    secrets = await hidden(author, whole)
    for text, place in (("code: [", "Baris"), ("- satu", "tidak dapat dibaca"), ("title: Contoh", "stages")):
        answer = await author.post(whole, data={**secrets, "text": text})
        assert answer.status_code == 422, text
        assert place in answer.text and text.partition(":")[0] in answer.text


def test_every_type_can_be_written_as_yaml_and_read_again() -> None:
    from api.pages.administration.definitions import _read, as_yaml

    for known in load_definitions():
        read, errors = _read(as_yaml(known), known)
        assert errors == []
        assert read == known.model_copy(update={"status": "draft", "confirmed": False})


async def test_an_unknown_message_and_an_unknown_case_are_not_there(api: Api) -> None:
    ops = await in_as(api, "ops")
    assert (await ops.get("/kelola/kotak-keluar/pesan/tidak-ada")).status_code == 404
    assert (await ops.get("/kelola/kasus/PRM-2026-999999")).status_code == 404
    assert (await ops.get("/kelola/mesin?nomor=abc")).status_code == 422
