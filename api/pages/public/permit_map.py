"""The map of permits in force: a list and a search first, a sketch with pins, and a map to move on demand.

What is shown, and of whom nothing is shown, stands in `store.queries.permit_map`.
"""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import JSONResponse, RedirectResponse, Response

from api.dependencies import Here
from api.layers import CONTENT_POLICY
from api.pages.language import gettext as _
from api.pages.public.city_sketch import Sketch, city_shape, sketch
from api.pages.rendering import page
from api.services import Services
from store.queries.permit_map import MapFilter, MappedPermit, MappedType, mapped_permits, mapped_types

map_pages = APIRouter()

MOST_LINES = 300
TypeText = Annotated[str, Query(alias="jenis", pattern=r"^[a-z0-9-]{0,60}$")]
HolderText = Annotated[str, Query(alias="lembaga", max_length=100)]


class MapLine(BaseModel):
    """One permit of the list."""

    model_config = ConfigDict(frozen=True)

    number: int
    """Of the line and of its pin, from 1."""
    permit: MappedPermit
    place: str
    """Latitude and longitude as text; "" without a position."""


class MapView(BaseModel):
    """What the page shows."""

    model_config = ConfigDict(frozen=True)

    lines: list[MapLine]
    total: int
    types: list[MappedType]
    wanted: MapFilter
    sketch: Sketch
    data_address: str
    tile_url: str
    tile_credit: str


def map_view(
    permits: list[MappedPermit], total: int, types: list[MappedType], wanted: MapFilter, tiles: tuple[str, str]
) -> MapView:
    """The list, numbered as its pins."""
    lines = [MapLine(number=n, permit=one, place=_place(one)) for n, one in enumerate(permits, 1)]
    asked = {"jenis": wanted.permit_type, "lembaga": wanted.holder}
    return MapView(
        lines=lines,
        total=total,
        types=types,
        wanted=wanted,
        sketch=sketch(_pins(permits)),
        data_address="/peta/izin.geojson?" + urlencode({name: value for name, value in asked.items() if value}),
        tile_url=tiles[0],
        tile_credit=tiles[1],
    )


def _place(permit: MappedPermit) -> str:
    if permit.latitude is None or permit.longitude is None:
        return ""
    return f"{permit.latitude:.5f},{permit.longitude:.5f}"


def _pins(permits: list[MappedPermit]) -> list[tuple[int, float, float]]:
    return [
        (n, one.latitude, one.longitude)
        for n, one in enumerate(permits, 1)
        if one.latitude is not None and one.longitude is not None
    ]


@map_pages.get("/peta")
async def permit_map(request: Request, services: Here, jenis: TypeText = "", lembaga: HolderText = "") -> Response:
    """Permits in force, by type and by company."""
    wanted = MapFilter(permit_type=jenis, holder=lembaga.strip())
    permits, total = await _found(services, wanted)
    today = await services.office_today()
    async with services.db.transaction() as session:
        types = await mapped_types(session, today)
    tiles = (services.settings.tile_url, services.settings.tile_credit)
    response = page(request, "public/peta.html", view=map_view(permits, total, types, wanted, tiles))
    response.headers["Content-Security-Policy"] = map_policy(services.settings.tile_url)
    return response


@map_pages.get("/peta/izin.geojson")
async def map_data(services: Here, jenis: TypeText = "", lembaga: HolderText = "") -> Response:
    """The same permits as GeoJSON (RFC 7946), with the sketch of the city."""
    permits, _total = await _found(services, MapFilter(permit_type=jenis, holder=lembaga.strip()))
    return JSONResponse(geojson(permits), media_type="application/geo+json")


@map_pages.get("/peta/arah")
async def directions(
    ke: Annotated[str, Query(pattern=r"^-?\d{1,2}\.\d{5},-?\d{1,3}\.\d{5}$")],
) -> Response:
    """On to the directions of OpenStreetMap; only a position can be given, never an address of a site."""
    return RedirectResponse(f"https://www.openstreetmap.org/directions?{urlencode({'to': ke})}", 303)


def geojson(permits: list[MappedPermit]) -> dict[str, Any]:
    """Pins and sketch."""
    pins = [
        {
            "type": "Feature",
            "properties": {
                "part": "permit",
                "line": line,
                "title": permits[line - 1].title,
                "holder": permits[line - 1].holder or _("Perorangan, nama tidak ditampilkan"),
                "address": permits[line - 1].address or "",
                "place": _place(permits[line - 1]),
            },
            "geometry": {"type": "Point", "coordinates": [longitude, latitude]},
        }
        for line, latitude, longitude in _pins(permits)
    ]
    return {"type": "FeatureCollection", "features": [*city_shape()["features"], *pins]}


def map_policy(tile_url: str) -> str:
    """The content policy of the map alone: pictures of the tile server, where one is set."""
    if not tile_url:
        return CONTENT_POLICY
    parts = urlsplit(tile_url)
    return CONTENT_POLICY.replace("img-src 'self'", f"img-src 'self' {parts.scheme}://{parts.netloc}")


async def _found(services: Services, wanted: MapFilter) -> tuple[list[MappedPermit], int]:
    today = await services.office_today()
    async with services.db.transaction() as session:
        return await mapped_permits(session, wanted, today, MOST_LINES)
