"""A new calendar for everything that runs: one command, an update to every open case and to every agency's child.

The update's id names the edition of the calendar, so a command that is repeated, or that died half-way, changes
nothing twice. Cases that close meanwhile need no calendar.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from temporalio.client import Client, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError, RPCStatusCode

from permits.calendar import WorkingCalendar
from workflows.messages import CalendarReplaced, replan_update_id

log = logging.getLogger(__name__)

AT_ONCE = 16
SECONDS = timedelta(seconds=20)


@dataclass
class Replanned:
    """What became of a re-plan; ids of workflows."""

    done: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)  # closed meanwhile
    failed: list[str] = field(default_factory=list)  # to be tried again; the command may be repeated


async def replan_all(client: Client, cases: Mapping[str, Sequence[str]], calendar: WorkingCalendar) -> Replanned:
    """Hands the calendar to each of these cases, after the children of its open requests.

    Args:
        client: of the engine.
        cases: ids of the children by the id of their case; a case is done only when all its children are, so that a
            repeated command finds what is left by the case alone.
        calendar: the new one.
    """
    result, gate = Replanned(), asyncio.Semaphore(AT_ONCE)
    await asyncio.gather(*(_replan_case(client, case, cases[case], calendar, result, gate) for case in cases))
    return result


async def _replan_case(
    client: Client,
    case: str,
    children: Sequence[str],
    calendar: WorkingCalendar,
    result: Replanned,
    gate: asyncio.Semaphore,
) -> None:
    for child in children:
        await _replan(client, child, calendar, result, gate)
    if set(children) & set(result.failed):
        result.failed.append(case)
        return
    await _replan(client, case, calendar, result, gate)


async def _replan(
    client: Client, workflow_id: str, calendar: WorkingCalendar, result: Replanned, gate: asyncio.Semaphore
) -> None:
    async with gate:
        try:
            await client.get_workflow_handle(workflow_id).execute_update(
                "replan",
                CalendarReplaced(calendar=calendar),
                id=replan_update_id(workflow_id, calendar.version),
                rpc_timeout=SECONDS,
            )
            result.done.append(workflow_id)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                result.gone.append(workflow_id)
            else:
                result.failed.append(workflow_id)
        except (WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError, TimeoutError) as failed:
            facts = {"workflow": workflow_id, "error": type(failed).__name__}
            log.warning("A case could not be planned anew.", extra=facts)
            result.failed.append(workflow_id)
