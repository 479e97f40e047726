"""The store trails the engine by a moment: a page that follows a decision waits for it, but not for long."""

from __future__ import annotations

import asyncio
from typing import Final

from api.services import Services
from permits.errors import RuleError
from store.queries.inbox import task_row

LOOKS: Final = 12
PAUSE_SECONDS: Final = 0.1


async def until_written(services: Services, task_id: str) -> None:
    """Returns once the task is no longer open in the store, or after little more than a second."""
    for _ in range(LOOKS):
        try:
            async with services.db.transaction() as session:
                if (await task_row(session, task_id)).status != "open":
                    return
        except RuleError:
            return
        await asyncio.sleep(PAUSE_SECONDS)
