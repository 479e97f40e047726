"""The child of `api.code_reader`: finds the QR codes in one picture after another, within limits.

JPEG, PNG and WebP alone are decoded; another decoder's faults are never reached. A picture is measured before it is
decoded, a large JPEG is decoded at a fraction of its size, and the first frame of an animation is the picture.
Run by `python -m api.code_reader_child`.
"""

from __future__ import annotations

import io
import json
import resource
import struct
import sys
from collections.abc import Iterator

import zxingcpp
from PIL import Image, ImageOps, UnidentifiedImageError

MEMORY_BYTES = 1024**3
CPU_SECONDS = 12
FORMATS = ("JPEG", "PNG", "WEBP")
MOST_PIXELS = 60_000_000
MOST_PIXELS_OF_JPEG = 250_000_000  # a phone's 200 megapixels; decoded at a quarter or an eighth
SIDE = 2400
"""Pixels of the longer side on which a code is looked for first; the QR of a whole A4 page has 5 a module there."""
SMALL_SIDE = 900
QR_CODES = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
MOST_CODES = 8
LONGEST_TEXT = 4000


class PictureRefused(Exception):
    """Not looked at; `code` is stable: not-a-picture, picture-too-large, picture-unreadable."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def codes_in(content: bytes) -> list[str]:
    """The texts of the QR codes in a picture, without repeats. Raises PictureRefused."""
    picture = _decoded(content)
    for size in _sizes(picture):
        found = zxingcpp.read_barcodes(size, formats=QR_CODES, text_mode=zxingcpp.TextMode.Plain)
        texts = dict.fromkeys(each.text for each in found if each.valid and len(each.text) <= LONGEST_TEXT)
        if texts:
            return list(texts)[:MOST_CODES]
    return []


def _decoded(content: bytes) -> Image.Image:
    Image.MAX_IMAGE_PIXELS = None  # measured here, and JPEG apart from the others
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            limit = MOST_PIXELS_OF_JPEG if picture.format == "JPEG" else MOST_PIXELS
            if picture.width * picture.height > limit:
                raise PictureRefused("picture-too-large")
            picture.draft("L", (SIDE, SIDE))
            if picture.width * picture.height > MOST_PIXELS:
                raise PictureRefused("picture-too-large")
            return _on_white(picture)
    except UnidentifiedImageError:
        raise PictureRefused("not-a-picture") from None
    except (OSError, ValueError, SyntaxError, MemoryError, EOFError, struct.error, OverflowError):
        raise PictureRefused("picture-unreadable") from None


def _on_white(picture: Image.Image) -> Image.Image:
    """Grey; what is transparent is white, as a screenshot's rim would be on paper."""
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        layered = picture.convert("RGBA")
        white = Image.new("RGBA", layered.size, "white")
        return Image.alpha_composite(white, layered).convert("L")
    return picture.convert("L")


def _sizes(picture: Image.Image) -> Iterator[Image.Image]:
    longer = max(picture.size)
    first = ImageOps.contain(picture, (SIDE, SIDE)) if longer > SIDE else picture
    yield first
    if longer > SMALL_SIDE:
        yield ImageOps.contain(picture, (SMALL_SIDE, SMALL_SIDE))  # softens the grain of a dark or moved photo
    if first is not picture:
        yield picture


def _serve() -> None:
    """The child's life: one picture, one line of answer, until the pipe closes."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    source, answers = sys.stdin.buffer, sys.stdout
    while len(head := source.read(8)) == 8:
        question_length, content_length = struct.unpack("!II", head)
        source.read(question_length)
        content = source.read(content_length)
        used = int(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]))
        resource.setrlimit(resource.RLIMIT_CPU, (used + CPU_SECONDS, resource.RLIM_INFINITY))
        answers.write(json.dumps(_answer(content)) + "\n")
        answers.flush()


def _answer(content: bytes) -> dict[str, object]:
    try:
        return {"texts": codes_in(content)}
    except PictureRefused as refused:
        return {"code": refused.code}
    except (MemoryError, RecursionError):
        return {"code": "picture-unreadable"}


if __name__ == "__main__":
    _serve()
