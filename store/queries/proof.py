"""Who was told when: every rung of a case that fell, with the messages it sent and what became of them.

A rung's event and its notice are written in one step; the notice names the rung and its task (`rung`, `task`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from permits.events import Tag
from store.tables import AccountRow, EventRow, OutboxRow

RUNGS = (Tag.TASK_WARNED, Tag.TASK_ESCALATED, Tag.OPD_WARNED, Tag.OPD_ESCALATED)


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
    notices = _by_rung(list(await session.exec(told)))
    return [proof for rung in rungs for proof in _proofs(rung, notices)]


_Notices = dict[tuple[str, str], list[tuple[OutboxRow, str | None]]]


def _by_rung(rows: Sequence[tuple[OutboxRow, str | None]]) -> _Notices:
    """Notices by the task and the rung that they name."""
    found: _Notices = defaultdict(list)
    for row, role in rows:
        facts = row.facts or {}
        found[facts.get("task", ""), facts.get("rung", "")].append((row, role))
    return found


def _proofs(event: EventRow, notices: _Notices) -> list[RungProof]:
    task, rung, planned = (event.facts.get(name) for name in ("task", "rung", "planned_at"))
    told = notices.get((str(task), str(rung)), [])
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
