"""By which way and when people are told: nobody twice, citizens not by night, escalations never later."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permits.calendar_loader import load_office_calendar
from permits.escalation import Channel
from permits.notices import (
    AT_ONCE,
    BOTH_WAYS,
    GATHERED,
    Addressee,
    QuietHours,
    digest_at,
    waits_by_night,
    ways,
    whatsapp_number,
)

WIB = ZoneInfo("Asia/Jakarta")
CALENDAR = load_office_calendar(2026, 2027)
NIGHT = QuietHours(begins=time(20), ends=time(7))
PHONE = "0812-3456-7890"
TEMPLATES = st.sampled_from(sorted({*AT_ONCE, *GATHERED, "task-escalation", "applicant-asked", "deemed-due"}))
PEOPLE = st.builds(
    Addressee,
    email=st.sampled_from(["", "a@contoh.test"]),
    phone=st.sampled_from([None, "", PHONE, "bukan nomor"]),
    prefers=st.sampled_from(["email", "whatsapp"]),
    digest=st.booleans(),
    citizen=st.booleans(),
)
CHANNELS = st.sampled_from(get_args(Channel))
START = datetime(2026, 1, 2, tzinfo=UTC)
INSTANTS = st.integers(0, 660 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))


@given(TEMPLATES, CHANNELS, PEOPLE)
def test_nobody_is_told_twice_but_of_the_receipt_with_the_tracking_link(
    template: str, asked: Channel, person: Addressee
) -> None:
    told = ways(template, asked, person)
    assert len(set(told)) == len(told) <= (2 if template in BOTH_WAYS else 1)


@given(TEMPLATES, CHANNELS, PEOPLE)
def test_whoever_has_an_address_is_told_and_by_no_way_that_the_person_has_not(
    template: str, asked: Channel, person: Addressee
) -> None:
    told = ways(template, asked, person)
    reachable = bool(person.email) or whatsapp_number(person.phone) is not None
    assert bool(told) == (reachable or asked == "inbox")
    assert "whatsapp" not in told or whatsapp_number(person.phone)
    assert not {"email", "digest"} & set(told) or person.email


@given(CHANNELS, PEOPLE)
def test_an_escalation_never_waits_for_a_digest(asked: Channel, person: Addressee) -> None:
    for template in ("task-escalation", "deemed-due", "holder-asked-why", "promise-missed"):
        assert "digest" not in ways(template, asked, person)


@given(TEMPLATES, CHANNELS, PEOPLE)
def test_a_citizen_has_no_digest(template: str, asked: Channel, person: Addressee) -> None:
    assert not (person.citizen and "digest" in ways(template, asked, person))


def test_the_receipt_goes_by_both_ways_when_a_number_is_known() -> None:
    person = Addressee(email="a@contoh.test", phone=PHONE, citizen=True)
    assert ways("submission-received", "email", person) == ("whatsapp", "email")
    assert ways("submission-received", "email", person.model_copy(update={"phone": None})) == ("email",)


def test_a_wish_for_whatsapp_without_a_number_becomes_an_email() -> None:
    person = Addressee(email="a@contoh.test", prefers="whatsapp")
    assert ways("applicant-asked", "email", person) == ("email",)
    assert ways("applicant-asked", "email", person.model_copy(update={"phone": PHONE})) == ("whatsapp",)


def test_an_officer_who_wishes_it_gets_tasks_in_a_digest() -> None:
    person = Addressee(email="a@contoh.test", digest=True)
    assert ways("task-opened", "email", person) == ("digest",)
    assert ways("task-warning", "digest", Addressee(email="a@contoh.test")) == ("digest",)


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ("0812-3456-7890", "6281234567890"),
        ("+62 812 3456 7890", "6281234567890"),
        ("(0285) 421.234", "62285421234"),
        ("6281234567890", "6281234567890"),
        ("0812", None),
        ("bukan nomor", None),
        ("", None),
        (None, None),
    ],
)
def test_a_number_is_known_however_it_is_written(written: str | None, known: str | None) -> None:
    assert whatsapp_number(written) == known


# Nights ---------------------------------------------------------------------------------------------------------------


def test_only_what_answers_a_citizen_s_own_act_goes_by_night() -> None:
    citizen, officer = Addressee(citizen=True), Addressee()
    assert waits_by_night("promise-endangered", citizen) and waits_by_night("repair-reminder", citizen)
    assert not any(waits_by_night(template, citizen) for template in AT_ONCE)
    assert not waits_by_night("task-escalation", officer)


@pytest.mark.parametrize(
    ("local", "ends"),
    [
        ("2026-12-08T19:59", None),
        ("2026-12-08T20:00", "2026-12-09T07:00"),
        ("2026-12-08T23:59", "2026-12-09T07:00"),
        ("2026-12-09T00:00", "2026-12-09T07:00"),
        ("2026-12-09T06:59", "2026-12-09T07:00"),
        ("2026-12-09T07:00", None),
    ],
)
def test_quiet_hours_end_in_the_morning(local: str, ends: str | None) -> None:
    now = datetime.fromisoformat(local).replace(tzinfo=WIB)
    end = NIGHT.end_of(now.astimezone(UTC))
    assert end == (datetime.fromisoformat(ends).replace(tzinfo=WIB) if ends else None)


@given(INSTANTS, st.times(), st.times())
def test_the_end_of_quiet_hours_is_no_quiet_moment_and_lies_within_a_day(now: datetime, one: time, other: time) -> None:
    if one == other:
        return
    quiet = QuietHours(begins=one.replace(second=0, microsecond=0), ends=other.replace(second=0, microsecond=0))
    end = quiet.end_of(now)
    if end is not None:
        assert now < end <= now + timedelta(days=1)
        assert quiet.end_of(end) is None


def test_quiet_hours_are_read_and_may_be_none() -> None:
    assert QuietHours.parse("20:00-07:00") == NIGHT
    assert QuietHours.parse(" ") is None
    for wrong in ("20:00", "malam-pagi", "25:00-07:00"):
        with pytest.raises(ValueError, match=r".+"):
            QuietHours.parse(wrong)


# Digests --------------------------------------------------------------------------------------------------------------


@given(INSTANTS)
def test_a_digest_comes_at_the_next_opening_of_the_office(at: datetime) -> None:
    morning = digest_at(at, CALENDAR)
    day = CALENDAR.local_date(morning)
    assert morning == CALENDAR.opens_at(day) and CALENDAR.is_working_day(day)
    assert morning > at
    between = [CALENDAR.local_date(at) + timedelta(days=n) for n in range((day - CALENDAR.local_date(at)).days)]
    assert not any(CALENDAR.is_working_day(one) and CALENDAR.opens_at(one) > at for one in between)


def test_a_digest_waits_for_the_end_of_lebaran() -> None:
    before = datetime(2026, 3, 17, 15, tzinfo=WIB)
    assert digest_at(before, CALENDAR) == datetime(2026, 3, 25, 7, 30, tzinfo=WIB)
