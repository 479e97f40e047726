"""A real browser before the whole running product: real PostgreSQL, engine, store and workers."""

from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from sakpore.people import PASSWORD
from sakpore.stack.background import BackgroundStack
from tests.journeys.office import PEOPLE, Office

PHONE, DESK = 360, 1280
Opens = Callable[..., Page]


@pytest.fixture(scope="session")
def office(stack: BackgroundStack) -> Office:
    return Office(stack.addresses["api"], stack.stack.data_dir)


@pytest.fixture
def opens(browser: Browser, office: Office) -> Iterator[Opens]:
    """`opens("depan", width=360, scripts=False)`: a page of somebody who is logged in; of nobody without a name."""
    contexts: list[BrowserContext] = []

    def open_page(person: str | None = None, width: int = PHONE, scripts: bool = True, **more: object) -> Page:
        context = browser.new_context(
            base_url=office.address,
            viewport={"width": width, "height": 780},
            java_script_enabled=scripts,
            locale="id-ID",
            **more,  # type: ignore[arg-type]
        )
        contexts.append(context)
        context.set_default_timeout(15_000)
        if person is not None:
            asked = {"email": PEOPLE[person].email, "password": PASSWORD}
            answer = httpx.post(f"{office.address}/api/v1/sessions", json=asked, timeout=30)
            assert answer.status_code == 201, answer.text
            context.add_cookies(
                [{"name": "sakpore_session", "value": answer.json()["token"], "url": office.address}]
            )
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()
