"""One application in a test's hands: see its tasks, decide them as the right person, read its record."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from google.protobuf.json_format import MessageToDict
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from permits.application import dossier_sha256
from permits.authority import Actor
from permits.decisions import Body, Decision, DocumentsRepaired, Receipt, SignatureOrdered
from permits.events import Tag
from permits.steps import LetterRef
from store.records import Records
from store.tables import ApplicationRow, EventRow, TaskRow
from tests.workflows.builders import ANSWERS, holder_of, person
from tests.workflows.waiting import until
from workflows.messages import (
    Assignment,
    Submission,
    Withdrawal,
    WithdrawalReceipt,
    decision_update_id,
    withdrawal_update_id,
)

if TYPE_CHECKING:
    from tests.workflows.office import Office

RPC_SECONDS = 15
OURS = frozenset({"Tahap", "JenisIzin", "Menunggu", "JatuhTempo"})


class Refusal(AssertionError):
    """The engine refused; `code` is the stable code."""

    def __init__(self, refused: ApplicationError) -> None:
        self.code = refused.type
        self.facts: dict[str, Any] = refused.details[0] if refused.details else {}
        super().__init__(f"{self.code} {self.facts}")


class CaseFile:
    """A case that runs."""

    def __init__(self, office: Office, submission: Submission) -> None:
        self.office = office
        self.submission = submission
        self.number = submission.number
        self.beside: dict[str, str] = {}  # workflows that work for it and are no children, by what they are
        self._seen: set[str] = set()

    @property
    def handle(self) -> WorkflowHandle[Any, Any]:
        return self.office.client.get_workflow_handle(self.number)

    @property
    def _records(self) -> Records:
        return self.office.records

    # Tasks ------------------------------------------------------------------------------------------------------------

    async def task(self, kind: str, opd: str | None = None) -> TaskRow:
        """The open task of this kind that this test has not decided yet."""

        async def look() -> TaskRow | None:
            for row in await self.open_tasks():
                if row.kind == kind and self.is_new(row) and opd in (None, row.opd):
                    return row
            return None

        return await until(look, f"a task {kind} in {self.number}")

    async def open_tasks(self) -> list[TaskRow]:
        return [row for row in await self._records.tasks_of(self.number) if row.status == "open"]

    def is_new(self, task: TaskRow) -> bool:
        """Whether no decision of this test was taken at the task."""
        return task.id not in self._seen

    async def decide(self, task: TaskRow, body: Body | None = None, by: Actor | None = None, key: str = "k") -> Receipt:
        """Decides as the right person, unless told otherwise. Raises Refusal."""
        return await self.send(self.decision(task, body or await self.answer(task), by), key)

    def decision(self, task: TaskRow, body: Body, by: Actor | None = None, seen: str | None = None) -> Decision:
        return Decision(task_id=task.id, actor=by or holder_of(task), seen=seen or task.subject_sha256, body=body)

    async def send(self, decision: Decision, key: str = "k") -> Receipt:
        """The update itself, to the workflow that holds the task. Raises Refusal."""
        workflow_id = decision.task_id.partition(".")[0]
        handle = self.office.client.get_workflow_handle(workflow_id)
        update_id = decision_update_id(decision.task_id, decision.actor.id, key)
        try:
            receipt: Receipt = await handle.execute_update(
                "decide", decision, id=update_id, result_type=Receipt, rpc_timeout=timedelta(seconds=RPC_SECONDS)
            )
        except WorkflowUpdateFailedError as failed:
            raise refusal(failed) from failed
        self._seen.add(decision.task_id)
        return receipt

    async def answer(self, task: TaskRow) -> Body:
        """What the desk says when all is well."""
        if task.kind == "signing":
            return SignatureOrdered(activation_id=await self.office.consent(task.subject_sha256))
        if task.kind == "repair":
            return await self.repaired(task)
        return ANSWERS[task.kind](task)

    async def repaired(self, task: TaskRow) -> DocumentsRepaired:
        """The wanted documents, uploaded again."""
        for requirement in task.wanted_documents:
            await self.office.upload(self.number, requirement, f"{requirement} {secrets.token_hex(4)}")
        documents = await self._records.newest_documents(self.number)
        row = await self.row()
        return DocumentsRepaired(documents=documents, dossier_sha256=dossier_sha256(row.data, documents))

    async def go_on(self, to: str, opd: str | None = None) -> TaskRow:
        """Lets every desk answer well until a task of this kind lies open; answers with it."""

        async def look() -> TaskRow | None:
            for row in await self.open_tasks():
                if row.kind == to and self.is_new(row) and opd in (None, row.opd):
                    return row
                if row.kind != to and self.is_new(row):
                    await self.decide(row)
            return None

        return await until(look, f"a task {to} in {self.number}")

    async def finish(self) -> ApplicationRow:
        """Lets every desk answer well until the case is closed."""

        async def look() -> ApplicationRow | None:
            tasks = [task for task in await self.open_tasks() if self.is_new(task)]
            for task in tasks:
                await self._decide_unless_closed(task)
            row = None if tasks else await self.row()
            return row if row and row.closed_at else None

        return await until(look, f"the end of {self.number}", 40)

    async def _decide_unless_closed(self, task: TaskRow) -> None:
        """A follow-up of a silence closes by itself when the desk has answered."""
        try:
            await self.decide(task)
        except Refusal as refused:
            if task.kind != "overdue" or refused.code != "task-closed":
                raise

    async def withdraw(self, by: Actor | None = None, key: str = "k") -> WithdrawalReceipt:
        """The applicant takes the application back. Raises Refusal."""
        who = by or person(self.submission.applicant_id)
        try:
            receipt: WithdrawalReceipt = await self.handle.execute_update(
                "withdraw",
                Withdrawal(actor=who, reason="Berubah rencana"),
                id=withdrawal_update_id(self.number, who.id, key),
                result_type=WithdrawalReceipt,
                rpc_timeout=timedelta(seconds=RPC_SECONDS),
            )
        except WorkflowUpdateFailedError as failed:
            raise refusal(failed) from failed
        return receipt

    async def update(self, name: str, argument: Any, workflow_id: str | None = None, result_type: Any = None) -> Any:
        """Any other update of the case, or of one of its children. Raises Refusal."""
        handle = self.office.client.get_workflow_handle(workflow_id or self.number)
        try:
            return await handle.execute_update(
                name, argument, result_type=result_type, rpc_timeout=timedelta(seconds=RPC_SECONDS)
            )
        except WorkflowUpdateFailedError as failed:
            raise refusal(failed) from failed

    async def assign(self, task: TaskRow, by: Actor, to: Actor | None, reason: str = "Cuti") -> None:
        """Says who holds a task. Raises Refusal."""
        await self.update("assign", Assignment(task_id=task.id, actor=by, to=to, reason=reason), task.workflow_id)

    # The record -------------------------------------------------------------------------------------------------------

    async def row(self) -> ApplicationRow:
        return await self._records.application(self.number)

    async def closed(self) -> ApplicationRow:
        async def look() -> ApplicationRow | None:
            row = await self.row()
            return row if row.closed_at else None

        return await until(look, f"the end of {self.number}")

    async def events(self, *tags: Tag) -> list[EventRow]:
        """The record, all or those of the tags, in order."""
        lines: list[EventRow] = []
        while page := await self._records.events_of(self.number, after=lines[-1].sequence if lines else 0):
            lines += page
        return [line for line in lines if not tags or line.tag in tags]

    async def event(self, tag: Tag, fits: Callable[[EventRow], bool] = lambda line: True) -> EventRow:
        """The first line of this tag, as soon as it is there."""

        async def look() -> EventRow | None:
            return next((line for line in await self.events(tag) if fits(line)), None)

        return await until(look, f"an event {tag.value} in {self.number}")

    async def letter(self, purpose: str = "permit") -> LetterRef:
        return await self._records.letter(self.number, purpose)

    # The engine -------------------------------------------------------------------------------------------------------

    async def at_rest(self, workflow_id: str | None = None) -> int:
        """Waits until the workflow does nothing by itself any more; the length of its history."""
        handle = self.office.client.get_workflow_handle(workflow_id or self.number)
        known = -1

        async def look() -> bool:
            nonlocal known
            description = await handle.describe()
            raw = description.raw_description
            busy = raw.HasField("pending_workflow_task") or len(raw.pending_activities)
            same, known = known == description.history_length, description.history_length
            return same and not busy

        await until(look, f"{self.number} at rest")
        return known

    async def searched_by(self, workflow_id: str | None = None) -> dict[str, Any]:
        """What we let operators see of the workflow in clear."""
        description = await self.office.client.get_workflow_handle(workflow_id or self.number).describe()
        return {pair.key.name: pair.value for pair in description.typed_search_attributes if pair.key.name in OURS}

    async def raw_history(self, workflow_id: str | None = None) -> list[dict[str, Any]]:
        """The history as the server keeps it, through no codec."""
        handle = self.office.client.get_workflow_handle(workflow_id or self.number)
        history = await handle.fetch_history()
        return [MessageToDict(event) for event in history.events]


def refusal(failed: WorkflowUpdateFailedError) -> Refusal:
    cause = failed.cause
    assert isinstance(cause, ApplicationError), cause
    return Refusal(cause)
