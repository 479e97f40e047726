"""What the engine did to a silent agency stands in the month's evaluation, rung by rung, with its proof."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from activities.evaluation import EvaluationDesk
from permits.evaluation import Month
from permits.events import Tag
from store.queries.evaluation import OFFICE_ZONE
from tests.workflows.builders import a_definition, a_ladder, an_agency, compressed, recommendation
from tests.workflows.office import Office
from tests.workflows.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_every_rung_of_a_silent_agency_is_in_the_evaluation_with_its_proof(open_office: Office) -> None:
    office = open_office
    agency = an_agency("bappeda", 2, a_ladder(-1, 0, 1))
    case = await office.begin(a_definition(recommendation(agency)), pace=compressed(0.15))
    asked = await case.go_on("recommendation")
    await case.task("overdue")
    await case.decide(asked)
    await case.event(Tag.OPD_ANSWERED)

    async def all_sent() -> bool:
        rows = await office.records.notices_of(case.number)
        return all(row.state == "sent" for row in rows if "rung" in (row.facts or {}))

    await until(all_sent, "every rung's message is sent")
    await case.finish()
    desk, first = EvaluationDesk(office.records, office.documents), asked.due_at.date().replace(day=1)
    # A compressed case runs from one month into the next while it is looked at.
    months = [Month(first=first), Month(first=(first + timedelta(days=32)).replace(day=1))]
    found = [await desk.evaluation(month, datetime.now(UTC)) for month in months]

    rungs = [rung for month in found for rung in month.rungs if rung.task == asked.id]
    assert [(rung.kind, rung.who) for rung in rungs] == [
        ("warning", "holder"),
        ("escalation", "holder"),
        ("escalation", "holder_head"),
        ("last_resort", "coordinator"),
    ]
    for rung in rungs[:3]:
        assert [told.state for told in rung.told] == ["sent"]
        assert all(told.message_id and told.sent_at for told in rung.told)
    agencies = [line for month in found for line in month.opds if line.opd == "bappeda"]
    assert sum(line.answered for line in agencies) >= 1
    assert sum(line.late_days for line in agencies) >= 1
    answer = next(row for row in await office.records.opd_answers_of(case.number) if row.opd == "bappeda")
    assert (answer.late_days or 0) >= 1
    row = await case.row()
    assert (row.status, row.promised_working_days is not None) == ("issued", True)
    issued = (await case.event(Tag.PERMIT_ISSUED)).office_at.astimezone(OFFICE_ZONE).date()
    last = await desk.evaluation(Month(first=issued.replace(day=1)), datetime.now(UTC))
    assert any(line.permit_type == row.permit_type and line.served >= 1 for line in last.types)
