"""Definitions are published for ever; versions do not overlap; the office sets its own days."""

import asyncio
from datetime import date

import pytest

from permits.calendar import Holiday
from permits.definition import PermitDefinition
from permits.definition_loader import load_definitions
from permits.errors import Code, RuleError
from store.records import Records

[SIP] = [one for one in load_definitions() if one.code == "sip-fisioterapis" and one.version == 1]


def changed(**fields: object) -> PermitDefinition:
    return PermitDefinition.model_validate({**SIP.model_dump(), **fields})


async def refused_facts(records: Records, *definitions: PermitDefinition) -> dict[str, object]:
    with pytest.raises(RuleError) as refused:
        await records.publish_definitions(definitions)
    assert refused.value.code is Code.DEFINITION_INVALID
    return refused.value.facts


async def test_the_office_s_definitions_are_published_and_read_back_the_same(records: Records) -> None:
    loaded = load_definitions()
    await records.publish_definitions(loaded)
    await records.publish_definitions(loaded)
    assert await records.definitions() == loaded
    assert [one.sha256 for one in await records.definitions()] == [one.sha256 for one in loaded]


async def test_two_processes_may_publish_at_once(records: Records) -> None:
    await asyncio.gather(*(records.publish_definitions(load_definitions()) for _ in range(4)))
    assert await records.definitions() == load_definitions()


async def test_what_a_published_version_says_never_changes(records: Records) -> None:
    await records.publish_definitions([SIP])
    facts = await refused_facts(records, changed(promise_working_days=9))
    assert facts["why"] == "published-version-changed"
    assert await records.definition(SIP.code, 1) == SIP


async def test_a_published_version_is_no_draft_again(records: Records) -> None:
    await records.publish_definitions([SIP])
    await refused_facts(records, changed(status="draft"))
    assert await records.definition(SIP.code, 1) == SIP


async def test_a_draft_may_change_until_it_is_published(records: Records) -> None:
    await records.publish_definitions([changed(status="draft", promise_working_days=9)])
    await records.publish_definitions([SIP])
    assert await records.definition(SIP.code, 1) == SIP


async def test_a_published_version_may_end_and_retire(records: Records) -> None:
    await records.publish_definitions([SIP])
    ended = changed(effective_until=date(2026, 6, 30))
    await records.publish_definitions([ended, changed(version=2, effective_from=date(2026, 7, 1))])
    retired = changed(effective_until=date(2026, 6, 30), status="retired")
    await records.publish_definitions([retired])
    assert [one.status for one in await records.definition_versions(SIP.code)] == ["retired", "published"]


async def test_versions_in_force_do_not_overlap_and_nothing_is_kept_of_a_refused_list(records: Records) -> None:
    facts = await refused_facts(records, SIP, changed(version=2, effective_from=date(2026, 7, 1)))
    assert facts["why"] == "versions-overlap"
    assert await records.definition_versions(SIP.code) == ()


async def test_an_unknown_type_is_said_to_be_unknown(records: Records) -> None:
    with pytest.raises(RuleError) as refused:
        await records.definition("izin-terbang", 1)
    assert refused.value.code is Code.PERMIT_TYPE_NOT_FOUND


async def test_the_office_sets_its_own_days_and_may_correct_them(records: Records) -> None:
    day = Holiday(date=date(2026, 4, 1), name="Hari Jadi Kota", kind="office", provisional=True)
    await records.set_calendar_day(day)
    fixed = day.model_copy(update={"provisional": False})
    await records.set_calendar_day(fixed)
    assert await records.calendar_overrides() == (fixed,)
