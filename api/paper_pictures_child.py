"""The child of `api.paper_pictures`: draws one page of a PDF, or makes a photo small, within limits.

Question: {"page": 1, "width": 900} with the page from 1 and the width in pixels; answer: {"png": base64, "pages":
count} or {"code": reason}. Run by `python -m api.paper_pictures_child`.
"""

from __future__ import annotations

import base64
import io
import json
import resource
import struct
import sys
from typing import Any

import pypdfium2
from PIL import Image, ImageOps, UnidentifiedImageError

MEMORY_BYTES = 1024**3
CPU_SECONDS = 12
MOST_PIXELS = 60_000_000
LONGEST_SIDE = 4000
"""Pixels; a page that is very tall for its width is drawn smaller."""


def drawn(content: bytes, page: int, width: int) -> dict[str, Any]:
    """One page as PNG, at most `width` pixels wide."""
    if content.startswith(b"%PDF") or b"%PDF-" in content[:1024]:
        return _page_of_pdf(content, page, width)
    return _photo(content, page, width)


def _page_of_pdf(content: bytes, page: int, width: int) -> dict[str, Any]:
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError:
        return {"code": "unreadable"}
    try:
        count = len(document)
        if not 1 <= page <= count:
            return {"code": "no-such-page", "pages": count}
        if document.get_formtype() != pypdfium2.raw.FORMTYPE_NONE:
            document.init_forms()
        sheet = document[page - 1]
        wide, high = sheet.get_size()
        if wide <= 0 or high <= 0:
            return {"code": "unreadable"}
        scale = min(width / wide, LONGEST_SIDE / high)
        return _answer(sheet.render(scale=scale).to_pil().convert("RGB"), count)
    except (pypdfium2.PdfiumError, ValueError, OverflowError):
        return {"code": "unreadable"}
    finally:
        document.close()


def _photo(content: bytes, page: int, width: int) -> dict[str, Any]:
    if page != 1:
        return {"code": "no-such-page", "pages": 1}
    Image.MAX_IMAGE_PIXELS = None  # measured here
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP")) as opened:
            if opened.width * opened.height > MOST_PIXELS and opened.format != "JPEG":
                return {"code": "unreadable"}
            opened.draft("RGB", (width, width))
            if opened.width * opened.height > MOST_PIXELS:
                return {"code": "unreadable"}
            upright = ImageOps.exif_transpose(opened).convert("RGB")
            upright.thumbnail((width, LONGEST_SIDE))
            return _answer(upright, 1)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, struct.error, OverflowError):
        return {"code": "unreadable"}


def _answer(picture: Image.Image, pages: int) -> dict[str, Any]:
    kept = io.BytesIO()
    picture.save(kept, "PNG", optimize=False, compress_level=6)
    return {"png": base64.b64encode(kept.getvalue()).decode(), "pages": pages}


def _serve() -> None:
    """The child's life: one file, one line of answer, until the pipe closes."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    source, answers = sys.stdin.buffer, sys.stdout
    while len(head := source.read(8)) == 8:
        question_length, content_length = struct.unpack("!II", head)
        question = json.loads(source.read(question_length))
        content = source.read(content_length)
        used = int(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]))
        resource.setrlimit(resource.RLIMIT_CPU, (used + CPU_SECONDS, resource.RLIM_INFINITY))
        try:
            answer = drawn(content, int(question["page"]), int(question["width"]))
        except (MemoryError, RecursionError):
            answer = {"code": "unreadable"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    _serve()
