"""Files and filled-in applications for the tests; all people are fictional."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

import httpx
import pikepdf
from PIL import Image

from permits.definition import PermitDefinition, Variant
from permits.definition_loader import load_definitions
from store.records import NewDocument

if TYPE_CHECKING:
    from tests.api.conftest import Api

PERMIT_TYPE = "sip-fisioterapis"


def a_pdf(change: Callable[[pikepdf.Pdf], None] = lambda pdf: None, text: str = "", **saving: Any) -> bytes:
    pdf = pikepdf.new()
    pdf.add_blank_page()
    if text:
        pdf.docinfo["/Title"] = text
    change(pdf)
    kept = io.BytesIO()
    pdf.save(kept, **saving)
    return kept.getvalue()


def a_picture(kind: str = "JPEG", size: tuple[int, int] = (40, 30), colour: str = "teal") -> bytes:
    kept = io.BytesIO()
    Image.new("RGB", size, colour).save(kept, kind)
    return kept.getvalue()


@cache
def definition(code: str = PERMIT_TYPE) -> PermitDefinition:
    return next(one for one in load_definitions() if one.code == code and one.status == "published")


def answers(of: PermitDefinition) -> dict[str, str]:
    examples = {"text": "Contoh", "long_text": "Contoh uraian", "date": "2026-03-01", "number": "1"}
    return {question.code: examples[question.kind] for question in of.form}


async def a_draft(client: httpx.AsyncClient, code: str = PERMIT_TYPE, **fields: Any) -> str:
    body = {"permit_type": code, "variant": "new", "data": answers(definition(code)), **fields}
    answer = await client.post("/api/v1/applications", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["number"])


async def upload(
    client: httpx.AsyncClient, number: str, requirement: str, content: bytes | None = None
) -> httpx.Response:
    files = {"file": ("berkas.pdf", content or a_pdf(text=f"Contoh {requirement}"), "application/pdf")}
    return await client.put(f"/api/v1/applications/{number}/documents/{requirement}", files=files)


async def a_complete_draft(client: httpx.AsyncClient, code: str = PERMIT_TYPE) -> str:
    number = await a_draft(client, code)
    for requirement in definition(code).requirements_of(Variant.NEW):
        if requirement.required:
            content = a_pdf(text=requirement.code) if "pdf" in requirement.formats else a_picture()
            answer = await upload(client, number, requirement.code, content)
            assert answer.status_code == 200, answer.text
    return number


async def a_case(api: Api, client: httpx.AsyncClient, code: str = PERMIT_TYPE, **fields: Any) -> str:
    """A submitted case; its documents are put where an upload would put them."""
    number = await a_draft(client, code, **fields)
    content = a_pdf(text=number)
    sha256 = await api.services.documents.put_document(content)
    for requirement in definition(code).requirements_of(Variant.NEW):
        document = NewDocument(
            number=number,
            requirement=requirement.code,
            sha256=sha256,
            content_type="application/pdf",
            size=len(content),
            filename="berkas.pdf",
            uploaded_by="pemohon",
            uploaded_at=api.clock.now,
        )
        await api.records.add_document(document)
    answer = await client.post(f"/api/v1/applications/{number}/submission")
    assert answer.status_code == 201, answer.text
    return number
