"""From a step to its proof: a real database, a real mail server, Meta's protocol, and a clock that is given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from activities.clients.mail import MailClient
from activities.clients.whatsapp import CloudApi
from activities.notices import NoticeDispatcher
from permits.application import DocumentVerdict, dossier_sha256
from permits.authority import Role
from permits.calendar_loader import load_office_calendar
from permits.events import Event, Tag
from permits.notices import QuietHours
from permits.reasons import DocumentReason
from permits.steps import Notice, Step
from store.database import Database
from store.notice_texts import Texts
from store.queries.proof import proof_of_rungs
from store.records import Receipt, Records
from tests.activities.mail_server import Server, server
from tests.activities.whatsapp_server import BASE, PHONE_NUMBER_ID, TOKEN, CloudApiServer
from tests.store.builders import a_document, a_draft, a_submission, an_account

__all__ = ["server"]

WIB = ZoneInfo("Asia/Jakarta")
CALENDAR = load_office_calendar(2026, 2027)
EVENING = datetime(2026, 12, 14, 21, 30, tzinfo=WIB)  # a Monday
TITLES = {"ktp": "Kartu tanda penduduk", "ijazah": "Ijazah", "foto": "Pas foto"}
PHONE, TO = "0812-3456-7890", "6281234567890"


@dataclass
class Street:
    """A case, the way out of the house, and the hour."""

    records: Records
    db: Database
    mail: Server
    meta: CloudApiServer
    number: str
    now: datetime = EVENING
    steps: int = 0

    def __post_init__(self) -> None:
        self.postman = NoticeDispatcher(
            self.records,
            MailClient("127.0.0.1", self.mail.port, "Sakpore <sakpore@contoh.test>", timeout_seconds=5),
            Texts(),
            "http://localhost",
            CloudApi(BASE, PHONE_NUMBER_ID, TOKEN, transport=self.meta.transport),
            QuietHours.parse("20:00-07:00"),
            lambda: self.now,
        )

    async def tell(
        self, template: str, tag: Tag = Tag.STAGE_ENTERED, facts: dict[str, str] | None = None, **to: object
    ) -> None:
        """A step of the engine with its notice."""
        self.steps += 2
        key, given = f"{self.number}#{self.steps}", facts or {}
        event = Event(key=f"{key}.{tag.value}", tag=tag, at=self.now, office_at=self.now, facts=dict(given))
        made = {"key": f"{key}.n", "template": template, "facts": given, "to": "applicant"} | to
        notice = Notice.model_validate(made)
        await self.records.keep(Step(number=self.number, events=(event,), notices=(notice,)))

    async def at(self, now: datetime) -> int:
        """One round of the postman at that hour."""
        self.now = now
        return await self.postman.send_pending()

    async def proofs(self, tag: Tag = Tag.NOTICE_SENT) -> list[tuple[str, str]]:
        """Template and channel of what the record says."""
        lines = await self.records.events_tagged(self.number, tag)
        return [(line.facts["template"], line.facts["channel"]) for line in lines]


@pytest.fixture
async def street(records: Records, db: Database, server: Server) -> Street:
    await records.create_account(an_account("rani", phone=PHONE))
    for account_id, role in (("opd-1", Role.OPD), ("koor", Role.COORDINATOR), ("bo", Role.BACK_OFFICE)):
        await records.create_account(an_account(account_id, role, opd="bappeda" if role is Role.OPD else None))
    row = await a_draft(records, "rani")
    for requirement in TITLES:
        await records.add_document(a_document(row.number, requirement))
    documents = await records.newest_documents(row.number)
    wanted = [{"code": code, "title": title} for code, title in TITLES.items()]
    plain: dict[str, object] = {"number": row.number, "calendar": CALENDAR.model_dump(mode="json")}
    plain["definition"] = {"requirements": wanted}
    dossier = dossier_sha256(row.data, documents)
    number = (await records.submit(a_submission(row, submission=plain, dossier_sha256=dossier))).number
    return Street(records, db, server, CloudApiServer(), number)


async def test_a_receipt_goes_by_night_and_a_reminder_in_the_morning(street: Street) -> None:
    await street.tell("submission-received")
    await street.tell("repair-reminder", facts={"stage": "Perbaikan berkas"})
    await street.at(EVENING)
    assert sorted(await street.proofs()) == [("submission-received", "email"), ("submission-received", "whatsapp")]
    assert f"/lacak/TRACK-{street.number}" in str(street.meta.taken[0]["template"])
    await street.at(datetime(2026, 12, 15, 6, 59, tzinfo=WIB))
    assert len(street.mail.taken) == 1
    await street.at(datetime(2026, 12, 15, 7, 0, tzinfo=WIB))
    assert ("repair-reminder", "email") in await street.proofs()
    assert [row.attempts for row in await street.records.notices_of(street.number)] == [1, 1, 1]


async def test_who_has_no_whatsapp_gets_the_message_by_email_in_the_next_round(street: Street) -> None:
    street.meta.errors[TO] = (400, 131026)
    await street.tell("letter-issued", channel="whatsapp")
    day = datetime(2026, 12, 15, 9, tzinfo=WIB)
    await street.at(day)
    await street.at(day + timedelta(seconds=1))
    assert await street.proofs(Tag.NOTICE_FAILED) == [("letter-issued", "whatsapp")]
    assert await street.proofs() == [("letter-issued", "email")]
    assert [recipient for recipient, _ in street.mail.taken] == ["rani@contoh.invalid"]
    assert await street.at(day + timedelta(days=1)) == 0


async def test_delivery_is_proven_by_the_carrier_s_receipt(street: Street) -> None:
    await street.tell("letter-issued", channel="whatsapp")
    await street.at(datetime(2026, 12, 15, 9, tzinfo=WIB))
    [row] = await street.records.notices_of(street.number)
    receipt = Receipt(message_id=row.message_id or "", key=row.key, state="read", at=street.now)
    assert await street.records.record_receipt(receipt)
    assert await street.proofs(Tag.NOTICE_DELIVERED) == [("letter-issued", "whatsapp")]
    assert await street.records.event_chain_is_whole(street.number)


async def test_tasks_of_a_day_come_in_one_mail_at_the_opening_and_an_escalation_at_once(street: Street) -> None:
    to_desk = {"to": "holder", "role": Role.BACK_OFFICE, "channel": "digest"}
    facts = {"stage": "Penelitian berkas", "holder": "Back Office", "due_at": EVENING.isoformat()}
    for template in ("task-opened", "task-opened", "task-escalation"):
        await street.tell(template, facts=facts, **to_desk)
    await street.at(EVENING)
    assert await street.proofs() == [("task-escalation", "email")]
    await street.at(datetime(2026, 12, 15, 7, 29, tzinfo=WIB))
    assert len(street.mail.taken) == 1
    await street.at(datetime(2026, 12, 15, 7, 30, tzinfo=WIB))
    assert len(street.mail.taken) == 2
    assert (await street.proofs())[1:] == [("task-opened", "digest")] * 2
    rows = await street.records.notices_of(street.number)
    assert len({row.message_id for row in rows if row.channel == "digest"}) == 1


async def test_every_rung_of_a_silent_agency_shows_who_was_told_when(street: Street) -> None:
    agency = {"role": Role.OPD, "opd": "bappeda"}
    for tag, template, rung, to in (
        (Tag.OPD_WARNED, "task-warning", "warning", "holder"),
        (Tag.OPD_ESCALATED, "task-escalation", "coordinator", "coordinator"),
        (Tag.OPD_ESCALATED, "task-escalation", "inspectorate", "inspectorate"),
    ):
        facts = {"task": "t", "rung": rung, "stage": "Rekomendasi", "holder": "Bappeda", "due_at": EVENING.isoformat()}
        await street.tell(template, tag, facts, to=to, **agency)
    await street.at(EVENING)
    async with street.db.transaction() as session:
        proofs = await proof_of_rungs(session, street.number)
    assert [(one.rung, one.recipient_id, one.channel, one.state, one.sent_at) for one in proofs] == [
        ("warning", "opd-1", "email", "sent", EVENING),
        ("coordinator", "koor", "email", "sent", EVENING),
        ("inspectorate", None, "email", "failed", None),
    ]
    sent = {message_id for _, message_id in street.mail.taken}
    assert {one.message_id for one in proofs if one.message_id} == sent


async def test_the_applicant_reads_which_documents_are_wrong_as_they_are_wrong_by_then(street: Street) -> None:
    verdicts = (
        DocumentVerdict(requirement="ktp", verdict="repair", reason="Halaman kedua tidak terbaca."),
        DocumentVerdict(requirement="ijazah", verdict="repair", code=DocumentReason.EXPIRED),
        DocumentVerdict(requirement="foto", verdict="accept"),
    )
    event = Event(key="dinilai", tag=Tag.DOCUMENT_RETURNED, at=street.now, office_at=street.now)
    await street.records.keep(Step(number=street.number, events=(event,), verdicts=verdicts))
    await street.tell("applicant-asked", facts={"stage": "Perbaikan berkas", "instructions": ""})
    await street.at(datetime(2026, 12, 15, 9, tzinfo=WIB))
    [row] = await street.records.notices_of(street.number)
    assert "- Kartu tanda penduduk: Halaman kedua tidak terbaca\n" in (row.body or "")
    assert "- Ijazah: sudah tidak berlaku\n" in (row.body or "")
    assert "oto" not in (row.body or "")


async def test_the_applicant_of_a_late_case_reads_who_was_reminded(street: Street) -> None:
    for rung, to in (("warning", "holder"), ("head", "holder_head"), ("coordinator", "coordinator")):
        facts = {"task": "t", "rung": rung, "who": to, "holder": "Bappeda", "stage": "Rekomendasi"}
        await street.tell("task-warning", Tag.OPD_WARNED, facts, to=to, role=Role.OPD, opd="bappeda")
    late = {"holder": "Bappeda", "stage": "Rekomendasi", "expected_on": "2026-12-22"}
    await street.tell("promise-endangered", Tag.PROMISE_ENDANGERED, late)
    await street.at(datetime(2026, 12, 15, 9, tzinfo=WIB))
    [row] = [row for row in await street.records.notices_of(street.number) if row.template == "promise-endangered"]
    body = row.body or ""
    assert "Bappeda belum menjawab.\nKami sudah mengingatkan petugasnya, pimpinannya dan koordinator." in body
    assert "diperkirakan mundur ke Selasa 22 Desember 2026" in body
