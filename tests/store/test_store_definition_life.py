"""The life of a permit type's versions, in the office's own hands."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest

from permits.authority import Role
from permits.definition import PermitDefinition, may_be_submitted, version_for
from permits.definition_loader import letter_templates, load_definitions
from permits.errors import Code, RuleError
from store.queries.catalogue import definition_in_force
from store.records import DefinitionVersion, Records
from tests.store.builders import an_account

FILES = load_definitions()
[RESEARCH] = [one for one in FILES if one.code == "izin-penelitian"]
[REFERRED] = [one for one in FILES if one.code == "siup"]
TODAY = date(2026, 3, 13)
NOW = datetime(2026, 3, 13, 3, tzinfo=UTC)
NEXT_MONTH = date(2026, 4, 13)
TEMPLATES = letter_templates()


def changed(**fields: object) -> PermitDefinition:
    """The next version of the research permit."""
    return PermitDefinition.model_validate({**RESEARCH.model_dump(), "effective_from": NEXT_MONTH, **fields})


async def publish(records: Records, version: int, by: str = "penerbit", code: str = RESEARCH.code) -> DefinitionVersion:
    return await records.publish_definition(code, version, by, templates=TEMPLATES, today=TODAY, at=NOW)


async def code_of(waiting: object) -> tuple[Code, object]:
    with pytest.raises(RuleError) as refused:
        await waiting  # type: ignore[misc]
    return refused.value.code, refused.value.facts.get("why") or refused.value.facts.get("reason")


@pytest.fixture
async def office(records: Records) -> Records:
    """The catalogue as the files say it."""
    await records.publish_definitions(FILES)
    await records.ensure_account(an_account("bappeda", Role.OPD, opd="bappeda"))
    return records


async def test_a_new_version_is_drafted_published_by_somebody_else_and_ends_the_one_before(office: Records) -> None:
    drafted = await office.draft_definition(changed(fee="Gratis sekali", version=99), "penulis", NOW)
    assert (drafted.definition.version, drafted.definition.status, drafted.author_id) == (2, "draft", "penulis")

    published = await publish(office, 2)

    assert (published.published_by, published.published_at) == ("penerbit", NOW)
    assert published.definition.status == "published"
    first, second = await office.definition_versions(RESEARCH.code)
    assert (first.effective_until, second.effective_from) == (date(2026, 4, 12), NEXT_MONTH)
    async with office._db.transaction() as session:
        for day, version in ((TODAY, 1), (date(2026, 4, 12), 1), (NEXT_MONTH, 2)):
            assert (await definition_in_force(session, RESEARCH.code, day)).version == version


async def test_whoever_wrote_a_version_neither_publishes_nor_confirms_it(office: Records) -> None:
    await office.draft_definition(changed(), "penulis", NOW)
    assert await code_of(publish(office, 2, "penulis")) == (Code.SAME_PERSON, None)
    await publish(office, 2)
    assert (await code_of(office.confirm_definition(RESEARCH.code, 2, "penulis", at=NOW)))[0] is Code.SAME_PERSON


async def test_publishing_twice_is_publishing_once(office: Records) -> None:
    await office.draft_definition(changed(), "penulis", NOW)
    first, second = await asyncio.gather(publish(office, 2, "satu"), publish(office, 2, "dua"))
    assert first == second
    assert first.published_by in ("satu", "dua")


async def test_two_drafts_of_the_same_day_are_never_in_force_together(office: Records) -> None:
    await asyncio.gather(*(office.draft_definition(changed(), "penulis", NOW) for _ in range(2)))
    await publish(office, 2)
    assert await code_of(publish(office, 3)) == (Code.DEFINITION_INVALID, "versions-overlap")
    statuses = [one.status for one in await office.definition_versions(RESEARCH.code)]
    assert statuses == ["published", "published", "draft"]


async def test_a_version_does_not_begin_in_the_past(office: Records) -> None:
    await office.draft_definition(changed(effective_from=TODAY - timedelta(days=1)), "penulis", NOW)
    assert (await code_of(publish(office, 2)))[0] is Code.PERIOD_INVALID


async def test_a_draft_that_cannot_keep_its_promise_or_has_no_letter_is_not_published(office: Records) -> None:
    letter = RESEARCH.letter.model_copy(update={"template": "tidak-ada"})
    await office.draft_definition(changed(promise_working_days=3, letter=letter), "penulis", NOW)
    assert await code_of(publish(office, 2)) == (Code.DEFINITION_INVALID, "template-missing, promise-broken")


async def test_a_version_that_asks_an_agency_where_nobody_works_is_not_published(office: Records) -> None:
    stages = RESEARCH.model_dump()["stages"]
    asked = next(stage for stage in stages if stage["kind"] == "recommendation")
    asked["agencies"][0]["opd"] = "dinaslama"
    await office.draft_definition(changed(stages=stages), "penulis", NOW)
    assert (await code_of(publish(office, 2)))[0] is Code.OPD_NOT_FOUND


async def test_a_draft_is_changed_by_its_author_alone_and_not_once_it_is_published(office: Records) -> None:
    await office.draft_definition(changed(), "penulis", NOW)
    better = changed(version=2, promise_note="Lebih jelas")
    assert (await code_of(office.redraft_definition(better, "lain", NOW)))[0] is Code.NOT_ALLOWED
    assert (await office.redraft_definition(better, "penulis", NOW)).definition.promise_note == "Lebih jelas"
    await publish(office, 2)
    refused = await code_of(office.redraft_definition(better, "penulis", NOW))
    assert refused == (Code.DEFINITION_INVALID, "published-version-changed")


async def test_a_draft_from_a_file_is_taken_by_an_author_before_it_is_published(office: Records) -> None:
    assert await code_of(publish(office, 2, code="sip-fisioterapis")) == (Code.DEFINITION_INVALID, "no-author")
    draft = await office.definition("sip-fisioterapis", 2)
    await office.redraft_definition(draft, "penulis", NOW)
    assert (await publish(office, 2, code="sip-fisioterapis")).definition.status == "published"


async def test_the_next_start_keeps_what_the_office_has_decided_since(office: Records) -> None:
    """Definition files are taken in at every start."""
    await office.draft_definition(changed(), "penulis", NOW)
    await publish(office, 2)
    await office.confirm_definition(RESEARCH.code, 1, "koordinator", at=NOW)
    await office.retire_definition("izin-keramaian", 1, "koordinator", today=TODAY, at=NOW)
    before = await office.definition_lives()

    await office.publish_definitions(FILES)

    assert await office.definition_lives() == before


async def test_a_confirmed_version_takes_real_applications_and_its_words_stay(office: Records) -> None:
    with pytest.raises(RuleError):
        may_be_submitted(await office.definition(RESEARCH.code, 1), practice=False)
    confirmed = await office.confirm_definition(RESEARCH.code, 1, "koordinator", at=NOW)
    assert await office.confirm_definition(RESEARCH.code, 1, "lain", at=NOW) == confirmed
    assert (confirmed.confirmed_by, confirmed.confirmed_at) == ("koordinator", NOW)
    found = await office.definition(RESEARCH.code, 1)
    may_be_submitted(found, practice=False)
    assert found.model_copy(update={"confirmed": False}) == RESEARCH


async def test_a_type_that_another_authority_issues_is_not_confirmed(office: Records) -> None:
    refused = await code_of(office.confirm_definition(REFERRED.code, 1, "koordinator", at=NOW))
    assert refused == (Code.DEFINITION_INVALID, "refers-elsewhere")


async def test_a_retired_type_takes_nothing_new_from_tomorrow_and_stays_readable(office: Records) -> None:
    retired = await office.retire_definition(RESEARCH.code, 1, "koordinator", today=TODAY, at=NOW)
    assert (retired.definition.status, retired.definition.effective_until) == ("retired", TODAY)
    again = await office.retire_definition(RESEARCH.code, 1, "lain", today=NEXT_MONTH, at=NOW)
    assert again == retired
    with pytest.raises(RuleError):
        version_for(await office.definition_versions(RESEARCH.code), TODAY)
    assert (await office.definition(RESEARCH.code, 1)).requirements == RESEARCH.requirements


async def test_an_unknown_version_is_said_to_be_unknown(office: Records) -> None:
    for waiting in (
        office.definition_life("izin-terbang", 1),
        publish(office, 7),
        office.retire_definition(RESEARCH.code, 7, "koordinator", today=TODAY, at=NOW),
        office.confirm_definition(RESEARCH.code, 7, "koordinator", at=NOW),
        office.redraft_definition(changed(version=7), "penulis", NOW),
    ):
        assert (await code_of(waiting))[0] is Code.PERMIT_TYPE_NOT_FOUND
