"""What the month-end evaluation counts: cases, tasks, agencies, events and the outbox; practice is left out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict
from sqlalchemy import func, literal_column
from sqlalchemy import select as sql_select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from permits.application import ApplicationStatus
from permits.authority import Role
from permits.evaluation import CaseFact, Facts, OpdFact, Outcome, ReasonFact, RungFact, TaskFact, Told
from permits.events import Tag
from permits.sla import SlaClock
from permits.steps import Served
from store.tables import ApplicationRow, EvaluationRow, EventRow, OpdRequestRow, OutboxRow, TaskRow

OFFICE_ZONE = ZoneInfo("Asia/Jakarta")
FINISHING = (
    Tag.PERMIT_ISSUED,
    Tag.APPLICATION_CLOSED,
    Tag.APPLICATION_WITHDRAWN,
    Tag.APPLICATION_FILE_CLOSED,
)
RUNGS: dict[str, Any] = {
    Tag.TASK_WARNED.value: "warning",
    Tag.OPD_WARNED.value: "warning",
    Tag.TASK_ESCALATED.value: "escalation",
    Tag.OPD_ESCALATED.value: "escalation",
    Tag.LADDER_ENDED.value: "last_resort",
    Tag.OPD_LADDER_ENDED.value: "last_resort",
}


class EvaluationLine(BaseModel):
    """One compilation of one month; real times."""

    model_config = ConfigDict(frozen=True)

    month: date
    version: int
    pdf_sha256: str
    data_sha256: str
    as_of: datetime
    created_at: datetime
    requested_by: str


async def evaluations(session: AsyncSession, limit: int) -> list[EvaluationLine]:
    """The newest version of each month, the latest month first."""
    query = select(EvaluationRow).ext(distinct_on(col(EvaluationRow.month)))
    query = query.order_by(col(EvaluationRow.month).desc(), col(EvaluationRow.version).desc()).limit(limit)
    return [_line(row) for row in await session.exec(query)]


async def newest_evaluation(session: AsyncSession, month: date) -> EvaluationLine | None:
    """The newest version of a month, by its first day; None where none was compiled."""
    query = select(EvaluationRow).where(col(EvaluationRow.month) == month)
    row = (await session.exec(query.order_by(col(EvaluationRow.version).desc()).limit(1))).first()
    return _line(row) if row else None


async def evaluation_facts(session: AsyncSession, begins: datetime, ends: datetime) -> Facts:
    """All that is evaluated of the office time between two instants, both included."""
    finished = await _finished_at(session)
    rows = {row["number"]: row for row in await _cases(session)}
    living = {number for number in rows if finished.get(number) is None or finished[number] >= begins}
    tasks = [task async for task in _tasks(session, begins, ends)]
    told = await _told(session)
    return Facts(
        cases=tuple(_case(rows[number], finished.get(number)) for number in sorted(living)),
        tasks=tuple(_task(task) for task in tasks if task["number"] in rows and task["role"] != Role.OPD.value),
        opds=tuple([one async for one in _opds(session, begins, ends) if one.number in rows]),
        rungs=tuple([rung async for rung in _rungs(session, begins, ends, told) if rung.number in rows]),
        reasons=tuple(reason for task in tasks if task["number"] in rows for reason in _reasons(task)),
    )


async def _finished_at(session: AsyncSession) -> dict[str, datetime]:
    """When each case got its product, or ended otherwise; office time."""
    query = sql_select(col(EventRow.number), func.min(col(EventRow.office_at))).where(_tagged(FINISHING))
    found = await (await session.connection()).execute(query.group_by(col(EventRow.number)))
    return {number: at for number, at in found}


async def _cases(session: AsyncSession) -> list[Any]:
    names = (
        "number", "permit_type", "title", "status", "product", "promise", "promised_working_days",
        "gross_working_days", "net_working_days", "paused_working_days", "submitted_at",
    )  # fmt: skip
    columns: list[Any] = [col(getattr(ApplicationRow, name)) for name in names]
    received = (
        sql_select(func.min(col(EventRow.office_at)))
        .where(col(EventRow.number) == col(ApplicationRow.number), col(EventRow.tag) == Tag.APPLICATION_SUBMITTED.value)
        .scalar_subquery()
        .label("received_at")
    )
    query = sql_select(*columns, received).where(
        col(ApplicationRow.submitted_at).is_not(None), col(ApplicationRow.practice).is_(False)
    )
    return list((await (await session.connection()).execute(query)).mappings())


def _case(row: Any, finished_at: datetime | None) -> CaseFact:
    kept = [row[f"{name}_working_days"] for name in ("promised", "gross", "net", "paused")]
    served = None
    if None not in kept:
        served = Served(promised=kept[0], gross=kept[1], net=kept[2], paused=kept[3])
    return CaseFact(
        number=row["number"],
        permit_type=row["permit_type"],
        title=row["title"],
        received_at=row["received_at"] or _noon(row) or row["submitted_at"],
        finished_at=finished_at,
        outcome=_outcome(row) if finished_at else None,
        promise=SlaClock.model_validate(row["promise"]) if row["promise"] else None,
        served=served,
    )


def _noon(row: Any) -> datetime | None:
    """A case without its first line in the record, such as an imported one, still knows its day."""
    day = (row["promise"] or {}).get("received_on")
    if not day:
        return None
    submitted_at: datetime = row["submitted_at"]
    if submitted_at.astimezone(OFFICE_ZONE).date() == date.fromisoformat(day):
        return submitted_at
    return datetime.combine(date.fromisoformat(day), time(12), OFFICE_ZONE)


def _outcome(row: Any) -> Outcome:
    if row["status"] == ApplicationStatus.WITHDRAWN:
        return "withdrawn"
    if row["status"] == ApplicationStatus.LAPSED:
        return "lapsed"
    return "rejected" if row["product"] == "rejection" else "issued"


async def _tasks(session: AsyncSession, begins: datetime, ends: datetime) -> Any:
    names = ("id", "number", "role", "desk_field", "opened_at", "due_at", "closed_at", "status", "decision", "detail")
    columns: list[Any] = [col(getattr(TaskRow, name)) for name in names]
    query = sql_select(*columns).where(col(TaskRow.opened_at) <= ends)
    query = query.where((col(TaskRow.status) == "open") | (col(TaskRow.closed_at) >= begins))
    for row in (await (await session.connection()).execute(query.order_by(col(TaskRow.id)))).mappings():
        yield row


def _task(row: Any) -> TaskFact:
    return TaskFact(
        id=row["id"],
        number=row["number"],
        role=row["role"],
        field=_desk_field(row["role"], row["desk_field"]),
        opened_at=row["opened_at"],
        due_at=row["due_at"],
        closed_at=row["closed_at"],
        decided=row["status"] == "decided",
    )


def _desk_field(role: str, field: str) -> str | None:
    return field if role == Role.BACK_OFFICE.value else None


async def _opds(session: AsyncSession, begins: datetime, ends: datetime) -> Any:
    query = select(OpdRequestRow).where(
        col(OpdRequestRow.asked_at) <= ends,
        col(OpdRequestRow.answered_at).is_(None) | (col(OpdRequestRow.answered_at) >= begins),
    )
    for row in await session.exec(query.order_by(col(OpdRequestRow.workflow_id))):
        yield OpdFact(
            **row.model_dump(include={"number", "opd", "name", "asked_at", "due_at", "answered_at"}),
            answered=row.answer is not None and row.answer not in ("released", "withdrawn"),
            used_days=row.used_days,
            late_days=row.late_days,
        )


async def _rungs(session: AsyncSession, begins: datetime, ends: datetime, told: dict[Any, list[Told]]) -> Any:
    query = (
        select(EventRow, TaskRow.role, TaskRow.desk_field)
        .join(TaskRow, col(TaskRow.id) == col(EventRow.facts)["task"].as_string())
        .where(_tagged(RUNGS), col(EventRow.office_at) >= begins, col(EventRow.office_at) <= ends)
        .order_by(col(EventRow.office_at), col(EventRow.number), col(EventRow.sequence))
    )
    for event, role, field in await session.exec(query):
        facts = event.facts
        rung = str(facts.get("rung", "last-resort"))
        yield RungFact(
            at=event.office_at,
            number=event.number,
            task=str(facts["task"]),
            role=role,
            field=_desk_field(role, field),
            opd=facts.get("opd"),
            kind=RUNGS[event.tag],
            rung=rung,
            who=str(facts.get("who") or facts.get("role", "")),
            stage=str(facts.get("stage", "")),
            holder=str(facts.get("holder", "")),
            due_at=datetime.fromisoformat(facts["due_at"]) if facts.get("due_at") else None,
            told=tuple(told.get((event.number, facts["task"], rung), ())),
        )


async def _told(session: AsyncSession) -> dict[Any, list[Told]]:
    """Messages that rungs made due, by case, task and rung."""
    rung = col(OutboxRow.facts)["rung"].astext
    query = select(OutboxRow).where(rung.is_not(None)).order_by(col(OutboxRow.created_at), col(OutboxRow.key))
    found: dict[Any, list[Told]] = {}
    for row in await session.exec(query):
        facts = row.facts or {}
        told = Told(notice=row.key, state=row.state, sent_at=row.sent_at, message_id=row.message_id)
        found.setdefault((row.number, facts.get("task"), facts.get("rung")), []).append(told)
    return found


def _reasons(task: Any) -> Iterator[ReasonFact]:
    """Coded reasons that a decision gave."""
    detail, at = task["detail"] or {}, task["closed_at"]
    match task["decision"]:
        case "verdicts" | "to_applicant":
            for verdict in (*detail.get("verdicts", ()), *detail.get("documents", ())):
                if verdict.get("verdict") == "repair":
                    yield ReasonFact(at=at, kind="document", code=verdict.get("code") or "other")
        case "return":
            yield ReasonFact(at=at, kind="return", code=detail.get("code") or "other")
        case "reject":
            yield ReasonFact(at=at, kind="refusal", code=detail.get("code") or "other")


def _tagged(tags: Any) -> Any:
    """As the partial index on events says it, so that the planner knows it again."""
    named = ", ".join(f"'{getattr(tag, 'value', tag)}'" for tag in tags)
    return literal_column(f"(events.tag IN ({named}))")


def _line(row: EvaluationRow) -> EvaluationLine:
    return EvaluationLine.model_validate(row.model_dump(include=set(EvaluationLine.model_fields)))
