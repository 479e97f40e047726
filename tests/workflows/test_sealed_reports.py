"""The report on a checked file, from the door to the seal: asked for, sealed, downloaded, and itself verified."""

from __future__ import annotations

import io
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pikepdf
import pypdfium2
import pytest
import pytest_asyncio

from activities.sealing import discard_old_reports
from api.main import assemble, services_from
from api.settings import ApiSettings
from store.settings import StoreSettings
from tests.signing.workshop import letter as a_pdf
from tests.workflows.office import Office, settings_from

pytestmark = pytest.mark.asyncio(loop_scope="session")


def an_own_pdf() -> bytes:
    with pikepdf.open(io.BytesIO(a_pdf())) as pdf:
        pdf.docinfo["/Subject"] = secrets.token_hex(8)
        out = io.BytesIO()
        pdf.save(out)
    return out.getvalue()


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    return " ".join(page.get_textpage().get_text_range() for page in document).replace("\r\n", " ")


@pytest_asyncio.fixture(loop_scope="session")
async def door(office: Office) -> AsyncIterator[httpx.AsyncClient]:
    """The API in front of this office, as a visitor reaches it."""
    settings = settings_from(ApiSettings, office.environment)
    app = assemble(services_from(settings, settings_from(StoreSettings, office.environment)))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8080") as client:
        yield client
    await app.state.services.aclose()


async def checked(door: httpx.AsyncClient, pdf: bytes) -> dict[str, Any]:
    answer = await door.post("/api/v1/verifications", content=pdf, headers={"Content-Type": "application/pdf"})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def ordered(door: httpx.AsyncClient, order: str) -> dict[str, Any]:
    for _ in range(5):
        answer = await door.post("/api/v1/verifications/reports", json={"order": order})
        if answer.status_code != 202:
            break
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_report_is_sealed_and_says_of_itself_that_it_is_no_permit(
    office: Office, door: httpx.AsyncClient
) -> None:
    pdf = an_own_pdf()
    view = await checked(door, pdf)
    first, again = await ordered(door, view["report_order"]), await ordered(door, view["report_order"])
    assert first["id"] == again["id"], "the same check has one report"

    report = await door.get(first["url"])
    assert (report.status_code, report.headers["content-type"]) == (200, "application/pdf")
    said = text_of(report.content)
    assert "TIDAK BERTANDA TANGAN" in said and "Yang tidak diperiksa" in said
    assert view["sha256"] in said.replace(" ", "")

    own = await checked(door, report.content)
    assert (own["kind"], own["sealed"], own["verdict"]) == ("seal", "validation_report", "BELUM_TERBIT")
    assert [one["field"] for one in own["signatures"]] == ["Segel"]
    assert not await office.documents.exists_document(view["sha256"]), "nothing of the checked file is kept"


async def test_a_changed_report_is_no_report_of_ours(door: httpx.AsyncClient) -> None:
    order = (await checked(door, an_own_pdf()))["report_order"]
    report = (await door.get((await ordered(door, order))["url"])).content
    changed = report.replace(b"/Producer", b"/Producor", 1).replace(b"/MediaBox", b"/MediaBix", 1)
    assert changed != report
    own = await checked(door, changed)
    assert (own["kind"], own["sealed"]) == ("letter", None)
    assert own["verdict"] in ("TIDAK_SAH", "RUSAK")


async def test_a_report_is_downloaded_from_the_page(door: httpx.AsyncClient) -> None:
    await door.get("/v")
    token = door.cookies["sakpore_form"]
    page = await door.post("/v", files={"pdf": ("a.pdf", an_own_pdf())}, data={"csrf_token": token})
    assert "Unduh laporan pemeriksaan (PDF)" in page.text
    order = page.text.partition('name="order" value="')[2].partition('"')[0]
    answer = await door.post("/v/laporan", data={"csrf_token": token, "order": order})
    for _ in range(5):
        if answer.status_code != 202:
            break
        answer = await door.post("/v/laporan", data={"csrf_token": token, "order": order})
    assert answer.status_code == 303
    assert (await door.get(answer.headers["location"])).content.startswith(b"%PDF-")


async def test_a_report_is_gone_after_its_month_and_is_still_known_as_ours(
    office: Office, door: httpx.AsyncClient
) -> None:
    order = (await checked(door, an_own_pdf()))["report_order"]
    made = await ordered(door, order)
    report = (await door.get(made["url"])).content
    await discard_old_reports(office.records, office.documents, datetime.now(UTC) + timedelta(days=31))
    gone = await door.get(made["url"])
    assert (gone.status_code, gone.json()["code"]) == (404, "report-not-found")
    assert (await checked(door, report))["sealed"] == "validation_report"
