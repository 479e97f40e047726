"""The grammar of the legal record: `source:subject:action` tags, one list, and the chain that binds a case's events.

The sentence that people read is made from the tag (web/sentences). The chain makes tampering evident: each event's
hash covers the one before it, so that a changed, removed or inserted line breaks every later hash.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict


class Tag(StrEnum):
    """Every event that can stand in a case's record."""

    APPLICATION_SUBMITTED = "application:case:submitted"
    APPLICATION_RECEIVED = "application:case:received"
    APPLICATION_WITHDRAWN = "application:case:withdrawn"
    APPLICATION_CLOSED = "application:case:closed"
    STAGE_ENTERED = "application:stage:entered"
    STAGE_LEFT = "application:stage:left"
    TASK_OPENED = "desk:task:opened"
    TASK_DECIDED = "desk:task:decided"
    TASK_CANCELLED = "desk:task:cancelled"
    TASK_WARNED = "desk:task:warned"
    TASK_ESCALATED = "desk:task:escalated"
    LADDER_ENDED = "desk:ladder:ended"
    DOCUMENT_RETURNED = "application:document:returned"
    CLOCK_PAUSED = "clock:promise:paused"
    CLOCK_RESUMED = "clock:promise:resumed"
    OPD_ASKED = "opd:recommendation:asked"
    OPD_WARNED = "opd:recommendation:warned"
    OPD_ESCALATED = "opd:recommendation:escalated"
    OPD_LADDER_ENDED = "opd:ladder:ended"
    OPD_ANSWERED = "opd:recommendation:answered"
    OPD_RELEASED = "opd:recommendation:released"  # no answer needed any more
    RETRIBUTION_ASSESSED = "permit:retribution:assessed"
    LETTER_NUMBERED = "permit:letter:numbered"
    LETTER_DRAFTED = "permit:letter:drafted"
    LETTER_ISSUED = "permit:letter:issued"  # one that needs no signature of the head
    LETTER_VOIDED = "permit:letter:voided"  # its number is BATAL
    PARAF_GIVEN = "permit:paraf:given"
    SIGNATURE_ORDERED = "permit:signature:ordered"
    SIGNATURE_FAILED = "permit:signature:failed"
    SIGNATURE_REGISTERED = "permit:signature:registered"
    SIGNATURE_VERIFIED = "permit:signature:verified"
    PERMIT_ISSUED = "permit:case:issued"
    NOTICE_SENT = "notice:message:sent"
    NOTICE_FAILED = "notice:message:failed"


class Event(BaseModel):
    """One line of the record, before it is chained."""

    model_config = ConfigDict(frozen=True)

    key: str  # unique within the case: writing the same key twice writes one line
    tag: Tag
    at: AwareDatetime  # real time, UTC
    office_at: AwareDatetime  # office time: the same, but for compressed cases
    actor_id: str = "system"
    actor_name: str = "Sakpore"
    facts: dict[str, Any] = {}


GENESIS = "0" * 64


def chain_hash(previous: str, number: str, sequence: int, event: Event) -> str:
    """sha256 over the previous hash and this event's canonical JSON (sorted keys, UTF-8, instants in UTC)."""
    line = {
        "previous": previous,
        "application": number,
        "sequence": sequence,
        "key": event.key,
        "tag": event.tag.value,
        "at": _instant(event.at),
        "office_at": _instant(event.office_at),
        "actor_id": event.actor_id,
        "actor_name": event.actor_name,
        "facts": event.facts,
    }
    canonical = json.dumps(line, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="microseconds")
