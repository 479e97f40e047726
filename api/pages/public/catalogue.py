"""The catalogue for everybody: its lists and search, a page for each permit type, the guide and the slip to print.

It shows published definitions alone. A type that the office has not confirmed says so wherever it stands.
"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.dependencies import Here
from api.pages.public.catalogue_view import catalogue_view, type_view
from api.pages.public.qr_picture import qr_picture
from api.pages.rendering import page
from api.services import Services
from permits.definition import PermitDefinition, Variant
from permits.errors import Code, RuleError
from store.queries.catalogue import definition_in_force, permit_types

catalogue_pages = APIRouter()

Order = Literal["keperluan", "bidang", "nama"]
ORDERS: dict[str, str] = {"keperluan": "need", "bidang": "field", "nama": "title"}
WantedVariant = Annotated[Variant | None, Query(alias="untuk")]


@catalogue_pages.get("/izin")
async def catalogue(
    request: Request,
    services: Here,
    menurut: Order = "keperluan",
    cari: Annotated[str, Query(max_length=200)] = "",
    perlu: Annotated[str, Query(max_length=60)] = "",
) -> Response:
    """All types by need, by sector or by name, or what a search finds."""
    today = await services.office_today()
    async with services.db.transaction() as session:
        types = await permit_types(session, today)
    view = catalogue_view(types, ORDERS[menurut], cari, perlu)
    return page(request, "public/katalog.html", view=view)


@catalogue_pages.get("/izin/{code}")
async def permit_type(code: str, request: Request, services: Here, variant: WantedVariant = None) -> Response:
    """One type: what it asks for, how long it takes, what it costs, and where to begin."""
    definition = await _definition(services, code)
    limit = services.settings.upload_limit_bytes
    return page(request, "public/izin.html", view=type_view(definition, variant), limit_bytes=limit)


@catalogue_pages.get("/izin/{code}/panduan")
async def guide(code: str, request: Request, services: Here, variant: WantedVariant = None) -> Response:
    """The same on paper, with boxes to tick."""
    definition = await _definition(services, code)
    view, address = type_view(definition, variant), _address(services, code)
    return page(request, "public/panduan.html", view=view, address=address, qr=qr_picture(address))


@catalogue_pages.get("/izin/{code}/kartu")
async def slip(code: str, request: Request, services: Here) -> Response:
    """A slip of A6 for visitors, with the address of the type's page as text and as QR."""
    definition = await _definition(services, code)
    address = _address(services, code)
    return page(request, "public/kartu.html", view=type_view(definition), address=address, qr=qr_picture(address))


async def _definition(services: Services, code: str) -> PermitDefinition:
    """The version in force today. Raises RuleError(permit-type-not-found)."""
    if not code.replace("-", "").isalnum() or not code.isascii():
        raise RuleError(Code.PERMIT_TYPE_NOT_FOUND)
    today = await services.office_today()
    async with services.db.transaction() as session:
        return await definition_in_force(session, code, today)


def _address(services: Services, code: str) -> str:
    return f"{services.settings.public_base_url}/izin/{code}"
