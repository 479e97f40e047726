"""Log-in, sessions, CSRF, and the doors that stay shut; the pages of it stand in test_pages_accounts."""

import asyncio

import httpx
import pytest
from fastapi.routing import APIRoute

from api.cookies import SESSION_COOKIE
from api.main import server_config
from api.settings import ApiSettings
from permits.authority import Role
from tests.api.conftest import PASSWORD, Api, a_person

SESSIONS = "/api/v1/sessions"
CREDENTIALS = {"email": "pemohon@contoh.invalid", "password": PASSWORD}
PUBLIC = {
    ("GET", "/api/health"),
    ("POST", SESSIONS),
    ("POST", "/api/v1/sessions/passkey"),
    ("POST", "/api/v1/sessions/passkey/options"),
    ("POST", "/api/v1/accounts"),
    ("POST", "/api/v1/accounts/confirmation"),
    ("POST", "/api/v1/accounts/confirmation/mail"),
    ("POST", "/api/v1/accounts/password"),
    ("POST", "/api/v1/accounts/password/mail"),
    ("GET", "/api/v1/permit-types"),
    ("GET", "/api/v1/permit-types/{code}"),
    ("GET", "/api/v1/tracking/{code}"),
    ("GET", "/api/v1/verifications/{code}"),
    ("POST", "/api/v1/verifications"),
    ("POST", "/api/v1/verifications/field-codes"),
    ("POST", "/api/v1/verifications/reports"),
    ("GET", "/api/v1/verifications/reports/{report_id}"),  # an address that nobody can guess
    ("GET", "/api/v1/calendar/{year}"),
    ("OPTIONS", "/api/v1/codec/decode"),
    ("GET", "/api/v1/webhooks/whatsapp"),  # allowed by its verify token
    ("POST", "/api/v1/webhooks/whatsapp"),  # allowed by the signature over its body
}


def json_routes(api: Api) -> list[tuple[str, str]]:
    paths = api.app.openapi()["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


async def test_a_log_in_gives_a_token_a_cookie_and_the_actor(api: Api) -> None:
    answer = await api.anonymous().post(SESSIONS, json=CREDENTIALS | {"email": " PEMOHON@contoh.invalid "})
    assert answer.status_code == 201
    assert answer.json()["actor"]["role"] == "applicant"
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{SESSION_COOKIE}={answer.json()['token']}")
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Secure" not in cookie
    assert PASSWORD not in answer.text


async def test_a_cookie_is_secure_where_the_office_is_reached_over_tls(api: Api) -> None:
    api.services.settings = api.settings.model_copy(update={"public_base_url": "https://izin.contoh.invalid"})
    answer = await api.anonymous().post(SESSIONS, json=CREDENTIALS)
    assert "Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    "body", [CREDENTIALS | {"password": "salah"}, CREDENTIALS | {"email": "tidak-ada@contoh.invalid"}]
)
async def test_a_wrong_password_and_an_unknown_account_answer_alike(api: Api, body: dict[str, str]) -> None:
    answer = await api.anonymous().post(SESSIONS, json=body)
    assert answer.status_code == 401
    problem = answer.json()
    problem.pop("instance")
    assert problem == {
        "type": "http://localhost:8080/masalah/login-failed",
        "title": "Tidak dapat masuk",
        "status": 401,
        "detail": "E-mail atau kata sandi tidak cocok. Periksa keduanya, lalu coba lagi.",
        "code": "login-failed",
    }


async def test_an_account_whose_email_is_not_confirmed_cannot_log_in(api: Api) -> None:
    await api.records.ensure_account(a_person("baru", role=Role.APPLICANT, email_confirmed_at=None))
    answer = await api.anonymous().post(SESSIONS, json=CREDENTIALS | {"email": "baru@contoh.invalid"})
    assert (answer.status_code, answer.json()["code"]) == (403, "email-unconfirmed")


async def fail(client: httpx.AsyncClient, email: str = CREDENTIALS["email"], times: int = 1) -> list[int]:
    wrong = {"email": email, "password": "salah"}
    return [(await client.post(SESSIONS, json=wrong)).status_code for _ in range(times)]


async def test_who_guesses_at_an_account_waits_longer_and_longer_and_is_told_how_long(api: Api) -> None:
    client, waits = api.stranger_at("192.0.2.1"), []
    assert await fail(client, times=5) == [401] * 5
    for _ in range(7):
        answer = await client.post(SESSIONS, json=CREDENTIALS)
        assert (answer.status_code, answer.json()["code"]) == (429, "too-many-attempts")
        assert answer.headers["retry-after"] == str(answer.json()["retry_after_seconds"])
        waits.append(answer.json()["retry_after_seconds"])
        api.clock.advance(seconds=waits[-1])
        assert await fail(client) == [401]
    assert waits == [10, 20, 40, 80, 160, 300, 300]
    api.clock.advance(seconds=300)
    assert (await client.post(SESSIONS, json=CREDENTIALS)).status_code == 201


async def test_an_attempt_that_was_not_looked_at_does_not_lengthen_the_wait(api: Api) -> None:
    client = api.stranger_at("192.0.2.1")
    await fail(client, times=5)
    assert await fail(client, times=20) == [429] * 20
    api.clock.advance(seconds=10)
    assert (await client.post(SESSIONS, json=CREDENTIALS)).status_code == 201


async def test_guesses_sent_at_once_are_counted_one_after_another(api: Api) -> None:
    client = api.stranger_at("192.0.2.1")
    statuses = await asyncio.gather(*(fail(client) for _ in range(20)))
    assert sorted(status for (status,) in statuses) == [401] * 5 + [429] * 15


async def test_nobody_locks_another_person_out_from_elsewhere(api: Api) -> None:
    for round_ in range(20):
        await fail(api.stranger_at("192.0.2.1"))
        api.clock.advance(seconds=30 * round_)
    assert (await api.stranger_at("192.0.2.2").post(SESSIONS, json=CREDENTIALS)).status_code == 201


async def test_guesses_from_many_addresses_hold_an_account_up_for_a_minute_at_most(api: Api) -> None:
    for house in range(50):
        await fail(api.stranger_at(f"198.51.100.{house}"))
        api.clock.advance(seconds=60 if house >= 29 else 0)
    await fail(api.stranger_at("203.0.113.1"))
    answer = await api.stranger_at("192.0.2.2").post(SESSIONS, json=CREDENTIALS)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
    api.clock.advance(seconds=60)
    assert (await api.stranger_at("192.0.2.2").post(SESSIONS, json=CREDENTIALS)).status_code == 201


async def test_a_right_password_opens_also_where_many_others_have_failed(api: Api) -> None:
    client = api.stranger_at("192.0.2.1")
    for person in range(40):
        assert await fail(client, f"contoh-{person}@contoh.invalid") == [401]
    assert await fail(client, "contoh-baru@contoh.invalid") == [429]
    assert (await client.post(SESSIONS, json=CREDENTIALS)).status_code == 201


async def test_where_many_have_failed_an_account_has_one_free_failure(api: Api) -> None:
    client = api.stranger_at("192.0.2.1")
    for person in range(40):
        await fail(client, f"contoh-{person}@contoh.invalid")
    assert await fail(client) == [429]
    answer = await client.post(SESSIONS, json=CREDENTIALS)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "10")
    assert (await api.stranger_at("192.0.2.2").post(SESSIONS, json=CREDENTIALS)).status_code == 201


async def test_the_addresses_of_one_household_are_one(api: Api) -> None:
    for last in range(1, 6):
        assert await fail(api.stranger_at(f"2001:db8:1:2::{last}")) == [401]
    assert await fail(api.stranger_at("2001:db8:1:2:ffff::1")) == [429]
    assert await fail(api.stranger_at("2001:db8:1:3::1")) == [401]
    for address in ("::ffff:192.0.2.9", "192.0.2.9"):
        await fail(api.stranger_at(address), times=3)
    assert await fail(api.stranger_at("192.0.2.9")) == [429]


@pytest.mark.parametrize(("proxies", "believed"), [("", False), ("192.0.2.0/24", False), ("127.0.0.1", True)])
async def test_only_a_trusted_proxy_says_who_asks(api: Api, proxies: str, believed: bool) -> None:
    settings = ApiSettings.model_validate(api.settings.model_dump() | {"trusted_proxies": proxies})
    config = server_config(api.app, settings)
    config.load()
    transport = httpx.ASGITransport(config.loaded_app, client=("127.0.0.1", 40_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8080") as client:
        statuses = []
        for sender in range(7):
            wrong = CREDENTIALS | {"password": "salah"}
            headers = {"X-Forwarded-For": f"203.0.113.{sender}"}
            statuses.append((await client.post(SESSIONS, json=wrong, headers=headers)).status_code)
    assert statuses == ([401] * 7 if believed else [401] * 5 + [429] * 2)


@pytest.mark.parametrize("everybody", ["*", "proxy.contoh.invalid", "127.0.0.1,*"])
def test_a_proxy_is_trusted_by_its_address_alone(api_settings: ApiSettings, everybody: str) -> None:
    with pytest.raises(ValueError, match="trusted_proxies"):
        ApiSettings.model_validate(api_settings.model_dump() | {"trusted_proxies": everybody})


async def test_a_good_log_in_forgets_the_failures_before_it(api: Api) -> None:
    client = api.anonymous()
    for _ in range(2):
        assert await fail(client, times=4) == [401] * 4
        assert (await client.post(SESSIONS, json=CREDENTIALS)).status_code == 201


async def test_an_idle_session_ends_and_says_so(api: Api) -> None:
    client = await api.as_("pemohon")
    api.clock.advance(minutes=61)
    answer = await client.get("/api/v1/applications")
    assert (answer.status_code, answer.json()["code"]) == (401, "session-expired")


async def test_a_session_in_use_lives_on_until_its_longest_time(api: Api) -> None:
    client = await api.as_("pemohon")
    for _ in range(15):
        api.clock.advance(minutes=45)
        assert (await client.get("/api/v1/applications")).status_code == 200
    api.clock.advance(minutes=46)
    assert (await client.get("/api/v1/applications")).json()["code"] == "session-expired"


async def test_a_log_out_ends_the_session(api: Api) -> None:
    client = await api.as_("pemohon")
    assert (await client.delete(f"{SESSIONS}/current")).status_code == 204
    answer = await client.get(f"{SESSIONS}/current")
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def test_a_cookie_alone_writes_nothing_and_with_its_csrf_token_it_does(api: Api) -> None:
    client = api.anonymous()
    opened = (await client.post(SESSIONS, json=CREDENTIALS)).json()
    assert (await client.get("/api/v1/applications")).status_code == 200
    body = {"permit_type": "sip-fisioterapis"}
    for headers in ({}, {"X-CSRF-Token": "tebakan"}):
        refused = await client.post("/api/v1/applications", json=body, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "csrf-failed")
    headers = {"X-CSRF-Token": opened["csrf_token"]}
    assert (await client.post("/api/v1/applications", json=body, headers=headers)).status_code == 201


async def test_every_route_that_is_not_declared_public_refuses_a_stranger(api: Api) -> None:
    client = api.anonymous()
    routes = json_routes(api)
    assert set(routes) >= PUBLIC and len(routes) > len(PUBLIC)
    for method, path in routes:
        if (method, path) in PUBLIC:
            continue
        address = path.replace("{number}", "PRM-2026-000001").replace("{task_id}", "x").replace("{requirement}", "ktp")
        answer = await client.request(method, address.replace("{", "").replace("}", ""))
        assert answer.status_code == 401, (method, path, answer.status_code)
        assert answer.json()["code"] == "unauthenticated"


async def test_every_route_is_described_or_a_page(api: Api) -> None:
    described = {path for _, path in json_routes(api)}
    hidden = {
        route.path
        for route in api.app.routes
        if isinstance(route, APIRoute) and route.path.startswith("/api/") and route.path not in described
    }
    assert hidden <= {"/api/docs"}


@pytest.mark.parametrize("token", ["", "x", "zz.yy", "f" * 5000, "9" * 12 + ".abc", "%00"])
async def test_a_token_that_nobody_was_given_opens_nothing(api: Api, token: str) -> None:
    answer = await api.anonymous(Authorization=f"Bearer {token}").get("/api/v1/applications")
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_the_upload_page_says_the_limit_that_is_set(api: Api) -> None:
    assert "Paling besar 25 MB." in (await api.anonymous().get("/v")).text
    api.services.settings = api.settings.model_copy(update={"verification_limit_bytes": 7_000_000})
    assert "Paling besar 7 MB." in (await api.anonymous().get("/v")).text
