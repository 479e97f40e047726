"""Pages of documents and letters as pictures, so that an officer judges them beside the verdict, on a phone too.

What was uploaded is a stranger's file: a limited child draws it, and the browser only ever sees our own PNG.
"""

from __future__ import annotations

import base64
from collections import OrderedDict
from dataclasses import dataclass

from api.children import WALL_SECONDS, Child, ChildLost

WIDTHS = (240, 900, 1600)
"""Pixels: a thumb, a page on a screen, a page to read small print on."""
KEPT_BYTES = 64_000_000
LINE_BYTES = 32_000_000


@dataclass(frozen=True)
class Picture:
    """One page, and how many there are."""

    png: bytes
    pages: int


class PaperPictures:
    """Draws pages, one at a time, and keeps the last ones in memory by the sha256 of their file."""

    def __init__(self, wall_seconds: float = WALL_SECONDS, kept_bytes: int = KEPT_BYTES) -> None:
        self._child = Child("api.paper_pictures_child", wall_seconds, LINE_BYTES)
        self._kept: OrderedDict[tuple[str, int, int], Picture] = OrderedDict()
        self._kept_bytes = kept_bytes
        self._size = 0

    def known(self, sha256: str, page: int, width: int) -> Picture | None:
        """The picture, where it was drawn a while ago."""
        found = self._kept.get((sha256, page, width))
        if found is not None:
            self._kept.move_to_end((sha256, page, width))
        return found

    async def draw(self, content: bytes, sha256: str, page: int, width: int) -> Picture | None:
        """One page of a PDF or a photo; None where there is no such page, or no picture can be made of the file.

        Args:
            content: the file.
            sha256: of the file.
            page: from 1; a photo has one.
            width: one of WIDTHS, in pixels.
        """
        try:
            answer = await self._child.ask({"page": page, "width": width}, content)
        except ChildLost:
            return None
        if "png" not in answer:
            return None
        picture = Picture(base64.b64decode(answer["png"]), int(answer["pages"]))
        self._keep((sha256, page, width), picture)
        return picture

    def _keep(self, name: tuple[str, int, int], picture: Picture) -> None:
        old = self._kept.pop(name, None)
        self._size += len(picture.png) - (len(old.png) if old else 0)
        self._kept[name] = picture
        while self._size > self._kept_bytes:
            _, gone = self._kept.popitem(last=False)
            self._size -= len(gone.png)

    async def aclose(self) -> None:
        """Ends the child."""
        await self._child.aclose()
