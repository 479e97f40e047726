"""A canary over everything this session's office has written: no passphrase and no NIK in clear, anywhere."""

from __future__ import annotations

import asyncio
import base64

import pytest
from sqlalchemy import text

from permits.decisions import SignatureOrdered
from sakpore.people import APPLICANTS, PASSPHRASE
from tests.workflows.builders import every_stage, to_repair
from tests.workflows.case_file import CaseFile
from tests.workflows.office import Office
from tests.workflows.payloads import decoded_payloads, raw_payloads
from workflows.messages import recommendation_workflow_id

pytestmark = pytest.mark.asyncio(loop_scope="session")

WRONG_PASSPHRASE = "frasa-sandi-yang-keliru-4412"
NAME = APPLICANTS[0].name
SECRETS = (PASSPHRASE, WRONG_PASSPHRASE, *(person.nik or "" for person in APPLICANTS))


async def test_no_passphrase_and_no_nik_in_histories_logs_or_database(office: Office) -> None:
    case = await office.begin(every_stage())
    await case.decide(await case.task("verification"), to_repair("ktp"))
    task = await case.go_on("signing")
    wrong = await office.consent(task.subject_sha256, passphrase=WRONG_PASSPHRASE)
    await case.decide(task, SignatureOrdered(activation_id=wrong))
    waiting = await case.task("signing")
    pending = await office.consent(waiting.subject_sha256)

    everything = {
        "histories": await _histories(office, case),
        "database": await _database(office),
        "logs": _logs(office),
    }

    for place, content in everything.items():
        found = [form for secret in SECRETS for form in _forms(secret) if form in content]
        assert not found, place
    # The canary itself can find things: each place holds what belongs there.
    assert task.subject_sha256.encode() in everything["histories"]
    assert pending.encode() in everything["database"]
    assert b"The worker is ready." in everything["logs"]
    await case.decide(waiting, SignatureOrdered(activation_id=pending))
    assert (await case.closed()).status == "issued"


async def test_what_an_activity_fails_with_stands_in_no_history_in_clear(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await office.begin()
    drafting = await case.go_on("drafting")
    failing = asyncio.Event()

    async def fails_with_personal_data(account_id: str) -> None:
        failing.set()
        raise ValueError(f"tidak dapat membaca {NAME}")

    with monkeypatch.context() as broken:
        broken.setattr(office.records, "account", fails_with_personal_data)
        await case.decide(drafting)
        await asyncio.wait_for(failing.wait(), 10)
    await case.task("signing")

    events = await case.raw_history()
    opened = b"".join(payload.data for payload in await decoded_payloads(office, events))
    assert NAME not in str(events)
    assert NAME.encode() in opened, "with the codec, operators can read what went wrong"


def _forms(secret: str) -> tuple[bytes, ...]:
    plain = secret.encode()
    return (plain, plain.hex().encode(), base64.b64encode(plain).rstrip(b"="))


async def _histories(office: Office, case: CaseFile) -> bytes:
    """As they are, and decoded."""
    ids = [case.number, *(recommendation_workflow_id(case.number, opd, 1) for opd in ("bappeda", "dpupr"))]
    events = [await case.raw_history(workflow_id) for workflow_id in ids]
    payloads = [*raw_payloads(events), *await decoded_payloads(office, events)]
    return str(events).encode() + b"".join(payload.data for payload in payloads)


async def _database(office: Office) -> bytes:
    """Every row of every table, as text."""
    async with office.db.engine.connect() as connection:
        query = "select table_name from information_schema.tables where table_schema = 'public'"
        tables = [name for (name,) in await connection.execute(text(query))]
        rows = [
            str(row)
            for table in tables
            for (row,) in await connection.execute(text(f'select "{table}"::text from "{table}"'))
        ]
    assert len(tables) > 10
    return "\n".join(rows).encode()


def _logs(office: Office) -> bytes:
    files = [office.folder / "engine.log", *(office.folder / "log").iterdir()]
    return b"\n".join(file.read_bytes() for file in files)
