"""Every place to which a running office writes, read raw and opened, so that a secret can be sought in all of them."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import boto3
import psutil  # type: ignore[import-untyped]
from sqlalchemy import text
from temporalio.client import Client

from sakpore.stack.supervisor import Stack
from store.database import Database
from tests.workflows.payloads import raw_payloads
from workflows.connection import connect

Found = tuple[str, str]
"""Where a secret lies, and in which form."""


def forms(secret: str) -> dict[str, bytes]:
    """A secret as it may lie somewhere: in clear, as hex, as base64 at each of its three places, as UTF-16."""
    plain = secret.encode()
    shapes = {"clear": plain, "hex": plain.hex().encode(), "utf-16": secret.encode("utf-16-le")}
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + plain)
        # The first and the last characters depend on what stands beside it.
        shapes[f"base64+{shift}"] = encoded[4 if shift else 0 : -4]
    return shapes


class Sinks:
    """The places of one office. `searched` counts the bytes, so that a search of nothing is noticed."""

    def __init__(self, stack: Stack, database: Database) -> None:
        self._stack = stack
        self._database = database
        self.searched: dict[str, int] = {}

    async def find(self, secrets: list[str]) -> list[Found]:
        """Every place in which one of the secrets lies."""
        async with self._database.engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            await connection.execute(text("checkpoint"))
        shapes = [(name, shape) for secret in secrets for name, shape in forms(secret).items()]
        found: list[Found] = []
        async for place, content in self._everything():
            kind = place.partition(":")[0]
            self.searched[kind] = self.searched.get(kind, 0) + len(content)
            found += [(place, name) for name, shape in shapes if shape in content]
        return found

    async def _everything(self) -> AsyncIterator[tuple[str, bytes]]:
        async for sink in self._tables():
            yield sink
        async for sink in self._histories():
            yield sink
        for sink in (*self._files(), *self._objects(), *self._processes()):
            yield sink

    def _files(self) -> Iterator[tuple[str, bytes]]:
        """All of the installation: tables and write-ahead log of PostgreSQL, the engine's database, logs, mail, S3."""
        root = self._stack.data_dir
        for path in root.rglob("*"):
            if path.is_file() and not path.is_symlink():
                place = path.relative_to(root)
                try:
                    yield f"{place.parts[0]}: {place}", path.read_bytes()
                except FileNotFoundError:  # a server has done away with it meanwhile
                    continue

    async def _tables(self) -> AsyncIterator[tuple[str, bytes]]:
        """Every row as text: what PostgreSQL has compressed is in clear here."""
        async with self._database.engine.connect() as connection:
            names = (
                await connection.execute(text("select tablename from pg_tables where schemaname = 'public'"))
            ).all()
            for (name,) in names:
                rows = await connection.execute(text(f'select t::text, to_jsonb(t)::text from "{name}" t'))
                yield f"table: {name}", "\n".join(str(cell) for row in rows for cell in row).encode()

    async def _histories(self) -> AsyncIterator[tuple[str, bytes]]:
        """Every history, as it is kept and opened by the codec."""
        values = self._stack.environment()
        client: Client = await connect(values["TEMPORAL_ADDRESS"], values["TEMPORAL_NAMESPACE"], values["PAYLOAD_KEYS"])
        codec = client.data_converter.payload_codec
        assert codec is not None
        async for execution in client.list_workflows(""):
            handle = client.get_workflow_handle(execution.id, run_id=execution.run_id)
            history = (await handle.fetch_history()).to_json_dict()
            opened = await codec.decode(raw_payloads(history))
            content = [str(history).encode(), *(payload.data for payload in opened)]
            yield f"history: {execution.id}", b"\n".join(content)

    def _objects(self) -> Iterator[tuple[str, bytes]]:
        values = self._stack.environment()
        client = boto3.client(
            "s3",
            endpoint_url=values["S3_ENDPOINT_URL"],
            aws_access_key_id=values["S3_ACCESS_KEY_ID"],
            aws_secret_access_key=values["S3_SECRET_ACCESS_KEY"],
            region_name="us-east-1",
        )
        for bucket in (one["Name"] for one in client.list_buckets()["Buckets"]):
            for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
                for one in page.get("Contents", ()):
                    yield (
                        f"object: {bucket}/{one['Key']}",
                        client.get_object(Bucket=bucket, Key=one["Key"])["Body"].read(),
                    )

    def _processes(self) -> Iterator[tuple[str, bytes]]:
        """Command line and variables of every process of the office."""
        for part in self._stack.part_names:
            pid = self._stack.pid(part)
            assert pid is not None
            for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
                folder = Path("/proc") / str(process.pid)
                for name in ("cmdline", "environ"):
                    try:
                        yield f"process: {part}/{name}", (folder / name).read_bytes()
                    except (PermissionError, FileNotFoundError):  # kept private, or gone
                        continue


def core_files(*folders: Path) -> list[Path]:
    """What a process that died has left of its memory."""
    return [path for folder in folders for path in folder.glob("core*") if path.is_file() and _is_core(path)]


def _is_core(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(18)
    return head[:4] == b"\x7fELF" and head[16:18] in (b"\x04\0", b"\0\x04")
