"""A worker that is told to stop stops, whatever its chores are doing."""

from __future__ import annotations

import asyncio
import contextlib

from worker.main import _end


async def test_a_chore_that_loses_its_first_cancellation_ends_all_the_same() -> None:
    async def deaf() -> None:
        with contextlib.suppress(asyncio.CancelledError):  # as where a library closes a connection meanwhile
            await asyncio.sleep(60)
        await asyncio.sleep(60)

    async def ordinary() -> None:
        await asyncio.sleep(60)

    chores = [asyncio.ensure_future(deaf()), asyncio.ensure_future(ordinary())]
    await asyncio.sleep(0)
    async with asyncio.timeout(30):
        await _end(chores)
    assert all(chore.done() for chore in chores)
