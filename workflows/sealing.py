"""One PDF gets the office's seal: its page is made, sealed in the signing process, and registered.

Runs beside the case and never holds it up. While timestamps or the key are away it waits, in days; what cannot be
sealed as it is gets a page of ours that names its sha256.
"""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.sealing import (
        NOT_SEALABLE,
        PageMade,
        ReportToSeal,
        SealDesk,
        SealDocument,
        SealPress,
        SealResult,
        WetLetter,
    )
    from workflows.messages import QueueNames
    from workflows.options import READING_STRANGERS, RENDERING, SEALING
    from workflows.sealing_order import SEALING_WORKFLOW, SealingDone, SealingOrder


@workflow.defn(name=SEALING_WORKFLOW)
class SealingWorkflow:
    """Seals one PDF."""

    @workflow.run
    async def run(self, order: SealingOrder) -> SealingDone:
        """Makes the page, seals it, answers with what is registered."""
        page = await self._prepare(order)
        result = await self._seal(order, page)
        if result.failure == NOT_SEALABLE and page.form == "as_is" and order.purpose == "wet_letter":
            result = await self._seal(order, await self._prepare(order, as_record=True))
        if result.failure == NOT_SEALABLE:
            raise ApplicationError("A page of ours cannot be sealed.", type=NOT_SEALABLE, non_retryable=True)
        return SealingDone(sealed_sha256=result.sealed_sha256, failure=result.failure)

    async def _prepare(self, order: SealingOrder, as_record: bool = False) -> PageMade:
        if order.purpose == "validation_report":
            return await workflow.execute_activity_method(
                SealPress.prepare_report,
                ReportToSeal(input_sha256=order.original_sha256),
                summary="Susun laporan pemeriksaan",
                **RENDERING,
            )
        assert order.number is not None
        letter = WetLetter(
            number=order.number,
            agency=order.agency,
            original_sha256=order.original_sha256,
            matched_by=order.matched_by,
            matched_at=order.matched_at or workflow.now(),
            as_record=as_record,
        )
        return await workflow.execute_activity_method(
            SealPress.prepare_wet_letter, letter, summary=f"Siapkan surat {order.agency}", **READING_STRANGERS
        )

    async def _seal(self, order: SealingOrder, page: PageMade) -> SealResult:
        sealing = SealDocument(
            id=order.id,
            purpose=order.purpose,
            number=order.number,
            opd=order.opd,
            original_sha256=order.original_sha256,
            pdf_sha256=page.pdf_sha256,
            form=page.form,
            expires_at=order.expires_at,
            event=order.event,
        )
        return await workflow.execute_activity_method(
            SealDesk.seal_document,
            sealing,
            task_queue=QueueNames.SIGNING,
            summary="Segel elektronik kantor",
            **SEALING,
        )
