"""What the officers' pages read beside a task or case: the law, the evidence, and the case's own office time."""

from __future__ import annotations

from datetime import datetime

from api.dependencies import Work
from api.pages.officers.task_view import Beside
from api.services import Services
from permits.decisions import TaskKind
from permits.pace import Pace
from store.queries.desk import evidence_of_case, law_of, newest_task
from store.queries.inbox import TaskPage, task_page
from store.queries.stuck import notes_of_task
from store.tables import ApplicationRow

ABOUT_SILENCE = frozenset({TaskKind.OVERDUE.value, TaskKind.UNANSWERED_REPAIR.value})


async def read_task(services: Services, work: Work) -> tuple[TaskPage, Beside]:
    """The task with all that its page shows."""
    row = work.application
    now = await office_now(services, row)
    async with services.db.transaction() as session:
        page = await task_page(session, work.task, row)
        about_silence = work.task.kind in ABOUT_SILENCE
        beside = Beside(
            row=row,
            law=await law_of(session, row),
            evidence=await evidence_of_case(session, row.number),
            silent=await newest_task(session, work.task.instructions) if about_silence else None,
            now=now,
            today=await services.office_today(),
            notes=await notes_of_task(session, row.number, work.task.id),
        )
    return page, beside


async def office_now(services: Services, row: ApplicationRow) -> datetime:
    """The time as this case counts it: real, but for a case of a compressed pace."""
    if row.pace is None:
        return services.now()
    return Pace.model_validate(row.pace).shown_time(services.now(), await services.calendar.current())
