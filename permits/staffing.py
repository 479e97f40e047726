"""Mandates and lent desks: which periods and which people are possible.

An acting head (Plh for days, Plt until an appointment) signs under a decree with a number and a period. A desk is lent
to a colleague of the same house for a time; the head's signature is never lent, it takes a mandate.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

from permits.authority import LEADERS, STAFF, Actor, Role
from permits.errors import Code, RuleError

Capacity = Literal["definitive", "plh", "plt", "opd"]
"""Of a head of office, of an acting one for days or until an appointment; of an agency's officer."""

LONGEST_ACTING = timedelta(days=366)
LONGEST_LENT = timedelta(days=92)
"""Bounds of our own, against slips of the keyboard: whoever is away for longer gets a decree of one's own."""


def check_mandate_period(capacity: Capacity, first: date, last: date | None, today: date) -> None:
    """An acting head's mandate ends on a day that it names. Raises RuleError(period-invalid)."""
    if last is None:
        if capacity in ("plh", "plt"):
            raise RuleError(Code.PERIOD_INVALID)
        return
    _check_period(first, last, today, LONGEST_ACTING if capacity in ("plh", "plt") else None)


def check_mandated(person: Actor, capacity: Capacity) -> None:
    """Who may sign: the head by its own role, in its absence a leader of the office; its recommendations an agency.

    Raises RuleError(person-unfit).
    """
    match capacity:
        case "definitive":
            fit = person.role is Role.HEAD_OF_OFFICE
        case "opd":
            fit = person.role is Role.OPD and person.opd is not None
        case _:
            fit = person.role in LEADERS
    if not fit:
        raise RuleError(Code.PERSON_UNFIT)


def check_delegation_period(first: date, last: date, today: date) -> None:
    """Raises RuleError(period-invalid)."""
    _check_period(first, last, today, LONGEST_LENT)


def check_lent(lender: Actor, colleague: Actor) -> None:
    """A desk stays in its house, and nobody lends the head's. Raises RuleError: not-allowed, person-unfit."""
    if lender.role is Role.HEAD_OF_OFFICE:
        raise RuleError(Code.NOT_ALLOWED)
    if colleague.id == lender.id:
        raise RuleError(Code.PERSON_UNFIT)
    if lender.role is Role.OPD:
        fit = colleague.role is Role.OPD and colleague.opd == lender.opd
    else:
        fit = colleague.role in STAFF
    if not fit:
        raise RuleError(Code.PERSON_UNFIT)


def check_desk(role: Role, field: str | None, opd: str | None, is_head: bool) -> None:
    """A desk is whole: an agency's officer has an agency, nobody else has; applicants and the engine are no officers.

    Raises RuleError(field-invalid).
    """
    wrong = []
    if role in (Role.APPLICANT, Role.SYSTEM):
        wrong.append("role")
    if (role is Role.OPD) is (opd is None):
        wrong.append("opd")
    if field is not None and role is Role.OPD:
        wrong.append("field")
    if is_head and role is not Role.OPD:
        wrong.append("is_head")
    if wrong:
        raise RuleError(Code.FIELD_INVALID, fields=wrong)


def _check_period(first: date, last: date, today: date, longest: timedelta | None) -> None:
    if last < first or last < today or (longest is not None and last - first > longest):
        raise RuleError(Code.PERIOD_INVALID)
