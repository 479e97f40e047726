"""Pages of accounts over HTTP: coming in and going out, registering, passwords; every person is fictional."""

from __future__ import annotations

import httpx
import pytest

from api.cookies import FORM_COOKIE, HOST_PREFIX, SESSION_COOKIE
from permits.authority import Role
from tests.api.conftest import PASSWORD, Api, a_person
from tests.api.pages import browser, errors, hidden, in_as, send, words
from tests.api.test_accounts import NEW_PASSWORD, PERSON, mails, token_to

SESSIONS = "/api/v1/sessions"
KNOWN = "pemohon@contoh.invalid"
LOG_IN = {"email": KNOWN, "password": PASSWORD}
REGISTRATION = {
    **{name: value for name, value in PERSON.items() if name != "birth_date"},
    "birth_date-day": "14", "birth_date-month": "1", "birth_date-year": "1990",
    "email": "baru@contoh.invalid", "password": NEW_PASSWORD,
}  # fmt: skip


async def is_in(client: httpx.AsyncClient) -> bool:
    return (await client.get(f"{SESSIONS}/current")).status_code == 200


# Coming in and going out ---------------------------------------------------------------------------------------------


async def test_a_log_in_needs_its_own_form_and_leads_only_to_our_own_pages(api: Api) -> None:
    client = browser(api)
    fields = LOG_IN | {"next": "//jahat.invalid"}
    assert (await client.post("/masuk", data=fields | {"csrf_token": "tebakan"})).status_code == 403
    assert (await client.post("/masuk", data=fields)).status_code == 403
    wrong = await send(client, "/masuk", fields | {"password": "keliru-sekali"})
    assert wrong.status_code == 401 and "tidak cocok" in words(wrong) and "keliru-sekali" not in wrong.text
    assert f'value="{KNOWN}"' in wrong.text  # what was typed stays, but for the password
    good = await send(client, "/masuk", fields)
    assert (good.status_code, good.headers["location"]) == (303, "/permohonan")
    assert await is_in(client)


async def test_an_empty_log_in_says_which_fields_are_missing(api: Api) -> None:
    answer = await send(browser(api), "/masuk", {"email": " ", "password": ""})
    assert (answer.status_code, errors(answer)) == (422, ["email", "password"])


@pytest.mark.parametrize(
    ("who", "home"),
    [("pemohon", "/permohonan"), ("depan", "/tugas"), ("kepala", "/tanda-tangan"), ("ops", "/kelola")],
)
async def test_everybody_begins_where_the_work_is(api: Api, who: str, home: str) -> None:
    answer = await send(browser(api), "/masuk", {"email": f"{who}@contoh.invalid", "password": PASSWORD})
    assert answer.headers["location"] == home


async def test_a_log_in_leads_back_to_the_page_that_asked_for_it(api: Api) -> None:
    client = browser(api)
    sent_away = await client.get("/akun")
    assert (sent_away.status_code, sent_away.headers["location"]) == (303, "/masuk?next=%2Fakun")
    page = await client.get(sent_away.headers["location"])
    assert "Setelah masuk, Anda kembali ke sana" in words(page)
    answer = await send(client, sent_away.headers["location"], LOG_IN)
    assert answer.headers["location"] == "/akun"
    assert (await client.get("/masuk?next=/akun")).headers["location"] == "/akun"


async def test_every_log_in_has_a_new_session_and_new_secrets_and_ends_the_one_before(api: Api) -> None:
    client = browser(api)
    before = await hidden(client, "/masuk")
    await send(client, "/masuk", LOG_IN)
    first = client.cookies[SESSION_COOKIE]
    assert FORM_COOKIE not in client.cookies  # the secret that was there before the log-in is over
    secret = (await hidden(client, "/keluar"))["csrf_token"]
    assert secret != before["csrf_token"]
    second = await client.post("/masuk", data=LOG_IN | {"csrf_token": secret})
    assert second.status_code == 303 and client.cookies[SESSION_COOKIE] != first
    assert (await api.anonymous(Authorization=f"Bearer {first}").get(f"{SESSIONS}/current")).status_code == 401
    assert (await hidden(client, "/keluar"))["csrf_token"] != secret


async def test_a_session_that_a_stranger_planted_is_not_taken_over(api: Api) -> None:
    client = browser(api)
    client.cookies.set(SESSION_COOKIE, "6a0.titipan-orang-lain", domain="localhost.local")
    await send(client, "/masuk", LOG_IN)
    assert "titipan" not in {cookie.value for cookie in client.cookies.jar if cookie.name == SESSION_COOKIE}.pop()


async def test_cookies_are_shut_to_scripts_and_other_sites(api: Api) -> None:
    api.services.settings = api.settings.model_copy(update={"public_base_url": "https://izin.contoh.invalid"})
    client = browser(api)
    form = await client.get("/masuk")
    cookies = [form.headers["set-cookie"]]
    token = form.headers["set-cookie"].partition("=")[2].partition(";")[0]
    headers = {"Cookie": f"{HOST_PREFIX}{FORM_COOKIE}={token}"}
    answer = await client.post("/masuk", data=LOG_IN | {"csrf_token": token}, headers=headers)
    cookies += [one for one in answer.headers.get_list("set-cookie") if SESSION_COOKIE in one.partition("=")[0]]
    assert len(cookies) == 2
    for cookie in cookies:
        assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Secure" in cookie and "Path=/" in cookie


async def test_pages_say_who_is_logged_in_until_the_person_leaves(api: Api) -> None:
    client = browser(api)
    assert "Contoh Pemohon" not in (await client.get("/")).text
    assert (await client.get("/keluar")).headers["location"] == "/"
    await send(client, "/masuk", LOG_IN)
    for address in ("/", "/v", "/akun", "/keluar", "/lacak/0000000000000000"):
        page = (await client.get(address)).text
        assert "Contoh Pemohon" in page and 'href="/keluar"' in page and 'href="/masuk"' not in page, address
    refused = await client.post("/keluar", data={"csrf_token": "tebakan"})
    assert refused.status_code == 403 and await is_in(client)
    token = client.cookies[SESSION_COOKIE]
    left = await send(client, "/keluar")
    assert (left.status_code, left.headers["location"]) == (303, "/")
    assert SESSION_COOKIE not in client.cookies
    assert (await api.anonymous(Authorization=f"Bearer {token}").get(f"{SESSIONS}/current")).status_code == 401
    home = await client.get("/")
    assert "Contoh Pemohon" not in home.text and "Anda sudah keluar." in words(home)


async def test_an_idle_session_says_that_it_is_over_and_leads_back(api: Api) -> None:
    client = await in_as(api, "pemohon")
    api.clock.advance(hours=2)
    sent_away = await client.get("/akun/ubah")
    assert sent_away.headers["location"] == "/masuk?next=%2Fakun%2Fubah"
    page = await client.get(sent_away.headers["location"])
    assert "karena lama tidak ada kegiatan" in words(page)
    answer = await send(client, sent_away.headers["location"], LOG_IN)
    assert answer.headers["location"] == "/akun/ubah"


async def test_a_form_that_was_sent_too_late_leads_to_the_log_in_and_back_to_its_page(api: Api) -> None:
    client = await in_as(api, "pemohon")
    form = await hidden(client, "/akun/ubah")
    api.clock.advance(hours=2)
    answer = await client.post("/akun/ubah", data=form | {"phone": "0800 1111 1111"})
    assert answer.status_code == 401
    assert "belum tersimpan" in words(answer) and 'href="/masuk?next=/akun/ubah"' in answer.text
    above = await client.post("/akun/kunci/abc/nama", data=form)
    assert 'href="/masuk?next=/akun/kunci/abc"' in above.text


async def test_a_page_is_shown_and_left_also_when_the_log_in_is_over(api: Api) -> None:
    client = await in_as(api, "pemohon")
    api.clock.advance(hours=2)
    page = await client.get("/")
    assert page.status_code == 200 and "Contoh Pemohon" not in page.text
    token = await hidden(client, "/masuk")
    left = await client.post("/keluar", data=token)
    assert left.status_code == 303 and SESSION_COOKIE not in client.cookies


async def test_who_guesses_is_told_how_long_to_wait(api: Api) -> None:
    client = browser(api)
    form = await hidden(client, "/masuk")
    wrong = form | LOG_IN | {"password": "salah"}
    statuses = [(await client.post("/masuk", data=wrong)).status_code for _ in range(5)]
    held_up = await client.post("/masuk", data=form | LOG_IN)
    assert statuses == [401] * 5 and held_up.status_code == 429
    assert held_up.headers["retry-after"] == "10" and "Tunggu 10 detik" in words(held_up)


# Registering ---------------------------------------------------------------------------------------------------------


async def test_a_person_registers_confirms_and_logs_in(api: Api) -> None:
    client = browser(api)
    answer = await send(client, "/daftar", REGISTRATION)
    assert (answer.status_code, answer.headers["location"]) == (303, "/daftar/terkirim")
    assert "Buka e-mail Anda" in words(await client.get("/daftar/terkirim"))
    early = await send(client, "/masuk", {"email": REGISTRATION["email"], "password": NEW_PASSWORD})
    assert early.status_code == 403 and 'href="/daftar/konfirmasi/lagi"' in early.text
    [(_, body)] = await mails(api, "baru@contoh.invalid")
    link = f"/daftar/konfirmasi?kode={await token_to(api, 'baru@contoh.invalid')}"
    assert f"http://localhost:8080{link}" in body
    for _ in range(3):  # what a mail program opens by itself spends nothing
        assert "Konfirmasi alamat e-mail Anda" in words(await client.get(link))
    confirmed = await send(client, link)
    assert confirmed.headers["location"] == "/masuk"
    assert "sudah dikonfirmasi" in words(await client.get("/masuk"))
    assert "tidak berlaku lagi" in words(await client.get(link))
    inside = await send(client, "/masuk", {"email": REGISTRATION["email"], "password": NEW_PASSWORD})
    assert inside.headers["location"] == "/permohonan"


@pytest.mark.parametrize("changes", [{"email": KNOWN}, {"nik": PERSON["nik"]}, {}])
async def test_registering_answers_alike_whoever_has_an_account(api: Api, changes: dict[str, str]) -> None:
    taken = browser(api)
    await send(taken, "/daftar", REGISTRATION | {"email": "dulu@contoh.invalid"})
    await send(taken, f"/daftar/konfirmasi?kode={await token_to(api, 'dulu@contoh.invalid')}")
    other = {"nik": "3375011401900001"} | changes
    client = browser(api)
    answer = await send(client, "/daftar", REGISTRATION | other)
    assert (answer.status_code, answer.headers["location"]) == (303, "/daftar/terkirim")


async def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(api: Api) -> None:
    client = browser(api)
    empty = await send(client, "/daftar", {})
    assert empty.status_code == 422
    names = ["name", "nik", "birth_place", "birth_date-day", "address", "phone", "email", "password"]
    assert errors(empty) == names
    wrong = {"email": "bukan", "phone": "dua", "birth_date-day": "31x", "nik": "123", "password": "rahasia"}
    for field, typed in wrong.items():
        answer = await send(client, "/daftar", REGISTRATION | {field: typed})
        assert (answer.status_code, errors(answer)) == (422, [field]), field
        assert 'value="Contoh Pendaftar"' in answer.text and NEW_PASSWORD not in answer.text
    impossible = await send(client, "/daftar", REGISTRATION | {"birth_date-day": "31", "birth_date-month": "2"})
    future = await send(client, "/daftar", REGISTRATION | {"birth_date-year": "2090"})
    assert errors(impossible) == errors(future) == ["birth_date-day"]
    assert await mails(api, "baru@contoh.invalid") == []


async def test_a_nik_that_says_another_birthday_is_shown_to_look_at_again(api: Api) -> None:
    client = browser(api)
    answer = await send(client, "/daftar", REGISTRATION | {"birth_date-day": "15"})
    assert answer.headers["location"] == "/daftar/terkirim?periksa=birth-date-differs"
    assert "Periksa NIK Anda." in words(await client.get(answer.headers["location"]))
    assert "Periksa NIK" not in words(await client.get("/daftar/terkirim?periksa=<script>"))


async def test_the_confirmation_is_sent_again_and_the_older_one_is_void(api: Api) -> None:
    client = browser(api)
    await send(client, "/daftar", REGISTRATION)
    first = await token_to(api, "baru@contoh.invalid")
    api.clock.advance(minutes=1)
    for address in ("baru@contoh.invalid", "tidak-ada@contoh.invalid"):
        answer = await send(client, "/daftar/konfirmasi/lagi", {"email": address})
        assert answer.headers["location"] == "/daftar/terkirim"
    second = await token_to(api, "baru@contoh.invalid")
    assert "tidak berlaku lagi" in words(await client.get(f"/daftar/konfirmasi?kode={first}"))
    assert (await send(client, f"/daftar/konfirmasi?kode={second}")).headers["location"] == "/masuk"
    assert errors(await send(client, "/daftar/konfirmasi/lagi", {"email": "bukan"})) == ["email"]


async def test_whose_nik_is_confirmed_elsewhere_first_is_asked_to_the_counter(api: Api) -> None:
    client = browser(api)
    links = []
    for address in ("satu@contoh.invalid", "dua@contoh.invalid"):
        await send(client, "/daftar", REGISTRATION | {"email": address})
        links.append(f"/daftar/konfirmasi?kode={await token_to(api, address)}")
    assert (await send(client, links[0])).status_code == 303
    refused = await send(client, links[1])
    assert refused.status_code == 409 and "datanglah ke loket" in words(refused)


@pytest.mark.parametrize("path", ["/daftar", "/daftar/konfirmasi", "/daftar/konfirmasi/lagi", "/sandi", "/sandi/baru"])
async def test_no_form_is_taken_that_another_site_has_sent(api: Api, path: str) -> None:
    client = browser(api)
    await client.get("/masuk")
    for token in ({}, {"csrf_token": "tebakan"}):
        assert (await client.post(path, data=REGISTRATION | token)).status_code == 403


# Passwords -----------------------------------------------------------------------------------------------------------


async def test_a_forgotten_password_is_chosen_anew_by_mail(api: Api) -> None:
    elsewhere, client = await in_as(api, "pemohon"), browser(api)
    for address in (KNOWN, "tidak-ada@contoh.invalid"):
        assert (await send(client, "/sandi", {"email": address})).headers["location"] == "/sandi/terkirim"
    link = f"/sandi/baru?kode={await token_to(api, KNOWN)}"
    assert any(f"http://localhost:8080{link}" in body for _, body in await mails(api, KNOWN))
    for weak in ("", "pendek", "sakpore-2026"):
        assert errors(await send(client, link, {"password": weak})) == ["password"]
    assert await is_in(elsewhere)
    done = await send(client, link, {"password": NEW_PASSWORD})
    assert done.headers["location"] == "/masuk" and not await is_in(elsewhere)
    assert "tidak berlaku lagi" in words(await client.get(link))
    assert (await send(client, "/masuk", LOG_IN | {"password": NEW_PASSWORD})).status_code == 303


async def test_an_invited_officer_chooses_the_first_password(api: Api) -> None:
    nobody_yet = a_person("baru", role=Role.FRONT_OFFICE, email_confirmed_at=None, password_hash="!")
    await api.records.ensure_account(nobody_yet)
    row = await api.records.account("baru")
    assert row is not None
    await api.services.mailing.send_token(row, "password", "account-invited", api.clock.now)
    client = browser(api)
    link = f"/sandi/baru?kode={await token_to(api, 'baru@contoh.invalid')}"
    assert "Pilih kata sandi" in words(await client.get(link))
    await send(client, link, {"password": NEW_PASSWORD})
    inside = await send(client, "/masuk", {"email": "baru@contoh.invalid", "password": NEW_PASSWORD})
    assert inside.headers["location"] == "/tugas"


@pytest.mark.parametrize("kode", ["", "pendek", "x" * 60, "<script>alert(1)</script>aaaaaaaaa"])
async def test_a_link_that_is_no_good_says_so_before_anything_is_typed(api: Api, kode: str) -> None:
    client = browser(api)
    for path in ("/sandi/baru", "/daftar/konfirmasi"):
        page = await client.get(path, params={"kode": kode})
        assert page.status_code == 422 and "tidak berlaku lagi" in words(page) and "alert(1)" not in page.text


async def test_a_link_keeps_its_token_when_the_language_changes(api: Api) -> None:
    client = browser(api)
    await send(client, "/sandi", {"email": KNOWN})
    token = await token_to(api, KNOWN)
    page = await client.get(f"/sandi/baru?kode={token}")
    assert f"kembali=/sandi/baru%3Fkode%3D{token}" in page.text
    assert page.headers["referrer-policy"] == "no-referrer"
