"""Once a day: the archives of signed letters that end within the margin are renewed. Started by a schedule.

One history holds one page of letters; the next page begins a new one. A run may be killed, repeated, or go beside
another one: what is due is read from the register each time, and a version takes its place once.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.archive import ArchiveDesk, ArchiveState, DuePage, ListDue, Place, Renewed, RenewLetter, TellArchive
    from workflows.archive_order import (
        ARCHIVE_REFRESH_WORKFLOW,
        MARGIN,
        ArchiveRefreshOrder,
        ArchiveRefreshReport,
        Counts,
        Cursor,
    )
    from workflows.messages import QueueNames
    from workflows.options import ARCHIVING

AWAY_IN_A_ROW = 3
"""Letters that meet an absent service one after the other; then the run ends, and tomorrow's goes on."""
WIB = timezone(timedelta(hours=7), "WIB")


@workflow.defn(name=ARCHIVE_REFRESH_WORKFLOW)
class ArchiveRefreshWorkflow:
    """One run over what is due."""

    @workflow.init
    def __init__(self, order: ArchiveRefreshOrder) -> None:
        self._counts = order.counts
        self._offered = order.offered
        self._away = 0

    @workflow.run
    async def run(self, order: ArchiveRefreshOrder) -> ArchiveRefreshReport:
        """Renews page by page; returns what was done and what stands in the way."""
        before = order.before or workflow.now() + MARGIN
        page = await self._page(order, before)
        for letter in page.letters:
            self._note(await self._renew(RenewLetter(letter_sha256=letter, before=before, offered=self._offered)))
            if self._counts.stopped:
                break
        if page.last is not None and len(page.letters) == order.page and not self._counts.stopped:
            after = Cursor(until=page.last.until, letter_sha256=page.last.letter_sha256)
            carried = {"before": before, "after": after, "offered": self._offered, "counts": self._counts}
            workflow.continue_as_new(order.model_copy(update=carried))
        state = await self._tell()
        return ArchiveRefreshReport(before=before, counts=self._counts, urgent=state.urgent, failing=state.failing)

    async def _page(self, order: ArchiveRefreshOrder, before: datetime) -> DuePage:
        after = Place(**order.after.model_dump()) if order.after else None
        return await workflow.execute_activity_method(
            ArchiveDesk.list_due,
            ListDue(before=before, after=after, limit=order.page),
            task_queue=QueueNames.SIGNING,
            **ARCHIVING,
        )

    async def _renew(self, order: RenewLetter) -> Renewed:
        return await workflow.execute_activity_method(
            ArchiveDesk.renew_letter,
            order,
            task_queue=QueueNames.SIGNING,
            summary=f"Perbarui arsip surat {order.letter_sha256[:12]}",
            **ARCHIVING,
        )

    async def _tell(self) -> ArchiveState:
        now = workflow.now()
        day = str(now.astimezone(WIB).date())
        return await workflow.execute_activity_method(
            ArchiveDesk.tell_archive,
            TellArchive(now=now, day=day, stopped=self._counts.stopped),
            task_queue=QueueNames.SIGNING,
            **ARCHIVING,
        )

    def _note(self, result: Renewed) -> None:
        self._offered = result.offered or self._offered
        self._away = self._away + 1 if result.away else 0
        changes: dict[str, object] = {"seen": self._counts.seen + 1}
        if result.outcome == "failed":
            code = result.code or "unknown"
            changes["failed"] = {**self._counts.failed, code: self._counts.failed.get(code, 0) + 1}
        else:
            changes[result.outcome] = getattr(self._counts, result.outcome) + 1
        if self._away >= AWAY_IN_A_ROW:
            changes["stopped"] = result.code
        self._counts = Counts.model_validate({**self._counts.model_dump(), **changes})
