"""Pages of the own account and of help over HTTP; every person is fictional."""

from __future__ import annotations

import io
import zipfile

import pytest

from tests.api.conftest import PASSWORD, Api
from tests.api.filing import a_case
from tests.api.pages import browser, errors, hidden, in_as, send, words
from tests.api.test_accounts import NEW_PASSWORD, mails, token_to

ADDRESSES = (
    "/akun", "/akun/ubah", "/akun/surel", "/akun/sandi", "/akun/data.json", "/akun/berkas.zip", "/akun/kunci",
    "/bantuan", "/bantuan/baru",
)  # fmt: skip
WORDS = "Rahasia: apakah berkas saya sudah lengkap?"


# The own account -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ADDRESSES)
async def test_a_stranger_is_asked_to_log_in_first(api: Api, address: str) -> None:
    answer = await browser(api).get(address)
    assert answer.status_code == 303 and answer.headers["location"].startswith("/masuk?next=")


@pytest.mark.parametrize("who", ["pemohon", "depan", "kepala", "dinas", "ops"])
async def test_everybody_sees_the_own_account_and_what_it_may_do(api: Api, who: str) -> None:
    client = await in_as(api, who)
    page = await client.get("/akun")
    assert page.status_code == 200
    assert f"Contoh {who.capitalize()}" in words(page) and f"{who}@contoh.invalid" in words(page)
    officer = who not in ("pemohon", "ops")
    assert ('href="/akun/kunci"' in page.text, 'href="/delegasi"' in page.text) == (officer, officer)
    assert (await client.get("/akun/kunci")).status_code == (200 if officer else 403)


async def test_contact_and_channel_are_changed_and_the_rest_stays(api: Api) -> None:
    client = await in_as(api, "pemohon")
    without = await send(client, "/akun/ubah", {"phone": "", "address": "", "notice_channel": "whatsapp"})
    assert (without.status_code, errors(without)) == (422, ["phone"])
    wrong = await send(client, "/akun/ubah", {"phone": "nol", "address": "x", "notice_channel": "merpati"})
    assert errors(wrong) == ["phone", "address", "notice_channel"] and 'value="nol"' in wrong.text
    fields = {"phone": "0800 1111 1111", "address": "Jalan Contoh Nomor 10", "notice_channel": "whatsapp"}
    done = await send(client, "/akun/ubah", fields)
    assert done.headers["location"] == "/akun"
    page = words(await client.get("/akun"))
    assert "sudah disimpan" in page and "0800 1111 1111" in page and "WhatsApp" in page and "Contoh Pemohon" in page
    emptied = await send(client, "/akun/ubah", fields | {"phone": ""})
    assert errors(emptied) == ["phone"]


async def test_an_officer_chooses_one_digest_a_day(api: Api) -> None:
    client = await in_as(api, "bidang")
    fields = {"phone": "", "address": "", "notice_channel": "email"}
    await send(client, "/akun/ubah", fields | {"digest": "ya"})
    assert "Satu ringkasan sehari" in words(await client.get("/akun"))
    await send(client, "/akun/ubah", fields)
    assert "Satu pesan untuk setiap tugas" in words(await client.get("/akun"))
    applicant = await in_as(api, "pemohon")
    await send(applicant, "/akun/ubah", fields | {"digest": "ya"})
    assert not (await (await api.as_("pemohon")).get("/api/v1/me")).json()["digest"]


async def test_another_address_counts_once_its_link_was_pressed(api: Api) -> None:
    client = await in_as(api, "pemohon")
    fields = {"email": "pindah@contoh.invalid", "password": PASSWORD}
    assert errors(await send(client, "/akun/surel", fields | {"password": "salah"})) == ["password"]
    assert errors(await send(client, "/akun/surel", fields | {"password": ""})) == ["password"]
    assert errors(await send(client, "/akun/surel", fields | {"email": "bukan"})) == ["email"]
    assert (await send(client, "/akun/surel", fields)).headers["location"] == "/akun"
    assert "pemohon@contoh.invalid" in words(await client.get("/akun"))
    warned = (await mails(api, "pemohon@contoh.invalid"))[-1]
    assert "/akun/sandi" in warned[1]
    confirmed = await send(client, f"/daftar/konfirmasi?kode={await token_to(api, 'pindah@contoh.invalid')}")
    assert confirmed.headers["location"] == "/akun"
    assert "pindah@contoh.invalid" in words(await client.get("/akun"))


async def test_a_changed_password_ends_all_other_log_ins(api: Api) -> None:
    client, elsewhere = await in_as(api, "pemohon"), await in_as(api, "pemohon")
    assert errors(await send(client, "/akun/sandi", {})) == ["password", "new"]
    assert errors(await send(client, "/akun/sandi", {"password": "salah", "new": NEW_PASSWORD})) == ["password"]
    weak = await send(client, "/akun/sandi", {"password": PASSWORD, "new": "contoh pemohon"})
    assert errors(weak) == ["new"] and PASSWORD not in weak.text
    done = await send(client, "/akun/sandi", {"password": PASSWORD, "new": NEW_PASSWORD})
    assert done.headers["location"] == "/akun"
    assert (await client.get("/akun")).status_code == 200
    assert (await elsewhere.get("/akun")).status_code == 303


async def test_own_data_and_documents_are_taken_along_as_files(api: Api) -> None:
    number = await a_case(api, await api.as_("pemohon"))
    client = await in_as(api, "pemohon")
    data = await client.get("/akun/data.json")
    assert data.headers["content-disposition"] == 'attachment; filename="data-saya.json"'
    assert [case["application"]["number"] for case in data.json()["applications"]] == [number]
    files = await client.get("/akun/berkas.zip")
    assert f"{number}/ktp-v1.pdf" in zipfile.ZipFile(io.BytesIO(files.content)).namelist()
    other = await in_as(api, "tetangga")
    assert number not in (await other.get("/akun/data.json")).text


@pytest.mark.parametrize("path", ["/akun/ubah", "/akun/surel", "/akun/sandi", "/akun/kunci", "/bantuan/baru"])
async def test_no_write_is_taken_without_the_secret_of_the_log_in(api: Api, path: str) -> None:
    who = "kepala" if path == "/akun/kunci" else "pemohon"
    stranger, client = browser(api), await in_as(api, who)
    before = (await hidden(stranger, "/masuk"))["csrf_token"]
    for token in ({}, {"csrf_token": "tebakan"}, {"csrf_token": before}):
        assert (await client.post(path, data=token)).status_code == 403


# Help ----------------------------------------------------------------------------------------------------------------


async def test_a_question_about_a_case_is_answered_by_the_front_office(api: Api) -> None:
    number = await a_case(api, await api.as_("pemohon"))
    applicant, officer = await in_as(api, "pemohon"), await in_as(api, "depan")
    assert "Belum ada percakapan" in words(await applicant.get("/bantuan"))
    assert "Tidak ada yang menunggu jawaban" in words(await officer.get("/bantuan"))
    asked = await send(applicant, f"/bantuan/baru?nomor={number}", {"text": WORDS, "number": number})
    thread = asked.headers["location"]
    assert thread.startswith("/bantuan/") and WORDS in words(await applicant.get(thread))

    waiting = await officer.get("/bantuan")
    assert "Contoh Pemohon" in words(waiting) and "1 pesan baru" in words(waiting) and thread in waiting.text
    page = await officer.get(thread)
    assert "Baru" in words(page) and f'href="/kasus/{number}"' in page.text
    assert "pesan baru" not in words(await officer.get("/bantuan"))  # read, and still waiting
    assert "Menunggu jawaban" in words(await officer.get("/bantuan"))
    api.clock.advance(minutes=5)
    assert (await send(officer, thread, {"text": "Sudah lengkap."})).headers["location"] == thread
    assert "Tidak ada yang menunggu jawaban" in words(await officer.get("/bantuan"))
    assert "Sudah dijawab" in words(await officer.get("/bantuan?semua=1"))

    assert "1 jawaban baru" in words(await applicant.get("/bantuan"))
    answered = await applicant.get(thread)
    assert "Petugas: Contoh Depan" in words(answered) and f'href="/permohonan/{number}"' in answered.text
    assert "jawaban baru" not in words(await applicant.get("/bantuan"))


async def test_the_same_question_sent_twice_stands_once(api: Api) -> None:
    client = await in_as(api, "pemohon")
    form = await hidden(client, "/bantuan/baru") | {"text": WORDS, "number": ""}
    first, second = [await client.post("/bantuan/baru", data=form) for _ in range(2)]
    assert first.headers["location"] == second.headers["location"]
    assert words(await client.get(first.headers["location"])).count(WORDS) == 1


async def test_an_empty_message_is_no_message(api: Api) -> None:
    client = await in_as(api, "pemohon")
    assert errors(await send(client, "/bantuan/baru", {"text": " "})) == ["text"]
    thread = (await send(client, "/bantuan/baru", {"text": WORDS})).headers["location"]
    assert errors(await send(client, thread, {"text": ""})) == ["text"]
    assert errors(await send(client, thread, {"text": "x" * 4001})) == ["text"]


async def test_a_conversation_is_nobody_elses_business(api: Api) -> None:
    number = await a_case(api, await api.as_("pemohon"))
    applicant = await in_as(api, "pemohon")
    thread = (await send(applicant, "/bantuan/baru", {"text": WORDS, "number": number})).headers["location"]
    for who in ("tetangga", "bidang", "kepala"):
        client = await in_as(api, who)
        assert (await client.get(thread)).status_code == 404
        token = await hidden(client, "/keluar")
        assert (await client.post(thread, data=token | {"text": "x" * 9})).status_code == 404
        assert WORDS not in (await client.get("/bantuan")).text
    neighbour = await in_as(api, "tetangga")
    stolen = await send(neighbour, "/bantuan/baru", {"text": WORDS, "number": number})
    assert stolen.status_code == 404 and errors(stolen) == ["number"]


@pytest.mark.parametrize("who", ["depan", "bidang", "ops"])
async def test_only_applicants_ask(api: Api, who: str) -> None:
    assert (await (await in_as(api, who)).get("/bantuan/baru")).status_code == 403
