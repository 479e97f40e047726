"""People at their browsers, without a script: pages are opened, forms are sent as they are drawn."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import httpx

from tests.api.conftest import PASSWORD, Api

HIDDEN = re.compile(r'<input type="hidden" name="([\w-]+)" value="([^"]*)">')


def browser(api: Api, address: str = "127.0.0.1") -> httpx.AsyncClient:
    """Somebody's browser; it keeps cookies and follows no redirect by itself."""
    return api.stranger_at(address, Accept="text/html")


async def hidden(client: httpx.AsyncClient, page: str) -> dict[str, str]:
    """The hidden fields of a page's forms."""
    return {name: unescape(value) for name, value in HIDDEN.findall((await client.get(page)).text)}


async def send(
    client: httpx.AsyncClient, page: str, fields: dict[str, Any] | None = None, to: str = ""
) -> httpx.Response:
    """Opens a page, fills in its form and sends it."""
    return await client.post(to or page.partition("?")[0], data=await hidden(client, page) | (fields or {}))


async def in_as(api: Api, account_id: str) -> httpx.AsyncClient:
    """A browser whose person has logged in on the page."""
    client = browser(api)
    fields = {"email": f"{account_id}@contoh.invalid", "password": PASSWORD}
    answer = await send(client, "/masuk", fields)
    assert answer.status_code == 303, answer.text
    return client


def words(answer: httpx.Response) -> str:
    """What stands on a page."""
    main = answer.text.partition("<main")[2].partition("</main>")[0]
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", main).split()))


def errors(answer: httpx.Response) -> list[str]:
    """The fields that the error summary leads to."""
    summary = answer.text.partition("govuk-error-summary__list")[2].partition("</ul>")[0]
    found: list[str] = re.findall(r'<a href="#([\w-]+)">', summary)
    return found
