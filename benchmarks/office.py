"""Our side: real cases, started and decided as the API does it, without HTTP."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import dict_row
from pydantic import SecretStr
from temporalio.client import Client

from activities.letters import LetterInput, _printed_form
from benchmarks.drive import Waiting, drive
from benchmarks.floor_worker import plain_url
from permits.application import Delivery, DocumentRef, DocumentVerdict, dossier_sha256
from permits.authority import Actor, Role
from permits.calendar import WorkingCalendar
from permits.calendar_loader import load_office_calendar
from permits.decisions import (
    Body,
    Decision,
    Drafted,
    Forwarded,
    Inspected,
    MeetingHeld,
    Paid,
    ParafGiven,
    PaymentConfirmed,
    Position,
    Receipt,
    Recommended,
    RetributionAssessed,
    SignatureOrdered,
    TaskKind,
    VerdictsGiven,
)
from permits.definition import PermitDefinition, Variant, version_for
from permits.definition_loader import load_definitions
from permits.numbering import CODE_BYTES, tracking_code
from permits.pace import Pace
from permits.sla import SlaClock
from sakpore.demo.cases import CASES
from sakpore.people import APPLICANTS, HEAD, OFFICERS, PASSPHRASE, Person
from sakpore.seed import TOTP_FILE
from signing.activation import Activation, TotpProof, load_public_key, seal
from signing.totp import totp_now
from store.database import Database, create_engine
from store.documents import DocumentStore
from store.records import NewActivation, NewDocument, NewDraft, Records, SubmissionRecord
from store.settings import StoreSettings
from workflows.connection import connect
from workflows.messages import QueueNames, Submission, decision_update_id
from workflows.starting import start_case

PAPER = b"%PDF-1.7\n% Contoh untuk pengukuran\n%%EOF\n"
LOOK = """SELECT id, workflow_id, kind, role, opd, field, subject_sha256, wanted_documents FROM tasks
WHERE status = 'open' AND number = ANY(%s)"""
ACTIVATION_LIFE = timedelta(minutes=5)

BODIES: dict[TaskKind, Body] = {
    TaskKind.ASSESSMENT: Forwarded(),
    TaskKind.INSPECTION: Inspected(
        photos=("a" * 64, "b" * 64),
        position=Position(latitude=-6.89, longitude=109.67, accuracy_metres=8),
        findings="Sesuai dengan gambar.",
        present=("Tim Teknis Contoh",),
    ),
    TaskKind.MEETING: MeetingHeld(conclusions=("Dapat diteruskan.",), present=("Tim Teknis Contoh",)),
    TaskKind.RECOMMENDATION: Recommended(answer="approve"),
    TaskKind.ASSESS_RETRIBUTION: RetributionAssessed(amount_rupiah=864_000, calculation="3,00 m x 1,20 m x Rp240.000"),
    TaskKind.PAYMENT: Paid(proof="b" * 64),
    TaskKind.CONFIRM_PAYMENT: PaymentConfirmed(received=True),
    TaskKind.DRAFTING: Drafted(),
    TaskKind.DESK_CHECK: Forwarded(),
    TaskKind.PARAF: ParafGiven(),
}


@dataclass
class OfficeRound:
    """Cases that are submitted and not started yet."""

    submissions: list[Submission]

    @property
    def numbers(self) -> list[str]:
        """Their numbers, which are also their workflow ids."""
        return [submission.number for submission in self.submissions]


class Office:
    """Drives `ApplicationWorkflow`."""

    name = "sakpore"
    main_queue = QueueNames.MAIN

    def __init__(self, environment: dict[str, str], data_dir: Path, permit_types: Sequence[str]) -> None:
        settings = StoreSettings.model_validate({key.lower(): value for key, value in environment.items()})
        self._environment = environment
        self._db = Database(create_engine(settings))
        self._documents = DocumentStore(settings)
        self.records = Records(self._db)
        self._totp = bytes.fromhex(json.loads((data_dir / "keys" / TOTP_FILE).read_text())[HEAD.id])
        self._seal_key = load_public_key(Path(environment["SIGNING_SEAL_PUBLIC_KEY"]))
        self._calendar: WorkingCalendar = load_office_calendar()
        self._types = [self._definition(code) for code in permit_types]

    async def open(self) -> None:
        """Connects."""
        keys = self._environment["PAYLOAD_KEYS"]
        self.client: Client = await connect(self._environment["TEMPORAL_ADDRESS"], "default", keys)
        self._eyes: AsyncConnection[dict[str, Any]] = await AsyncConnection.connect(
            plain_url(self._environment["DATABASE_URL"]), autocommit=True, row_factory=dict_row
        )

    async def close(self) -> None:
        """Gives all connections back."""
        await self._eyes.close()
        await self._db.close()

    def _definition(self, code: str) -> PermitDefinition:
        versions = tuple(found for found in load_definitions() if found.code == code)
        return version_for(versions, self._calendar.local_date(datetime.now(UTC)))

    # Before and after the measured time -------------------------------------------------------------------------------

    async def prepare(self, cases: int) -> OfficeRound:
        """Drafts with their documents, submitted; and a head whose last one-time code is forgotten."""
        await self.forget_code()
        return OfficeRound([await self._submit(self._types[n % len(self._types)]) for n in range(cases)])

    async def forget_code(self) -> None:
        """Lets the head's next one-time code be of the same half minute as the last."""
        await self._eyes.execute("UPDATE accounts SET totp_last_step = NULL WHERE id = %s", (HEAD.id,))

    async def settle(self) -> float:
        """Waits until the outbox is empty, so that what is left of our work is not done in the floor's time.

        Returns the seconds.
        """
        clock = asyncio.get_running_loop().time
        began = clock()
        while await self.count("SELECT count(*) AS n FROM outbox WHERE state = 'pending'"):
            await asyncio.sleep(LOOK_AFTER_SECONDS)
        return clock() - began

    async def check(self, done: OfficeRound) -> None:
        """Every case was issued, and has one signed letter. Raises RuntimeError."""
        issued = "SELECT count(*) AS n FROM applications WHERE status = 'issued' AND number = ANY(%s)"
        signed = "SELECT count(*) AS n FROM signed_letters WHERE number = ANY(%s)"
        for query in (issued, signed):
            if await self.count(query, done.numbers) != len(done.numbers):
                raise RuntimeError("not every case of the round was issued with one signed letter")

    async def printed_letters(self, number: str) -> list[dict[str, Any]]:
        """The letters of a case in the order they were frozen, in the form that the typesetter gets."""
        cursor = await self._eyes.execute(
            "SELECT facts->>'input_sha256' AS input FROM events "
            "WHERE number = %s AND facts->>'input_sha256' IS NOT NULL ORDER BY sequence",
            (number,),
        )
        found = [await self._documents.get_document(row["input"]) for row in await cursor.fetchall()]
        return [_printed_form(LetterInput.model_validate_json(content)) for content in found]

    async def count(self, query: str, *numbers: list[str]) -> int:
        """The number `n` that a query answers."""
        row = await (await self._eyes.execute(query, numbers)).fetchone()
        assert row is not None
        return int(row["n"])

    async def _submit(self, definition: PermitDefinition) -> Submission:
        demo = next(case for case in CASES if case.permit_type == definition.code)
        now = datetime.now(UTC)
        today = self._calendar.local_date(now)
        row = await self.records.create_draft(
            NewDraft(
                applicant_id=demo.applicant.id,
                permit_type=definition.code,
                variant=Variant.NEW,
                title=definition.title,
                field=definition.field,
                data=demo.data,
                delivery=Delivery(demo.delivery),
                created_at=now,
                year=today.year,
            )
        )
        documents = await self._upload(row.number, definition, demo.applicant, now)
        dossier = dossier_sha256(demo.data, documents)
        submission = Submission(
            number=row.number,
            definition=definition,
            variant=Variant.NEW,
            applicant_id=demo.applicant.id,
            submitted_at=now,
            documents=documents,
            dossier_sha256=dossier,
            delivery=Delivery(demo.delivery),
            calendar=self._calendar.window(today.year, today.year + 2),
            pace=Pace.real(),
        )
        promise = SlaClock(received_on=today, working_days=definition.promise_working_days)
        await self.records.submit(
            SubmissionRecord(
                number=row.number,
                submission_key="pengukuran",
                submitted_at=now,
                definition_version=definition.version,
                definition_sha256=definition.sha256,
                dossier_sha256=dossier,
                tracking_code=tracking_code(secrets.token_bytes(CODE_BYTES)),
                verification_id=tracking_code(secrets.token_bytes(CODE_BYTES)),
                submission=submission.model_dump(mode="json"),
                promise=promise,
                promise_due_at=promise.due_at(self._calendar, now),
                pace=submission.pace,
            )
        )
        await self.records.mark_started(row.number, now)  # else the reconciler would start it before its time
        return submission

    async def _upload(
        self, number: str, definition: PermitDefinition, applicant: Person, now: datetime
    ) -> tuple[DocumentRef, ...]:
        sha256 = await self._documents.put_document(PAPER)
        refs = []
        for wanted in definition.requirements_of(Variant.NEW):
            if wanted.required:
                document = NewDocument(
                    number=number,
                    requirement=wanted.code,
                    sha256=sha256,
                    content_type="application/pdf",
                    size=len(PAPER),
                    filename="berkas.pdf",
                    uploaded_by=applicant.id,
                    uploaded_at=now,
                )
                refs.append(await self.records.add_document(document))
        return tuple(refs)

    # The measured time ------------------------------------------------------------------------------------------------

    async def carry(self, work: OfficeRound) -> None:
        """From the first start to the last closing."""
        await asyncio.gather(*(start_case(self.client, submission) for submission in work.submissions))

        finish = asyncio.gather(*(self.client.get_workflow_handle(number).result() for number in work.numbers))
        await drive(len(work.numbers), partial(self.look, work.numbers), self.decide, self.sign_all, finish)

    async def look(self, numbers: Sequence[str]) -> list[Waiting[dict[str, Any]]]:
        """The open tasks of these cases."""
        cursor = await self._eyes.execute(LOOK, (list(numbers),))
        return [Waiting(row["id"], row["kind"] == TaskKind.SIGNING, row) for row in await cursor.fetchall()]

    async def decide(self, task: dict[str, Any], body: Body | None = None) -> None:
        """Decides a task as the person does whose desk it lies on."""
        person = _who(task)
        kind = TaskKind(task["kind"])
        if kind is TaskKind.VERIFICATION:
            body = VerdictsGiven(
                verdicts=tuple(DocumentVerdict(requirement=code, verdict="accept") for code in task["wanted_documents"])
            )
        actor = Actor(id=person.id, name=person.name, role=person.role, field=person.field, opd=person.opd)
        decision = Decision(task_id=task["id"], actor=actor, seen=task["subject_sha256"], body=body or BODIES[kind])
        await self.client.get_workflow_handle(task["workflow_id"]).execute_update(
            "decide", decision, id=decision_update_id(task["id"], person.id, "pengukuran"), result_type=Receipt
        )

    async def finish(self, numbers: Sequence[str]) -> None:
        """Waits until these cases have closed."""
        await asyncio.gather(*(self.client.get_workflow_handle(number).result() for number in numbers))

    async def sign_all(self, letters: Sequence[dict[str, Any]]) -> None:
        """One activation for all letters of the round."""
        order = SignatureOrdered(activation_id=await self.consent(letters))
        await asyncio.gather(*(self.decide(task, order) for task in letters))

    async def consent(self, letters: Sequence[dict[str, Any]]) -> str:
        """The head's sealed activation for these letters, as the API makes it; its id."""
        now, activation_id = datetime.now(UTC), secrets.token_hex(16)
        names = tuple(task["subject_sha256"] for task in letters)
        activation = Activation(
            officer_id=HEAD.id,
            letter_sha256s=names,
            step_up=TotpProof(totp_now(self._totp, now)),
            passphrase=SecretStr(PASSPHRASE),
            expires_at=now + ACTIVATION_LIFE,
        )
        envelope = seal(activation, self._seal_key, activation_id)
        await self.records.create_activation(
            NewActivation(
                id=activation_id,
                officer_id=HEAD.id,
                envelope=envelope,
                letters=names,
                created_at=now,
                expires_at=now + ACTIVATION_LIFE,
            )
        )
        return activation_id


LOOK_AFTER_SECONDS = 0.1


def _who(task: dict[str, Any]) -> Person:
    return next(
        person
        for person in (*OFFICERS, *APPLICANTS)
        if person.role == Role(task["role"])
        and (task["opd"] is None or person.opd == task["opd"])
        and (task["field"] is None or person.field in (None, task["field"]))
    )
