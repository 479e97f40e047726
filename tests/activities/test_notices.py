"""The postman, on a real SMTP server: what is sent, put off, given up, and what the record says of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import SQLModel

from activities.clients.mail import MailClient
from activities.clients.whatsapp import CloudApi
from activities.notices import LONGEST_PAUSE, NoticeDispatcher
from permits.notices import QuietHours
from store.notice_texts import Texts
from store.records import Sending
from store.tables import ApplicationRow, DocumentRow, OutboxRow
from tests.activities.mail_server import Server, free_port, server
from tests.activities.whatsapp_server import BASE, PHONE_NUMBER_ID, TOKEN, CloudApiServer

__all__ = ["server"]

NUMBER = "PRM-2026-000001"


@dataclass
class Outbox:
    """The store's side, in memory: the same methods that the postman asks of Records."""

    rows: list[OutboxRow]
    digest: list[OutboxRow] = field(default_factory=list)
    held_until: datetime | None = None
    away: bool = False  # nothing can be noted
    marks: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def take_notices(self, now: datetime, lease: timedelta, limit: int = 20) -> list[OutboxRow]:
        return self.rows

    async def application(self, number: str) -> SQLModel:
        return ApplicationRow(number=number, title="Izin contoh", tracking_code="CODE")  # type: ignore[call-arg]

    async def documents_of(self, number: str) -> list[DocumentRow]:
        return []

    async def take_digest(self, now: datetime, lease: timedelta) -> list[OutboxRow]:
        digest, self.digest = self.digest, []
        return digest

    async def hold_by_day(self, now: datetime, until: datetime) -> None:
        self.held_until = until

    async def note_sent(self, key: str, sending: Sending) -> None:
        if self.away:
            raise ConnectionError("the store is away")
        self.marks[key] = {"state": "sent", **sending.model_dump()}

    async def note_failed(self, key: str, code: str, at: datetime) -> None:
        self.marks[key] = {"state": "failed", "error": code}

    async def put_off(self, key: str, code: str, try_at: datetime) -> None:
        self.marks[key] = {"state": "pending", "error": code, "try_at": try_at}


def a_row(key: str, recipient: str = "a@contoh.test", **more: Any) -> OutboxRow:
    """A notice that is due."""
    now = datetime.now(UTC)
    given = {"number": NUMBER, "subject": "Hal", "body": "Isi", "created_at": now, "try_at": now} | more
    return OutboxRow(key=key, recipient=recipient, channel="email", **given)


def postman(outbox: Outbox, port: int, folder: Path | None = None, **more: Any) -> NoticeDispatcher:
    """The dispatcher on this outbox and server."""
    mail = MailClient("127.0.0.1", port, "Sakpore <sakpore@contoh.test>", timeout_seconds=5)
    texts = Texts(folder) if folder else Texts()
    return NoticeDispatcher(outbox, mail, texts, "http://localhost", **more)  # type: ignore[arg-type]


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


async def test_what_went_out_while_the_store_was_away_is_noted_and_not_sent_again(server: Server) -> None:
    outbox = Outbox([a_row("satu")], away=True)
    dispatcher = postman(outbox, server.port)
    assert await dispatcher.send_pending() == 0
    outbox.away, outbox.rows = False, []
    await dispatcher.send_pending()
    [(_, message_id)] = server.taken
    assert (outbox.marks["satu"]["state"], outbox.marks["satu"]["message_id"]) == ("sent", message_id)


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


# WhatsApp -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def meta() -> CloudApiServer:
    """Meta, as documented."""
    return CloudApiServer()


def by_whatsapp(outbox: Outbox, meta: CloudApiServer, now: datetime | None = None) -> NoticeDispatcher:
    """A dispatcher whose mail server is away."""
    whatsapp = CloudApi(BASE, PHONE_NUMBER_ID, TOKEN, transport=meta.transport)
    clock = {"now": lambda: now} if now else {}
    return postman(outbox, free_port(), whatsapp=whatsapp, **clock)


def a_short_row(key: str, to: str = "6281234567890", **more: Any) -> OutboxRow:
    facts = {"stage": "Perbaikan berkas", "due_at": "2026-12-08T09:00:00+00:00"}
    given = {"template": "applicant-asked", "facts": facts, "subject": None, "body": None} | more
    row = a_row(key, to, **given)
    row.channel = "whatsapp"
    return row


async def test_a_notice_by_whatsapp_fills_the_template_s_places(meta: CloudApiServer) -> None:
    outbox = Outbox([a_short_row("satu")])
    assert await by_whatsapp(outbox, meta).send_pending() == 1
    [body] = meta.taken
    assert body["template"]["name"] == "sakpore_menunggu_pemohon"
    assert [one["text"] for one in body["template"]["components"][0]["parameters"]] == [
        NUMBER,
        "Perbaikan berkas",
        "Selasa 8 Desember 2026 pukul 16.00 WIB",
        "http://localhost/lacak/CODE",
    ]
    mark = outbox.marks["satu"]
    assert (mark["state"], mark["message_id"]) == ("sent", "wamid.1")
    assert mark["body"].startswith(f"Permohonan {NUMBER} memerlukan sesuatu dari Anda: Perbaikan berkas.")


async def test_somebody_without_whatsapp_holds_up_no_other(meta: CloudApiServer) -> None:
    meta.errors["6281111111111"] = (400, 131026)
    outbox = Outbox([a_short_row("tanpa", "6281111111111"), a_short_row("dengan")])
    assert await by_whatsapp(outbox, meta).send_pending() == 1
    assert outbox.marks["tanpa"] == {"state": "failed", "error": "whatsapp-not-reachable"}
    assert outbox.marks["dengan"]["state"] == "sent"


@pytest.mark.parametrize(
    ("status", "code", "kind", "seconds"),
    [(429, 130429, "whatsapp-slow-down", 60), (401, 190, "whatsapp-no-access", 600)],
)
async def test_what_concerns_the_whole_channel_stops_the_round_for_a_while(
    meta: CloudApiServer, status: int, code: int, kind: str, seconds: float
) -> None:
    now = datetime(2026, 12, 8, 3, tzinfo=UTC)
    meta.errors["6281111111111"] = (status, code)
    outbox = Outbox([a_short_row("satu", "6281111111111", created_at=now), a_short_row("dua", created_at=now)])
    assert await by_whatsapp(outbox, meta, now).send_pending() == 0
    assert meta.asked == 1
    for key in ("satu", "dua"):
        assert outbox.marks[key] == {"state": "pending", "error": kind, "try_at": now + timedelta(seconds=seconds)}


async def test_whatsapp_gives_up_sooner_than_mail_so_that_an_email_can_follow(meta: CloudApiServer) -> None:
    meta.away = True
    created = datetime.now(UTC) - timedelta(hours=7)
    outbox = Outbox([a_short_row("lama", created_at=created, attempts=9)])
    await by_whatsapp(outbox, meta).send_pending()
    assert outbox.marks["lama"] == {"state": "failed", "error": "whatsapp-unavailable"}


async def test_a_notice_without_a_short_text_is_left_to_the_email(meta: CloudApiServer) -> None:
    outbox = Outbox([a_short_row("ringkas", template="task-taken-over")])
    await by_whatsapp(outbox, meta).send_pending()
    assert outbox.marks["ringkas"] == {"state": "failed", "error": "whatsapp-no-template"}


async def test_mail_that_is_away_does_not_hold_up_whatsapp(meta: CloudApiServer) -> None:
    outbox = Outbox([a_row("surel"), a_short_row("wa")])
    assert await by_whatsapp(outbox, meta).send_pending() == 1
    assert outbox.marks["surel"]["state"] == "pending"
    assert outbox.marks["wa"]["state"] == "sent"


# Nights, inbox and digests --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hour", "is_night"), [(13, True), (23, True), (3, False)])
async def test_in_quiet_hours_citizens_are_left_in_peace(server: Server, hour: int, is_night: bool) -> None:
    outbox = Outbox([])
    now = datetime(2026, 12, 8, hour, tzinfo=UTC)
    await postman(outbox, server.port, quiet=QuietHours.parse("20:00-07:00"), now=lambda: now).send_pending()
    assert outbox.held_until == (datetime(2026, 12, 9, tzinfo=UTC) if is_night else None)


async def test_without_quiet_hours_nothing_waits_for_the_morning(server: Server) -> None:
    outbox = Outbox([a_row("malam")])
    night = datetime(2026, 12, 8, 16, tzinfo=UTC)
    assert await postman(outbox, server.port, now=lambda: night).send_pending() == 1
    assert outbox.held_until is None


async def test_what_is_for_the_inbox_alone_needs_no_carrier() -> None:
    row = a_row("kotak", "", template="task-opened")
    row.channel = "inbox"
    outbox = Outbox([row])
    assert await postman(outbox, free_port()).send_pending() == 1
    assert (outbox.marks["kotak"]["state"], outbox.marks["kotak"]["message_id"]) == ("sent", None)


def a_gathered_row(key: str, **more: Any) -> OutboxRow:
    facts = {"stage": "Penelitian berkas", "due_at": "2026-12-08T09:00:00+00:00"}
    row = a_row(key, template="task-opened", facts=facts, account_id="bo-1", **more)
    row.channel, row.digest_on = "digest", date(2026, 12, 8)
    return row


async def test_an_officer_gets_one_mail_and_each_task_its_proof(server: Server) -> None:
    outbox = Outbox([], digest=[a_gathered_row("satu"), a_gathered_row("dua")])
    assert await postman(outbox, server.port).send_pending() == 1
    [(recipient, message_id)] = server.taken
    assert recipient == "a@contoh.test"
    assert {key: mark["message_id"] for key, mark in outbox.marks.items()} == {"satu": message_id, "dua": message_id}
    again = Outbox([], digest=[a_gathered_row("satu"), a_gathered_row("dua")])
    await postman(again, server.port).send_pending()
    assert {message_id for _, message_id in server.taken} == {message_id}, "repeated after a crash: the same message"


async def test_a_digest_takes_tasks_of_which_little_is_known(server: Server) -> None:
    bare = a_gathered_row("polos")
    bare.facts = {"stage": ""}
    outbox = Outbox([], digest=[bare])
    assert await postman(outbox, server.port).send_pending() == 1
    assert outbox.marks["polos"]["state"] == "sent"


async def test_a_digest_that_cannot_be_sent_is_put_off_as_a_whole(server: Server) -> None:
    server.answers["a@contoh.test"] = "451 later"
    outbox = Outbox([], digest=[a_gathered_row("satu"), a_gathered_row("dua")])
    assert await postman(outbox, server.port).send_pending() == 0
    assert {mark["state"] for mark in outbox.marks.values()} == {"pending"}
