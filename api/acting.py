"""For whom somebody acts in a case: the principal of a kuasa, a company, or the applicant at the counter."""

from __future__ import annotations

from api.services import Services
from permits.authority import Actor
from permits.errors import Code, RuleError
from permits.party import party_of
from store.tables import ApplicationRow


def acting_in(actor: Actor, row: ApplicationRow) -> Actor:
    """The actor in this case: an applicant who acts for somebody else says for whom."""
    if actor.id != row.applicant_id or row.party is None:
        return actor
    return actor.model_copy(update={"on_behalf_of": party_of(row.party).principal})


async def stand_in(services: Services, officer: Actor, row: ApplicationRow) -> Actor:
    """The officer who acts for this case's applicant. Raises as `check_other_person` does."""
    holder = await check_other_person(services, officer, row.applicant_id)
    return officer.model_copy(update={"on_behalf_of": party_of(row.party).holder(holder)})


async def check_other_person(services: Services, officer: Actor, applicant_id: str) -> str:
    """The applicant's name, where it is not the officer under another account.

    Raises RuleError: person-not-found, own-application.
    """
    applicant = await services.records.account(applicant_id)
    own = await services.records.account(officer.id)
    if applicant is None or own is None:
        raise RuleError(Code.PERSON_NOT_FOUND)
    same_nik = own.nik_fingerprint is not None and own.nik_fingerprint == applicant.nik_fingerprint
    if own.id == applicant.id or same_nik:
        raise RuleError(Code.OWN_APPLICATION)
    return applicant.name
