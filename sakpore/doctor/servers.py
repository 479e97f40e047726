"""Servers: whether each answers, as which version, and whether it is set up as the office needs it."""

from __future__ import annotations

import asyncio
import hashlib
import os
import ssl
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sakpore.doctor.findings import Finding, Patient, fault, ok, unknown, warning
from sakpore.stack.errors import StackError
from sakpore.stack.outside import CHECKS

ANSWER_SECONDS = 6.0
ATTEMPTS = 3
"""A busy machine is not a sick one."""
LEAST_RETENTION = timedelta(days=30)
QUEUES = ("main", "signing")


async def database(patient: Patient) -> Finding:
    """PostgreSQL, and whether its schema is the newest."""
    import psycopg
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    from store.migrate import MIGRATIONS

    if refused := await _first_word("database", "DATABASE_URL", patient.values):
        return refused

    def ask() -> tuple[str, str | None]:
        url = patient.values["DATABASE_URL"].replace("postgresql+psycopg://", "postgresql://", 1)
        with psycopg.connect(url, connect_timeout=int(ANSWER_SECONDS)) as connection:
            found = connection.execute("show server_version").fetchone()
            version = str(found[0]).split()[0] if found else "?"
            table = connection.execute("select to_regclass('public.alembic_version')").fetchone()
            if table is None or table[0] is None:
                return version, None
            row = connection.execute("select version_num from alembic_version").fetchone()
            return version, str(row[0]) if row else None

    try:
        version, revision = await asyncio.to_thread(ask)
    except psycopg.Error as failed:
        return fault("database", f"The database refuses a question ({type(failed).__name__}).")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    newest = ScriptDirectory.from_config(config).get_current_head()
    if revision != newest:
        return fault(
            "database", f"PostgreSQL {version} answers, its schema is {revision or 'empty'} and not {newest}: migrate."
        )
    return ok("database", f"PostgreSQL {version} answers; its schema is the newest ({newest}).")


async def engine(patient: Patient) -> list[Finding]:
    """Temporal: its version, how long it keeps closed cases, and who takes work from each queue."""
    from temporalio.api.enums.v1 import TaskQueueType
    from temporalio.api.taskqueue.v1 import TaskQueue
    from temporalio.api.workflowservice.v1 import (
        DescribeNamespaceRequest,
        DescribeTaskQueueRequest,
        GetSystemInfoRequest,
    )
    from temporalio.client import Client
    from temporalio.service import RPCError

    if refused := await _first_word("engine", "TEMPORAL_ADDRESS", patient.values):
        return [refused]
    namespace = patient.values.get("TEMPORAL_NAMESPACE", "default")
    limit = timedelta(seconds=ANSWER_SECONDS)
    found: list[Finding] = []
    try:
        client = await Client.connect(patient.values["TEMPORAL_ADDRESS"], namespace=namespace)
        service = client.workflow_service
        info = await service.get_system_info(GetSystemInfoRequest(), timeout=limit)
        about = await service.describe_namespace(DescribeNamespaceRequest(namespace=namespace), timeout=limit)
        kept = about.config.workflow_execution_retention_ttl.ToTimedelta()
        said = f"Temporal {info.server_version} answers; closed cases are kept for {kept.days} days in `{namespace}`"
        short = kept < LEAST_RETENTION
        found.append(warning("engine", f"{said}: fewer than 30.") if short else ok("engine", f"{said}."))
        for queue in QUEUES:
            asked = DescribeTaskQueueRequest(
                namespace=namespace,
                task_queue=TaskQueue(name=queue),
                task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
            )
            pollers = [one.identity for one in (await service.describe_task_queue(asked, timeout=limit)).pollers]
            found.append(_of_queue(queue, pollers))
    except (RPCError, RuntimeError) as failed:
        found.append(fault("engine", f"Temporal refuses a question ({str(failed)[:120]})."))
    return found


def _of_queue(queue: str, pollers: list[str]) -> Finding:
    if not pollers:
        return fault(f"queue {queue}", f"Nobody takes work from the queue `{queue}`: start its worker.")
    return ok(f"queue {queue}", f"{len(pollers)} worker(s) take work from the queue `{queue}`: {', '.join(pollers)}.")


async def objects(patient: Patient) -> list[Finding]:
    """S3: whether both buckets are there, and whether the archive keeps versions."""
    if refused := await _first_word("objects", "S3_ENDPOINT_URL", {"S3_BUCKET": "sakpore", **patient.values}):
        return [refused]
    return await asyncio.to_thread(_buckets, patient.values)


def _buckets(values: Mapping[str, str]) -> list[Finding]:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    client: Any = boto3.client(
        "s3",
        endpoint_url=values["S3_ENDPOINT_URL"],
        aws_access_key_id=values["S3_ACCESS_KEY_ID"],
        aws_secret_access_key=values["S3_SECRET_ACCESS_KEY"],
        region_name=values.get("S3_REGION") or "us-east-1",
        config=Config(connect_timeout=ANSWER_SECONDS, read_timeout=ANSWER_SECONDS, s3={"addressing_style": "path"}),
    )
    bucket = values.get("S3_BUCKET", "sakpore")
    found: list[Finding] = []
    for name, is_archive in ((bucket, False), (f"{bucket}-arsip", True)):
        try:
            client.head_bucket(Bucket=name)
            keeps = client.get_bucket_versioning(Bucket=name).get("Status") == "Enabled"
        except (ClientError, BotoCoreError) as failed:
            found.append(fault("objects", f"The bucket `{name}` cannot be used ({type(failed).__name__})."))
            continue
        if is_archive and not keeps:
            found.append(fault("objects", f"The bucket `{name}` holds signed letters and keeps no versions."))
        else:
            found.append(ok("objects", f"The bucket `{name}` answers{' and keeps versions' if keeps else ''}."))
    return found


async def timestamps(patient: Patient) -> Finding:
    """The timestamp authority gives a token."""
    from signing.timestamps import TsaClient

    if not patient.values.get("SIGNING_TSA_URL"):
        return unknown("timestamps", "SIGNING_TSA_URL is not known here; only the signing worker needs it.")
    if refused := await _first_word("timestamps", "SIGNING_TSA_URL", patient.values):
        return refused
    client = TsaClient(patient.values["SIGNING_TSA_URL"], ANSWER_SECONDS)
    try:
        digest = hashlib.sha256(os.urandom(32)).digest()
        await asyncio.wait_for(client.async_timestamp(digest, "sha256"), ANSWER_SECONDS + 1)
    except Exception as failed:  # whatever it answers that is no token
        return fault("timestamps", f"The timestamp authority gives no token ({type(failed).__name__}).")
    return ok("timestamps", "The timestamp authority gives tokens.")


async def api(patient: Patient) -> Finding:
    """The API at its own address, where it is known."""
    import httpx

    address = patient.record.addresses.get("api") if patient.record else patient.values.get("PUBLIC_BASE_URL")
    if not address:
        return unknown("api", "The address of the API is not known here.")
    try:
        own = patient.record.addresses.get("authority") if patient.record else None
        trusted = ssl.create_default_context(cafile=own or None)
        async with httpx.AsyncClient(timeout=ANSWER_SECONDS, verify=trusted) as client:
            status = (await client.get(f"{address}/api/health")).status_code
    except (httpx.HTTPError, OSError) as failed:
        return fault("api", f"{address} does not answer ({type(failed).__name__}).")
    if status != 200:
        return fault("api", f"{address} answers and says that it is not well (status {status}).")
    return ok("api", f"{address} answers and says that it is well.")


async def _first_word(check: str, variable: str, values: Mapping[str, str]) -> Finding | None:
    """Why a server cannot be talked to at all; None where it can."""
    if not values.get(variable):
        return fault(check, f"{variable} is not set, and nothing runs here that would say it.")
    said = ""
    for _ in range(ATTEMPTS):
        try:
            await CHECKS[variable](values)
        except StackError as refused:
            said = str(refused)
        except KeyError as missing:
            return fault(check, f"{missing.args[0]} is not set.")
        else:
            return None
    return fault(check, said)
