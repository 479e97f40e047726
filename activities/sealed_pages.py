"""Pages that the office seals and nobody signs: the page around an agency's letter, and the report on a verified file.

PDF/A-2b by typst like all letters (see `activities.letters`): the same input gives the same bytes. Pictures are turned
upright and brought to a size that prints well at A4; the original itself is kept untouched and named by its sha256.
"""

from __future__ import annotations

import datetime
import io
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typst
from PIL import Image, ImageOps
from pydantic import BaseModel, ConfigDict

from activities.letters import (
    LETTERS_DIR,
    NOON,
    WESTERN_INDONESIA_TIME,
    LetterError,
    Office,
    printable_form,
    typst_fonts,
)
from signing.checked import CheckedFile

MOST_PIXELS = (2480, 3508)
"""A4 at 300 dpi."""
PICTURE = "surat.jpg"
_OFFICE = Office()
_NO_CODES: Mapping[str, str] = {}


class LetterRecord(BaseModel):
    """What the page around an agency's letter says."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    office: Office = _OFFICE
    demo_authority: bool = False
    """The seal's certificate is a test one: the page says so."""

    application: str
    agency: str
    sent_by: str
    """Who uploaded it, as the account is called."""
    received_at: datetime.datetime
    matched_by: str
    matched_at: datetime.datetime
    filename: str
    content_type: str
    size: int
    """Bytes."""
    sha256: str
    """Of the original."""
    practice: bool = False


def render_letter_record(record: LetterRecord, picture: bytes | None = None) -> bytes:
    """The page that stands for an agency's letter, with the letter's picture where it is one.

    Raises LetterError: letter-not-rendered, picture-unreadable.
    """
    form = record.model_dump(mode="json")
    form |= {"received": _moment(record.received_at), "matched": _moment(record.matched_at)}
    pictures = {PICTURE: upright(picture)} if picture is not None else {}
    form["picture"] = PICTURE if pictures else None
    return _compiled("catatan-segel", form, record.matched_at, pictures)


def render_validation_report(checked: CheckedFile, *, office: Office = _OFFICE, demo_authority: bool = False) -> bytes:
    """The report on a checked file. Raises LetterError(letter-not-rendered)."""
    form = checked.model_dump(mode="json") | {"office": office.model_dump(), "practice": False}
    form |= {"demo_authority": demo_authority, "checked": _moment(checked.checked_at)}
    for shown, found in zip(form["signatures"], checked.signatures, strict=True):
        shown["signed"] = _moment(found.signed_at) if found.signed_at else None
    codes = {"verdict": checked.verdict, "kind": checked.kind}  # looked up, not printed
    return _compiled("laporan-pemeriksaan", form, checked.checked_at, {}, codes)


def upright(picture: bytes) -> bytes:
    """A photo or scan as JPEG in sRGB, upright as its camera says, no larger than A4 at 300 dpi.

    Raises LetterError(picture-unreadable).
    """
    try:
        with Image.open(io.BytesIO(picture), formats=("JPEG", "PNG")) as opened:
            turned = ImageOps.exif_transpose(opened)
            turned.thumbnail(MOST_PIXELS)
            if turned.mode in ("RGBA", "LA", "P"):
                paper = Image.new("RGB", turned.size, "white")
                paper.paste(turned.convert("RGBA"), mask=turned.convert("RGBA").getchannel("A"))
                turned = paper
            out = io.BytesIO()
            turned.convert("RGB").save(out, "JPEG", quality=88)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as wrong:
        raise LetterError("picture-unreadable", "Gambar surat tidak dapat dibaca.") from wrong
    return out.getvalue()


def _moment(instant: datetime.datetime) -> dict[str, str]:
    local = instant.astimezone(WESTERN_INDONESIA_TIME)
    return {"day": local.date().isoformat(), "time": f"{local:%H.%M.%S}"}


def _compiled(
    template: str,
    form: dict[str, Any],
    dated: datetime.datetime,
    files: Mapping[str, bytes],
    codes: Mapping[str, str] = _NO_CODES,
) -> bytes:
    """Compiles in a folder of its own: typst reads pictures from files beside its template."""
    day = dated.astimezone(WESTERN_INDONESIA_TIME).date()
    with tempfile.TemporaryDirectory(prefix="sakpore-segel-") as name:
        folder = Path(name)
        for part in (f"{template}.typ", "sealed.typ", "star.svg"):
            shutil.copyfile(LETTERS_DIR / part, folder / part)
        for file, content in files.items():
            (folder / file).write_bytes(content)
        compiler = typst.Compiler(
            input=folder / f"{template}.typ",
            root=folder,
            font_paths=typst_fonts(),
            ignore_system_fonts=True,
            sys_inputs={"page": json.dumps(printable_form(form) | dict(codes), ensure_ascii=False)},
        )
        try:
            pdf = compiler.compile(
                format="pdf",
                pdf_standards="a-2b",
                pdf_tags=True,
                timestamp=datetime.datetime.combine(day, NOON, WESTERN_INDONESIA_TIME),
            )
        except typst.TypstError as error:
            raise LetterError("letter-not-rendered", f"Halaman {template} tidak dapat disusun.") from error
    assert isinstance(pdf, bytes)
    return pdf
