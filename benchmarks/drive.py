"""The same crowd of people for both sides: one look at the store tells what waits, and everyone decides at once.

Letters are signed in one batch, as a head does: the order is given when all letters of the round lie there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

LOOK_SECONDS = 0.05
LONGEST_ROUND_SECONDS = 120

_Task = TypeVar("_Task")


@dataclass(frozen=True)
class Waiting(Generic[_Task]):
    """Something that waits for a decision."""

    key: str
    is_signature: bool
    task: _Task


async def drive(
    cases: int,
    look: Callable[[], Awaitable[list[Waiting[_Task]]]],
    decide: Callable[[_Task], Awaitable[None]],
    sign: Callable[[list[_Task]], Awaitable[None]],
    finish: Awaitable[object],
) -> None:
    """Decides until `finish` is done. Raises what a decision raises, or TimeoutError."""
    seen: set[str] = set()
    letters: list[_Task] = []
    ended = asyncio.ensure_future(finish)
    under_way: set[asyncio.Future[None]] = set()
    try:
        async with asyncio.timeout(LONGEST_ROUND_SECONDS):
            while not ended.done():
                for waiting in await look():
                    if waiting.key in seen:
                        continue
                    seen.add(waiting.key)
                    if not waiting.is_signature:
                        under_way.add(asyncio.ensure_future(decide(waiting.task)))
                        continue
                    _collect(letters, waiting.task, cases)
                    if len(letters) == cases:
                        under_way.add(asyncio.ensure_future(sign(letters)))
                for task in [task for task in under_way if task.done()]:
                    task.result()
                    under_way.discard(task)
                await asyncio.wait([ended], timeout=LOOK_SECONDS)
            await asyncio.gather(ended, *under_way)
    finally:
        ended.cancel()
        for task in under_way:
            task.cancel()
        await asyncio.gather(ended, *under_way, return_exceptions=True)


def _collect(letters: list[_Task], letter: _Task, cases: int) -> None:
    if len(letters) == cases:
        raise RuntimeError("a letter came back to the head: this is no clean run; the signing log says why")
    letters.append(letter)
