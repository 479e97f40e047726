"""Many letters of one consent, signed by few calls of the provider.

The cases have taken their orders already, and wait. Call after call, never two at once: a passphrase that is wrong is
wrong for all, and a provider locks who fails too often. Each case is told when its letter is settled, and registers it
itself; a case that is not told looks for itself when the consent has run out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, FailureError

with workflow.unsafe.imports_passed_through():
    from activities.signing_batch import BatchDesk, SignChunk
    from activities.signing_orders import LetterOrder
    from workflows.messages import SIGNING_BATCH_WORKFLOW, QueueNames, SignatureNews, application_workflow_id
    from workflows.options import SERVICE_PAUSES, SIGNING_BATCH
    from workflows.signing_batch_order import BatchLetter, BatchOrder


@workflow.defn(name=SIGNING_BATCH_WORKFLOW)
class SigningBatchWorkflow:
    """The letters of one activation."""

    @workflow.run
    async def run(self, order: BatchOrder) -> None:
        """Sends every letter, a callful at a time, and tells each case."""
        for first in range(0, len(order.letters), order.files_per_call):
            await self._sign(order, first)
            await self._tell(order, order.letters[first : first + order.files_per_call])

    async def _sign(self, order: BatchOrder, first: int) -> None:
        """One callful; tried again while an outside service is away and the consent lives."""
        letters = order.letters[first : first + order.files_per_call]
        told = None
        for pause in _pauses():
            waits_for = await self._call(order, letters)
            if waits_for is None or order.expires_at - workflow.now() <= pause:
                return
            if waits_for != told:
                told = waits_for
                await self._tell(order, order.letters[first:], waits_for)
            await workflow.sleep(pause)

    async def _call(self, order: BatchOrder, letters: tuple[BatchLetter, ...]) -> str | None:
        """What the call waits for; None where every letter has its answer, or the time is over."""
        orders = tuple(
            LetterOrder(
                number=letter.number,
                letter_sha256=letter.letter_sha256,
                activation_id=order.activation_id,
                officer_id=order.officer_id,
                office_date=order.office_date,
            )
            for letter in letters
        )
        try:
            result = await workflow.execute_activity_method(
                BatchDesk.sign_chunk,
                SignChunk(letters=orders),
                task_queue=QueueNames.SIGNING,
                summary=f"Tanda tangan {len(letters)} surat dalam satu panggilan",
                **SIGNING_BATCH,
            )
        except ActivityError:
            workflow.logger.warning("A call for many letters was given up; their claims say how far each has come.")
            return None
        return result.waits_for

    async def _tell(self, order: BatchOrder, letters: tuple[BatchLetter, ...], waits_for: str | None = None) -> None:
        news = SignatureNews(activation_id=order.activation_id, waits_for=waits_for)
        await asyncio.gather(*(self._tell_case(letter, news) for letter in letters))

    async def _tell_case(self, letter: BatchLetter, news: SignatureNews) -> None:
        case = workflow.get_external_workflow_handle(application_workflow_id(letter.number))
        try:
            await case.signal("signature_news", news)
        except FailureError:  # closed meanwhile, or gone: the claim keeps what came back
            workflow.logger.warning("A case could not be told about its signature.", extra={"case": letter.number})


def _pauses() -> Iterable[timedelta]:
    for seconds in SERVICE_PAUSES:
        yield timedelta(seconds=seconds)
    while True:
        yield timedelta(seconds=SERVICE_PAUSES[-1])
