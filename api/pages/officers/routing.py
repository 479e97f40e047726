"""Where a task is done: each kind has one page, whichever list leads there."""

from __future__ import annotations

from urllib.parse import quote

from permits.authority import Role
from permits.decisions import TaskKind

FIELD_WORK = frozenset({TaskKind.INSPECTION, TaskKind.SIGN_MINUTES})
OF_AGENCIES = frozenset({TaskKind.RECOMMENDATION, TaskKind.SIGN_RECOMMENDATION})


def address_of_task(kind: str, task_id: str, role: Role, number: str) -> str:
    """The page where that person does the task.

    Args:
        kind: of the task.
        task_id: its id.
        role: of who looks; the same task has another page for whoever stands in.
        number: of the case.
    """
    what, mark = TaskKind(kind), quote(task_id, safe="")
    if role is Role.APPLICANT:
        return f"/permohonan/{number}/perbaikan" if what is TaskKind.REPAIR else f"/permohonan/{number}"
    if role is Role.OPD and what in OF_AGENCIES:
        return f"/permintaan/{mark}"
    if what in FIELD_WORK:
        return f"/lapangan/{mark}"
    if what is TaskKind.SIGNING:
        return "/tanda-tangan"
    return f"/tugas/{mark}"
