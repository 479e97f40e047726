"""Which open tasks an actor may touch, as conditions on their rows: the same rule as `permits.authority.refusal`.

A test compares the two for every role. A task that a colleague of the desk holds is within reach, since it can be taken
over; the line says who holds it. A condition begins with what the partial indexes of `TaskRow` begin with.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, false, literal_column
from sqlmodel import col

from permits.authority import Actor, Role
from permits.decision_rules import APPLICANTS_TASKS
from permits.decisions import TaskKind
from store.tables import TaskRow

# Constants stand in the statement itself: as parameters they would hide from the planner which partial index serves.
IS_OPEN: ColumnElement[bool] = col(TaskRow.status) == literal_column("'open'")
IS_SILENT: ColumnElement[bool] = literal_column("(tasks.rungs_fallen > 0 OR tasks.kind = 'overdue')")


def own_desk(actor: Actor) -> ColumnElement[bool]:
    """What the actor may decide, or take over from a colleague of the same desk."""
    not_own = col(TaskRow.applicant_id) != actor.id
    of_role = and_(IS_OPEN, _role(actor.role))
    match actor.role:
        case Role.APPLICANT:
            return and_(of_role, col(TaskRow.applicant_id) == actor.id)
        case Role.OPD:
            return and_(of_role, col(TaskRow.opd) == actor.opd, not_own) if actor.opd else false()
        case Role.BACK_OFFICE if actor.field is not None:
            return and_(of_role, col(TaskRow.desk_field) == actor.field, not_own)
        case Role.HEAD_OF_OFFICE:
            # Who judged a case at an earlier desk does not sign it.
            return and_(of_role, not_own, ~col(TaskRow.verified_by).contains([actor.id]))
        case _:
            return and_(of_role, not_own)


def for_applicants(actor: Actor) -> ColumnElement[bool]:
    """What the actor may do on applicants' behalf (Act.ACT_FOR_APPLICANT)."""
    if actor.role is not Role.FRONT_OFFICE:
        return false()
    kinds = sorted(kind.value for kind in APPLICANTS_TASKS)
    return and_(IS_OPEN, _role(Role.APPLICANT), col(TaskRow.kind).in_(kinds), col(TaskRow.applicant_id) != actor.id)


def opd_paper(actor: Actor) -> ColumnElement[bool]:
    """Agencies' answers that the actor may key in from paper (Act.KEY_IN_ANSWER)."""
    if actor.role not in (Role.FRONT_OFFICE, Role.BACK_OFFICE):
        return false()
    asked = and_(
        IS_OPEN,
        _role(Role.OPD),
        col(TaskRow.kind) == TaskKind.RECOMMENDATION.value,
        col(TaskRow.applicant_id) != actor.id,
    )
    if actor.role is Role.BACK_OFFICE and actor.field is not None:
        return and_(asked, col(TaskRow.desk_field) == actor.field)
    return asked


def _role(role: Role) -> ColumnElement[bool]:
    return col(TaskRow.role) == literal_column(f"'{role.value}'")
