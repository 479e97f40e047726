"""The floor's side: the same number of everything, with nothing of ours in it but the letters' templates."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import dict_row
from temporalio.client import Client

from benchmarks.drive import Waiting, drive
from benchmarks.floor_worker import CREATE, plain_url
from benchmarks.floor_workflow import CHILD, DECISION, JUDGE, MAIN_QUEUE, RECORD, RENDER, SIGN, FloorCase, FloorPlan
from benchmarks.history import RENDERING, SIGNING, Past

LOOK = "SELECT workflow_id, n, waits_for FROM floor_steps WHERE round_id = %s AND waits_for <> ''"
KINDS = {RENDERING: RENDER, SIGNING: SIGN, "judge_letter": JUDGE, "decision": DECISION, "child": CHILD}


@dataclass
class FloorRound:
    """Plans that are not started yet, by workflow id."""

    round_id: str
    plans: dict[str, FloorPlan]

    @property
    def numbers(self) -> list[str]:
        """Their workflow ids."""
        return list(self.plans)


class Floor:
    """Drives `FloorCase`."""

    name = "floor"
    main_queue = MAIN_QUEUE

    def __init__(self, environment: dict[str, str], letters_dir: Path) -> None:
        self._environment = environment
        self._letters_dir = letters_dir
        self._plans: list[FloorPlan] = []

    async def open(self) -> None:
        """Connects and makes the floor's table."""
        self.client = await Client.connect(self._environment["TEMPORAL_ADDRESS"])
        self._eyes: AsyncConnection[dict[str, Any]] = await AsyncConnection.connect(
            plain_url(self._environment["DATABASE_URL"]), autocommit=True, row_factory=dict_row
        )
        await self._eyes.execute(CREATE)

    async def close(self) -> None:
        """Gives the connection back."""
        await self._eyes.close()

    def learn(self, kind: str, past: Past, letters: list[dict[str, Any]]) -> None:
        """Takes over what a real case of ours did, and its letters. Raises RuntimeError where they do not agree."""
        names = [f"{kind}-{n}" for n in range(len(letters))]
        for name, form in zip(names, letters, strict=True):
            (self._letters_dir / f"{name}.json").write_text(json.dumps(form, ensure_ascii=False))
        steps = [KINDS.get(step, RECORD) for step in past.steps]
        if Counter(steps)[RENDER] != len(letters):
            raise RuntimeError("a case's history and its record disagree on how many letters it has")
        children = [[KINDS.get(step, RECORD) for step in child.steps] for child in past.children]
        self._plans.append(FloorPlan("", steps, names, children))

    async def prepare(self, cases: int) -> FloorRound:
        """Plans for so many cases; the same mixture of permit types as ours."""
        round_id = secrets.token_hex(6)
        chosen = [self._plans[n % len(self._plans)] for n in range(cases)]
        return FloorRound(
            round_id,
            {
                f"floor-{round_id}-{n}": FloorPlan(round_id, plan.steps, plan.letters, plan.children)
                for n, plan in enumerate(chosen)
            },
        )

    async def settle(self) -> float:
        """Nothing is left to do."""
        return 0.0

    async def check(self, done: FloorRound) -> None:
        """Every step left its row. Raises RuntimeError."""
        wanted = sum(
            sum(step not in (DECISION, CHILD) for steps in (plan.steps, *plan.children) for step in steps)
            for plan in done.plans.values()
        )
        cursor = await self._eyes.execute("SELECT count(*) AS n FROM floor_steps WHERE round_id = %s", (done.round_id,))
        row = await cursor.fetchone()
        if row is None or row["n"] != wanted:
            raise RuntimeError("the floor did not write one row for each activity")

    async def carry(self, work: FloorRound) -> None:
        """From the first start to the last completion."""
        start = self.client.start_workflow
        handles = await asyncio.gather(
            *(start(FloorCase.run, plan, id=each, task_queue=MAIN_QUEUE) for each, plan in work.plans.items())
        )

        async def look() -> list[Waiting[dict[str, Any]]]:
            cursor = await self._eyes.execute(LOOK, (work.round_id,))
            rows = await cursor.fetchall()
            return [Waiting(f"{row['workflow_id']}.{row['n']}", row["waits_for"] == SIGN, row) for row in rows]

        finish = asyncio.gather(*(handle.result() for handle in handles))
        await drive(len(work.plans), look, self._decide, self._sign, finish)

    async def _decide(self, task: dict[str, Any]) -> None:
        handle = self.client.get_workflow_handle(task["workflow_id"])
        await handle.execute_update(
            FloorCase.decide, task["n"], id=f"{task['workflow_id']}.{task['n']}"
        )

    async def _sign(self, letters: list[dict[str, Any]]) -> None:
        await asyncio.gather(*(self._decide(task) for task in letters))
