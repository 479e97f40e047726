"""`sakpore archive`: what is due in the archive of signed letters, and its renewal at an operator's word."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

from sakpore.declaring import Installation
from sakpore.definitions import CannotDo
from sakpore.running import database_url

if TYPE_CHECKING:
    from store.records.archive import ArchivedLetter
    from workflows.archive_order import ArchiveRefreshReport

MOST_LISTED = 1000


def horizon(day: str | None) -> datetime:
    """Midnight UTC of a day such as 2027-01-31; without one, the margin of the daily run from now. Raises CannotDo."""
    from workflows.archive_order import MARGIN

    if day is None:
        return datetime.now(UTC) + MARGIN
    try:
        return datetime.combine(date.fromisoformat(day), time(), UTC)
    except ValueError:
        raise CannotDo("Give a day as 2027-01-31.") from None


def list_due(day: str | None, data: Path, environment: Mapping[str, str]) -> list[str]:
    """One line a letter whose archive ends before that day, the most urgent first. Raises CannotDo."""
    url = database_url(data, environment)
    if url is None:
        raise CannotDo(f"{data} holds no running installation: start it, or set DATABASE_URL.")
    found = asyncio.run(_due(url, horizon(day)))
    lines = [_line(one) for one in found]
    if len(found) == MOST_LISTED:
        lines.append(f"... and more than these {MOST_LISTED}.")
    return lines or ["Nothing is due before that day."]


def refresh(day: str | None, data: Path, environment: Mapping[str, str]) -> tuple[str, bool]:
    """Renews what is due; what was done, and whether nothing failed. Raises CannotDo."""
    before = horizon(day)
    place = Installation.found(data, environment)
    report = asyncio.run(_refresh(place, before))
    return _sentence(report), not report.counts.failed and not report.counts.stopped


async def _due(url: str, before: datetime) -> list[ArchivedLetter]:
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.ext.asyncio import create_async_engine

    from signing.renewal import ageing_before
    from store.database import CONNECT_SECONDS, Database
    from store.records import Records

    engine = create_async_engine(url, hide_parameters=True, connect_args={"connect_timeout": CONNECT_SECONDS})
    database = Database(engine)
    try:
        return await Records(database).archives_due(before, ageing_before(before), limit=MOST_LISTED)
    except (SQLAlchemyError, OSError) as away:
        # The reason may hold the address with its password.
        raise CannotDo("The database does not answer: is the installation running?") from away
    finally:
        await database.close()


async def _refresh(place: Installation, before: datetime) -> ArchiveRefreshReport:
    from temporalio.client import WorkflowFailureError
    from temporalio.service import RPCError

    from workflows.archive_order import order_archive_refresh
    from workflows.connection import connect

    try:
        client = await connect(place.temporal, place.namespace, place.payload_keys)
        return await (await order_archive_refresh(client, before, datetime.now(UTC))).result()
    except WorkflowFailureError as failed:
        raise CannotDo("The run failed; see it in the engine's pages.") from failed
    except (RPCError, RuntimeError) as away:
        raise CannotDo("The engine does not answer; is the office running?") from away


def _line(one: ArchivedLetter) -> str:
    until = one.until.date().isoformat() if one.until else "not measured"
    trouble = f"  failed {one.failures} times: {one.code}" if one.failures else ""
    return f"{until:12} {one.number} {one.purpose} version {one.n} {one.letter_sha256[:12]}{trouble}"


def _sentence(report: ArchiveRefreshReport) -> str:
    counts = report.counts
    told = [
        f"Due before {report.before.date()}: {counts.seen} seen, {counts.renewed} renewed,"
        f" {counts.lasting} last longer,"
        f" {counts.waiting} wait for a longer certificate of the timestamp authority,"
        f" {sum(counts.failed.values())} failed."
    ]
    told += [f"  {code}: {count}" for code, count in sorted(counts.failed.items())]
    if counts.stopped:
        told.append(f"The run ended early ({counts.stopped}); it goes on tomorrow.")
    if report.urgent:
        told.append(f"{report.urgent} letters end within thirty days.")
    return "\n".join(told)
