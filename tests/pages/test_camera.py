"""The camera of the verification page: a code of ours opens our page, any other is named as foreign and leads nowhere.

Chromium's own pretended camera gives the picture; what the browser's detector would find in it is put in its place,
since Chromium finds codes by itself on phones alone.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from jinja2 import Environment
from playwright.sync_api import BrowserContext, Page, Route, expect, sync_playwright

from tests.browser_fixture import find_chromium
from tests.pages import samples
from tests.pages.shown import TYPES

SITE = "http://localhost"
ADDRESS = "https://sakpore.contoh.example"
CODE = "7Q2MZK4XWB3FJ5T8.3fj5t2hr6vnc4d7a"

Open = Callable[..., tuple[Page, list[str]]]


def detector(finds: str) -> str:
    """A BarcodeDetector that finds this text in every picture."""
    return f"""window.BarcodeDetector = class {{
        static async getSupportedFormats() {{ return ["qr_code"]; }}
        async detect(picture) {{ return picture.readyState < 2 ? [] : [{{rawValue: {finds!r}}}]; }}
    }};"""


@pytest.fixture(scope="module")
def context() -> Iterator[BrowserContext]:
    camera = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox", *camera])
        yield browser.new_context(viewport={"width": 360, "height": 800})
        browser.close()


@pytest.fixture
def opened(context: BrowserContext, environment: Environment, web: Path) -> Iterator[Open]:
    """Opens the page with the headers of the API, and tells which addresses were asked for."""
    pages: list[Page] = []

    def open_page(*scripts: str, headers: dict[str, str]) -> tuple[Page, list[str]]:
        page = context.new_page()
        pages.append(page)
        asked: list[str] = []

        def answer(route: Route) -> None:
            path = route.request.url.removeprefix(SITE)
            asked.append(route.request.url)
            if path.startswith("/assets/"):
                asset = web / "dist" / path.removeprefix("/assets/")
                route.fulfill(body=asset.read_bytes(), content_type=TYPES[asset.suffix])
            elif path == "/v":
                template, given = samples.pages()["unggah"]
                html = environment.get_template(template).render(**given)
                route.fulfill(body=html, content_type="text/html", headers=headers)
            else:
                route.fulfill(body="<h1>sampai</h1>", content_type="text/html")

        page.route("**/*", answer)
        for script in scripts:
            page.add_init_script(script)
        page.goto(f"{SITE}/v")
        return page, asked

    yield open_page
    for page in pages:
        page.close()


def headers_of_the_api() -> dict[str, str]:
    from api.layers import _HEADERS, CAMERA

    return {**_HEADERS, "Permissions-Policy": CAMERA}


def test_a_code_of_ours_opens_our_own_page(opened: Open) -> None:
    page, _ = opened(detector(f"{ADDRESS}/v/{CODE}"), headers=headers_of_the_api())
    page.get_by_role("button", name="Pindai dengan kamera").click()
    page.wait_for_url(f"{SITE}/v/{CODE}")
    assert page.url == f"{SITE}/v/{CODE}"


def test_a_foreign_code_is_named_and_never_asked_for(opened: Open) -> None:
    page, asked = opened(detector(f"https://jahat.example/v/{CODE}"), headers=headers_of_the_api())
    page.get_by_role("button", name="Pindai dengan kamera").click()
    expect(page.get_by_role("status")).to_contain_text("bukan dari kantor kami")
    page.get_by_role("button", name="Hentikan kamera").click()
    expect(page.get_by_label("Gambar dari kamera")).to_be_hidden()
    assert page.url == f"{SITE}/v" and not any("jahat" in address for address in asked)
    assert "jahat" not in page.content()


def test_where_the_policy_keeps_the_camera_shut_the_photo_is_offered(opened: Open) -> None:
    shut = {**headers_of_the_api(), "Permissions-Policy": "camera=()"}
    page, _ = opened(detector(f"{ADDRESS}/v/{CODE}"), headers=shut)
    page.get_by_role("button", name="Pindai dengan kamera").click()
    expect(page.get_by_role("status")).to_contain_text("Kamera tidak diizinkan")


def test_without_a_detector_the_page_is_as_without_a_script(opened: Open) -> None:
    page, _ = opened("delete window.BarcodeDetector;", headers=headers_of_the_api())
    expect(page.locator("#pindai")).to_be_hidden()
    expect(page.get_by_role("button", name="Baca kode QR")).to_be_visible()


def test_a_touch_screen_without_a_detector_takes_a_photo_that_is_sent_at_once(opened: Open) -> None:
    touch = "delete window.BarcodeDetector; window.matchMedia = () => ({matches: true});"
    page, _ = opened(touch, headers=headers_of_the_api())
    with page.expect_file_chooser() as chooser, page.expect_request(f"{SITE}/v/foto") as sent:
        page.get_by_role("button", name="Ambil foto kode QR").click()
        chooser.value.set_files({"name": "foto.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8\xff"})
    assert sent.value.method == "POST"
