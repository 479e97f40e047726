"""`sakpore agenda audit` says of a real register what is missing, repeated or under way; its exit code says how bad."""

import asyncio
import json
import os
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from permits.events import Tag
from permits.numbering import AgendaAudit
from sakpore.agenda import BROKEN, GAPLESS, UNREADABLE, lines
from sakpore.cli import app
from sakpore.stack.processes import boot_id
from store.queries.agenda import SeriesAudit
from store.records import Records
from store.settings import StoreSettings
from tests.store.builders import a_case, an_event, an_opening


async def command(*arguments: str, **environment: str) -> tuple[int, str]:
    """The command runs a loop of its own, so it gets a thread of its own."""
    result = await asyncio.to_thread(CliRunner().invoke, app, ["agenda", "audit", *arguments], env=environment)
    return result.exit_code, result.output


async def audit(settings: StoreSettings, *arguments: str) -> tuple[int, str]:
    return await command(*arguments, DATABASE_URL=settings.database_url.get_secret_value())


@pytest.fixture
async def register(records: Records) -> Records:
    """Two letters of one series, one issued and one under way, and one of another."""
    number, other = await a_case(records), await a_case(records, "pemohon-2")
    await records.open_letter(an_opening(number))
    await records.issue_letter(number, "permit", an_event("issued", Tag.PERMIT_ISSUED))
    await records.open_letter(an_opening(other))
    skrd = an_opening(number, "skrd", series="SKRD", event=an_event("n:skrd", Tag.LETTER_NUMBERED))
    await records.open_letter(skrd)
    await records.issue_letter(number, "skrd", an_event("i:skrd", Tag.LETTER_ISSUED))
    return records


async def test_letters_under_way_are_named_and_no_fault(register: Records, settings: StoreSettings) -> None:
    code, said = await audit(settings)
    assert code == GAPLESS
    assert said.splitlines() == [
        "SIP-FT 2026: 2 taken, no gap, letters under way",
        "  under way: 2",
        "SKRD 2026: 1 taken, gapless",
    ]
    assert await audit(settings, "--series", "SKRD", "--year", "2026") == (GAPLESS, "SKRD 2026: 1 taken, gapless\n")
    assert await audit(settings, "--year", "2031") == (GAPLESS, "The register holds no number there.\n")


async def test_a_missing_number_is_named_also_the_last_one(register: Records, settings: StoreSettings) -> None:
    url = settings.database_url.get_secret_value().replace("+psycopg", "")
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE agenda SET last = 5 WHERE series = 'SIP-FT'")
        connection.execute("UPDATE letters SET sequence = 2 WHERE series = 'SKRD'")
    code, said = await audit(settings)
    assert code == BROKEN
    assert said.splitlines() == [
        "SIP-FT 2026: 5 taken, BROKEN",
        "  missing: 3-5",
        "  under way: 2",
        "SKRD 2026: 1 taken, BROKEN",
        "  missing: 1",
    ]


def test_ranges_and_repeated_numbers_are_said_shortly() -> None:
    found = AgendaAudit(missing=(1, 2, 3, 7), repeated=(9,), under_way=())
    assert lines(SeriesAudit(series="REK", year=2026, last=9, audit=found)) == [
        "REK 2026: 9 taken, BROKEN",
        "  missing: 1-3, 7",
        "  repeated: 9",
    ]


async def test_a_database_that_does_not_answer_is_one_sentence_without_its_password() -> None:
    url = "postgresql+psycopg://sakpore:rahasia@127.0.0.1:1/sakpore"
    code, said = await command(DATABASE_URL=url)
    assert (code, said.count("\n"), "rahasia" in said) == (UNREADABLE, 1, False)


async def test_a_running_installation_is_found_by_its_folder(
    register: Records, settings: StoreSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert (await command("--data", str(tmp_path)))[0] == UNREADABLE
    record = {"supervisor_pid": os.getpid(), "started_at": "2026-01-01T00:00:00+00:00", "boot_id": boot_id()}
    addresses = {"database_url": settings.database_url.get_secret_value()}
    (tmp_path / "run.json").write_text(json.dumps({**record, "addresses": addresses, "ports": {}, "parts": []}))
    found = await command("--data", str(tmp_path), "--series", "SKRD")
    assert found == (GAPLESS, "SKRD 2026: 1 taken, gapless\n")
