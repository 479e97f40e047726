"""The floor's worker processes: typst, pyHanko with a held key, one INSERT an activity, one PUT a letter.

`python -m benchmarks.floor_worker --queue floor-main|floor-signing`. The letters are those of a real case, in their
printed form; only the number changes, so that the typesetter's cache sees another letter each time.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import logging
import os
import signal
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import boto3
import typst
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

from activities.letters import LETTERS_DIR, NOON, WESTERN_INDONESIA_TIME
from benchmarks.floor_signature import HeldSigner
from benchmarks.floor_workflow import MAIN_QUEUE, SIGNING_QUEUE, FloorCase, FloorStep
from store.logs import log_as_json
from store.process import search_garbage_seldom

INSERT = "INSERT INTO floor_steps (round_id, workflow_id, n, waits_for, at) VALUES (%s, %s, %s, %s, now())"
CREATE = """
CREATE TABLE IF NOT EXISTS floor_steps (
    round_id text NOT NULL, workflow_id text NOT NULL, n integer NOT NULL, waits_for text NOT NULL,
    at timestamptz NOT NULL, PRIMARY KEY (workflow_id, n));
CREATE INDEX IF NOT EXISTS floor_steps_round ON floor_steps (round_id);
"""


def plain_url(database_url: str) -> str:
    """The database's address without SQLAlchemy's driver name."""
    return database_url.replace("postgresql+psycopg://", "postgresql://", 1)


class Objects:
    """One bucket."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._bucket = environment["S3_BUCKET"]
        self._client: Any = boto3.client(
            "s3",
            endpoint_url=environment["S3_ENDPOINT_URL"],
            aws_access_key_id=environment["S3_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["S3_SECRET_ACCESS_KEY"],
            region_name="us-east-1",
        )

    async def put(self, content: bytes) -> str:
        """Puts an object by its sha256."""
        sha256 = hashlib.sha256(content).hexdigest()
        await asyncio.to_thread(self._client.put_object, Bucket=self._bucket, Key=f"floor/{sha256}", Body=content)
        return sha256

    async def get(self, sha256: str) -> bytes:
        """Reads it back."""
        answer = await asyncio.to_thread(self._client.get_object, Bucket=self._bucket, Key=f"floor/{sha256}")
        content: bytes = await asyncio.to_thread(answer["Body"].read)
        return content


class Record:
    """One INSERT."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]]) -> None:
        self._pool = pool

    async def write(self, step: FloorStep) -> None:
        """One row, committed."""
        async with self._pool.connection() as connection:
            await connection.execute(INSERT, (step.round_id, step.workflow_id, step.n, step.waits_for))


class FloorDesk:
    """Activities of the floor's main queue."""

    def __init__(self, record: Record, objects: Objects, letters: Path) -> None:
        self._record = record
        self._objects = objects
        self._letters = letters
        self._forms: dict[str, dict[str, Any]] = {}
        self._fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)

    @activity.defn(name="record")
    async def record(self, step: FloorStep) -> str:
        """A step of the case."""
        await self._record.write(step)
        return ""

    @activity.defn(name="render")
    async def render(self, step: FloorStep) -> str:
        """A letter, typeset and put."""
        if step.letter not in self._forms:
            self._forms[step.letter] = json.loads((self._letters / f"{step.letter}.json").read_text())
        form = {**self._forms[step.letter], "number": f"{step.workflow_id}/{step.n}"}
        sha256 = await self._objects.put(await asyncio.to_thread(self._typeset, form))
        await self._record.write(step)
        return sha256

    def _typeset(self, form: dict[str, Any]) -> bytes:
        compiler = typst.Compiler(
            input=LETTERS_DIR / f"{form['template']}.typ",
            root=LETTERS_DIR,
            font_paths=self._fonts,
            ignore_system_fonts=True,
            sys_inputs={"letter": json.dumps(form, ensure_ascii=False)},
        )
        day = datetime.combine(date.fromisoformat(form["date"]), NOON, WESTERN_INDONESIA_TIME)
        pdf = compiler.compile(format="pdf", pdf_standards="a-2b", pdf_tags=True, timestamp=day)
        assert isinstance(pdf, bytes)
        return pdf


class FloorSigner:
    """Activities of the floor's signing queue: the key is opened once, the validation context is held."""

    def __init__(self, record: Record, objects: Objects, environment: dict[str, str]) -> None:
        self._record = record
        self._objects = objects
        self._signer = HeldSigner(environment)

    @activity.defn(name="sign")
    async def sign(self, step: FloorStep) -> str:
        """PAdES B-LTA, certified."""
        letter = await self._objects.get(step.letter_sha256)
        sha256 = await self._objects.put(await self._signer.sign(letter))
        await self._record.write(step)
        return sha256

    @activity.defn(name="judge")
    async def judge(self, step: FloorStep) -> str:
        """Nothing but its row."""
        await self._record.write(step)
        return ""


async def run(queue: str, environment: dict[str, str]) -> None:
    """Works until told to stop."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    client = await Client.connect(environment["TEMPORAL_ADDRESS"])
    url = plain_url(environment["DATABASE_URL"])
    pool: AsyncConnectionPool[AsyncConnection[Any]]
    async with AsyncConnectionPool(url, min_size=4, max_size=10) as pool:
        record, objects = Record(pool), Objects(environment)
        activities: Sequence[Callable[..., Any]]
        if queue == SIGNING_QUEUE:
            signer = FloorSigner(record, objects, environment)
            activities = [signer.sign, signer.judge]
        else:
            desk = FloorDesk(record, objects, Path(environment["BENCH_LETTERS_DIR"]))
            activities = [desk.record, desk.render]
        worker = Worker(
            client,
            task_queue=queue,
            workflows=[] if queue == SIGNING_QUEUE else [FloorCase],
            activities=activities,
            max_cached_workflows=600,
            max_concurrent_activities=4 if queue == SIGNING_QUEUE else None,
        )
        async with worker:
            logging.getLogger(__name__).info("The worker is ready.")
            await stop.wait()


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="floor_worker")
    parser.add_argument("--queue", choices=(MAIN_QUEUE, SIGNING_QUEUE), required=True)
    log_as_json()
    search_garbage_seldom()
    asyncio.run(run(parser.parse_args().queue, dict(os.environ)))


if __name__ == "__main__":
    main()
