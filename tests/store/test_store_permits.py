"""The register of permits: written with the letter, changed once, and by what is allowed to change it."""

import asyncio
from datetime import date, timedelta
from importlib import import_module
from typing import Any

import psycopg
import pytest
from sqlmodel import select

from permits.after_issue import extension_answers, procedure_definition, revocation_answers
from permits.application import ApplicationStatus, Delivery
from permits.definition import Procedure
from permits.definition_loader import load_definitions
from permits.errors import Code, RuleError
from permits.events import Tag
from permits.pace import Pace
from permits.sla import SlaClock
from permits.steps import Step
from store.database import Database
from store.records import NewProcedure, Records
from store.tables import ApplicationRow, PermitRow
from tests.store.builders import (
    NOW,
    a_draft,
    a_submission,
    an_event,
    an_opening,
    sha,
)

DEFINITION = next(one for one in load_definitions() if one.code == "izin-reklame-tetap")
ISSUED = an_event("issued", Tag.PERMIT_ISSUED)


async def a_permit(records: Records, db: Database, applicant: str = "pemohon-1", **columns: Any) -> str:
    """An issued permit of a type that is valid for twelve months."""
    draft = await a_draft(records, applicant, permit_type=DEFINITION.code, title=DEFINITION.title)
    submission = {"number": draft.number, "definition": DEFINITION.model_dump(mode="json")}
    number = (await records.submit(a_submission(draft, submission=submission))).number
    async with db.transaction() as session:
        row = await session.get_one(ApplicationRow, number)
        for name, value in columns.items():
            setattr(row, name, value)
    await records.open_letter(an_opening(number, series="REK", number_template="503/{sequence}/REK/{year}"))
    await records.issue_letter(number, "permit", ISSUED)
    return number


def a_procedure(
    about: str, procedure: Procedure, key: str = "kunci", data: dict[str, str] | None = None, **fields: Any
) -> NewProcedure:
    definition = procedure_definition(DEFINITION, procedure)
    defaults: dict[str, Any] = {
        "definition": definition,
        "data": data or {},
        "delivery": Delivery.DOWNLOAD,
        "submission_key": key,
        "submitted_at": NOW,
        "year": 2026,
        "dossier_sha256": sha("d"),
        "tracking_code": f"TRACK-{about}-{key}",
        "verification_id": f"VERIFY-{about}-{key}",
        "submission": {"definition": definition.model_dump(mode="json")},
        "promise": SlaClock(received_on=date(2026, 3, 13), working_days=5),
        "promise_due_at": NOW + timedelta(days=14),
        "pace": Pace.real(),
        "event": an_event("submitted", Tag.APPLICATION_SUBMITTED),
    }
    return NewProcedure(about=about, procedure=procedure, **{**defaults, **fields})


async def an_issued_procedure(records: Records, about: str, procedure: Procedure, key: str = "kunci") -> str:
    data = {}
    if procedure is Procedure.EXTENSION:
        data = extension_answers(await records.permit(about), date(2028, 3, 27))
    number = (await records.open_procedure(a_procedure(about, procedure, key, data))).number
    series = {"revocation": "CABUT", "replacement": "GANTI", "extension": "PANJANG"}[procedure.value]
    form = f"503/{{sequence}}/{series}/{{year}}"
    await records.open_letter(an_opening(number, procedure.value, series=series, number_template=form))
    await records.issue_letter(number, procedure.value, ISSUED)
    await close(records, number)
    return number


async def close(records: Records, number: str) -> None:
    closed = an_event("closed", Tag.APPLICATION_CLOSED)
    await records.keep(Step(number=number, events=(closed,), status=ApplicationStatus.ISSUED, closed_at=NOW))


async def tags_of(records: Records, number: str) -> list[str]:
    return [event.tag for event in await records.events_of(number)]


async def test_a_permit_is_registered_with_its_letter_until_its_last_day(records: Records, db: Database) -> None:
    number = await a_permit(records, db)
    permit = await records.permit(number)
    assert (permit.number_text, permit.issued_on) == ("503/1/REK/2026", date(2026, 3, 27))
    assert permit.valid_until == date(2027, 3, 27)
    assert (permit.title, permit.holder_name, permit.status) == (
        DEFINITION.letter.title,
        "Contoh pemohon-1",
        "in_force",
    )


async def test_issuing_again_registers_nothing_twice(records: Records, db: Database) -> None:
    number = await a_permit(records, db)
    await asyncio.gather(*(records.issue_letter(number, "permit", ISSUED) for _ in range(4)))
    async with db.transaction() as session:
        assert len((await session.exec(select(PermitRow))).all()) == 1


async def test_letters_that_are_no_product_register_nothing(records: Records) -> None:
    number = (await records.submit(a_submission(await a_draft(records)))).number
    for purpose in ("skrd", "rejection"):
        await records.open_letter(an_opening(number, purpose, event=an_event(f"n:{purpose}", Tag.LETTER_NUMBERED)))
        await records.issue_letter(number, purpose, an_event(f"i:{purpose}", Tag.LETTER_ISSUED))
    with pytest.raises(RuleError) as unknown:
        await records.permit(number)
    assert unknown.value.code is Code.PERMIT_NOT_FOUND


async def test_the_body_that_holds_a_permit_is_named(records: Records, db: Database) -> None:
    number = await a_permit(records, db, party={"kind": "company", "name": "CV Contoh Batik"})
    assert (await records.permit(number)).holder_name == "CV Contoh Batik"


async def test_a_renewal_ends_the_permit_that_it_continues(records: Records, db: Database) -> None:
    old = await a_permit(records, db)
    new = await a_permit(records, db, old_permit=old, variant="renewal")
    ended = await records.permit(old)
    assert (ended.status, ended.changed_by) == ("renewed", new)
    assert ((await records.permit(new)).status, (await records.permit(new)).continues) == ("in_force", old)
    assert (await tags_of(records, old))[-1] == Tag.PERMIT_REPLACED
    assert await records.event_chain_is_whole(old)


async def test_a_renewal_continues_the_replacement_of_the_permit_it_names(records: Records, db: Database) -> None:
    old = await a_permit(records, db)
    replacement = await an_issued_procedure(records, old, Procedure.REPLACEMENT)
    new = await a_permit(records, db, old_permit=old, variant="renewal")
    assert (await records.permit(old)).status == "replaced"
    assert ((await records.permit(replacement)).status, (await records.permit(new)).continues) == (
        "renewed",
        replacement,
    )


@pytest.mark.parametrize("wrong", [{"practice": True}, {"applicant": "pemohon-2"}])
async def test_no_practice_case_and_nobody_else_ends_a_permit(
    records: Records, db: Database, wrong: dict[str, Any]
) -> None:
    old = await a_permit(records, db)
    await a_permit(records, db, **{"old_permit": old, **wrong})
    assert (await records.permit(old)).status == "in_force"


async def test_a_revocation_takes_effect_with_its_letter(records: Records, db: Database) -> None:
    number = await a_permit(records, db)
    case = await an_issued_procedure(records, number, Procedure.REVOCATION)
    permit = await records.permit(number)
    assert (permit.status, permit.changed_by) == ("revoked", case)
    [line] = [event for event in await records.events_of(number) if event.tag == Tag.PERMIT_REVOKED]
    assert line.facts["by"] == case
    assert await records.event_chain_is_whole(number)


async def test_a_replacement_is_a_permit_of_its_own_with_the_old_last_day(records: Records, db: Database) -> None:
    number = await a_permit(records, db)
    case = await an_issued_procedure(records, number, Procedure.REPLACEMENT)
    old, new = await records.permit(number), await records.permit(case)
    assert (old.status, old.changed_by) == ("replaced", case)
    assert (new.number_text, new.continues, new.status) == ("503/1/GANTI/2026", number, "in_force")
    assert new.valid_until == old.valid_until


async def test_an_extension_moves_the_last_day_once(records: Records, db: Database) -> None:
    number = await a_permit(records, db)
    case = await an_issued_procedure(records, number, Procedure.EXTENSION)
    for _ in range(2):
        await records.issue_letter(case, "extension", ISSUED)
    permit = await records.permit(number)
    assert (permit.status, permit.valid_until, permit.changed_by) == ("in_force", date(2028, 3, 27), case)
    assert (await tags_of(records, number)).count(Tag.PERMIT_EXTENDED) == 1


async def test_a_late_repetition_does_not_undo_a_newer_extension(records: Records, db: Database) -> None:
    number = await a_permit(records, db)
    first = await an_issued_procedure(records, number, Procedure.EXTENSION, "satu")
    later = extension_answers(await records.permit(number), date(2029, 3, 27))
    second = (await records.open_procedure(a_procedure(number, Procedure.EXTENSION, "dua", later))).number
    await records.open_letter(an_opening(second, "extension"))
    await records.issue_letter(second, "extension", ISSUED)
    await records.issue_letter(first, "extension", ISSUED)
    assert (await records.permit(number)).valid_until == date(2029, 3, 27)


async def test_what_was_revoked_is_neither_replaced_nor_extended(records: Records, db: Database) -> None:
    number = await a_permit(records, db)
    answers = extension_answers(await records.permit(number), date(2028, 3, 27))
    extension = (await records.open_procedure(a_procedure(number, Procedure.EXTENSION, data=answers))).number
    await an_issued_procedure(records, number, Procedure.REVOCATION, "cabut")
    # The letter of the extension can still be issued: its case ends, and the permit stays revoked.
    await records.open_letter(an_opening(extension, "extension"))
    assert (await records.issue_letter(extension, "extension", ISSUED)).status == "issued"
    assert (await records.permit(number)).status == "revoked"
    with pytest.raises(RuleError) as too_late:
        await records.open_procedure(a_procedure(number, Procedure.REPLACEMENT, "lain"))
    assert too_late.value.code is Code.PERMIT_NOT_IN_FORCE


async def test_the_reason_of_a_revocation_stands_in_the_register_and_in_the_permits_record(
    records: Records, db: Database
) -> None:
    number = await a_permit(records, db)
    answers = revocation_answers(await records.permit(number), "Contoh alasan", "Contoh dasar hukum")
    case = (await records.open_procedure(a_procedure(number, Procedure.REVOCATION, data=answers))).number
    await records.open_letter(an_opening(case, "revocation"))
    await records.issue_letter(case, "revocation", ISSUED)
    [line] = [event for event in await records.events_of(number) if event.tag == Tag.PERMIT_REVOKED]
    assert (line.facts["reason"], line.facts["number_text"]) == ("Contoh alasan", "503/1/REK/2026")
    async with db.transaction() as session:
        assert (await session.get_one(PermitRow, number)).status_reason == "Contoh alasan"


async def test_one_procedure_at_a_time_but_the_office_may_always_revoke(records: Records, db: Database) -> None:
    number = await a_permit(records, db)
    opened = await asyncio.gather(
        *(records.open_procedure(a_procedure(number, Procedure.REPLACEMENT, f"kunci-{n}")) for n in range(4)),
        return_exceptions=True,
    )
    refused = [one for one in opened if isinstance(one, RuleError)]
    assert [one.code for one in refused] == [Code.PROCEDURE_OPEN] * 3
    await records.open_procedure(a_procedure(number, Procedure.REVOCATION, "cabut"))
    with pytest.raises(RuleError):
        await records.open_procedure(a_procedure(number, Procedure.REVOCATION, "cabut-lagi"))


async def test_the_same_request_opens_one_case_with_its_number_in_its_input(records: Records, db: Database) -> None:
    number = await a_permit(records, db)
    new = a_procedure(number, Procedure.REPLACEMENT)
    first, again = await asyncio.gather(records.open_procedure(new), records.open_procedure(new))
    assert first.number == again.number == (first.submission or {})["number"]
    assert (first.procedure, first.about_permit, first.applicant_id) == ("replacement", number, "pemohon-1")
    assert [missing.number for missing in await records.starts_missing()].count(first.number) == 1
    assert await tags_of(records, first.number) == [Tag.APPLICATION_SUBMITTED]


async def test_a_practice_case_takes_no_number_of_a_legal_series(records: Records, db: Database) -> None:
    practice = await a_permit(records, db, practice=True)
    legal = await a_permit(records, db)
    [first], [second] = await records.letters_of(practice), await records.letters_of(legal)
    assert (first.series, first.number_text) == ("LATIHAN-REK", "CONTOH 503/1/REK/2026")
    assert (second.series, second.number_text) == ("REK", "503/1/REK/2026")
    assert (await records.permit(practice)).practice


@pytest.mark.parametrize("letter_date", [date(2026, 1, 31), date(2026, 2, 28), date(2028, 2, 29), date(2026, 12, 1)])
async def test_permits_that_were_issued_before_the_register_are_in_it(
    records: Records, db: Database, settings: Any, letter_date: date
) -> None:
    number = await a_permit(records, db, party={"name": "Lembaga Contoh"})
    expected = (await records.permit(number)).model_copy(
        update={"issued_on": letter_date, "valid_until": DEFINITION.letter.valid_until(letter_date)}
    )
    backfill = import_module("store.migrations.versions.0013_after_issue").BACKFILL
    with psycopg.connect(settings.database_url.get_secret_value().replace("+psycopg", "")) as connection:
        connection.execute("DELETE FROM permits")
        connection.execute("UPDATE letters SET letter_date = %s", (letter_date,))
        for _ in range(2):
            connection.execute(backfill)
    assert await records.permit(number) == expected

