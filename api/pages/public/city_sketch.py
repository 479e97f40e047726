"""The city as a rough drawing of our own (`web/map/kota.geojson`): what the map stands on where no tiles are set.

Drawn by hand for orientation, and said to be a sketch wherever it is shown; it is nobody's boundary. Another city
changes the file alone.
"""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

CITY = Path(__file__).resolve().parents[3] / "web" / "map" / "kota.geojson"
WIDTH = 400
MARGIN = 16


class Dot(BaseModel):
    """A pin of the drawing, in its own units."""

    model_config = ConfigDict(frozen=True)

    x: float
    y: float
    line: int
    """Which line of the list it is, from 1."""


class Sketch(BaseModel):
    """The drawing with its pins."""

    model_config = ConfigDict(frozen=True)

    height: int
    city: str
    river: str
    dots: list[Dot]


@cache
def city_shape(path: Path = CITY) -> dict[str, Any]:
    """The sketch as GeoJSON (RFC 7946), read once."""
    shape: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return shape


def sketch(places: list[tuple[int, float, float]]) -> Sketch:
    """The drawing with pins for these (line, latitude, longitude); places outside the city's frame are left out."""
    parts = {feature["properties"]["part"]: feature["geometry"]["coordinates"] for feature in city_shape()["features"]}
    frame = _Frame(parts["city"][0])
    dots = [
        Dot(x=x, y=y, line=line)
        for line, latitude, longitude in places
        for x, y in [frame.place(longitude, latitude)]
        if 0 <= x <= WIDTH and 0 <= y <= frame.height
    ]
    return Sketch(
        height=frame.height, city=frame.path(parts["city"][0]) + "Z", river=frame.path(parts["river"]), dots=dots
    )


class _Frame:
    """From degrees to the drawing: equirectangular, which is exact enough for a city of ten kilometres."""

    def __init__(self, outline: list[list[float]]) -> None:
        self._west, east = min(x for x, _ in outline), max(x for x, _ in outline)
        south, self._north = min(y for _, y in outline), max(y for _, y in outline)
        squeeze = math.cos(math.radians((south + self._north) / 2))
        self._per_degree = (WIDTH - 2 * MARGIN) / ((east - self._west) * squeeze)
        self._squeeze = squeeze
        self.height = round((self._north - south) * self._per_degree + 2 * MARGIN)

    def place(self, longitude: float, latitude: float) -> tuple[float, float]:
        x = MARGIN + (longitude - self._west) * self._squeeze * self._per_degree
        y = MARGIN + (self._north - latitude) * self._per_degree
        return round(x, 1), round(y, 1)

    def path(self, line: list[list[float]]) -> str:
        points = [self.place(longitude, latitude) for longitude, latitude in line]
        return "M" + "L".join(f"{x} {y}" for x, y in points)
