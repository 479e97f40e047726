"""Starts what the API could not start: a submitted application whose workflow is not running yet.

Runs at boot and then every half minute. The row, not the engine, is the lasting guard: an id that the engine knows
already counts as started.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from datetime import UTC, datetime

from temporalio.client import Client

from permits.calendar_loader import current_calendar
from store.records import Records
from workflows.messages import Submission
from workflows.replanning import replan_all
from workflows.starting import start_case

log = logging.getLogger(__name__)

PAUSE_SECONDS = 30.0


class _Rounds(ABC):
    """Compares what the store wants with what the engine does, round by round."""

    FAILED = ""

    def __init__(self, records: Records, client: Client, pause_seconds: float = PAUSE_SECONDS) -> None:
        self._records = records
        self._client = client
        self._pause = pause_seconds

    async def run(self) -> None:
        """Goes round until cancelled."""
        while True:
            try:
                await self._round()
            except Exception:  # store or engine may be away; the next round comes
                log.exception(self.FAILED)
            await asyncio.sleep(self._pause)

    @abstractmethod
    async def _round(self) -> int: ...


class Replanner(_Rounds):
    """Carries a declared edition of the calendar to the cases that the declaring command could not reach."""

    FAILED = "A new calendar could not be carried to all cases."

    async def _round(self) -> int:
        return await self.replan_missing()

    async def replan_missing(self) -> int:
        """One round; returns how many workflows were planned anew."""
        version = await self._records.unfinished_calendar_edition()
        if version is None:
            return 0
        calendar = current_calendar(datetime.now(UTC).date(), await self._records.calendar_overrides())
        if calendar.version != version:
            return 0  # another edition is being declared at this moment
        result = await replan_all(self._client, await self._records.cases_on_other_calendar(version), calendar)
        # A case that the engine does not know any more needs no calendar, whatever its row says.
        if set(await self._records.cases_on_other_calendar(version)) <= set(result.gone):
            await self._records.finish_calendar_edition(version, datetime.now(UTC))
        return len(result.done)


class Reconciler(_Rounds):
    """Compares what was submitted with what runs."""

    FAILED = "Missing cases could not be started."

    async def _round(self) -> int:
        return await self.start_missing()

    async def start_missing(self) -> int:
        """One round; returns how many cases were started."""
        started = 0
        for missing in await self._records.starts_missing(limit=100):
            submission = Submission.model_validate(missing.submission)
            await start_case(self._client, submission)
            await self._records.mark_started(missing.number, datetime.now(UTC))
            log.info("A missing case was started.", extra={"application": missing.number})
            started += 1
        return started
