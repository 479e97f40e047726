"""The report on a checked file, for whoever wants to keep the answer: typeset, sealed by the office, kept for a month.

Nobody's file and no line of anybody's check is kept before a report is asked for: the answer to a check carries an
*order*, the facts of the verdict with a code that only we can make, and comes back with it within the hour. The
report's address is derived from facts that hold 128 random bits, so nobody finds it who was not given it.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import ValidationError

from api.problems import ApiCode, Problem
from api.services import Services
from permits.sealing import SealedDocument
from signing.checked import CheckedFile
from workflows.sealing_order import SealingOrder

ORDER_LIFE = timedelta(hours=1)
REPORT_LIFE = timedelta(days=30)
MOST_ORDER_CHARACTERS = 60_000
MOST_FACTS_BYTES = 200_000
MOST_WAITING = 4
"""Reports that are waited for at once."""
WAIT_SECONDS = 8.0
_PURPOSE = b"sakpore report order v1\0"


@dataclass(frozen=True)
class Ordered:
    """A report that is sealed, or on its way."""

    id: str
    expires_at: datetime
    ready: bool


def new_report_id() -> str:
    """128 random bits, hex: names a report, and makes its address one that cannot be guessed."""
    return secrets.token_hex(16)


def order_of(checked: CheckedFile, key: bytes) -> str:
    """The order as text: facts and their code."""
    facts = zlib.compress(checked.model_dump_json().encode(), 9)
    return f"{_text(facts)}.{_text(_code(facts, key))}"


def read_order(order: str, key: bytes, now: datetime) -> CheckedFile:
    """The facts of an order. Raises Problem(report-order-invalid): not ours, changed, or its hour is over."""
    try:
        facts_text, _, code_text = order.partition(".")
        facts, code = _bytes(facts_text), _bytes(code_text)
        if len(order) > MOST_ORDER_CHARACTERS or not hmac.compare_digest(code, _code(facts, key)):
            raise Problem(ApiCode.REPORT_ORDER_INVALID)
        checked = CheckedFile.model_validate_json(zlib.decompressobj().decompress(facts, MOST_FACTS_BYTES))
    except (binascii.Error, ValueError, ValidationError, zlib.error):
        raise Problem(ApiCode.REPORT_ORDER_INVALID) from None
    if not checked.checked_at <= now <= checked.checked_at + ORDER_LIFE:
        raise Problem(ApiCode.REPORT_ORDER_INVALID)
    return checked


async def order_report(services: Services, order: str) -> Ordered:
    """Has the report of an order sealed, and waits a while for it; asked again, the same report.

    Raises Problem: report-order-invalid, too-many-attempts, engine-unavailable, seal-unavailable.
    """
    checked = read_order(order, services.settings.qr_key_bytes, services.now())
    with services.reports.place():
        content = checked.model_dump_json().encode()
        expires_at = checked.checked_at + REPORT_LIFE
        sealing = SealingOrder(
            purpose="validation_report",
            original_sha256=await services.documents.put_document(content),
            expires_at=expires_at,
        )
        if await services.records.sealed_document(sealing.id) is not None:
            return Ordered(sealing.id, expires_at, True)
        done = await services.engine.seal(sealing, WAIT_SECONDS)
    if done is not None and done.failure is not None:
        raise Problem(ApiCode.SEAL_UNAVAILABLE)
    return Ordered(sealing.id, expires_at, done is not None)


async def report_content(services: Services, report_id: str) -> tuple[bytes, SealedDocument]:
    """The sealed report. Raises Problem(report-not-found): none, not sealed yet, or its month is over."""
    found = await services.records.sealed_document(report_id)
    if found is None or found.purpose != "validation_report" or found.discarded_at is not None:
        raise Problem(ApiCode.REPORT_NOT_FOUND)
    if found.expires_at is not None and found.expires_at < services.now():
        raise Problem(ApiCode.REPORT_NOT_FOUND)
    return await services.documents.get_document(found.sealed_sha256), found


def _code(facts: bytes, key: bytes) -> bytes:
    return hmac.digest(hmac.digest(key, _PURPOSE, "sha256"), facts, "sha256")


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
