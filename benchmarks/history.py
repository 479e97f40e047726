"""What really happened in a finished case, read from its history: the counts, the floor's plan, the waits.

Nothing here is assumed about our workflow. The floor plays the sequence that is found here, and its own history is
counted in the same way.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client

RENDERING = "render_letter"
SIGNING = "sign_letter"


@dataclass(frozen=True)
class Counts:
    """How many of each in one workflow."""

    activities: int
    activities_signing_queue: int
    updates: int
    children: int

    def plus(self, other: Counts) -> Counts:
        """Both together."""
        return Counts(*(mine + its for mine, its in zip(astuple(self), astuple(other), strict=True)))


def astuple(counts: Counts) -> tuple[int, ...]:
    """The numbers alone, in order."""
    return tuple(asdict(counts).values())


@dataclass(frozen=True)
class Wait:
    """One activity of a case; milliseconds."""

    name: str
    queued: float  # from scheduled to started
    worked: float  # from started to completed, as the server saw it


@dataclass(frozen=True)
class Past:
    """One workflow's history, and those of its children in the order they were started."""

    counts: Counts  # of this workflow alone
    steps: tuple[str, ...]  # in the order of the history: activity names, `decision`, `child`
    waits: tuple[Wait, ...]
    events: int
    workflow_tasks: int
    timers: int
    children: tuple[Past, ...]

    @property
    def all_counts(self) -> Counts:
        """With the children's."""
        total = self.counts
        for child in self.children:
            total = total.plus(child.all_counts)
        return total

    @property
    def all_waits(self) -> tuple[Wait, ...]:
        """With the children's."""
        return self.waits + tuple(wait for child in self.children for wait in child.all_waits)

    @property
    def all_events(self) -> int:
        """With the children's."""
        return self.events + sum(child.all_events for child in self.children)

    @property
    def all_workflow_tasks(self) -> int:
        """With the children's."""
        return self.workflow_tasks + sum(child.all_workflow_tasks for child in self.children)

    @property
    def all_timers(self) -> int:
        """With the children's."""
        return self.timers + sum(child.all_timers for child in self.children)


async def past_of(client: Client, workflow_id: str, main_queue: str) -> Past:
    """Reads a finished workflow and its children from the server.

    Args:
        main_queue: an activity on another queue counts as one of the signing queue.
    """
    history = await client.get_workflow_handle(workflow_id).fetch_history()
    steps: list[str] = []
    child_ids: list[str] = []
    seen: Counter[int] = Counter()
    elsewhere = 0
    for event in history.events:
        seen[event.event_type] += 1
        match event.event_type:
            case EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
                scheduled = event.activity_task_scheduled_event_attributes
                elsewhere += scheduled.task_queue.name != main_queue
                steps.append(scheduled.activity_type.name)
            case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
                steps.append("decision")
            case EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED:
                child_ids.append(event.start_child_workflow_execution_initiated_event_attributes.workflow_id)
                steps.append("child")
    if not seen[EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED]:
        raise RuntimeError(f"{workflow_id} did not complete")
    if seen[EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED] or seen[EventType.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT]:
        raise RuntimeError(f"an activity of {workflow_id} failed: this is no clean run")
    counts = Counts(
        activities=seen[EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED],
        activities_signing_queue=elsewhere,
        updates=seen[EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED],
        children=seen[EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED],
    )
    return Past(
        counts=counts,
        steps=tuple(steps),
        waits=tuple(_waits(history.events)),
        events=len(history.events),
        workflow_tasks=seen[EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED],
        timers=seen[EventType.EVENT_TYPE_TIMER_STARTED],
        children=tuple([await past_of(client, child, main_queue) for child in child_ids]),
    )


def _waits(events: Iterable[HistoryEvent]) -> Iterable[Wait]:
    scheduled: dict[int, HistoryEvent] = {}
    started: dict[int, HistoryEvent] = {}
    for event in events:
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            scheduled[event.event_id] = event
        elif event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED:
            started[event.activity_task_started_event_attributes.scheduled_event_id] = event
        elif event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
            which = event.activity_task_completed_event_attributes.scheduled_event_id
            order, start = scheduled[which], started[which]
            name = order.activity_task_scheduled_event_attributes.activity_type.name
            yield Wait(name, _milliseconds(order, start), _milliseconds(start, event))


def _milliseconds(earlier: HistoryEvent, later: HistoryEvent) -> float:
    return (later.event_time.ToNanoseconds() - earlier.event_time.ToNanoseconds()) / 1e6


def time_by_activity(pasts: Iterable[Past]) -> dict[str, tuple[float, float, float]]:
    """For each activity name: how many a case, milliseconds queued a case, milliseconds at work a case."""
    total: dict[str, list[float]] = defaultdict(lambda: [0, 0.0, 0.0])
    cases = 0
    for past in pasts:
        cases += 1
        for wait in past.all_waits:
            line = total[wait.name]
            line[0] += 1
            line[1] += wait.queued
            line[2] += wait.worked
    return {name: (n / cases, queued / cases, worked / cases) for name, (n, queued, worked) in total.items()}
