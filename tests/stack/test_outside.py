"""Servers that the environment names are asked before anything starts, and a refusal is one sentence for a person."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sakpore.stack import BAD_ADDRESS, Stack, StackError, outside
from sakpore.stack.background import BackgroundStack
from sakpore.stack.installation import REPLACED_BY
from tests.stack_fixture import system_environment

PASSWORD = "rahasia"
VALUES = {"S3_ACCESS_KEY_ID": "contoh", "S3_SECRET_ACCESS_KEY": PASSWORD, "S3_BUCKET": "sakpore", "SMTP_PORT": "25"}


async def refusal(variable: str, value: str, **others: str) -> str:
    with pytest.raises(StackError) as refused:
        await outside.check([variable], {**VALUES, **others, variable: value})
    sentence = str(refused.value)
    assert refused.value.exit_code == BAD_ADDRESS
    assert "\n" not in sentence and PASSWORD not in sentence
    return sentence


@asynccontextmanager
async def server_that_says(words: bytes, after: bytes = b"") -> AsyncIterator[int]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if after:
            await reader.readuntil(after)
        writer.write(words)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.mark.parametrize(
    ("variable", "form"),
    [
        ("DATABASE_URL", f"postgresql+psycopg://budi:{PASSWORD}@127.0.0.1:PORT/sakpore"),
        ("TEMPORAL_ADDRESS", "127.0.0.1:PORT"),
        ("S3_ENDPOINT_URL", "http://127.0.0.1:PORT"),
        ("SMTP_HOST", "127.0.0.1"),
        ("SIGNING_TSA_URL", "http://127.0.0.1:PORT/tsa"),
    ],
)
async def test_a_port_where_nothing_listens_is_named_with_its_variable(
    variable: str, form: str, closed_port: int
) -> None:
    said = await refusal(variable, form.replace("PORT", str(closed_port)), SMTP_PORT=str(closed_port))
    assert said.startswith(f"{variable}: ") and str(closed_port) in said
    assert "refused" in said.lower() and said.endswith("start that server or correct the address.")


@pytest.mark.parametrize(
    ("variable", "value", "wrong"),
    [
        ("DATABASE_URL", f"budi:{PASSWORD}@db", "no database address"),
        ("DATABASE_URL", f"postgresql+psycopg://budi@db:{PASSWORD}/sakpore", "no database address"),
        ("DATABASE_URL", f"mysql://budi:{PASSWORD}@db/sakpore", "begins with mysql://"),
        ("DATABASE_URL", f"postgresql://budi:{PASSWORD}@db/sakpore", "begins with postgresql://"),
        ("TEMPORAL_ADDRESS", "localhost", "not of the form host:port"),
        ("TEMPORAL_ADDRESS", "http://localhost:7233", "not of the form host:port"),
        ("S3_ENDPOINT_URL", "s3.example.invalid:8333", "no web address"),
        ("S3_ENDPOINT_URL", f"http://budi:{PASSWORD}@127.0.0.1:1", "without a user or password"),
        ("SIGNING_TSA_URL", "http://127.0.0.1:99999/tsa", "no web address"),
        ("TEMPORAL_ADDRESS", "engine.invalid:7233", "that name is not known"),
    ],
)
async def test_a_value_of_another_form_is_refused(variable: str, value: str, wrong: str) -> None:
    said = await refusal(variable, value)
    assert said.startswith(f"{variable}: ") and wrong in said


async def test_a_mail_port_that_is_no_number_is_refused() -> None:
    assert (await refusal("SMTP_HOST", "127.0.0.1", SMTP_PORT="smtp")).startswith("SMTP_PORT: ")


async def test_another_kind_of_server_is_told_apart() -> None:
    async with server_that_says(b"HTTP/1.1 400 Bad Request\r\n\r\n", after=b"\r\n\r\n") as port:
        assert "is not Temporal" in await refusal("TEMPORAL_ADDRESS", f"127.0.0.1:{port}")
        assert "no usable S3" in await refusal("S3_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    async with server_that_says(b"SSH-2.0-contoh\r\n") as port:
        assert "does not greet as a mail server" in await refusal("SMTP_HOST", "127.0.0.1", SMTP_PORT=str(port))
        assert "does not speak HTTP" in await refusal("SIGNING_TSA_URL", f"http://127.0.0.1:{port}")


async def test_a_server_that_stays_silent_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outside, "ANSWER_SECONDS", 0.2)
    async with server_that_says(b"late", after=b"never sent") as port:
        assert "does not answer within" in await refusal("TEMPORAL_ADDRESS", f"127.0.0.1:{port}")


async def test_a_server_that_hangs_up_is_refused() -> None:
    async with server_that_says(b"") as port:
        assert "127.0.0.1" in await refusal("TEMPORAL_ADDRESS", f"127.0.0.1:{port}")


async def test_servers_that_work_pass(stack: BackgroundStack) -> None:
    await outside.check(REPLACED_BY.values(), stack.environment())


async def test_wrong_keys_of_the_object_store_and_an_absent_database_are_told(stack: BackgroundStack) -> None:
    values = stack.environment()
    keys = {name: values[name] for name in ("S3_ACCESS_KEY_ID", "S3_BUCKET")}
    said = await refusal("S3_ENDPOINT_URL", values["S3_ENDPOINT_URL"], **keys)
    assert said.startswith("S3_ACCESS_KEY_ID: ")
    said = await refusal("DATABASE_URL", values["DATABASE_URL"].replace("/sakpore?", "/tiada?"))
    assert 'database "tiada" does not exist' in said


async def test_nothing_is_started_when_a_given_server_is_away(tmp_path: Path, closed_port: int) -> None:
    started: list[str] = []
    given = {**system_environment(), "TEMPORAL_ADDRESS": f"127.0.0.1:{closed_port}"}
    stack = Stack(
        tmp_path,
        ports={"api": 0},
        environment=given,
        on_event=lambda event: started.append(event.part) if event.kind == "starting" else None,
    )
    with pytest.raises(StackError, match="TEMPORAL_ADDRESS: "):
        await stack.start()
    assert started == []
