"""The product reaches its owner: a message that says how, and the letter itself where e-mail was chosen; and where the
parcel is that carries it by post.

Sent again after a crash, a message bears the same Message-ID, so that mail systems fold the two into one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage

from pydantic import BaseModel, ConfigDict
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.clients.mail import MailClient
from activities.clients.post import Parcel, PostClient, PostState
from permits.events import Tag
from store.documents import DocumentStore
from store.notice_texts import Texts
from store.records import Records
from store.records.notices import addressee
from store.records.office_time import calendar_of, office_time
from store.tables import ApplicationRow

TEMPLATES = {
    "permit": "letter-issued",
    "rejection": "letter-rejected",
    "revocation": "permit-revoked",
    "replacement": "permit-replaced",
    "extension": "permit-extended",
}
"""What tells of each product."""


class DeliverLetter(BaseModel):
    """What is delivered to the applicant."""

    model_config = ConfigDict(frozen=True)

    key: str  # the same at every retry: becomes the Message-ID
    number: str
    purpose: str
    signed_sha256: str
    attach: bool


class DeliveryProof(BaseModel):
    """The mail server took the message."""

    model_config = ConfigDict(frozen=True)

    message_id: str


class TrackPost(BaseModel):
    """A parcel of a case."""

    model_config = ConfigDict(frozen=True)

    number: str
    receipt_number: str


class DeliveryDesk:
    """Delivers signed letters."""

    def __init__(
        self,
        records: Records,
        documents: DocumentStore,
        mail: MailClient,
        texts: Texts,
        post: PostClient,
        public_base_url: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._records = records
        self._documents = documents
        self._mail = mail
        self._texts = texts
        self._post = post
        self._base = public_base_url.rstrip("/")
        self._now = now

    @activity.defn
    async def deliver_letter(self, order: DeliverLetter) -> DeliveryProof:
        """Sends the letter, or the link to it.

        Raises ApplicationError as MailClient does, and no-recipient (never again) for an applicant without e-mail.
        """
        case = await self._records.application(order.number)
        applicant = await self._records.account(case.applicant_id)
        assert applicant is not None, "an application belongs to an account"
        if not (email := addressee(applicant).email):
            raise ApplicationError("The applicant has no e-mail.", type="no-recipient", non_retryable=True)
        subject, body = self._texts.notice(
            TEMPLATES.get(order.purpose, "letter-issued"),
            number=order.number,
            title=case.title,
            tracking_url=f"{self._base}/lacak/{case.tracking_code}",
            attached=order.attach,
            delivery=case.delivery,
        )
        message = EmailMessage()
        message["To"] = email
        message["Subject"] = subject
        message.set_content(body)
        if order.attach:
            pdf = await self._documents.get_signed(order.signed_sha256)
            message.add_attachment(pdf, maintype="application", subtype="pdf", filename=f"{order.number}.pdf")
        return DeliveryProof(message_id=await self._mail.send(message, order.key))

    @activity.defn
    async def track_post(self, order: TrackPost) -> PostState:
        """Where the parcel is now. Raises ApplicationError as PostClient does."""
        case = await self._records.application(order.number)
        calendar = calendar_of(case)
        assert calendar is not None, "only a submitted case has a parcel"
        now = office_time(case, self._now())
        parcel = Parcel(receipt_number=order.receipt_number, posted_at=await self._posted_at(case, now), asked_at=now)
        return await self._post.track(parcel, calendar)

    async def _posted_at(self, case: ApplicationRow, now: datetime) -> datetime:
        """When the newest parcel was noted as posted."""
        lines = await self._records.events_tagged(case.number, Tag.PRODUCT_POSTED)
        return max((line.office_at for line in lines), default=now)
