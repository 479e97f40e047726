"""Every page route, whoever made it: headers, cookies, forms that are not ours, and what is written in the log."""

import logging
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from api.cookies import HOST_PREFIX
from api.layers import CAMERA, CAMERA_AND_PLACE, CONTENT_POLICY
from tests.api.conftest import PASSWORD, Api
from tests.api.filing import a_case

FILLED = {"number": "PRM-2026-000001", "code": "7Q2MZK4XWB3FJ5T8", "task": "PRM-2026-000001.verification.1"}
STREAMS = "/aliran/"
OF_THE_ENGINE = "/kelola/kasus/{number}"
"""Says 503 in its own words where the engine is away, as it is here."""
FOR_ALL = ("application/manifest", "text/javascript", "application/jwk")
"""Kinds of answers that are the same for everybody and may be kept."""


def routes_of(routes: Any) -> Iterator[APIRoute]:
    """All routes, also of included routers."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        else:
            inside = getattr(route, "original_router", None) or getattr(route, "app", None)
            yield from routes_of(getattr(inside, "routes", []))


def page_routes(api: Api, safe: bool) -> list[tuple[str, str]]:
    found = {
        (method, route.path)
        for route in routes_of(api.app.routes)
        for method in (route.methods or set()) - {"HEAD", "OPTIONS"}
        if not route.path.startswith(("/api/", STREAMS)) and (method == "GET") is safe
    }
    return sorted(found, key=lambda one: one[1])


def filled(path: str) -> str:
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda place: FILLED.get(place.group(1), "x"), path)


async def logged_in(api: Api, person: str) -> httpx.AsyncClient:
    """By the cookie, as a browser is."""
    client = api.anonymous(Accept="text/html")
    answer = await client.post(
        "/api/v1/sessions", json={"email": f"{person}@contoh.invalid", "password": PASSWORD}
    )
    assert answer.status_code == 201
    return client


def test_the_pages_are_found(api: Api) -> None:
    assert {"/", "/lacak/{code}", "/masuk", "/manifest.webmanifest", "/pekerja.js", "/luring"} <= {
        path for _, path in page_routes(api, safe=True)
    }
    assert {"/masuk", "/keluar", "/v"} <= {path for _, path in page_routes(api, safe=False)}


@pytest.mark.parametrize("person", [None, "pemohon", "depan", "dinas", "kepala", "ops"])
async def test_every_page_has_the_policy_is_kept_by_nobody_and_hides_its_cookies(api: Api, person: str | None) -> None:
    client = await logged_in(api, person) if person else api.anonymous(Accept="text/html")
    await a_case(api, await api.as_("pemohon"))
    for _, path in page_routes(api, safe=True):
        if path == "/api/docs":
            continue
        answer = await client.get(filled(path))
        assert answer.status_code < 500 or (path == OF_THE_ENGINE and answer.status_code == 503), path
        assert answer.headers["content-security-policy"] == CONTENT_POLICY, path
        assert answer.headers["x-content-type-options"] == "nosniff", path
        for_all = answer.headers.get("content-type", "").startswith(FOR_ALL) or path == "/robots.txt"
        assert for_all or answer.headers["cache-control"] == "no-store", path
        for cookie in answer.headers.get_list("set-cookie"):
            assert "HttpOnly" in cookie and "SameSite=lax" in cookie, (path, cookie)
        title = re.search(r"<title>(.*?)</title>", answer.text, re.DOTALL)
        assert not title or "Contoh " not in title.group(1).replace("Contoh Pekalongan", ""), path


async def test_no_form_that_is_not_ours_changes_anything(api: Api) -> None:
    """A log-in's cookie comes along with a form of any site; only ours knows the secret."""
    for person in ("pemohon", "depan", "ops"):
        client = await logged_in(api, person)
        for method, path in page_routes(api, safe=False):
            answer = await client.request(method, filled(path), data={"csrf_token": "tebakan", "kunci": "x" * 12})
            assert answer.status_code in (400, 401, 403, 404, 413, 415, 422), (person, path)


async def test_the_camera_and_the_place_are_for_few_pages(api: Api) -> None:
    client = api.anonymous(Accept="text/html")
    for path in ("/", "/masuk", "/lacak/7Q2MZK4XWB3FJ5T8", "/v/x"):
        policy = (await client.get(path)).headers["permissions-policy"]
        assert "camera=()" in policy and "geolocation=()" in policy
    assert (await client.get("/v")).headers["permissions-policy"] == CAMERA
    assert (await client.get("/lapangan/x")).headers["permissions-policy"] == CAMERA_AND_PLACE
    assert "geolocation=(self)" in CAMERA_AND_PLACE and "camera=(self)" in CAMERA_AND_PLACE


async def test_the_log_knows_routes_and_no_person(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    applicant = await api.as_("pemohon")
    number = await a_case(api, applicant)
    code = (await applicant.get(f"/api/v1/applications/{number}")).json()["tracking_code"]
    caplog.clear()
    with caplog.at_level(logging.DEBUG, "sakpore"):
        client = await logged_in(api, "pemohon")
        await client.get(f"/lacak/{code}")
        await client.get("/lacak", params={"kode": code})
        await client.get("/masuk")
        await client.post("/masuk", data={"email": "pemohon@contoh.invalid", "password": "keliru-sekali"})
    said = " ".join(str(record.__dict__) for record in caplog.records if record.name.startswith("sakpore"))
    assert "/lacak/{code}" in said
    for secret in (code, "pemohon@contoh.invalid", "keliru-sekali", PASSWORD, "Contoh Pemohon"):
        assert secret not in said


@pytest.mark.parametrize("base", ["https://izin.contoh.invalid", "http://localhost:8080"])
async def test_over_https_cookies_are_secure_and_bound_to_the_host(
    api: Api, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    secure = base.startswith("https")
    settings = api.settings.model_copy(update={"public_base_url": base})
    monkeypatch.setattr(api.services, "settings", settings)
    client = api.anonymous(Accept="text/html")
    form = (await client.get("/masuk")).headers["set-cookie"]
    opened = (
        await client.post("/api/v1/sessions", json={"email": "depan@contoh.invalid", "password": PASSWORD})
    ).headers["set-cookie"]
    for cookie, name in ((form, "sakpore_form"), (opened, "sakpore_session")):
        assert cookie.startswith(f"{HOST_PREFIX}{name}=" if secure else f"{name}=")
        assert ("Secure" in cookie) is secure and "Path=/" in cookie and "Domain" not in cookie
    name, _, token = opened.partition(";")[0].partition("=")
    came = api.anonymous(Accept="text/html", Cookie=f"{name}={token}")
    assert (await came.get("/api/v1/sessions/current")).status_code == 200
    if secure:
        plain = api.anonymous(Cookie=f"sakpore_session={token}")
        assert (await plain.get("/api/v1/sessions/current")).status_code == 401


@pytest.mark.parametrize(
    ("changes", "seconds"),
    [
        ({}, 0),
        ({"public_base_url": "https://izin.contoh.invalid"}, 365 * 24 * 3600),
        ({"public_base_url": "https://localhost:1", "api_tls_authority": "ca.pem"}, 0),
        ({"public_base_url": "https://localhost:1", "api_tls_authority": "ca.pem", "hsts_seconds": 60}, 60),
        ({"hsts_seconds": 60}, 0),
    ],
)
def test_browsers_are_held_to_https_only_where_a_public_authority_signs(
    api: Api, changes: dict[str, Any], seconds: int
) -> None:
    assert api.settings.model_copy(update=changes).strict_seconds == seconds


