"""The floor's workflow: a plan of steps, read from a real case's history, and nothing else.

No clock, no ladder, no rules, no codec, no search attributes: what remains is what Temporal itself asks for this many
activities, updates and children.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from temporalio import workflow

MAIN_QUEUE = "floor-main"
SIGNING_QUEUE = "floor-signing"
TIMEOUT = timedelta(seconds=60)

RECORD, RENDER, SIGN, JUDGE, DECISION, CHILD = "record", "render", "sign", "judge", "decision", "child"


@dataclass
class FloorPlan:
    """What one floor case does, in order."""

    round_id: str
    steps: list[str]
    letters: list[str] = field(default_factory=list)  # names of the letters, one a RENDER
    children: list[list[str]] = field(default_factory=list)  # the steps of each child


@dataclass
class FloorStep:
    """The argument of every floor activity."""

    round_id: str
    workflow_id: str
    n: int
    waits_for: str = ""  # the decision that comes next is before this step, such as `sign`
    letter: str = ""
    letter_sha256: str = ""


@workflow.defn
class FloorCase:
    """Plays its plan."""

    @workflow.init
    def __init__(self, plan: FloorPlan) -> None:
        self._decisions = 0

    @workflow.run
    async def run(self, plan: FloorPlan) -> str:
        used, letters, children = 0, iter(plan.letters), iter(plan.children)
        started: list[workflow.ChildWorkflowHandle[FloorCase, str]] = []
        sha256 = ""
        for n, step in enumerate(plan.steps):
            if step == CHILD:
                started.append(await self._start(plan, next(children), n))
                continue
            for child in started:
                await child
            started.clear()
            if step == DECISION:
                used += 1
                await workflow.wait_condition(lambda: self._decisions >= used)  # noqa: B023
                continue
            order = FloorStep(plan.round_id, workflow.info().workflow_id, n, _waits_for(plan.steps, n))
            if step == RENDER:
                order.letter = next(letters)
            order.letter_sha256 = sha256
            queue = SIGNING_QUEUE if step in (SIGN, JUDGE) else MAIN_QUEUE
            answer = await workflow.execute_activity(
                step, order, result_type=str, task_queue=queue, start_to_close_timeout=TIMEOUT
            )
            sha256 = answer if step == RENDER else sha256
        for child in started:
            await child
        await workflow.wait_condition(workflow.all_handlers_finished)
        return sha256

    @workflow.update
    def decide(self, n: int) -> int:
        """A person decides."""
        self._decisions += 1
        return n

    async def _start(
        self, plan: FloorPlan, steps: list[str], n: int
    ) -> workflow.ChildWorkflowHandle[FloorCase, str]:
        child = FloorPlan(plan.round_id, steps)
        return await workflow.start_child_workflow(FloorCase.run, child, id=f"{workflow.info().workflow_id}-{n}")


def _waits_for(steps: list[str], n: int) -> str:
    """What follows the decision after step n; empty where no decision comes next."""
    if steps[n + 1 : n + 2] != [DECISION]:
        return ""
    after = steps[n + 2 : n + 5]
    return SIGN if SIGN in after[: after.index(DECISION) if DECISION in after else None] else RECORD
