"""The postman, on a real SMTP server: what is sent, put off, given up, and what the record says of it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlmodel import SQLModel

from activities.clients.mail import MailClient
from activities.notices import LONGEST_PAUSE, NoticeDispatcher
from activities.texts import Texts
from store.records import Sending
from store.tables import ApplicationRow, OutboxRow

NUMBER = "PRM-2026-000001"


@dataclass
class Server:
    """A mail server that answers each recipient as told."""

    answers: dict[str, str] = field(default_factory=dict)
    taken: list[tuple[str, str]] = field(default_factory=list)  # recipient, Message-ID
    conversations: int = 0
    port: int = 0

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.conversations += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content)
        self.taken.append((envelope.rcpt_tos[0], str(message["Message-ID"])))
        return "250 taken"


@dataclass
class Outbox:
    """The store's side, in memory: the same methods that the postman asks of Records."""

    rows: list[OutboxRow]
    digest: list[OutboxRow] = field(default_factory=list)
    held_until: datetime | None = None
    marks: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def take_notices(self, now: datetime, lease: timedelta, limit: int = 20) -> list[OutboxRow]:
        return self.rows

    async def application(self, number: str) -> SQLModel:
        return ApplicationRow(number=number, title="Izin contoh", tracking_code="CODE")  # type: ignore[call-arg]

    async def take_digest(self, now: datetime, lease: timedelta) -> list[OutboxRow]:
        digest, self.digest = self.digest, []
        return digest

    async def hold_by_day(self, now: datetime, until: datetime) -> None:
        self.held_until = until

    async def note_sent(self, key: str, sending: Sending) -> None:
        self.marks[key] = {"state": "sent", **sending.model_dump()}

    async def note_failed(self, key: str, code: str, at: datetime) -> None:
        self.marks[key] = {"state": "failed", "error": code}

    async def put_off(self, key: str, code: str, try_at: datetime) -> None:
        self.marks[key] = {"state": "pending", "error": code, "try_at": try_at}


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture
def server() -> Iterator[Server]:
    """A mail server on this machine."""
    handler = Server()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    handler.port = controller.port
    yield handler
    controller.stop()


def a_row(key: str, recipient: str = "a@contoh.test", **more: Any) -> OutboxRow:
    """A notice that is due."""
    now = datetime.now(UTC)
    given = {"number": NUMBER, "subject": "Hal", "body": "Isi", "created_at": now, "try_at": now} | more
    return OutboxRow(key=key, recipient=recipient, channel="email", **given)


def postman(outbox: Outbox, port: int, folder: Path | None = None) -> NoticeDispatcher:
    """The dispatcher on this outbox and server."""
    mail = MailClient("127.0.0.1", port, "Sakpore <sakpore@contoh.test>", timeout_seconds=5)
    texts = Texts(folder) if folder else Texts()
    return NoticeDispatcher(outbox, mail, texts, "http://localhost")  # type: ignore[arg-type]


async def test_messages_of_a_round_go_over_one_line_and_leave_their_proof(server: Server) -> None:
    outbox = Outbox([a_row("satu"), a_row("dua", "b@contoh.test")])
    assert await postman(outbox, server.port).send_pending() == 2
    assert [recipient for recipient, _ in server.taken] == ["a@contoh.test", "b@contoh.test"]
    assert server.conversations == 1
    assert [(mark["state"], mark["message_id"]) for mark in outbox.marks.values()] == [
        ("sent", message_id) for _, message_id in server.taken
    ]


async def test_the_same_notice_sent_twice_bears_the_same_message_id(server: Server) -> None:
    for _ in range(2):
        await postman(Outbox([a_row("satu")]), server.port).send_pending()
    assert len(server.taken) == 2
    assert len({message_id for _, message_id in server.taken}) == 1


async def test_a_refused_message_is_given_up_at_once_and_holds_up_no_other(server: Server) -> None:
    server.answers["tak-ada@contoh.test"] = "550 no such user"
    outbox = Outbox([a_row("tolak", "tak-ada@contoh.test"), a_row("baik")])
    assert await postman(outbox, server.port).send_pending() == 1
    assert outbox.marks["tolak"] == {"state": "failed", "error": "mail-refused"}
    assert outbox.marks["baik"]["state"] == "sent"


@pytest.mark.parametrize(("attempts", "seconds"), [(0, 1), (5, 32), (40, LONGEST_PAUSE.total_seconds())])
async def test_a_message_that_is_put_off_waits_longer_each_time(server: Server, attempts: int, seconds: float) -> None:
    server.answers["a@contoh.test"] = "451 later"
    outbox = Outbox([a_row("nanti", attempts=attempts)])
    before = datetime.now(UTC)
    assert await postman(outbox, server.port).send_pending() == 0
    mark = outbox.marks["nanti"]
    assert (mark["state"], mark["error"]) == ("pending", "mail-unavailable")
    assert timedelta(seconds=seconds) <= mark["try_at"] - before < timedelta(seconds=seconds + 10)


async def test_a_message_is_given_up_after_three_days_of_silence(server: Server) -> None:
    server.answers["a@contoh.test"] = "451 later"
    long_ago = datetime.now(UTC) - timedelta(days=4)
    outbox = Outbox([a_row("lama", created_at=long_ago, attempts=400), a_row("lagi", created_at=long_ago)])
    await postman(outbox, server.port).send_pending()
    assert outbox.marks["lama"] == {"state": "failed", "error": "mail-unavailable"}
    assert outbox.marks["lagi"]["state"] == "pending", "the first attempt after a person asked for one is not the last"


async def test_a_server_that_is_away_puts_off_the_whole_round() -> None:
    outbox = Outbox([a_row("satu"), a_row("dua")])
    assert await postman(outbox, free_port()).send_pending() == 0
    assert {mark["state"] for mark in outbox.marks.values()} == {"pending"}


async def test_a_text_that_cannot_be_made_holds_up_no_other(server: Server, tmp_path: Path) -> None:
    (tmp_path / "rusak.txt").write_text("Hal\n\n{{ tidak_ada }}\n")
    outbox = Outbox([a_row("rusak", template="rusak", subject=None, body=None), a_row("baik")])
    assert await postman(outbox, server.port, tmp_path).send_pending() == 1
    assert outbox.marks["rusak"]["state"] == "pending"
    assert outbox.marks["baik"]["state"] == "sent"
