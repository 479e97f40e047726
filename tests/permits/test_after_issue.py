"""What may come after a permit: which procedure, when, by which definition, and what the register then says."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permits.after_issue import (
    OPENED_BY,
    Cause,
    IssuedPermit,
    Standing,
    check_procedure,
    extended_until,
    may_be_withdrawn,
    procedure_definition,
    replacement_answers,
    revocation_answers,
    standing,
)
from permits.application import check_complete
from permits.authority import Actor, Role, Subject, refusal
from permits.definition import LetterForm, PermitDefinition, Procedure, Stage, Variant
from permits.definition_loader import load_definitions
from permits.errors import Code, RuleError
from permits.numbering import check_template

PUBLISHED = [one for one in load_definitions() if one.status == "published"]
REKLAME = next(one for one in PUBLISHED if one.code == "izin-reklame-tetap")
PROCEDURES = (Procedure.REVOCATION, Procedure.REPLACEMENT, Procedure.EXTENSION)
ISSUED = date(2026, 3, 16)
every_procedure = pytest.mark.parametrize("procedure", PROCEDURES)
every_type = pytest.mark.parametrize("definition", PUBLISHED, ids=lambda one: one.code)


def a_permit(**changes: Any) -> IssuedPermit:
    facts: dict[str, Any] = {
        "number": "PRM-2026-000001",
        "number_text": "503/0001/REK/III/2026",
        "permit_type": REKLAME.code,
        "title": "Izin Reklame Tetap",
        "holder_id": "pemohon",
        "holder_name": "Contoh Pemohon",
        "issued_on": ISSUED,
        "valid_until": date(2027, 3, 16),
    }
    return IssuedPermit(**{**facts, **changes})


def code_of(check: Any, *arguments: Any, **more: Any) -> Code | None:
    try:
        check(*arguments, **more)
    except RuleError as refused:
        return refused.code
    return None


@every_procedure
@every_type
def test_a_procedure_keeps_the_desks_of_its_type_and_says_what_it_is(
    definition: PermitDefinition, procedure: Procedure
) -> None:
    derived = procedure_definition(definition, procedure)
    kinds = [stage.kind for stage in derived.stages]
    assert kinds[0] == "assessment"
    desks = ("desk_check", "paraf", "signing")
    assert [kind for kind in kinds if kind in desks] == [s.kind for s in definition.stages if s.kind in desks]
    assert set(kinds) <= {"assessment", "drafting", *desks, "issuance"}
    word = {"revocation": "Pencabutan", "replacement": "Penggantian", "extension": "Perpanjangan"}[procedure.value]
    assert all(stage.title.startswith(f"{word}: ") for stage in derived.stages)
    assert (derived.procedure, derived.code, derived.field) == (procedure, definition.code, definition.field)
    assert derived.requirements == () and derived.letter.title == f"{word} {definition.letter.title}"
    assert check_template(derived.letter.number_template)
    assert derived.promise_working_days == sum(s.working_days for s in derived.stages if isinstance(s, Stage))
    assert PermitDefinition.model_validate_json(derived.model_dump_json()) == derived


def test_the_three_procedures_have_series_of_their_own() -> None:
    series = {procedure_definition(REKLAME, one).letter.series for one in PROCEDURES}
    assert series == {"CABUT", "GANTI", "PANJANG"}
    assert not series & {REKLAME.letter.series, REKLAME.rejection.series}


def test_a_permit_is_no_procedure() -> None:
    with pytest.raises(ValueError):
        procedure_definition(REKLAME, Procedure.PERMIT)


@every_procedure
@pytest.mark.parametrize("status", ["revoked", "replaced", "renewed"])
def test_what_is_not_in_force_has_no_procedures(procedure: Procedure, status: str) -> None:
    assert (
        code_of(check_procedure, a_permit(status=status), procedure, ISSUED, REKLAME.letter)
        is Code.PERMIT_NOT_IN_FORCE
    )


@every_procedure
def test_a_procedure_may_be_opened_up_to_the_last_day(procedure: Procedure) -> None:
    permit = a_permit()
    assert permit.valid_until is not None
    after = permit.valid_until + timedelta(days=1)
    assert code_of(check_procedure, permit, procedure, permit.valid_until, REKLAME.letter) is None
    assert code_of(check_procedure, permit, procedure, after, REKLAME.letter) is Code.PERMIT_NOT_IN_FORCE


def test_only_the_office_revokes_and_only_the_holder_asks_for_the_rest() -> None:
    subject = Subject(applicant_id="pemohon", field="ekonomi")
    holder = Actor(id="pemohon", name="Contoh", role=Role.APPLICANT)
    officer = Actor(id="x", name="Contoh", role=Role.BACK_OFFICE, field="ekonomi")
    other_field = officer.model_copy(update={"field": "kesehatan"})
    own = Actor(id="pemohon", name="Contoh", role=Role.COORDINATOR)
    assert refusal(officer, OPENED_BY[Procedure.REVOCATION], subject) is None
    assert refusal(other_field, OPENED_BY[Procedure.REVOCATION], subject) is Code.NOT_ALLOWED
    assert refusal(own, OPENED_BY[Procedure.REVOCATION], subject) is Code.OWN_APPLICATION
    assert refusal(holder, OPENED_BY[Procedure.REVOCATION], subject) is Code.NOT_ALLOWED
    for procedure in (Procedure.REPLACEMENT, Procedure.EXTENSION):
        assert refusal(holder, OPENED_BY[procedure], subject) is None
        assert refusal(officer, OPENED_BY[procedure], subject) is Code.NOT_ALLOWED
    assert [one for one in Procedure if not may_be_withdrawn(one)] == [Procedure.REVOCATION]


def a_form(months: int | None) -> LetterForm:
    return REKLAME.letter.model_copy(update={"validity_months": months})


def test_an_extension_begins_where_the_period_ends() -> None:
    assert extended_until(a_permit(), REKLAME.letter, date(2027, 3, 1)) == date(2028, 3, 16)
    assert extended_until(a_permit(valid_until=date(2027, 1, 28)), a_form(1), date(2027, 1, 28)) == date(2027, 2, 28)


def test_a_type_without_a_period_and_a_permit_without_a_last_day_are_not_extended() -> None:
    assert code_of(extended_until, a_permit(), a_form(None), ISSUED) is Code.NOT_EXTENDABLE
    assert code_of(extended_until, a_permit(valid_until=None), a_form(12), ISSUED) is Code.NOT_EXTENDABLE


@given(st.dates(date(2026, 1, 1), date(2035, 12, 31)), st.integers(1, 60), st.integers(0, 3000))
def test_periods_are_not_gathered_in_advance(issued: date, months: int, later: int) -> None:
    """However often a holder asks, the permit never ends later than two periods from the day of asking."""
    form, today = a_form(months), issued + timedelta(days=later)
    permit = a_permit(issued_on=issued, valid_until=form.valid_until(issued))
    for _ in range(4):
        if code_of(check_procedure, permit, Procedure.EXTENSION, today, form) is None:
            until = extended_until(permit, form, today)
            assert permit.valid_until is not None and permit.valid_until < until
            permit = permit.model_copy(update={"valid_until": until})
    once = form.valid_until(today)
    assert once is not None and permit.valid_until is not None
    assert permit.valid_until <= (form.valid_until(once) or once) or permit.valid_until < today


@given(st.dates(date(2026, 1, 1), date(2035, 12, 31)), st.integers(1, 60))
def test_a_permit_can_be_extended_from_its_first_day_to_its_last(issued: date, months: int) -> None:
    form = a_form(months)
    permit = a_permit(issued_on=issued, valid_until=form.valid_until(issued))
    assert permit.valid_until is not None
    for day in (issued, issued + (permit.valid_until - issued) / 2, permit.valid_until):
        assert code_of(check_procedure, permit, Procedure.EXTENSION, day, form) is None


def test_a_revocation_says_why_and_on_which_rule() -> None:
    answers = revocation_answers(a_permit(), " Contoh alasan ", "Contoh dasar")
    assert answers["revocation_reason"] == "Contoh alasan"
    check_complete(procedure_definition(REKLAME, Procedure.REVOCATION), Variant.CHANGE, answers, set())
    assert code_of(revocation_answers, a_permit(), "\n", "Contoh dasar") is Code.REASON_MISSING
    assert code_of(revocation_answers, a_permit(), "Contoh", " ") is Code.REASON_MISSING


def test_a_replacement_repeats_what_the_letter_said_and_no_more() -> None:
    code = REKLAME.form[0].code
    printed = {code: "Lama", "about_number": "503/9999", "no-longer-asked": "x"}
    kept = replacement_answers(a_permit(), REKLAME, printed, Cause.LOST)
    assert kept[code] == "Lama" and kept["about_number"] == "503/0001/REK/III/2026"
    assert "no-longer-asked" not in kept
    check_complete(procedure_definition(REKLAME, Procedure.REPLACEMENT), Variant.CHANGE, kept, set())
    mended = replacement_answers(a_permit(), REKLAME, printed, Cause.MISTAKE, corrections={code: "Baru"})
    assert mended[code] == "Baru"


@pytest.mark.parametrize(
    ("status", "today", "expected"),
    [
        ("in_force", date(2027, 3, 16), Standing.SAH),
        ("in_force", date(2027, 3, 17), Standing.KEDALUWARSA),
        ("revoked", date(2027, 3, 17), Standing.DICABUT),
        ("replaced", date(2026, 4, 1), Standing.DIGANTI),
        ("renewed", date(2026, 4, 1), Standing.DIPERPANJANG),
    ],
)
def test_the_standing_of_a_permit_is_what_happened_to_it_before_its_age(
    status: str, today: date, expected: Standing
) -> None:
    assert standing(a_permit(status=status), today) is expected
    assert standing(a_permit(status=status, practice=True), today) is Standing.CONTOH


def test_a_permit_that_was_changed_is_replaced_in_words() -> None:
    assert standing(a_permit(status="renewed"), ISSUED, continued_by_change=True) is Standing.DIGANTI
