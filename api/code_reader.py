"""Reads the QR code on a photo for whoever has no script and no scanner; the photo is decoded in a limited child.

What a code says is a stranger's text: it is only ever compared with our own address, never shown and never followed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from api.children import WALL_SECONDS, Child, ChildLost
from signing.qr import understand_code

PHOTO_LIMIT_BYTES = 25_000_000
_MAGIC = re.compile(rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|RIFF.{4}WEBP", re.DOTALL)
_HEIC = re.compile(rb".{4}ftyp(heic|heix|hevc|mif1|msf1|avif)", re.DOTALL)
FIELD_PAGE = "/v/luring"


class Found(StrEnum):
    """What a picture or a typed text turned out to be."""

    LETTER = "letter"  # a verification code of ours
    FIELD = "field"  # an offline code at our address
    FORGED = "forged"  # an offline code at our address that none of our keys signed
    FOREIGN = "foreign"  # a QR code that does not lead to us
    SEVERAL = "several"  # more than one letter of ours on one picture
    NOTHING = "nothing"  # no QR code
    NOT_A_PICTURE = "not-a-picture"
    HEIC = "heic"
    TOO_LARGE = "picture-too-large"
    UNREADABLE = "picture-unreadable"


@dataclass(frozen=True)
class Reading:
    """The answer, and where it leads: the verification code, or the text of the offline code."""

    found: Found
    code: str = ""


class CodeReader:
    """Asks the child about one picture at a time.

    Args:
        base_url: the installation's public address; a code that leads anywhere else is not ours.
        key: the QR key.
    """

    def __init__(self, base_url: str, key: bytes, wall_seconds: float = WALL_SECONDS) -> None:
        self._base = base_url.rstrip("/")
        self._key = key
        self._child = Child("api.code_reader_child", wall_seconds)

    async def read(self, picture: bytes) -> Reading:
        """What the QR code on the picture is."""
        if _HEIC.match(picture):
            return Reading(Found.HEIC)
        if not _MAGIC.match(picture):
            return Reading(Found.NOT_A_PICTURE)
        try:
            answer = await self._child.ask(None, picture)
        except ChildLost:
            return Reading(Found.UNREADABLE)
        if "code" in answer:
            return Reading(Found(answer["code"]))
        return self.judge(answer["texts"])

    def judge(self, texts: list[str]) -> Reading:
        """The reading of all QR codes on one picture: ours before others, since a letter may bear another's code."""
        readings = {self.understand(text) for text in texts}
        ours = [one for one in readings if one.found is Found.LETTER]
        if len(ours) > 1:
            return Reading(Found.SEVERAL)
        for one in (*ours, *(one for one in readings if one.found is Found.FIELD)):
            return one
        return Reading(Found.FOREIGN if texts else Found.NOTHING)

    def understand(self, text: str) -> Reading:
        """One QR code's text: ours only where it begins with our address, to the letter."""
        address, page = self._base.lower(), text.strip()
        rest = page[len(address) :]
        if page[: len(address)].lower() != address:
            return Reading(Found.FOREIGN)
        if rest.startswith(f"{FIELD_PAGE}#"):
            return Reading(Found.FIELD, rest.partition("#")[2])
        code = understand_code(rest.removeprefix("/v/"), self._key) if rest.startswith("/v/") else None
        return Reading(Found.LETTER, code) if code else Reading(Found.FOREIGN)

    def typed(self, text: str) -> Reading:
        """What a person typed or pasted: the code alone, in any case and spacing, or the whole address."""
        given = "".join(text.split())
        if "/" not in given:
            code = understand_code(given, self._key)
            return Reading(Found.LETTER, code) if code else Reading(Found.NOTHING)
        without_scheme = self._base.partition("://")[2]
        if given.lower().startswith(f"{without_scheme.lower()}/"):
            given = self._base + given[len(without_scheme) :]
        return self.understand(given)

    async def aclose(self) -> None:
        """Ends the child."""
        await self._child.aclose()


def is_picture(content: bytes) -> bool:
    """Whether a file is a picture that somebody may have given in place of the PDF."""
    return bool(_MAGIC.match(content) or _HEIC.match(content))
