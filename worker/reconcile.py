"""Starts what the API could not start: a submitted application whose workflow is not running yet.

Runs at boot and then every half minute. The row, not the engine, is the lasting guard: an id that the engine knows
already counts as started.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime

from temporalio.client import Client

from store.records import Records
from workflows.messages import Submission
from workflows.starting import start_case

log = logging.getLogger(__name__)

PAUSE_SECONDS = 30.0


class Reconciler:
    """Compares what was submitted with what runs."""

    def __init__(self, records: Records, client: Client, pause_seconds: float = PAUSE_SECONDS) -> None:
        self._records = records
        self._client = client
        self._pause = pause_seconds

    async def run(self) -> None:
        """Reconciles until cancelled."""
        while True:
            try:
                await self.start_missing()
            except Exception:  # store or engine may be away; the next round comes
                log.exception("Missing cases could not be started.")
            await asyncio.sleep(self._pause)

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
