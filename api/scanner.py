"""Judges uploaded files in a child process with limits (`api.children`); one that is lost makes its file unreadable."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from api.children import WALL_SECONDS, Child, ChildLost
from api.problems import ApiCode, Problem

log = logging.getLogger("sakpore.api")

CONTENT_TYPES = {"pdf": "application/pdf", "jpg": "image/jpeg", "png": "image/png"}


@dataclass(frozen=True)
class Judged:
    """What a file really is."""

    kind: str  # pdf, jpg or png
    content_type: str


class Scanner:
    """Asks the child about one file at a time; started with the first file, closed with the application."""

    def __init__(self, wall_seconds: float = WALL_SECONDS) -> None:
        self._child = Child("api.scanner_child", wall_seconds)

    async def check(self, content: bytes, allowed: Sequence[str]) -> Judged:
        """What the file is. Raises Problem: file-empty, file-type-not-accepted, file-dangerous, file-unreadable."""
        try:
            answer = await self._child.ask(list(allowed), content)
        except ChildLost:
            answer = {"code": ApiCode.FILE_UNREADABLE.value, "why": "scanner-lost"}
        if "code" in answer:
            log.info("an uploaded file was refused", extra={"code": answer["code"], "why": answer["why"]})
            raise Problem(ApiCode(answer["code"]), allowed=sorted(allowed))
        return Judged(answer["kind"], CONTENT_TYPES[answer["kind"]])

    async def aclose(self) -> None:
        """Ends the child."""
        await self._child.aclose()
