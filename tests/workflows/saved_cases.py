"""The cases whose histories are kept: between them they touch every stage and every way back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from permits.decisions import Drafted, Recommended, Refused, Returned, SignatureOrdered
from tests.workflows.builders import (
    a_definition,
    a_ladder,
    an_agency,
    assessment,
    compressed,
    coordinator,
    drafting,
    in_days,
    inspection,
    meeting,
    paraf,
    recommendation,
    retribution,
    sub_coordinator,
    to_repair,
    with_holiday,
)
from tests.workflows.case_file import CaseFile
from tests.workflows.office import Office
from workflows.messages import CalendarReplaced


async def plain(office: Office) -> CaseFile:
    """A repair and a new calendar on the way, then every desk."""
    definition = a_definition(assessment(), drafting(), sub_coordinator(), coordinator(), paraf())
    case = await office.begin(definition)
    await case.decide(await case.task("verification"), to_repair("ktp"))
    await case.task("repair")
    await case.handle.execute_update("replan", CalendarReplaced(calendar=with_holiday(in_days(1))))
    await case.finish()
    return case


async def opd_with_ladder(office: Office) -> CaseFile:
    """An agency that lets its ladder pass, is followed up, and answers; another that sets conditions."""
    silent = an_agency("bappeda", 2, a_ladder(-1, 0, 1, 2, 3))
    case = await office.begin(a_definition(recommendation(silent, an_agency("dpupr"))), pace=compressed(0.2))
    with_conditions = Recommended(answer="approve_with_conditions", conditions=("Papan paling rendah 3 meter",))
    await case.decide(await case.go_on("recommendation", opd="dpupr"), with_conditions)
    await case.decide(await case.task("overdue"))
    await asyncio.sleep(0.3)
    await case.finish()
    return case


async def retribution_paid(office: Office) -> CaseFile:
    """Inspection, meeting, SKRD and payment."""
    case = await office.begin(a_definition(inspection(), meeting(), retribution()))
    await case.finish()
    return case


async def rejection_with_return(office: Office) -> CaseFile:
    """A rejection whose letter is returned once, and whose signature fails once."""
    case = await office.begin(a_definition(assessment(), drafting(), paraf()))
    await case.decide(await case.go_on("assessment"), Refused(reasons=("Lokasi tidak sesuai",)))
    await case.decide(await case.go_on("paraf"), Returned(reason="Alasan kurang jelas"))
    await case.decide(await case.task("drafting"), Drafted(facts={"Catatan": "Alasan diperjelas"}))
    task = await case.go_on("signing")
    wrong = await office.consent(task.subject_sha256, passphrase="keliru")
    await case.decide(task, SignatureOrdered(activation_id=wrong))
    await case.finish()
    return case


async def withdrawal(office: Office) -> CaseFile:
    """Withdrawn while two agencies are asked."""
    case = await office.begin(a_definition(recommendation(an_agency("bappeda"), an_agency("dpupr"))))
    await case.go_on("recommendation", opd="bappeda")
    await case.task("recommendation", opd="dpupr")
    await case.withdraw()
    await case.closed()
    return case


async def withdrawal_of_a_numbered_letter(office: Office) -> CaseFile:
    """Withdrawn at the paraf: the number is BATAL."""
    case = await office.begin(a_definition(drafting(), paraf()))
    await case.go_on("paraf")
    await case.withdraw()
    await case.closed()
    return case


SAVED_CASES: dict[str, Callable[[Office], Awaitable[CaseFile]]] = {
    "plain": plain,
    "opd-with-ladder": opd_with_ladder,
    "retribution": retribution_paid,
    "rejection-with-return": rejection_with_return,
    "withdrawal": withdrawal,
    "withdrawal-of-a-numbered-letter": withdrawal_of_a_numbered_letter,
}
