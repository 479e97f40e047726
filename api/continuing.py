"""Finds the old permit that a renewal or a change names, and checks it again when it is submitted."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from api.asked import Asked
from api.services import Services
from permits.definition import Variant
from permits.errors import Code, RuleError
from permits.numbering import ApplicationNumber, NumberingError
from permits.old_permit import CONTINUED, check_continues
from store.queries.old_permit import registered_permit
from store.tables import ApplicationRow


class OldPermitAsked(Asked):
    """The permit that is continued."""

    number: str = Field(min_length=3, max_length=120)
    """Of the letter as printed, or of the application."""
    on_paper: bool = False
    """The permit is older than Sakpore: its number is kept as text, and the uploaded permit proves it."""


@dataclass(frozen=True)
class OldPermit:
    """What is kept of it: the application's number where it is in the register, and its number as printed."""

    number: str | None
    text: str


@dataclass(frozen=True)
class Continuing:
    """The application that continues a permit."""

    applicant_id: str
    permit_type: str
    variant: Variant
    practice: bool

    @classmethod
    def of(cls, row: ApplicationRow) -> Continuing:
        """As a draft says it."""
        return cls(row.applicant_id, row.permit_type, Variant(row.variant), row.practice)


async def find_old_permit(services: Services, asked: OldPermitAsked, by: Continuing) -> OldPermit:
    """Raises RuleError: field-invalid for a new application, permit-not-found, permit-not-in-force."""
    if by.variant not in CONTINUED:
        raise RuleError(Code.FIELD_INVALID, fields=["old_permit"])
    today = await services.office_today()
    async with services.db.transaction() as session:
        found = await registered_permit(session, asked.number, by.applicant_id)
    if found is None or (asked.on_paper and found.holder_id != by.applicant_id):
        if not asked.on_paper or _is_application_number(asked.number):
            raise RuleError(Code.PERMIT_NOT_FOUND)
        return OldPermit(None, " ".join(asked.number.split()))
    check_continues(found, by.variant, by.permit_type, by.applicant_id, by.practice, today)
    return OldPermit(found.number, found.number_text)


async def check_old_permit(services: Services, row: ApplicationRow) -> None:
    """Raises RuleError: old-permit-missing, permit-not-found, permit-not-in-force."""
    by = Continuing.of(row)
    if by.variant not in CONTINUED:
        return
    if not row.old_permit_text:
        raise RuleError(Code.OLD_PERMIT_MISSING)
    if row.old_permit is not None:
        await find_old_permit(services, OldPermitAsked(number=row.old_permit), by)


def _is_application_number(text: str) -> bool:
    try:
        ApplicationNumber.parse(text)
    except NumberingError:
        return False
    return True
