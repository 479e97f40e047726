"""Servers that the environment names instead of an embedded part: asked for a first word before any part starts.

Each check takes a few seconds at most and says no in one sentence: which variable, what is wrong, what to do. No
password is ever part of it.
"""

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from urllib.parse import SplitResult, urlsplit

from sakpore.stack.errors import BAD_ADDRESS, StackError

ANSWER_SECONDS = 4.0
DATABASE_FORM = "postgresql+psycopg://user:password@host:5432/database"
# RFC 9113, 3.4: the client's preface and an empty SETTINGS frame; the server's first frame is SETTINGS, of type 4.
HTTP2_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
HTTP2_HEAD_BYTES, HTTP2_SETTINGS = 9, 4

Values = Mapping[str, str]
Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def check(variables: Collection[str], values: Values) -> None:
    """Ask every server that one of `variables` names, all at once.

    Raises StackError (exit code 2) for the first that does not answer as it should. `values` holds these variables and
    those that go with them, such as SMTP_PORT and the keys of the object store.
    """
    answers = await asyncio.gather(
        *(ask(values) for name, ask in CHECKS.items() if name in variables), return_exceptions=True
    )
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer


async def _database(values: Values) -> None:
    await asyncio.to_thread(_connect_to_database, values["DATABASE_URL"])


def _connect_to_database(text: str) -> None:
    import psycopg
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import SQLAlchemyError

    try:
        url = make_url(text)
    except (SQLAlchemyError, ValueError):
        raise _refusal("DATABASE_URL", "it is no database address", f"write it as {DATABASE_FORM}") from None
    if url.drivername != "postgresql+psycopg":
        raise _refusal("DATABASE_URL", f"it begins with {url.drivername}://", f"write it as {DATABASE_FORM}")
    arguments, options = url.get_dialect()().create_connect_args(url)
    try:
        psycopg.connect(*arguments, **{**options, "connect_timeout": int(ANSWER_SECONDS)}).close()
    except (psycopg.Error, ValueError) as error:
        said = " ".join(str(error).partition("\n")[0].split()).removeprefix("connection failed: ")
        if url.password:
            said = said.replace(str(url.password), "***")
        raise _refusal(
            "DATABASE_URL", f"PostgreSQL cannot be used ({said[:200]})", "start that server or correct the address"
        ) from None


async def _temporal(values: Values) -> None:
    name, text = "TEMPORAL_ADDRESS", values["TEMPORAL_ADDRESS"]
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or "/" in host or not 0 < int(port) < 65536:
        raise _refusal(name, "it is not of the form host:port", "write it as temporal.example:7233")
    async with _line(name, host.strip("[]"), int(port), "Temporal") as (reader, writer):
        writer.write(HTTP2_PREFACE)
        await writer.drain()
        head = await reader.readexactly(HTTP2_HEAD_BYTES)
    if head[3] != HTTP2_SETTINGS or head[:4] == b"HTTP":
        raise _refusal(name, f"what listens at {host}:{port} is not Temporal", "give the port of its frontend service")


async def _object_store(values: Values) -> None:
    name = "S3_ENDPOINT_URL"
    url = _web_address(name, values[name], "http://s3.example:8333")
    host, port = url.hostname or "", _port_of(url)
    async with _line(name, host, port, "the object store", _tls(url)):
        pass
    status = await asyncio.to_thread(_ask_for_bucket, values)
    if status in (401, 403):
        raise _refusal(
            "S3_ACCESS_KEY_ID",
            f"the object store at {host}:{port} does not accept it with its secret (status {status})",
            "set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY to a key that may use the bucket",
        )
    if status is None or (status >= 400 and status != 404):
        said = "no answer in S3's form" if status is None else f"status {status}"
        raise _refusal(name, f"what listens at {host}:{port} is no usable S3 ({said})", "correct the address")


def _ask_for_bucket(values: Values) -> int | None:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        client = boto3.client(
            "s3",
            endpoint_url=values["S3_ENDPOINT_URL"],
            aws_access_key_id=values["S3_ACCESS_KEY_ID"],
            aws_secret_access_key=values["S3_SECRET_ACCESS_KEY"],
            region_name=values.get("S3_REGION") or "us-east-1",
            config=Config(
                retries={"total_max_attempts": 1},
                connect_timeout=ANSWER_SECONDS,
                read_timeout=ANSWER_SECONDS,
                s3={"addressing_style": "path"},
            ),
        )
        return int(client.head_bucket(Bucket=values["S3_BUCKET"])["ResponseMetadata"]["HTTPStatusCode"])
    except ClientError as refused:
        return int(refused.response["ResponseMetadata"]["HTTPStatusCode"])
    except (BotoCoreError, ValueError):
        return None


async def _mail_server(values: Values) -> None:
    host, port = values["SMTP_HOST"], values["SMTP_PORT"]
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise _refusal("SMTP_PORT", "it is not a port number", "set it to a number from 1 to 65535")
    async with _line("SMTP_HOST", host, int(port), "the mail server") as (reader, _):
        greeting = await reader.readline()
    if not greeting.startswith(b"220"):
        raise _refusal(
            "SMTP_HOST",
            f"what listens at {host}:{port} does not greet as a mail server",
            "correct SMTP_HOST and SMTP_PORT (a port that speaks SMTP in clear or with STARTTLS)",
        )


async def _timestamps(values: Values) -> None:
    name = "SIGNING_TSA_URL"
    url = _web_address(name, values[name], "https://tsa.example/tsa")
    host, port = url.hostname or "", _port_of(url)
    async with _line(name, host, port, "the timestamp service", _tls(url)) as (reader, writer):
        writer.write(f"HEAD {url.path or '/'} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        answer = await reader.readline()
    if not answer.startswith(b"HTTP/"):
        raise _refusal(name, f"what listens at {host}:{port} does not speak HTTP", "correct the address")


CHECKS: dict[str, Callable[[Values], Awaitable[None]]] = {
    "DATABASE_URL": _database,
    "TEMPORAL_ADDRESS": _temporal,
    "S3_ENDPOINT_URL": _object_store,
    "SMTP_HOST": _mail_server,
    "SIGNING_TSA_URL": _timestamps,
}


@asynccontextmanager
async def _line(
    variable: str, host: str, port: int, whom: str, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Line]:
    """An open connection; every failure on it, slowness too, becomes the one sentence."""
    where = f"{whom} at {host}:{port}"
    todo = "start that server or correct the address"
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            reader, writer = await asyncio.open_connection(host, port, ssl=tls)
            yield reader, writer
    except TimeoutError:
        raise _refusal(variable, f"{where} does not answer within {ANSWER_SECONDS:.0f} s", todo) from None
    except asyncio.IncompleteReadError:
        raise _refusal(variable, f"what listens at {host}:{port} hangs up", "correct the address") from None
    except ssl.SSLError as error:
        raise _refusal(variable, f"{where} has no TLS that we trust ({error.reason})", "set SSL_CERT_FILE") from None
    except (OSError, ValueError) as error:
        raise _refusal(variable, f"{where} cannot be reached ({_reason(error)})", todo) from None
    finally:
        if writer is not None:
            writer.close()


def _reason(error: OSError | ValueError) -> str:
    """The system's words without the address, which stands in the sentence already."""
    if isinstance(error, socket.gaierror):
        return "that name is not known"
    number = getattr(error, "errno", None)
    return os.strerror(number).lower() if number else "no such address"


def _web_address(variable: str, text: str, example: str) -> SplitResult:
    try:
        url = urlsplit(text)
        if url.scheme in ("http", "https") and url.hostname and _port_of(url) and not url.username:
            return url
    except ValueError:
        pass
    raise _refusal(variable, "it is no web address", f"write it as {example}, without a user or password")


def _port_of(url: SplitResult) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _tls(url: SplitResult) -> ssl.SSLContext | None:
    return ssl.create_default_context() if url.scheme == "https" else None


def _refusal(variable: str, wrong: str, todo: str) -> StackError:
    return StackError(f"{variable}: {wrong}; {todo}.", BAD_ADDRESS)
