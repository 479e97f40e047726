"""Verification codes and their QR pictures (ISO/IEC 18004).

A code is `<random id>.<tag>`: the tag (80 bits of HMAC-SHA256 under the installation's QR key) lets the public page
refuse invented codes before it asks the registry, so that codes cannot be searched by trying. It proves nothing about
the letter; that is the registry's and the signature's part.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import re
import secrets

import qrcode
from qrcode.constants import ERROR_CORRECT_M
from qrcode.image.pil import PilImage
from qrcode.image.svg import SvgPathImage

from signing.errors import CodeUnreadable

TAG_BYTES = 10
LEAST_MODULE_MM = 0.7
"""Four pixels of a 150 dpi scan: enough for decoders when the sheet lies askew and the picture is soft."""
QUIET_ZONE_MODULES = 4
MINIMUM_KEY_BYTES = 16
_ID = re.compile(r"[A-Za-z0-9_-]{4,64}")
_CROCKFORD_MISREAD = str.maketrans("OIL", "011")
_TAG_MISREAD = str.maketrans("089", "obg")  # base32 of RFC 4648 has none of them
_CONTEXT = b"sakpore verification code v1\0"


def new_random_id() -> str:
    """An id for a code: 80 random bits in 16 characters that are read aloud without doubt."""
    return base64.b32encode(secrets.token_bytes(10)).decode().lower()


def verification_code(random_id: str, key: bytes) -> str:
    """The code of a letter: `random_id` (4 to 64 of A-Z a-z 0-9 _ -), a dot, and 16 base32 characters.

    Raises CodeUnreadable for another form of id, ValueError for a key under 16 bytes.
    """
    if not _ID.fullmatch(random_id):
        raise CodeUnreadable("Id kode verifikasi tidak berbentuk benar.")
    return f"{random_id}.{_tag(random_id, key)}"


def check_code(code: str, key: bytes) -> str | None:
    """The id inside a code that this installation made, else None. Compares in constant time.

    The tag is read without regard to case, since people type it from paper; the id is not.
    """
    random_id, dot, tag = code.strip().partition(".")
    if not dot or not _ID.fullmatch(random_id) or not tag.isascii():
        return None
    return random_id if hmac.compare_digest(_tag(random_id, key), tag.lower()) else None


def understand_code(text: str, key: bytes) -> str | None:
    """The code of ours that a person meant by `text`, as this installation writes it; None where there is none.

    People type from paper: spaces, hyphens and case do not matter, nor whether 0 or O, 1 or I or L was meant. Every
    reading still has to carry the right tag, so tolerance opens no other code.
    """
    given = "".join(text.split()).strip(".,;:!?\"'()<>")
    if len(given) > 200:
        return None
    head, dot, tail = given.partition(".")
    if not dot:
        return None
    tag = tail.replace("-", "").lower().translate(_TAG_MISREAD)
    for random_id in dict.fromkeys((head, *_readings(head.replace("-", "")))):
        for each in dict.fromkeys((tail, tag, tag.replace("1", "l"), tag.replace("1", "i"))):
            if check_code(f"{random_id}.{each}", key) is not None:
                return f"{random_id}.{each.lower()}"
    return None


def _readings(head: str) -> tuple[str, ...]:
    """Ids are in capitals without I, L, O (Crockford's base32), or in small letters without 0, 1, 8, 9 (RFC 4648)."""
    return (head, head.upper(), head.upper().translate(_CROCKFORD_MISREAD), head.lower())


def _tag(random_id: str, key: bytes) -> str:
    if len(key) < MINIMUM_KEY_BYTES:
        raise ValueError("the QR key is too short")
    digest = hmac.new(key, _CONTEXT + random_id.encode(), hashlib.sha256).digest()
    return base64.b32encode(digest[:TAG_BYTES]).decode().lower()


def qr_svg(url: str) -> str:
    """The QR of `url` as an SVG document: error level M, four modules of quiet zone."""
    picture = io.BytesIO()
    qrcode.make(url, image_factory=SvgPathImage, **_options(10)).save(picture)
    return picture.getvalue().decode()


def qr_side_mm(url: str, least_mm: float) -> float:
    """How large the QR of `url` is printed, quiet zone included: `least_mm`, or what its modules need to be scanned."""
    modules: int = qrcode.make(url, image_factory=PilImage, **_options(1)).pixel_size  # one pixel each, zone included
    return max(least_mm, modules * LEAST_MODULE_MM)


def qr_png(url: str, pixels_per_module: int = 8) -> bytes:
    """The same as a black and white PNG."""
    picture = io.BytesIO()
    qrcode.make(url, image_factory=PilImage, **_options(pixels_per_module)).save(picture)
    return picture.getvalue()


def _options(pixels_per_module: int) -> dict[str, int]:
    return {"error_correction": ERROR_CORRECT_M, "border": QUIET_ZONE_MODULES, "box_size": pixels_per_module}
