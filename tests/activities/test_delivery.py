"""The letter's mail by the way it comes, and the parcel's journey by office time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.clients.post import NoPost, Parcel, PostState, StandInPost
from activities.delivery import DeliverLetter, DeliveryDesk, TrackPost
from permits.calendar_loader import load_office_calendar
from permits.events import Tag
from permits.notices import COUNTER_DOMAIN
from permits.pace import Pace
from store.notice_texts import Texts
from store.tables import ApplicationRow

WIB = ZoneInfo("Asia/Jakarta")
CALENDAR = load_office_calendar(2026, 2027)
POSTED = datetime(2026, 3, 13, 10, tzinfo=WIB)  # a Friday before Lebaran
NUMBER = "PRM-2026-000001"


@dataclass
class Office:
    """The store's and the mail server's side, in memory."""

    delivery: str = "download"
    email: str = "pemohon@contoh.test"
    pace: Pace = field(default_factory=Pace.real)
    sent: list[EmailMessage] = field(default_factory=list)

    async def application(self, number: str) -> ApplicationRow:
        return ApplicationRow(  # type: ignore[call-arg]
            number=number,
            applicant_id="pemohon",
            title="Izin Penelitian",
            tracking_code="CODE",
            delivery=self.delivery,
            pace=self.pace.model_dump(mode="json"),
            submission={"calendar": CALENDAR.model_dump(mode="json")},
        )

    async def account(self, account_id: str) -> Any:
        plain = {"phone": None, "role": "applicant", "notice_channel": "email", "digest": False}
        return SimpleNamespace(id=account_id, email=self.email, **plain)

    async def events_tagged(self, number: str, tag: Tag) -> list[Any]:
        return [SimpleNamespace(office_at=POSTED)] if tag is Tag.PRODUCT_POSTED else []

    async def get_signed(self, sha256: str) -> bytes:
        return b"%PDF-1.7 contoh"

    async def send(self, message: EmailMessage, key: str) -> str:
        self.sent.append(message)
        return f"<{key}@contoh.test>"


def desk(office: Office, now: datetime = POSTED) -> DeliveryDesk:
    made: Any = (office, office, office, Texts(), StandInPost(working_days=2), "http://localhost", lambda: now)
    return DeliveryDesk(*made)


def an_order(attach: bool = False, purpose: str = "permit") -> DeliverLetter:
    return DeliverLetter(key="k", number=NUMBER, purpose=purpose, signed_sha256="a" * 64, attach=attach)


async def deliver(office: Office, order: DeliverLetter) -> EmailMessage:
    proof = await ActivityEnvironment().run(desk(office).deliver_letter, order)
    assert proof.message_id == "<k@contoh.test>"
    return office.sent[0]


@pytest.mark.parametrize(("delivery", "words"), [("pickup", "nomor antrean"), ("post", "nomor resinya")])
async def test_the_mail_says_how_the_printed_letter_comes(delivery: str, words: str) -> None:
    message = await deliver(Office(delivery=delivery), an_order())
    assert words in message.get_content() and "/lacak/CODE" in message.get_content()


async def test_the_letter_is_attached_where_email_was_chosen() -> None:
    message = await deliver(Office(delivery="email"), an_order(attach=True))
    [pdf] = message.iter_attachments()
    assert (pdf.get_content_type(), pdf.get_filename()) == ("application/pdf", f"{NUMBER}.pdf")


@pytest.mark.parametrize(
    ("purpose", "subject"),
    [
        ("permit", "Izin Anda sudah terbit"),
        ("rejection", "Permohonan Anda ditolak"),
        ("revocation", "Izin Anda dicabut"),
        ("replacement", "Izin pengganti Anda sudah terbit"),
        ("extension", "Masa berlaku izin Anda diperpanjang"),
    ],
)
async def test_each_product_has_its_own_words(purpose: str, subject: str) -> None:
    assert (await deliver(Office(), an_order(purpose=purpose)))["Subject"] == f"{subject} ({NUMBER})"


async def test_an_applicant_without_email_is_no_endless_attempt() -> None:
    with pytest.raises(ApplicationError) as failed:
        await deliver(Office(email=f"x{COUNTER_DOMAIN}"), an_order())
    assert (failed.value.type, failed.value.non_retryable) == ("no-recipient", True)


# By post --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "state"),
    [
        (datetime(2026, 3, 13, 15, tzinfo=WIB), "accepted"),
        (datetime(2026, 3, 14, 8, tzinfo=WIB), "in_transit"),
        (datetime(2026, 3, 17, 15, 59, tzinfo=WIB), "in_transit"),
        (datetime(2026, 3, 17, 16, 0, tzinfo=WIB), "delivered"),
        (datetime(2026, 4, 17, 16, 0, tzinfo=WIB), "delivered"),
    ],
)
async def test_a_parcel_of_the_stand_in_arrives_by_working_days(asked: datetime, state: str) -> None:
    order = TrackPost(number=NUMBER, receipt_number="P2603130001")
    found = await ActivityEnvironment().run(desk(Office(), asked).track_post, order)
    assert found.state == state
    if state == "delivered":
        assert (found.at, found.received_by) == (datetime(2026, 3, 17, 16, tzinfo=WIB), "Penerima (contoh)")


async def test_a_parcel_of_a_compressed_case_travels_in_its_own_office_time() -> None:
    started = datetime(2026, 11, 25, 22, tzinfo=UTC)
    office = Office(pace=Pace.compressed(10, date(2026, 3, 13), started))
    order = TrackPost(number=NUMBER, receipt_number="P2603130001")
    states = [
        (await ActivityEnvironment().run(desk(office, started + timedelta(seconds=at)).track_post, order)).state
        for at in (5, 15, 31)
    ]
    assert states == ["accepted", "in_transit", "delivered"]


@pytest.mark.parametrize(
    ("receipt", "kind", "never_again"),
    [("TUTUP-1", "post-unavailable", False), ("TIDAKADA-1", "post-unknown-receipt", True)],
)
async def test_failures_of_the_post_are_sorted(receipt: str, kind: str, never_again: bool) -> None:
    with pytest.raises(ApplicationError) as failed:
        await ActivityEnvironment().run(desk(Office()).track_post, TrackPost(number=NUMBER, receipt_number=receipt))
    assert (failed.value.type, failed.value.non_retryable) == (kind, never_again)


async def test_a_parcel_can_come_back_with_its_reason() -> None:
    later = POSTED + timedelta(days=10)
    order = TrackPost(number=NUMBER, receipt_number="RETUR-1")
    found = await ActivityEnvironment().run(desk(Office(), later).track_post, order)
    assert found.state == "returned" and found.reason and found.at is not None


async def test_without_tracking_nobody_can_say() -> None:
    parcel = Parcel(receipt_number="P1", posted_at=POSTED, asked_at=POSTED)
    assert await NoPost().track(parcel, CALENDAR) == PostState(state="unknown")


def test_the_stand_in_says_what_it_is(caplog: pytest.LogCaptureFixture) -> None:
    StandInPost()
    assert "stand-in" in caplog.text
