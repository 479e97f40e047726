"""Log-in, sessions, CSRF, and the doors that stay shut."""

import httpx
import pytest
from fastapi.routing import APIRoute

from api.dependencies import SESSION_COOKIE
from permits.authority import Role
from tests.api.conftest import PASSWORD, Api, a_person

SESSIONS = "/api/v1/sessions"
CREDENTIALS = {"email": "pemohon@contoh.invalid", "password": PASSWORD}
PUBLIC = {
    ("GET", "/api/health"),
    ("POST", SESSIONS),
    ("GET", "/api/v1/permit-types"),
    ("GET", "/api/v1/permit-types/{code}"),
    ("GET", "/api/v1/tracking/{code}"),
    ("GET", "/api/v1/verifications/{code}"),
    ("POST", "/api/v1/verifications"),
    ("OPTIONS", "/api/v1/codec/decode"),
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
        "detail": "Surel atau kata sandi tidak cocok. Periksa keduanya, lalu coba lagi.",
        "code": "login-failed",
    }


async def test_an_account_whose_email_is_not_confirmed_cannot_log_in(api: Api) -> None:
    await api.records.ensure_account(a_person("baru", role=Role.APPLICANT, email_confirmed_at=None))
    answer = await api.anonymous().post(SESSIONS, json=CREDENTIALS | {"email": "baru@contoh.invalid"})
    assert (answer.status_code, answer.json()["code"]) == (403, "email-unconfirmed")


async def test_many_failures_close_the_account_for_a_while_and_say_for_how_long(api: Api) -> None:
    client = api.anonymous()
    for _ in range(8):
        assert (await client.post(SESSIONS, json=CREDENTIALS | {"password": "salah"})).status_code == 401
    answer = await client.post(SESSIONS, json=CREDENTIALS)
    assert (answer.status_code, answer.json()["code"]) == (429, "too-many-attempts")
    assert answer.headers["retry-after"] == "900"
    api.clock.advance(minutes=15)
    assert (await client.post(SESSIONS, json=CREDENTIALS)).status_code == 201


async def test_a_good_log_in_forgets_the_failures_before_it(api: Api) -> None:
    client = api.anonymous()
    for _ in range(2):
        for _ in range(7):
            await client.post(SESSIONS, json=CREDENTIALS | {"password": "salah"})
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


async def test_a_page_log_in_needs_its_own_form_and_leads_only_to_our_own_pages(api: Api) -> None:
    client = api.anonymous()
    fields = {"email": CREDENTIALS["email"], "password": PASSWORD, "next": "//jahat.invalid"}
    refused = await client.post("/masuk", data=fields | {"csrf_token": "tebakan"})
    assert refused.status_code == 403
    await client.get("/masuk")
    token = client.cookies["sakpore_form"]
    wrong = await client.post("/masuk", data=fields | {"csrf_token": token, "password": "keliru-sekali"})
    assert wrong.status_code == 401 and "tidak cocok" in wrong.text and "keliru-sekali" not in wrong.text
    good: httpx.Response = await client.post("/masuk", data=fields | {"csrf_token": token})
    assert (good.status_code, good.headers["location"]) == (303, "/")
    assert (await client.get("/api/v1/sessions/current")).status_code == 200
