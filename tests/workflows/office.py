"""A running office for the tests of the engine: real servers, and the worker processes' own roots inside the test loop.

The stack (PostgreSQL, Temporal, S3, mail, CA and TSA) is started once for the session; `worker.main` then runs both
queues in the session's event loop, so that a test can stop the workers, let things pile up, and start them again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest_asyncio
from pydantic import SecretStr
from sqlalchemy import text
from temporalio.client import Client
from temporalio.service import RPCError

from activities.signing_batch import BatchDesk
from permits.application import Delivery, dossier_sha256
from permits.calendar import WorkingCalendar
from permits.decisions import SignatureOrdered
from permits.definition import PermitDefinition, Variant
from permits.pace import Pace
from permits.sla import SlaClock
from sakpore.people import HEAD, PASSPHRASE
from sakpore.seed import TOTP_FILE
from sakpore.stack import Stack
from sakpore.stack.background import BackgroundStack
from signing.activation import Activation, TotpProof, load_public_key, seal
from signing.port import SignatureProvider
from signing.totp import totp_now
from store.database import Database, create_engine
from store.documents import DocumentStore
from store.logs import JsonLines
from store.records import NewActivation, NewDocument, NewDraft, Records, SubmissionRecord
from store.settings import StoreSettings
from tests.stack_fixture import system_environment
from tests.workflows.builders import APPLICANT, CALENDAR, TEST_KEYS, a_definition
from tests.workflows.case_file import CaseFile
from worker.main import _run_main, _run_signing
from worker.settings import MainSettings, SigningSettings
from worker.signing_room import SigningRoom
from workflows.connection import connect
from workflows.messages import Submission
from workflows.signing_batch_order import BatchLetter, BatchOrder, order_batch
from workflows.starting import start_case

ONLY = ("postgres", "temporal", "s3", "mail", "pki", "migrate", "trust", "seed")
T = TypeVar("T")


class Office:
    """Everything a case needs, and short ways to begin one."""

    def __init__(self, stack: BackgroundStack, folder: Path, client: Client, records: Records, db: Database) -> None:
        self.stack = stack
        self.folder = folder
        self.client = client
        self.records = records
        self.db = db
        self.environment = stack.environment()
        self.settings = settings_from(StoreSettings, self.environment)
        self.documents = DocumentStore(self.settings)
        self._stop = asyncio.Event()
        self._working: list[asyncio.Task[None]] = []
        self._begun: list[str] = []
        self.provider: SignatureProvider | None = None  # None: the installation's own
        self.signs_here = True  # False: another process has the signing queue

    # Workers ----------------------------------------------------------------------------------------------------------

    async def start_workers(self) -> None:
        """Both queues, as their processes run them."""
        self._stop = asyncio.Event()
        main = settings_from(MainSettings, self.environment)
        signing = settings_from(SigningSettings, self.environment)
        self._working = [asyncio.create_task(_run_main(main, self.records, self.documents, self._stop))]
        if self.signs_here:
            signing_queue = _run_signing(signing, self.records, self.documents, self._stop, self.provider)
            self._working.append(asyncio.create_task(signing_queue))

    async def stop_workers(self) -> None:
        """Leaves both queues gracefully."""
        self._stop.set()
        await asyncio.gather(*self._working)
        self._working = []

    @asynccontextmanager
    async def signing_elsewhere(self) -> AsyncIterator[None]:
        """The signing queue is another process's inside this block."""
        await self.stop_workers()
        self.signs_here = False
        await self.start_workers()
        try:
            yield
        finally:
            await self.stop_workers()
            self.signs_here = True
            await self.start_workers()

    @asynccontextmanager
    async def nobody_at_work(self) -> AsyncIterator[None]:
        """No worker runs inside this block."""
        await self.stop_workers()
        try:
            yield
        finally:
            await self.start_workers()

    def desk_of(self, provider: SignatureProvider) -> BatchDesk:
        """A signing desk with this provider, and all else as the installation has it."""
        settings = settings_from(SigningSettings, self.environment)
        return SigningRoom(settings, self.records, self.documents, provider).letters

    @asynccontextmanager
    async def signing_with(self, provider: SignatureProvider) -> AsyncIterator[None]:
        """Letters are signed by this provider inside this block."""
        await self.stop_workers()
        self.provider = provider
        await self.start_workers()
        try:
            yield
        finally:
            await self.stop_workers()
            self.provider = None
            await self.start_workers()

    # Cases ------------------------------------------------------------------------------------------------------------

    async def begin(self, definition: PermitDefinition | None = None, **how: Any) -> CaseFile:
        """Submits an application and starts its workflow."""
        submission = await self.submit(definition or a_definition(), **how)
        await start_case(self.client, submission)
        await self.records.mark_started(submission.number, datetime.now(UTC))
        return CaseFile(self, submission)

    async def submit(
        self,
        definition: PermitDefinition,
        *,
        pace: Pace | None = None,
        calendar: WorkingCalendar = CALENDAR,
        delivery: Delivery = Delivery.DOWNLOAD,
        data: dict[str, str] | None = None,
    ) -> Submission:
        """What the API does at a submission, up to and without the start."""
        now = datetime.now(UTC)
        pace, data = pace or Pace.real(), data or {"practice_name": "Klinik Contoh"}
        draft = await self.records.create_draft(
            NewDraft(
                applicant_id=APPLICANT.id,
                permit_type=definition.code,
                variant=Variant.NEW,
                title=definition.title,
                field=definition.field,
                data=data,
                delivery=delivery,
                created_at=now,
                year=2026,
            )
        )
        required = definition.requirements_of(Variant.NEW)
        documents = tuple(
            [await self.upload(draft.number, item.code, f"{item.code} 1") for item in required]
        )
        submission = Submission(
            number=draft.number,
            definition=definition,
            variant=Variant.NEW,
            applicant_id=APPLICANT.id,
            submitted_at=now,
            documents=documents,
            dossier_sha256=dossier_sha256(data, documents),
            delivery=delivery,
            calendar=calendar,
            pace=pace,
        )
        office_now = pace.office_time(now, calendar)
        promise = SlaClock(
            received_on=calendar.local_date(office_now), working_days=definition.promised_days(Variant.NEW)
        )
        await self.records.submit(
            SubmissionRecord(
                number=draft.number,
                submission_key="kunci",
                submitted_at=now,
                definition_version=definition.version,
                definition_sha256=definition.sha256,
                dossier_sha256=submission.dossier_sha256,
                tracking_code=secrets.token_hex(8),
                verification_id=secrets.token_hex(8),
                submission=submission.model_dump(mode="json"),
                promise=promise,
                promise_due_at=promise.due_at(calendar, office_now),
                pace=pace,
            )
        )
        self._begun.append(draft.number)
        return submission

    async def upload(self, number: str, requirement: str, content: str) -> Any:
        """The next version of a document."""
        plain = f"%PDF-1.4 {content}".encode()
        return await self.records.add_document(
            NewDocument(
                number=number,
                requirement=requirement,
                sha256=await self.documents.put_document(plain),
                content_type="application/pdf",
                size=len(plain),
                filename=f"{requirement}.pdf",
                uploaded_by=APPLICANT.id,
                uploaded_at=datetime.now(UTC),
            )
        )

    async def end_open_cases(self) -> None:
        """Terminates what a test left open, children with it: nothing may go on costing time."""
        begun, self._begun = self._begun, []
        for number in begun:
            async for execution in self.client.list_workflows(
                f"ExecutionStatus = 'Running' AND WorkflowId STARTS_WITH '{number}'"
            ):
                with contextlib.suppress(RPCError):  # the list trails behind: this one has ended by itself
                    await self.client.get_workflow_handle(execution.id).terminate("the test is over")

    @asynccontextmanager
    async def nobody_can_write(self, number: str) -> AsyncIterator[None]:
        """The case's row is locked inside this block: whatever the engine wants to write about it has to wait."""
        async with self.db.engine.begin() as connection:
            lock = text("select number from applications where number = :number for update")
            await connection.execute(lock, {"number": number})
            yield

    # The head's consent -----------------------------------------------------------------------------------------------

    def code(self, at: datetime | None = None, officer: str = HEAD.id) -> str:
        """The head's one-time code, or another signer's."""
        secret = bytes.fromhex(json.loads((self.folder / "keys" / TOTP_FILE).read_text())[officer])
        return totp_now(secret, at or datetime.now(UTC))

    async def half_a_minute_passes(self, officer: str = HEAD.id) -> None:
        """The head's next one-time code would be another one: the code of now may be shown once more."""
        async with self.db.engine.begin() as connection:
            await connection.execute(
                text("update accounts set totp_last_step = null where id = :id"), {"id": officer}
            )

    async def consent(
        self,
        *letters: str,
        passphrase: str = PASSPHRASE,
        code: str | None = None,
        lives: timedelta | None = None,
        officer: str = HEAD.id,
    ) -> str:
        """A sealed activation over letters, as the API keeps it; returns its id."""
        if code is None:
            await self.half_a_minute_passes(officer)
        now = datetime.now(UTC)
        expires_at = now + (lives or timedelta(minutes=5))
        activation = Activation(
            officer_id=officer,
            letter_sha256s=letters,
            step_up=TotpProof(code or self.code(officer=officer)),
            passphrase=SecretStr(passphrase),
            expires_at=expires_at,
        )
        activation_id = secrets.token_hex(8)
        public = load_public_key(Path(self.environment["SIGNING_SEAL_PUBLIC_KEY"]))
        await self.records.create_activation(
            NewActivation(
                id=activation_id,
                officer_id=officer,
                envelope=seal(activation, public, activation_id),
                letters=letters,
                created_at=now,
                expires_at=expires_at,
            )
        )
        return activation_id

    async def ordered(
        self, *letters: str, lives: timedelta = timedelta(minutes=5), in_batch: bool = False
    ) -> SignatureOrdered:
        """The decision that passes such a consent on, as the API makes it."""
        expires_at = datetime.now(UTC) + lives
        activation_id = await self.consent(*letters, lives=lives)
        return SignatureOrdered(activation_id=activation_id, expires_at=expires_at, in_batch=in_batch)

    async def start_batch(
        self, ordered: SignatureOrdered, letters: list[tuple[str, str]], files_per_call: int = 20
    ) -> None:
        """One batch over letters (number, sha256) whose cases have taken the order."""
        assert ordered.expires_at is not None
        batch = BatchOrder(
            activation_id=ordered.activation_id,
            officer_id=HEAD.id,
            office_date=datetime.now(UTC).date(),
            expires_at=ordered.expires_at,
            files_per_call=files_per_call,
            letters=tuple(BatchLetter(number=number, letter_sha256=sha256) for number, sha256 in letters),
        )
        await order_batch(self.client, batch)


def settings_from(kind: type[T], environment: dict[str, str]) -> T:
    """Settings of a room from the stack's variables, whatever the caller's own environment holds."""
    return kind(**{name.lower(): value for name, value in environment.items() if value})


_opened: list[Office] = []


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def open_office() -> AsyncIterator[Office]:
    """The one office of the session, whichever room's tests ask first."""
    if _opened:
        yield _opened[0]
        return
    # Not pytest's own folder: a second run of pytest closes it to PostgreSQL's account.
    with tempfile.TemporaryDirectory(prefix="sakpore-office-") as folder, logs_kept(Path(folder) / "engine.log"):
        async with an_office(Path(folder)) as office:
            _opened.append(office)
            yield office
            _opened.clear()


@contextmanager
def logs_kept(file: Path) -> Iterator[None]:
    """All log lines of this process go to a file too, in the form and at the level that the workers log."""
    handler = logging.FileHandler(file)
    handler.setFormatter(JsonLines())
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        handler.close()


@asynccontextmanager
async def an_office(folder: Path) -> AsyncIterator[Office]:
    """An office with its workers at work."""
    environment = {**system_environment(), "PAYLOAD_KEYS": TEST_KEYS}
    background = BackgroundStack(Stack(folder, ports={"api": 0}, only=ONLY, environment=environment))
    await asyncio.to_thread(background.start)
    try:
        values = background.environment()
        db = Database(create_engine(settings_from(StoreSettings, values)))
        client = await connect(values["TEMPORAL_ADDRESS"], values["TEMPORAL_NAMESPACE"], values["PAYLOAD_KEYS"])
        office = Office(background, folder, client, Records(db), db)
        await office.start_workers()
        try:
            yield office
        finally:
            await office.stop_workers()
            await db.close()
    finally:
        await asyncio.to_thread(background.stop)


@pytest_asyncio.fixture(loop_scope="session")
async def office(open_office: Office) -> AsyncIterator[Office]:
    """The office; cases that a test leaves open end with the test."""
    yield open_office
    await open_office.end_open_cases()

