"""What the routes are given: one value, made by `create_app` and closed with it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from jinja2 import Environment

from api.attempts import Attempts
from api.code_reader import CodeReader
from api.engine import Engine
from api.field_codes import FieldCodes
from api.mailing import Mailing
from api.paper_pictures import PaperPictures
from api.passwords import Passwords
from api.problems import ProblemAnswers
from api.registries import PopulationRegistry
from api.scanner import Scanner
from api.sentences import Sentences
from api.settings import ApiSettings
from api.verifying import Verifying
from api.waiting_row import WaitingRow
from api.watching import Watching
from permits.authority import Actor
from permits.calendar import WorkingCalendar
from permits.calendar_loader import current_calendar
from store.crypto import Keyring
from store.database import Database
from store.documents import DocumentStore
from store.queries.catalogue import agency_name
from store.records import Records


def utc_now() -> datetime:
    """Real time, aware."""
    return datetime.now(UTC)


class OfficeCalendar:
    """The office's calendar as of now; read from the store again after a minute."""

    SECONDS = 60.0

    def __init__(self, records: Records) -> None:
        self._records = records
        self._calendar: WorkingCalendar | None = None
        self._read_at = 0.0

    def forget(self) -> None:
        """The next question reads the store again."""
        self._calendar = None

    async def current(self) -> WorkingCalendar:
        """The calendar of the years that a case of today can reach."""
        if self._calendar is None or time.monotonic() - self._read_at > self.SECONDS:
            overrides = await self._records.calendar_overrides()
            self._calendar = current_calendar(utc_now().date(), overrides)
            self._read_at = time.monotonic()
        return self._calendar


@dataclass
class Services:
    """Everything a route may need."""

    settings: ApiSettings
    db: Database
    records: Records
    documents: DocumentStore
    engine: Engine
    passwords: Passwords
    attempts: Attempts
    scanner: Scanner
    code_reader: CodeReader
    field_codes: FieldCodes
    verifying: Verifying
    reports: WaitingRow
    problems: ProblemAnswers
    sentences: Sentences
    pages: Environment
    calendar: OfficeCalendar
    keyring: Keyring
    mailing: Mailing
    population: PopulationRegistry
    watching: Watching
    papers: PaperPictures = field(default_factory=PaperPictures)
    now: Callable[[], datetime] = field(default=utc_now)  # real time; tests give their own

    async def office_today(self) -> date:
        """The office's date for what is new today: fixed where a compressed pace fixes it."""
        if self.settings.sakpore_pace_office_date is not None:
            return self.settings.sakpore_pace_office_date
        return (await self.calendar.current()).local_date(self.now())

    async def capacities(self, actor: Actor) -> tuple[Actor, ...]:
        """Everything this person may act as today: itself first, then desks lent to it, then as acting head."""
        lent = await self.records.capacities_of(actor.id, await self.office_today())
        return (actor, *lent[1:])

    async def agency_name(self, opd: str) -> str:
        """What people call an agency, from any definition that asks it; its code where none does."""
        async with self.db.transaction() as session:
            return await agency_name(session, opd) or opd

    async def aclose(self) -> None:
        """Ends children and connections."""
        await self.scanner.aclose()
        await self.code_reader.aclose()
        await self.papers.aclose()
        await self.verifying.aclose()
        await self.db.close()
