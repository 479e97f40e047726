"""An office without servers of its own: the real workflows on an engine that skips time, with a record in memory.

The engine is Temporal's development server with `WorkflowTimeSkippingEnabled`; the clock of each workflow stands still
until a test moves it. `CaseBook` is the real one over a record in memory; the desks that print, sign and send give
plain answers of the same shapes.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, cast

from temporalio import activity, workflow
from temporalio.client import WorkflowHandle
from temporalio.common import SearchAttributeKey
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment
from temporalio.worker import (
    Interceptor,
    StartChildWorkflowInput,
    UnsandboxedWorkflowRunner,
    Worker,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)

from activities.agency_letters import OfficerAsked
from activities.delivery import DeliverLetter, DeliveryProof
from activities.drafting import Composed, ComposeLetter, Rendered, RenderLetter
from activities.records import CaseBook
from activities.signatures import JudgedLetter, SignedObject, SignLetter, SignResult
from permits.application import Delivery, DocumentRef, dossier_sha256
from permits.calendar import WorkingCalendar
from permits.decisions import Body, Decision, Receipt, SignatureOrdered
from permits.definition import PermitDefinition, Variant
from permits.events import Event, Tag
from permits.numbering import LetterNumber
from permits.pace import Pace
from permits.sla import SlaClock
from permits.steps import LetterOpening, LetterRef, Step, TaskOpened
from sakpore.people import APPLICANTS, OFFICERS
from store.records import Records
from tests.workflows.builders import ANSWERS, CALENDAR, actor
from workflows.application import ApplicationWorkflow
from workflows.messages import Closing, QueueNames, RecommendationRequest, RecommendationResult, Submission
from workflows.recommendation import RecommendationWorkflow

SECONDS_A_DAY = 36_000.0
"""Skipped seconds of a working day: the run rests on an office date of its own, never on the machine's."""

YEAR = CALENDAR.window(2026, 2026)
LAST_MINUTE = timedelta(minutes=1)
MOST_SKIPS = 5_000
ATTRIBUTES = (
    SearchAttributeKey.for_keyword("Tahap"),
    SearchAttributeKey.for_keyword("JenisIzin"),
    SearchAttributeKey.for_keyword("Menunggu"),
    SearchAttributeKey.for_datetime("JatuhTempo"),
)

# The record -----------------------------------------------------------------------------------------------------------


@dataclass
class Kept:
    """What is known of one case."""

    steps: list[Step] = field(default_factory=list)
    letters: dict[str, LetterRef] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    signed: list[str] = field(default_factory=list)
    delivered: list[str] = field(default_factory=list)
    opened: list[TaskOpened] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, step: Step) -> None:
        self.steps.append(step)
        self.events += step.events
        self.opened += [step.task_opened] if step.task_opened else []
        self.closed |= {task.id for task in step.tasks_closed}
        self.news.set()

    @property
    def status(self) -> str:
        return next((step.status.value for step in reversed(self.steps) if step.status), "")

    @property
    def promise(self) -> SlaClock:
        return next(step.promise for step in reversed(self.steps) if step.promise)

    def tagged(self, *tags: Tag) -> list[Event]:
        return [event for event in self.events if event.tag in tags]


class MemoryRecords:
    """The part of `Records` that carrying a case needs; every write is safe to repeat here too."""

    def __init__(self) -> None:
        self.cases: dict[str, Kept] = {}
        self._sequences: dict[tuple[str, int], int] = {}

    def of(self, number: str) -> Kept:
        return self.cases.setdefault(number, Kept())

    async def keep(self, step: Step) -> None:
        kept = self.of(step.number)
        if all(event.key != step.events[0].key for event in kept.events):
            kept.add(step)

    async def open_letter(self, opening: LetterOpening) -> LetterRef:
        kept = self.of(opening.number)
        if opening.purpose not in kept.letters:
            year = opening.letter_date.year
            sequence = self._sequences[opening.series, year] = self._sequences.get((opening.series, year), 0) + 1
            text = LetterNumber(series=opening.series, year=year, sequence=sequence).render(
                opening.number_template, opening.letter_date.month
            )
            kept.letters[opening.purpose] = LetterRef(
                number=opening.number,
                purpose=opening.purpose,
                series=opening.series,
                year=year,
                sequence=sequence,
                number_text=text,
                letter_date=opening.letter_date,
                status="reserved",
            )
            kept.events.append(opening.event)
        return kept.letters[opening.purpose]

    async def issue_letter(self, number: str, purpose: str, event: Event) -> LetterRef:
        return self._mark(number, purpose, "issued", event)

    async def void_letter(self, number: str, purpose: str, reason: str, actor_id: str, event: Event) -> LetterRef:
        return self._mark(number, purpose, "batal", event)

    def _mark(self, number: str, purpose: str, status: str, event: Event) -> LetterRef:
        kept = self.of(number)
        kept.letters[purpose] = kept.letters[purpose].model_copy(update={"status": status})
        kept.events.append(event)
        return kept.letters[purpose]


class Printer:
    """Stands for LetterDesk: a letter is known by the sha256 of what it would say."""

    @activity.defn
    async def compose_letter(self, order: ComposeLetter) -> Composed:
        return Composed(input_sha256=hashlib.sha256(order.model_dump_json().encode()).hexdigest())

    @activity.defn
    async def render_letter(self, order: RenderLetter) -> Rendered:
        return Rendered(sha256=hashlib.sha256(order.input_sha256.encode()).hexdigest())


class Signer:
    """Stands for SignatureDesk; only the signing queue asks it."""

    def __init__(self, records: MemoryRecords) -> None:
        self._records = records

    @activity.defn
    async def sign_letter(self, order: SignLetter) -> SignResult:
        self._records.of(order.number).signed.append(order.letter_sha256)
        signed = hashlib.sha256(f"signed {order.letter_sha256}".encode()).hexdigest()
        return SignResult(
            signed=SignedObject(letter_sha256=order.letter_sha256, signed_sha256=signed, certificate_sha256="0" * 64)
        )

    @activity.defn
    async def judge_letter(self, signed: SignedObject) -> JudgedLetter:
        return JudgedLetter(verdict="SAH", level="B-LTA")


class Postman:
    """Stands for DeliveryDesk."""

    def __init__(self, records: MemoryRecords) -> None:
        self._records = records

    @activity.defn
    async def deliver_letter(self, order: DeliverLetter) -> DeliveryProof:
        self._records.of(order.number).delivered.append(order.signed_sha256)
        return DeliveryProof(message_id=order.key)


class Agencies:
    """Stands for AgencyLetters: no agency's officer holds a certificate."""

    @activity.defn
    async def officer_signs(self, asked: OfficerAsked) -> bool:
        return False


def activities_of(holder: object) -> list[Callable[..., Any]]:
    """Every activity that an object has, also one that is added tomorrow."""
    found = (getattr(holder, name) for name in dir(type(holder)))
    return [one for one in found if hasattr(one, "__temporal_activity_definition")]


# Time -----------------------------------------------------------------------------------------------------------------


class ClocksAgree(Interceptor):
    """In this engine each workflow has a clock of its own: a case hears of its agency's answer when that was given."""

    def workflow_interceptor_class(
        self, input: WorkflowInterceptorClassInput
    ) -> type[WorkflowInboundInterceptor] | None:
        return _Inbound


class _Inbound(WorkflowInboundInterceptor):
    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_Outbound(outbound))


class _Outbound(WorkflowOutboundInterceptor):
    async def start_child_workflow(self, input: StartChildWorkflowInput) -> Any:
        handle = await super().start_child_workflow(input)
        request = cast(RecommendationRequest, input.args[0])
        return asyncio.create_task(_when_it_was_given(handle, request))


async def _when_it_was_given(handle: Any, request: RecommendationRequest) -> RecommendationResult:
    result: RecommendationResult = await handle
    answered = result.answer.answered_at
    if answered is not None:
        left = request.pace.real_time(answered, request.calendar) - workflow.now()
        if left > timedelta(0):
            await asyncio.sleep(left.total_seconds())
    return result


@asynccontextmanager
async def a_skipping_office(folder: Path, *settings: str) -> AsyncIterator[SkippingOffice]:
    """The engine with both queues at work; its database lies in `folder`, `settings` are its own (name=value)."""
    env = await WorkflowEnvironment.start_time_skipping_v2(
        ts_config=TimeSkippingConfig(enabled=False, max_session_skip_count=MOST_SKIPS),
        dev_server_existing_path=str(Path(sys.executable).parent / "temporal"),
        dev_server_extra_args=[
            *("--dynamic-config-value", "frontend.WorkflowTimeSkippingEnabled=true"),
            *(part for setting in settings for part in ("--dynamic-config-value", setting)),
            *("--log-level", "never", "--disable-config-file"),
            *("--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=off"),
        ],
        dev_server_log_level=None,
        dev_server_database_filename=str(folder / "engine.db"),
        data_converter=pydantic_data_converter,
        search_attributes=ATTRIBUTES,
    )
    records = MemoryRecords()
    book = CaseBook(cast(Records, records))
    async with (
        env,
        Worker(
            env.client,
            task_queue=QueueNames.MAIN,
            workflows=[ApplicationWorkflow, RecommendationWorkflow],
            activities=[
                one for desk in (book, Printer(), Postman(records), Agencies()) for one in activities_of(desk)
            ],
            workflow_runner=UnsandboxedWorkflowRunner(),  # other tests have the sandbox; here its cost is too high
            interceptors=[ClocksAgree()],
        ),
        Worker(env.client, task_queue=QueueNames.SIGNING, activities=activities_of(Signer(records))),
    ):
        yield SkippingOffice(env, records)


class SkippingOffice:
    """Begins cases, and moves their clocks."""

    def __init__(self, env: WorkflowEnvironment, records: MemoryRecords) -> None:
        self.env = env
        self.records = records
        self._numbers = count(1)

    async def begin(
        self,
        definition: PermitDefinition,
        office_date: date,
        variant: Variant = Variant.NEW,
        calendar: WorkingCalendar = YEAR,
    ) -> SkippedCase:
        """A complete application, at the opening of the office on that day."""
        now = datetime.now(UTC)
        documents = tuple(
            DocumentRef(requirement=one.code, version=1, sha256="d" * 64, content_type="application/pdf", size=1)
            for one in definition.requirements_of(variant)
        )
        submission = Submission(
            number=f"PRM-2026-{next(self._numbers):06d}",
            definition=definition,
            variant=variant,
            applicant_id=APPLICANTS[0].id,
            submitted_at=now,
            documents=documents,
            dossier_sha256=dossier_sha256({}, documents),
            delivery=Delivery.DOWNLOAD,
            calendar=calendar,
            pace=Pace.compressed(SECONDS_A_DAY, office_date, now),
        )
        handle = await self.env.client.start_workflow(
            ApplicationWorkflow.run, submission, id=submission.number, task_queue=QueueNames.MAIN
        )
        return SkippedCase(self, submission, handle)


class SkippedCase:
    """One case, decided by everybody in the last minute."""

    def __init__(self, office: SkippingOffice, submission: Submission, handle: WorkflowHandle[Any, Any]) -> None:
        self.number = submission.number
        self.handle = handle
        self._office = office
        self._submission = submission
        self._decided: set[str] = set()

    @property
    def kept(self) -> Kept:
        return self._office.records.of(self.number)

    async def now(self, workflow_id: str | None = None) -> datetime:
        """The office instant of the case, or of one of its agencies."""
        real = await self._office.env.get_current_time(self._handle(workflow_id or self.number))
        return self._submission.pace.office_time(real, self._submission.calendar)

    async def wait_until(self, office_at: datetime, workflow_id: str | None = None) -> None:
        """Moves the clock of the case, or of one of its agencies, to an office instant; what falls on the way falls."""
        handle = self._handle(workflow_id or self.number)
        until = self._submission.pace.real_time(office_at, self._submission.calendar)
        left = until - await self._office.env.get_current_time(handle)
        if left > timedelta(0):
            await self._office.env.fast_forward(handle, left)

    async def task(self, *kinds: str) -> TaskOpened | None:
        """The next task that lies open, None once the case is closed."""
        while True:
            self.kept.news.clear()
            for task in self.kept.opened:
                fits = not kinds or task.kind in kinds
                if fits and task.id not in self._decided and task.id not in self.kept.closed:
                    return task
            if self.kept.tagged(Tag.APPLICATION_CLOSED):
                return None
            await self.kept.news.wait()

    async def tasks(self, kind: str, many: int) -> list[TaskOpened]:
        """The first so many tasks of a kind, once they have been opened."""
        while len(found := [task for task in self.kept.opened if task.kind == kind]) < many:
            self.kept.news.clear()
            await self.kept.news.wait()
        return found[:many]

    async def decide(self, task: TaskOpened, body: Body | None = None) -> Receipt:
        """Decides as whoever may, now."""
        decision = Decision(
            task_id=task.id, actor=whoever_may(task), seen=task.subject_sha256, body=body or answer_of(task)
        )
        receipt: Receipt = await self._handle(task.workflow_id).execute_update(
            "decide", decision, result_type=Receipt
        )
        self._decided.add(task.id)
        return receipt

    async def decide_in_the_last_minute(self, task: TaskOpened) -> None:
        """Decides one minute before the close of the due date; the case hears of it at that moment."""
        at = task.due_at - LAST_MINUTE
        await self.wait_until(at, task.workflow_id)
        await self.decide(task)
        waits_on = [one for one in self.kept.opened if one.workflow_id != self.number and one.id not in self._decided]
        if task.workflow_id != self.number and not waits_on:
            await self.wait_until(at)

    async def finish(self) -> Closing:
        """Everybody decides in the last minute until the case is closed."""
        while task := await self.task():
            await self.decide_in_the_last_minute(task)
        closing: Closing = await self.handle.result()
        return closing

    def _handle(self, workflow_id: str) -> WorkflowHandle[Any, Any]:
        return self._office.env.client.get_workflow_handle(workflow_id)


def answer_of(task: TaskOpened) -> Body:
    """What each desk says when all is well; a new kind of task needs one line in `ANSWERS`."""
    if task.kind == "signing":
        return SignatureOrdered(activation_id="persetujuan-contoh")
    if task.kind == "inspection":
        inspected = ANSWERS["inspection"](cast(Any, task))
        return inspected.model_copy(update={"photos": tuple(f"{n:064d}" for n in range(task.photos))})
    return ANSWERS[task.kind](cast(Any, task))


def whoever_may(task: TaskOpened) -> Any:
    """Somebody of the demonstration's people at that desk, made for the field or agency where none works there."""
    person = next(one for one in (*OFFICERS, *APPLICANTS) if one.role == task.role)
    return actor(person).model_copy(update={"field": task.field, "opd": task.opd})
