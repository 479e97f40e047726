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
    APPLICATION_SENT_BACK = "application:case:sent-back"  # to an earlier desk, with its coded reason
    APPLICATION_FILE_CLOSED = "application:file:closed"  # the applicant never answered; a person closed the file
    STAGE_ENTERED = "application:stage:entered"
    STAGE_LEFT = "application:stage:left"
    TASK_OPENED = "desk:task:opened"
    TASK_DECIDED = "desk:task:decided"
    TASK_CANCELLED = "desk:task:cancelled"
    TASK_ASSIGNED = "desk:task:assigned"  # to a person, or back to the whole desk
    TASK_WARNED = "desk:task:warned"
    TASK_ESCALATED = "desk:task:escalated"
    LADDER_ENDED = "desk:ladder:ended"
    DOCUMENT_RETURNED = "application:document:returned"
    DOCUMENT_REPAIRED = "application:document:repaired"
    HOLDER_ASKED_WHY = "desk:holder:asked-why"
    HOLDER_ANSWERED = "desk:holder:answered"  # the holder's note on why a case has not moved
    CLOCK_PAUSED = "clock:promise:paused"
    CLOCK_RESUMED = "clock:promise:resumed"
    CALENDAR_REPLACED = "clock:calendar:replaced"
    PROMISE_ENDANGERED = "clock:promise:endangered"  # it will be missed, as far as can be seen; the applicant is told
    PROMISE_MISSED = "clock:promise:missed"
    PROMISE_SETTLED = "clock:promise:settled"  # net and gross working days, when the product is issued
    OPD_ASKED = "opd:recommendation:asked"
    OPD_WAITED_FOR = "opd:recommendation:waited-for"  # those that have not answered yet, when another one has
    OPD_WARNED = "opd:recommendation:warned"
    OPD_ESCALATED = "opd:recommendation:escalated"
    OPD_LADDER_ENDED = "opd:ladder:ended"
    OPD_ANSWERED = "opd:recommendation:answered"
    OPD_RELEASED = "opd:recommendation:released"  # no answer needed any more
    OPD_WITHDRAWN = "opd:recommendation:withdrawn"  # by the office
    OPD_EXTENDED = "opd:recommendation:extended"
    OPD_ADDED = "opd:recommendation:added"
    OPD_QUESTION_ASKED = "opd:question:asked"
    OPD_QUESTION_ANSWERED = "opd:question:answered"
    OPD_LETTER_RECEIVED = "opd:letter:received"  # wet-signed, waiting to be matched
    OPD_LETTER_MATCHED = "opd:letter:matched"
    OPD_LETTER_MISMATCHED = "opd:letter:mismatched"
    OPD_ANSWER_DECIDED = "opd:answer:decided"  # written, ordered to be signed, or to be written anew; not given yet
    OPD_SIGNATURE_FAILED = "opd:signature:failed"
    OPD_SIGNATURE_REGISTERED = "opd:signature:registered"
    OPD_SIGNATURE_VERIFIED = "opd:signature:verified"
    OPD_LETTER_SEALED = "opd:letter:sealed"  # with the office's seal, after it was matched
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
    SIGNATURE_WAITS = "permit:signature:waits"  # an outside service is away; the letter waits for it
    SIGNATURE_UNKNOWN = "permit:signature:unknown"  # sent to the provider, and no answer came
    SIGNATURE_QUARANTINED = "permit:signature:quarantined"  # what came back was not right, and is put aside
    SIGNATURE_LOST = "permit:signature:lost"  # what is stored is not SAH any more; nothing is released
    ARCHIVE_RENEWED = "permit:archive:renewed"  # a new version of a signed letter, with a new timestamp
    MINUTES_SIGNED = "permit:minutes:signed"
    DEEMED_DUE = "permit:deemed:due"
    DEEMED_CONFIRMED = "permit:deemed:confirmed"
    PERMIT_ISSUED = "permit:case:issued"
    PERMIT_REVOKED = "permit:case:revoked"
    PERMIT_REPLACED = "permit:case:replaced"
    PERMIT_EXTENDED = "permit:case:extended"
    PRODUCT_HANDED_OVER = "delivery:product:handed-over"
    PRODUCT_POSTED = "delivery:product:posted"
    PRODUCT_ARRIVED = "delivery:product:arrived"
    PRODUCT_CAME_BACK = "delivery:product:came-back"
    HELP_ASKED = "help:message:asked"
    HELP_ANSWERED = "help:message:answered"
    NOTICE_SENT = "notice:message:sent"
    NOTICE_DELIVERED = "notice:message:delivered"  # the carrier's receipt
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
