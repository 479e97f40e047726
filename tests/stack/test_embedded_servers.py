"""The real servers: killed they come back, what they were told survives, and two stacks live side by side."""

import asyncio
import os
import subprocess
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pytest
from botocore.config import Config
from temporalio.client import Client, WorkflowExecutionDescription
from temporalio.service import RPCError

from sakpore.stack import Stack
from sakpore.stack.background import BackgroundStack
from sakpore.stack.engine import RETENTION_DAYS, SEARCH_ATTRIBUTES
from sakpore.stack.postgres import SOCKET_FILE, find_cluster
from tests.stack_fixture import data_folder, system_environment

SERVERS = ("postgres", "temporal", "s3", "mail")
PATIENCE_SECONDS = 120.0


def servers(folder: Path, only: tuple[str, ...] = SERVERS) -> BackgroundStack:
    return BackgroundStack(Stack(folder, ports={"api": 0}, only=only, environment=system_environment()))


@pytest.fixture(scope="module")
def running(request: pytest.FixtureRequest) -> Iterator[BackgroundStack]:
    with data_folder(request.session) as folder, servers(folder) as stack:
        yield stack


@pytest.fixture
def folder(request: pytest.FixtureRequest) -> Iterator[Path]:
    with data_folder(request.session) as made:
        yield made


def database(stack: BackgroundStack) -> "psycopg.Connection[Any]":
    return psycopg.connect(stack.environment()["DATABASE_URL"].replace("+psycopg", ""), autocommit=True)


def objects(stack: BackgroundStack) -> Any:
    values = stack.environment()
    return boto3.client(
        "s3",
        endpoint_url=values["S3_ENDPOINT_URL"],
        aws_access_key_id=values["S3_ACCESS_KEY_ID"],
        aws_secret_access_key=values["S3_SECRET_ACCESS_KEY"],
        region_name="us-east-1",
        config=Config(retries={"mode": "standard", "total_max_attempts": 10}),
    )


async def engine(stack: BackgroundStack) -> Client:
    return await Client.connect(stack.environment()["TEMPORAL_ADDRESS"])


async def patiently(ask: Callable[[], Awaitable[Any]]) -> Any:
    """The engine's answer; one that has just begun to listen may refuse for a while."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return await ask()
        except (RPCError, RuntimeError):
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.2)


def test_a_committed_row_survives_kill_9_of_postgresql(running: BackgroundStack) -> None:
    with database(running) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 'contoh' AS word")
    running.kill("postgres")
    running.wait_ready("postgres")
    with database(running) as connection:
        assert connection.execute("SELECT word FROM kept").fetchone() == ("contoh",)


async def test_a_started_workflow_survives_kill_9_of_temporal(running: BackgroundStack) -> None:
    number = f"contoh-{uuid.uuid4()}"
    await (await engine(running)).start_workflow("AnyWorkflow", id=number, task_queue="nobody")
    running.kill("temporal")
    running.wait_ready("temporal")

    async def describe() -> WorkflowExecutionDescription:
        return await (await engine(running)).get_workflow_handle(number).describe()

    assert (await patiently(describe)).workflow_type == "AnyWorkflow"


def test_a_stored_object_survives_kill_9_of_the_object_store(running: BackgroundStack) -> None:
    objects(running).put_object(Bucket="sakpore", Key="contoh", Body=b"isi")
    running.kill("s3")
    running.wait_ready("s3")
    assert objects(running).get_object(Bucket="sakpore", Key="contoh")["Body"].read() == b"isi"


def test_the_bucket_keeps_versions(running: BackgroundStack) -> None:
    assert objects(running).get_bucket_versioning(Bucket="sakpore")["Status"] == "Enabled"


async def test_operators_can_filter_by_our_search_attributes(running: BackgroundStack) -> None:
    from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest, ListSearchAttributesResponse

    async def ask() -> ListSearchAttributesResponse:
        service = (await engine(running)).operator_service
        return await service.list_search_attributes(ListSearchAttributesRequest(namespace="default"))

    answer = await patiently(ask)
    assert set(SEARCH_ATTRIBUTES) <= set(answer.custom_attributes)


async def test_closed_cases_stay_in_the_engine_for_months(running: BackgroundStack) -> None:
    from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, DescribeNamespaceResponse

    async def ask() -> DescribeNamespaceResponse:
        service = (await engine(running)).workflow_service
        return await service.describe_namespace(DescribeNamespaceRequest(namespace="default"))

    answer = await patiently(ask)
    assert answer.config.workflow_execution_retention_ttl.ToTimedelta().days == RETENTION_DAYS


def test_postgresql_listens_on_no_network_port(running: BackgroundStack) -> None:
    with database(running) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


def test_a_second_stack_has_its_own_ports_and_state(running: BackgroundStack, folder: Path) -> None:
    with servers(folder) as second:
        shared = set(second.addresses.items()) & set(running.addresses.items())
        assert not shared
        with database(second) as connection:
            assert connection.execute("SELECT to_regclass('kept')").fetchone() == (None,)


def test_state_survives_a_restart_on_other_ports_and_in_a_deep_folder(folder: Path) -> None:
    deep = folder / ("a-folder-with-a-long-name-" * 4)
    with servers(deep) as first:
        objects(first).put_object(Bucket="sakpore", Key="contoh", Body=b"isi")
        with database(first) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1")
        before = first.addresses
    (deep / "run.json").unlink()
    with servers(deep) as second:
        assert second.addresses["s3"] != before["s3"]
        assert objects(second).get_object(Bucket="sakpore", Key="contoh")["Body"].read() == b"isi"
        with database(second) as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1,)


def test_a_server_left_on_our_data_folder_is_stopped_and_replaced(folder: Path) -> None:
    with servers(folder, only=("postgres",)) as first:
        assert first.pid("postgres")
    cluster = find_cluster(folder / "postgres")
    account = {"user": cluster.account.uid, "group": cluster.account.gid} if cluster.account else {}
    left = subprocess.Popen(cluster.command, env={}, cwd="/", stderr=subprocess.DEVNULL, **account)  # type: ignore[call-overload]
    try:
        while not (cluster.sockets / SOCKET_FILE).exists():
            assert left.poll() is None
            time.sleep(0.02)
        with servers(folder, only=("postgres",)) as second, database(second) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
            left.wait(PATIENCE_SECONDS)
    finally:
        left.kill()
        left.wait()


def test_a_note_of_postgresql_that_names_another_process_is_forgotten(folder: Path) -> None:
    with servers(folder, only=("postgres",)):
        pass
    note = folder / "postgres" / "data" / "postmaster.pid"
    note.write_text(f"{os.getpid()}\n{note.parent}\n")
    with servers(folder, only=("postgres",)) as again, database(again) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
