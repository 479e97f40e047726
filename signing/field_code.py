"""Offline codes for permits that are inspected in the field: a COSE_Sign1 (RFC 9052) in a QR.

The payload is a CWT claims set (RFC 8392) with the least an inspector compares: number, title, holder, dates, and the
lines that tie the permit to a thing or place (a plate number, a site). It says that this office *wrote* a letter with
this text. Whether the letter was issued, and whether it was revoked since, no offline code can say: whoever reads one
is told so, and its verification code leads to the register.

The code is made while the letter is written, so it cannot hold the letter's own sha256: the letter's bytes hold the
code. The verification code, random and tied to one case, stands in its place.

As text it is the fragment of a web address, so that any camera opens the page that checks it, and the page's server
never sees it: `SKP1:` and base32 (RFC 4648) without padding. Base32 is 6 % longer than the base45 of the EU's health
certificates, and survives what browsers do to the space, `%` and `+` of base45 in an address.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from signing.errors import CodeUnreadable
from signing.field_keys import FieldKey, PublicFieldKey

PREFIX = "SKP1:"
ALGORITHM_ES256 = -7  # RFC 9053, 2.1
TAG_COSE_SIGN1 = 18
HALF_BYTES = 32
LONGEST_TEXT = 1400
"""Characters of a code as text: a QR of 125 modules a side at error level M, which still reads from a scan."""
CUTS = (80, 60, 40, 24, 16)
"""Characters kept of one value, the first with which the code fits; the letter has it whole."""
MOST_LINES = 3
WESTERN_INDONESIA_TIME = timezone(timedelta(hours=7))

EXPIRES, ISSUED_AT, CODE_ID = 4, 6, 7  # exp, iat, cti of RFC 8392
NUMBER, TITLE, HOLDER, LETTER_DATE, LINES, PRACTICE = (-65537 - n for n in range(6))  # private use
_PARSERS_ERRORS = (
    *(cbor2.CBORError, ValueError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError, OSError),
    *(RecursionError, MemoryError),
)
_TEXT = re.compile(rf"{PREFIX}[A-Z2-7]{{40,{LONGEST_TEXT}}}")


@dataclass(frozen=True)
class FieldClaims:
    """What an offline code says."""

    verification_code: str  # leads to the register
    number: str  # of the letter, as printed
    title: str
    holder: str
    letter_date: date
    valid_until: date | None  # last day
    lines: tuple[tuple[str, str], ...]  # label and value of what is compared on the spot
    practice: bool  # a letter for training, never a permit
    made_at: datetime  # aware; when the code was made, before the letter was signed


def field_code(claims: FieldClaims, key: FieldKey) -> str:
    """The code as text: `SKP1:` and base32; long values are cut until it fits a QR that reads."""
    for longest in CUTS:
        text = PREFIX + base64.b32encode(_sign(_payload(claims, longest), key)).decode().rstrip("=")
        if len(text) <= LONGEST_TEXT:
            break
    return text


def _payload(claims: FieldClaims, longest: int) -> bytes:
    payload: dict[int, Any] = {
        CODE_ID: claims.verification_code.encode(),
        ISSUED_AT: int(claims.made_at.timestamp()),
        NUMBER: _cut(claims.number, CUTS[0]),
        TITLE: _cut(claims.title, longest),
        HOLDER: _cut(claims.holder, longest),
        LETTER_DATE: claims.letter_date.isoformat(),
        LINES: [[_cut(label, longest), _cut(value, longest)] for label, value in claims.lines[:MOST_LINES]],
    }
    if claims.valid_until is not None:
        payload[EXPIRES] = int(_end_of(claims.valid_until).timestamp())
    if claims.practice:
        payload[PRACTICE] = True
    return cbor2.dumps(payload, canonical=True)


def _sign(body: bytes, key: FieldKey) -> bytes:
    """A COSE_Sign1 (RFC 9052, 4.2); deterministic (RFC 6979), so the same claims make the same code."""
    protected = cbor2.dumps({1: ALGORITHM_ES256, 4: key.kid}, canonical=True)
    der = key.private_key.sign(_signed_structure(protected, body), ec.ECDSA(SHA256(), deterministic_signing=True))
    signature = b"".join(number.to_bytes(HALF_BYTES) for number in decode_dss_signature(der))
    return cbor2.dumps(cbor2.CBORTag(TAG_COSE_SIGN1, [protected, {}, body, signature]))


def read_field_code(text: str, keys: tuple[PublicFieldKey, ...]) -> FieldClaims:
    """The claims of a code that one of these keys signed. Raises CodeUnreadable for every other text.

    A retired key still reads what it signed; a revoked one reads nothing. Revocation of the permit is not looked at.
    """
    if not _TEXT.fullmatch(text):
        raise CodeUnreadable("Kode pemeriksaan lapangan tidak berbentuk benar.")
    try:
        return _read(text.removeprefix(PREFIX), keys)
    except CodeUnreadable:
        raise
    except _PARSERS_ERRORS as wrong:
        # Whatever a stranger's bytes make of the parsers, it is no code of ours.
        raise CodeUnreadable("Kode pemeriksaan lapangan tidak dapat dibaca.") from wrong


def _read(body: str, keys: tuple[PublicFieldKey, ...]) -> FieldClaims:
    try:
        signed = base64.b32decode(body + "=" * (-len(body) % 8))
    except binascii.Error:
        raise CodeUnreadable("Kode pemeriksaan lapangan tidak dapat dibaca.") from None
    message = cbor2.loads(signed)
    if not isinstance(message, cbor2.CBORTag) or message.tag != TAG_COSE_SIGN1:
        raise CodeUnreadable("Kode ini bukan kode pemeriksaan lapangan.")
    protected, _, payload, signature = message.value
    header = cbor2.loads(protected)
    if header != {1: ALGORITHM_ES256, 4: header[4]}:
        raise CodeUnreadable("Kode ini ditandatangani dengan cara yang tidak kami kenal.")
    key = next((one for one in keys if one.kid == header[4]), None)
    if key is None or key.revoked_at is not None:
        raise CodeUnreadable("Kode ini tidak ditandatangani dengan kunci kantor kami.")
    _check(key, protected, payload, signature)
    claims = _claims(cbor2.loads(payload))
    if claims.made_at < key.not_before or (key.not_after is not None and claims.made_at > key.not_after):
        raise CodeUnreadable("Kode ini dibuat di luar masa kuncinya.")
    return claims


def _check(key: PublicFieldKey, protected: bytes, payload: bytes, signature: bytes) -> None:
    """ES256 is r and s of 32 bytes each (RFC 9053, 2.1)."""
    if len(signature) != 2 * HALF_BYTES:
        raise CodeUnreadable("Tanda tangan kode ini tidak berbentuk benar.")
    der = encode_dss_signature(int.from_bytes(signature[:HALF_BYTES]), int.from_bytes(signature[HALF_BYTES:]))
    try:
        key.public_key().verify(der, _signed_structure(protected, payload), ec.ECDSA(SHA256()))
    except InvalidSignature:
        raise CodeUnreadable("Kode ini tidak ditandatangani dengan kunci kantor kami.") from None


def _signed_structure(protected: bytes, payload: bytes) -> bytes:
    """What COSE_Sign1 signs (RFC 9052, 4.4), without external data."""
    return cbor2.dumps(["Signature1", protected, b"", payload])


def _claims(payload: dict[int, Any]) -> FieldClaims:
    expires = payload.get(EXPIRES)
    return FieldClaims(
        verification_code=payload[CODE_ID].decode(),
        number=_text(payload[NUMBER]),
        title=_text(payload[TITLE]),
        holder=_text(payload[HOLDER]),
        letter_date=date.fromisoformat(payload[LETTER_DATE]),
        valid_until=None if expires is None else _last_day(expires),
        lines=tuple((_text(label), _text(value)) for label, value in payload[LINES][:MOST_LINES]),
        practice=payload.get(PRACTICE, False) is True,
        made_at=datetime.fromtimestamp(payload[ISSUED_AT], UTC),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a claim is a text")
    return value


def _cut(text: str, longest: int) -> str:
    whole = " ".join(text.encode("utf-8", "replace").decode().split())
    return whole if len(whole) <= longest else whole[: longest - 1].rstrip() + "…"


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), WESTERN_INDONESIA_TIME)


def _last_day(expires: int) -> date:
    return (datetime.fromtimestamp(expires, WESTERN_INDONESIA_TIME) - timedelta(seconds=1)).date()
