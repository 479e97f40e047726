"""The agenda register keeps its promise while everything around it fails.

Sixty letters are written at once, over the year's turn, redrafted and withdrawn, while transactions are refused by the
database, refused at their commit, run out of time, lose their connection in the middle, and while a process that takes
numbers is killed. Afterwards every integer of each series and year is issued or BATAL, exactly once.
"""

import asyncio
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft
from sqlmodel import select

from permits.errors import Code, RuleError
from permits.events import Tag
from permits.numbering import NumberingError, audit_agenda
from permits.steps import LetterRef
from store import database as store_database
from store.database import Database
from store.queries.agenda import audit_series
from store.records import Records
from store.settings import StoreSettings
from store.tables import PermitRow
from tests.store.builders import a_draft, a_freezing, a_submission, an_event, an_opening, sha

ROOT = Path(__file__).resolve().parents[2]
LETTERS = 60
SERIES = ("SIP-FT", "REK", "PEN")
DAYS = (date(2026, 12, 31), date(2027, 1, 2))
MOST_ATTEMPTS = 400
MOST_CUTS = 60
IMPATIENT_MILLISECONDS = 150

Answer = TypeVar("Answer")

# Some letters are refused, some outlast the impatient, some are refused at their commit. A sequence is not rolled back,
# so that a letter that is tried again meets another fate. The short sleep keeps the register locked.
FIRE = """
CREATE SEQUENCE fate;
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE turn bigint := nextval('fate');
BEGIN
    PERFORM pg_sleep(0.002);
    IF turn % 5 = 0 THEN RAISE EXCEPTION 'refused'; END IF;
    IF turn % 13 = 0 THEN PERFORM pg_sleep(0.3); END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION refuse_late() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('fate') % 7 = 0 THEN RAISE EXCEPTION 'refused late'; END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON letters FOR EACH ROW EXECUTE FUNCTION refuse();
CREATE CONSTRAINT TRIGGER refuse_late AFTER INSERT OR UPDATE ON letters DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION refuse_late();
"""
CUT = """
SELECT count(pg_terminate_backend(pid)) FROM (
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'sakpore' AND xact_start IS NOT NULL
    ORDER BY random() LIMIT 1
) victims
"""


@dataclass
class Fire:
    """What failed, by what the database called it."""

    failures: Counter[str] = field(default_factory=Counter)
    cuts: int = 0

    async def until_done(self, write: Callable[[], Awaitable[Answer]]) -> Answer:
        """Repeats a write as an activity does, until it is known to be done."""
        for _ in range(MOST_ATTEMPTS):
            try:
                return await write()
            except DBAPIError as failed:
                self.failures[type(failed.orig).__name__] += 1
            except NoConnectionLeft:
                self.failures["NoConnectionLeft"] += 1
            await asyncio.sleep(random.uniform(0, 0.05))
        raise AssertionError("a write never came through")

    async def cut_connections(self, url: str) -> None:
        """Ends connections that are in the middle of a transaction, one after the other."""
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            while self.cuts < MOST_CUTS:
                found = await (await connection.execute(CUT)).fetchone()
                self.cuts += found[0] if found else 0
                await asyncio.sleep(0.02)


@pytest.fixture
def burning(settings: StoreSettings, monkeypatch: pytest.MonkeyPatch) -> StoreSettings:
    """A database whose letters fail, reached by connections that wait for nothing."""
    monkeypatch.setattr(store_database, "STATEMENT_MILLISECONDS", IMPATIENT_MILLISECONDS)
    return settings.model_copy(update={"database_pool_size": 36})


def plain_url(settings: StoreSettings) -> str:
    return settings.database_url.get_secret_value().replace("+psycopg", "")


async def cases(records: Records, count: int) -> list[str]:
    return [(await records.submit(a_submission(await a_draft(records)))).number for _ in range(count)]


async def live(records: Records, fire: Fire, number: str, n: int) -> None:
    """A letter from its number to its end: redrafted, and issued or withdrawn, also while it is being redrafted."""
    chance = random.Random(n)
    opening = an_opening(number, series=SERIES[n % 3], letter_date=DAYS[n // 3 % 2])
    letter = await fire.until_done(lambda: records.open_letter(opening))
    for draft in range(chance.randint(1, 2)):
        freezing = a_freezing(number, f"{n:03d}{draft:03d}".zfill(64), f"drafted:{draft}")
        again = await fire.until_done(lambda freezing=freezing: records.freeze_letter(freezing))
        assert again.number_text == letter.number_text
    if n % 3 == 0:
        await withdraw(records, fire, number, n)
        return
    await fire.until_done(lambda: records.issue_letter(number, "permit", an_event("issued", Tag.PERMIT_ISSUED)))


async def withdraw(records: Records, fire: Fire, number: str, n: int) -> None:
    """Withdrawn while the letter is written once more, and, of some, refused in another letter afterwards."""
    voided = an_event("voided", Tag.LETTER_VOIDED)

    async def redraft() -> None:
        with suppress(RuleError):  # the withdrawal was first
            await fire.until_done(lambda: records.freeze_letter(a_freezing(number, sha("f"), "drafted:late")))

    void = fire.until_done(lambda: records.void_letter(number, "permit", "withdrawn", "pemohon-1", voided))
    await asyncio.gather(redraft(), void)
    if n % 2:
        refusal = an_opening(
            number, "rejection", series="TOLAK", letter_date=DAYS[1], event=an_event("n:tolak", Tag.LETTER_NUMBERED)
        )
        await fire.until_done(lambda: records.open_letter(refusal))
        await fire.until_done(
            lambda: records.issue_letter(number, "rejection", an_event("i:tolak", Tag.LETTER_ISSUED))
        )


async def test_numbers_stay_gapless_under_fire_and_over_the_years_turn(burning: StoreSettings) -> None:
    fire, database = Fire(), Database.from_settings(burning)
    records = Records(database)
    numbers = await cases(records, LETTERS)
    with psycopg.connect(plain_url(burning), autocommit=True) as connection:
        connection.execute(FIRE)
    cutting = asyncio.ensure_future(fire.cut_connections(plain_url(burning)))
    try:
        await asyncio.gather(*(live(records, fire, number, n) for n, number in enumerate(numbers)))
    finally:
        cutting.cancel()
        await asyncio.gather(cutting, return_exceptions=True)

    # The fire has burnt: each kind of failure came, many times over.
    assert fire.failures["RaiseException"] > 20, fire
    assert fire.failures["QueryCanceled"] > 5, fire
    assert fire.failures["AdminShutdown"] + fire.failures["OperationalError"] > 5, fire
    assert fire.cuts > 5, fire
    await check_register(database, records, numbers)
    await database.close()


async def check_register(database: Database, records: Records, numbers: list[str]) -> None:
    async with database.transaction() as session:
        audits = await audit_series(session)
    places = {(one.series, one.year): one for one in audits}
    assert set(places) == {(series, year) for series in SERIES for year in (2026, 2027)} | {("TOLAK", 2027)}
    assert [(one.series, one.year, one.audit) for one in audits if not one.audit.is_gapless] == []
    assert sum(one.last for one in audits if one.series != "TOLAK") == len(numbers)
    letters: list[LetterRef] = [letter for number in numbers for letter in await records.letters_of(number)]
    assert all(letter.year == letter.letter_date.year for letter in letters)
    assert len({(one.series, one.year, one.sequence) for one in letters}) == len(letters)
    for n, number in enumerate(numbers):
        assert await records.event_chain_is_whole(number)
        [permit] = [one for one in letters if one.number == number and one.purpose == "permit"]
        assert permit.status == ("batal" if n % 3 == 0 else "issued")
        told = [event.facts["number_text"] for event in await records.events_of(number) if "sequence" in event.facts]
        assert permit.number_text in told
    async with records._db.transaction() as session:
        registered = len((await session.exec(select(PermitRow))).all())
    assert registered == sum(1 for m in range(len(numbers)) if m % 3)


async def test_a_killed_process_takes_no_number_with_it(
    settings: StoreSettings, servers: dict[str, str], records: Records
) -> None:
    numbers = await cases(records, 24)
    days = [DAYS[n % 2].isoformat() for n in range(len(numbers))]
    with psycopg.connect(plain_url(settings), autocommit=True) as connection:
        connection.execute(FIRE)
    url = settings.database_url.get_secret_value()
    command = [sys.executable, "-m", "tests.store.opens_letters"]
    command += [word for pair in zip(numbers, days, strict=True) for word in pair]
    for n in range(3):
        helper = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **servers, "DATABASE_URL": url}, stdout=subprocess.PIPE, text=True
        )
        assert helper.stdout is not None
        for _ in range(4 + 4 * n):  # somewhere in the middle; the first numbers are those of the helper before
            assert helper.stdout.readline()
        helper.kill()
        helper.communicate()
    fire = Fire()
    for number, day in zip(numbers, days, strict=True):
        opening = an_opening(number, letter_date=date.fromisoformat(day))
        await fire.until_done(lambda opening=opening: records.open_letter(opening))
        voided = an_event("voided", Tag.LETTER_VOIDED)
        await fire.until_done(
            lambda number=number, voided=voided: records.void_letter(number, "permit", "withdrawn", "pemohon-1", voided)
        )
    for year in (2026, 2027):
        entries = await records.agenda_entries("SIP-FT", year)
        assert len(entries) == 12
        assert audit_agenda(entries, await records.last_taken("SIP-FT", year)).is_gapless


def test_an_audit_sees_a_number_that_was_taken_last_and_has_no_letter() -> None:
    assert audit_agenda([], last=2).missing == (1, 2)


class Register(RuleBasedStateMachine):
    """Any order of opening, writing, issuing, voiding and failing, against a plain model of the register."""

    settings: StoreSettings
    runs = 0

    @initialize()
    def begin(self) -> None:
        type(self).runs += 1
        self.runner = asyncio.Runner()
        self.db = Database.from_settings(self.settings)
        self.records = Records(self.db)
        self.series = f"MESIN-{self.runs}"
        self.model: dict[tuple[int, int], str] = {}  # (year, sequence): state
        self.place: dict[str, tuple[int, int]] = {}  # number: (year, sequence)
        self.drafts = 0

    def run(self, work: Awaitable[Answer]) -> Answer:
        async def done() -> Answer:
            return await work

        return self.runner.run(done())

    @rule(year=st.sampled_from([2026, 2027]))
    def open_a_letter(self, year: int) -> None:
        [number] = self.run(cases(self.records, 1))
        opened = self.run(self.records.open_letter(self.opening(number, year)))
        taken = sum(1 for of_year, _ in self.model if of_year == year)
        assert (opened.year, opened.sequence) == (year, taken + 1)
        self.model[year, opened.sequence] = "taken"
        self.place[number] = (year, opened.sequence)

    @rule(year=st.sampled_from([2026, 2027]))
    def fail_to_open_a_letter(self, year: int) -> None:
        [number] = self.run(cases(self.records, 1))
        broken = self.opening(number, year).model_copy(update={"number_template": "503/{unknown}"})
        with pytest.raises(NumberingError):
            self.run(self.records.open_letter(broken))

    @rule(data=st.data(), year=st.sampled_from([2026, 2027]))
    def open_again(self, data: st.DataObject, year: int) -> None:
        number = self.any_letter(data)
        if number is None:
            return
        opening = self.opening(number, year)
        if self.state(number) == "batal":
            self.refused(self.records.open_letter(opening))
        else:
            again = self.run(self.records.open_letter(opening))
            assert (again.year, again.sequence) == self.place[number]

    @rule(data=st.data())
    def write(self, data: st.DataObject) -> None:
        number = self.any_letter(data)
        if number is None:
            return
        self.drafts += 1
        freezing = a_freezing(number, f"{self.drafts:064d}", f"drafted:{self.drafts}")
        if self.state(number) == "taken":
            assert self.run(self.records.freeze_letter(freezing)).status == "reserved"
        else:
            self.refused(self.records.freeze_letter(freezing))

    @rule(data=st.data())
    def issue(self, data: st.DataObject) -> None:
        number = self.any_letter(data)
        if number is None:
            return
        issuing = self.records.issue_letter(number, "permit", an_event("issued", Tag.PERMIT_ISSUED))
        if self.state(number) == "batal":
            self.refused(issuing)
        else:
            self.run(issuing)
            self.model[self.place[number]] = "issued"

    @rule(data=st.data())
    def void(self, data: st.DataObject) -> None:
        number = self.any_letter(data)
        if number is None:
            return
        voided = an_event("voided", Tag.LETTER_VOIDED)
        voiding = self.records.void_letter(number, "permit", "withdrawn", "pemohon-1", voided)
        if self.state(number) == "issued":
            self.refused(voiding)
        else:
            self.run(voiding)
            self.model[self.place[number]] = "batal"

    @invariant()
    def the_register_is_the_model(self) -> None:
        for year in (2026, 2027):
            entries = self.run(self.records.agenda_entries(self.series, year))
            held = {(year, entry.sequence): entry.state for entry in entries}
            assert held == {place: state for place, state in self.model.items() if place[0] == year}
            audit = audit_agenda(entries, self.run(self.records.last_taken(self.series, year)))
            assert (audit.missing, audit.repeated) == ((), ())

    def teardown(self) -> None:
        if hasattr(self, "runner"):
            self.run(self.db.close())
            self.runner.close()

    def opening(self, number: str, year: int) -> Any:
        return an_opening(number, series=self.series, letter_date=date(year, 1, 2))

    def any_letter(self, data: st.DataObject) -> str | None:
        return data.draw(st.sampled_from(sorted(self.place))) if self.place else None

    def state(self, number: str) -> str:
        return self.model[self.place[number]]

    def refused(self, work: Awaitable[Any]) -> None:
        with pytest.raises(RuleError) as refused:
            self.run(work)
        assert refused.value.code is Code.LETTER_NOT_FOUND


def test_the_register_is_gapless_in_any_order_of_events(settings: StoreSettings) -> None:
    Register.settings = settings
    chosen = hypothesis_settings(
        max_examples=12, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(Register, settings=chosen)
