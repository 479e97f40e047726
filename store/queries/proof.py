"""Who was told when: every rung of a case that fell, with the messages it sent and what became of them.

A rung's event and its notice are written in one step; the notice names the rung and its task (`rung`, `task`), and its
key follows the event's in the writer's ledger, which is how a notice without those names is found.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from permits.events import Tag
from store.tables import AccountRow, EventRow, OutboxRow

RUNGS = (Tag.TASK_WARNED, Tag.TASK_ESCALATED, Tag.OPD_WARNED, Tag.OPD_ESCALATED)
_PLACE = re.compile(r"^(?P<writer>.+)#(?P<n>\d+)\.")


class RungProof(BaseModel):
    """One message of one rung; `failed` where it reached nobody, `none` where the rung made no message."""

    model_config = ConfigDict(frozen=True)

    event_key: str
    tag: str
    task: str | None
    rung: str | None
    planned_at: datetime | None  # office time
    fell_at: datetime  # office time
    recipient_id: str | None  # account
    recipient_role: str | None
    channel: str | None
    sent_at: datetime | None  # real time
    message_id: str | None
    delivered_at: datetime | None  # real time, by the carrier's receipt
    state: str  # pending, sent, failed; none


async def proof_of_rungs(session: AsyncSession, number: str) -> list[RungProof]:
    """The proofs of a case, in the order the rungs fell."""
    tags = [tag.value for tag in RUNGS]
    fallen = select(EventRow).where(col(EventRow.number) == number, col(EventRow.tag).in_(tags))
    rungs = list(await session.exec(fallen.order_by(col(EventRow.sequence))))
    told = select(OutboxRow, col(AccountRow.role)).outerjoin(
        AccountRow, col(AccountRow.id) == col(OutboxRow.account_id)
    )
    told = told.where(col(OutboxRow.number) == number).order_by(col(OutboxRow.created_at), col(OutboxRow.key))
    notices = _by_rung(list(await session.exec(told)), number)
    return [proof for rung in rungs for proof in _proofs(rung, notices)]


_Notices = dict[tuple[str, str], list[tuple[OutboxRow, str | None]]]


def _by_rung(rows: Sequence[tuple[OutboxRow, str | None]], number: str) -> _Notices:
    """Notices by what they can be found with: task and rung, or the writer's ledger and the place in it."""
    found: _Notices = defaultdict(list)
    for row, role in rows:
        facts = row.facts or {}
        if facts.get("rung") and facts.get("task"):
            found[facts["task"], facts["rung"]].append((row, role))
        elif place := _PLACE.match(row.key.removeprefix(f"{number}:")):
            found[place["writer"], place["n"]].append((row, role))
    return found


def _proofs(event: EventRow, notices: _Notices) -> list[RungProof]:
    task, rung = event.facts.get("task"), event.facts.get("rung")
    told = notices.get((str(task), str(rung)), [])
    if not told and (place := _PLACE.match(event.key)):
        told = notices.get((place["writer"], str(int(place["n"]) + 1)), [])
    planned = event.facts.get("planned_at")
    common = {
        "event_key": event.key,
        "tag": event.tag,
        "task": task,
        "rung": rung,
        "planned_at": datetime.fromisoformat(planned) if planned else None,
        "fell_at": event.office_at,
    }
    return [_proof(common, row, role) for row, role in told] or [_proof(common, None, None)]


def _proof(common: dict[str, object], row: OutboxRow | None, role: str | None) -> RungProof:
    return RungProof.model_validate(
        common
        | {
            "recipient_id": row.account_id if row else None,
            "recipient_role": role,
            "channel": row.channel if row else None,
            "sent_at": row.sent_at if row else None,
            "message_id": row.message_id if row else None,
            "delivered_at": row.delivered_at if row else None,
            "state": row.state if row else "none",
        }
    )
