"""Which mandates and lent desks are possible."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permits.authority import Actor, Role
from permits.errors import Code, RuleError
from permits.staffing import (
    LONGEST_LENT,
    Capacity,
    check_delegation_period,
    check_desk,
    check_lent,
    check_mandate_period,
    check_mandated,
)

TODAY = date(2026, 3, 13)
DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))


def someone(account_id: str, role: Role, opd: str | None = None) -> Actor:
    return Actor(id=account_id, name=account_id, role=role, opd=opd)


@given(DAYS, DAYS)
def test_a_desk_is_lent_for_days_that_are_still_to_come_and_not_too_many(first: date, last: date) -> None:
    possible = first <= last and last >= TODAY and last - first <= LONGEST_LENT
    try:
        check_delegation_period(first, last, TODAY)
    except RuleError as refused:
        assert refused.code is Code.PERIOD_INVALID and not possible
    else:
        assert possible


@pytest.mark.parametrize(
    ("capacity", "first", "last", "possible"),
    [
        ("definitive", TODAY, None, True),
        ("plh", TODAY, None, False),
        ("plt", TODAY, None, False),
        ("plh", TODAY, TODAY, True),
        ("plh", TODAY - timedelta(days=3), TODAY - timedelta(days=1), False),
        ("plt", TODAY, TODAY + timedelta(days=367), False),
        ("definitive", TODAY, TODAY + timedelta(days=2000), True),
        ("opd", TODAY, None, True),
        ("opd", TODAY, TODAY - timedelta(days=1), False),
    ],
)
def test_an_acting_head_has_a_last_day(capacity: Capacity, first: date, last: date | None, possible: bool) -> None:
    if possible:
        check_mandate_period(capacity, first, last, TODAY)
    else:
        with pytest.raises(RuleError):
            check_mandate_period(capacity, first, last, TODAY)


@pytest.mark.parametrize("role", list(Role))
def test_only_leaders_act_for_the_head(role: Role) -> None:
    leaders = {Role.SUB_COORDINATOR, Role.COORDINATOR, Role.HEAD_OF_DIVISION, Role.HEAD_OF_OFFICE}
    if role in leaders:
        check_mandated(someone("a", role), "plh")
    else:
        with pytest.raises(RuleError):
            check_mandated(someone("a", role), "plh")


@pytest.mark.parametrize(
    ("lender", "colleague", "code"),
    [
        (someone("a", Role.BACK_OFFICE), someone("b", Role.FRONT_OFFICE), None),
        (someone("a", Role.BACK_OFFICE), someone("a", Role.BACK_OFFICE), Code.PERSON_UNFIT),
        (someone("a", Role.BACK_OFFICE), someone("b", Role.OPD, "dlh"), Code.PERSON_UNFIT),
        (someone("a", Role.BACK_OFFICE), someone("b", Role.OPS), Code.PERSON_UNFIT),
        (someone("a", Role.OPD, "dlh"), someone("b", Role.OPD, "dlh"), None),
        (someone("a", Role.OPD, "dlh"), someone("b", Role.OPD, "dishub"), Code.PERSON_UNFIT),
        (someone("a", Role.OPD, "dlh"), someone("b", Role.FRONT_OFFICE), Code.PERSON_UNFIT),
        (someone("a", Role.HEAD_OF_OFFICE), someone("b", Role.HEAD_OF_DIVISION), Code.NOT_ALLOWED),
    ],
)
def test_a_desk_stays_in_its_house_and_the_heads_is_never_lent(
    lender: Actor, colleague: Actor, code: Code | None
) -> None:
    if code is None:
        check_lent(lender, colleague)
    else:
        with pytest.raises(RuleError) as refused:
            check_lent(lender, colleague)
        assert refused.value.code is code


@pytest.mark.parametrize(
    ("role", "opd", "is_head", "wrong"),
    [
        (Role.APPLICANT, None, False, ["role"]),
        (Role.SYSTEM, None, False, ["role"]),
        (Role.OPD, None, False, ["opd"]),
        (Role.FRONT_OFFICE, "dlh", False, ["opd"]),
        (Role.FRONT_OFFICE, None, True, ["is_head"]),
        (Role.OPD, "dlh", True, []),
    ],
)
def test_a_desk_is_whole(role: Role, opd: str | None, is_head: bool, wrong: list[str]) -> None:
    if not wrong:
        check_desk(role, None, opd, is_head)
        return
    with pytest.raises(RuleError) as refused:
        check_desk(role, None, opd, is_head)
    assert refused.value.facts["fields"] == wrong


def test_an_agencys_officer_is_mandated_for_its_agency_and_never_as_head() -> None:
    officer, head = someone("a", Role.OPD, "dlh"), someone("b", Role.HEAD_OF_OFFICE)
    check_mandated(officer, "opd")
    for person, capacity in ((officer, "definitive"), (officer, "plh"), (officer, "plt"), (head, "opd")):
        with pytest.raises(RuleError) as refused:
            check_mandated(person, capacity)  # type: ignore[arg-type]
        assert refused.value.code is Code.PERSON_UNFIT
