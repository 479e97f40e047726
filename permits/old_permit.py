"""The old permit that a renewal or a change continues: whose, of which type, and whether it can still be continued.

A permit of the register is checked. One from before Sakpore is on paper: its number is kept as text, and the uploaded
old permit is its proof, judged by the front office.
"""

from __future__ import annotations

from datetime import date, timedelta

from pydantic import BaseModel, ConfigDict

from permits.definition import Variant
from permits.errors import Code, RuleError

CONTINUED = frozenset({Variant.RENEWAL, Variant.CHANGE})
RENEWABLE_AFTER_EXPIRY = timedelta(days=365)
"""The office's own rule until a type says otherwise: after a year without a permit, a new one is applied for."""


class RegisteredPermit(BaseModel):
    """What the rule needs to know of a permit in the register."""

    model_config = ConfigDict(frozen=True)

    number: str  # of the application it came from
    number_text: str  # as printed
    permit_type: str
    holder_id: str
    valid_until: date | None
    status: str
    practice: bool


def check_continues(
    permit: RegisteredPermit, variant: Variant, permit_type: str, applicant_id: str, practice: bool, today: date
) -> None:
    """Whether this application may continue that permit on this office date.

    Raises RuleError: permit-not-found (also for somebody else's, and for a practice permit in earnest),
    permit-not-in-force.
    """
    if permit.holder_id != applicant_id or permit.permit_type != permit_type or (permit.practice and not practice):
        raise RuleError(Code.PERMIT_NOT_FOUND)
    if permit.status != "in_force" or not _reaches(permit.valid_until, variant, today):
        raise RuleError(Code.PERMIT_NOT_IN_FORCE)


def _reaches(valid_until: date | None, variant: Variant, today: date) -> bool:
    if valid_until is None or today <= valid_until:
        return True
    return variant is Variant.RENEWAL and today - valid_until <= RENEWABLE_AFTER_EXPIRY
