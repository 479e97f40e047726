"""`sakpore agenda audit`: the register of letter numbers of a running installation against the rule without gaps."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import typer
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

from sakpore.running import database_url
from store.database import CONNECT_SECONDS, Database
from store.queries.agenda import SeriesAudit, audit_series

GAPLESS, BROKEN, UNREADABLE = 0, 1, 2
"""Exit codes."""


def audit_agenda(
    data: Path, series: str | None = None, year: int | None = None, environment: Mapping[str, str] | None = None
) -> int:
    """Prints one line a series and year, and below it what is wrong there.

    Args:
        data: folder of the installation, for the address of its database; DATABASE_URL comes before it.
        series: this series alone.
        year: this year alone.
        environment: instead of the process's own.

    Returns 0 when every number that was taken has its letter, once; 1 when one is missing or stands twice; 2 when the
    register cannot be read. Letters under way are named, and are no fault.
    """
    url = database_url(data, os.environ if environment is None else environment)
    if url is None:
        typer.echo(f"{data} holds no running installation: start it, or set DATABASE_URL.", err=True)
        return UNREADABLE
    try:
        audits = asyncio.run(_read(url, series, year))
    except (SQLAlchemyError, OSError):
        # The reason may hold the address with its password.
        typer.echo("The database does not answer: is the installation running?", err=True)
        return UNREADABLE
    for one in audits:
        typer.echo("\n".join(lines(one)))
    if not audits:
        typer.echo("The register holds no number there.")
    return BROKEN if any(one.audit.missing or one.audit.repeated for one in audits) else GAPLESS


def lines(found: SeriesAudit) -> list[str]:
    """What is said of a series and year."""
    audit = found.audit
    whole = not (audit.missing or audit.repeated)
    verdict = "gapless" if audit.is_gapless else "no gap, letters under way" if whole else "BROKEN"
    told = [f"{found.series} {found.year}: {found.last} taken, {verdict}"]
    for name, numbers in (("missing", audit.missing), ("repeated", audit.repeated), ("under way", audit.under_way)):
        if numbers:
            told.append(f"  {name}: {_ranges(numbers)}")
    return told


def _ranges(numbers: Sequence[int]) -> str:
    """"1-3, 7"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    return ", ".join("-".join(str(end) for end in run) for run in runs)


async def _read(url: str, series: str | None, year: int | None) -> list[SeriesAudit]:
    database = Database(create_async_engine(url, connect_args={"connect_timeout": CONNECT_SECONDS}))
    try:
        async with database.transaction() as session:
            return await audit_series(session, series, year)
    finally:
        await database.close()
