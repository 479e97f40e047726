"""The product reaches its owner: a message that it can be downloaded, and the letter itself where e-mail was chosen.

Sent again after a crash, the message bears the same Message-ID, so that mail systems fold the two into one.
"""

from __future__ import annotations

from email.message import EmailMessage

from pydantic import BaseModel, ConfigDict
from temporalio import activity

from activities.clients.mail import MailClient
from activities.texts import Texts
from store.documents import DocumentStore
from store.records import Records


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


class DeliveryDesk:
    """Delivers signed letters."""

    def __init__(
        self, records: Records, documents: DocumentStore, mail: MailClient, texts: Texts, public_base_url: str
    ) -> None:
        self._records = records
        self._documents = documents
        self._mail = mail
        self._texts = texts
        self._base = public_base_url.rstrip("/")

    @activity.defn
    async def deliver_letter(self, order: DeliverLetter) -> DeliveryProof:
        """Sends the letter, or the link to it. Raises ApplicationError as MailClient does."""
        case = await self._records.application(order.number)
        applicant = await self._records.account(case.applicant_id)
        assert applicant is not None, "an application belongs to an account"
        subject, body = self._texts.notice(
            "letter-issued" if order.purpose == "permit" else "letter-rejected",
            number=order.number,
            title=case.title,
            tracking_url=f"{self._base}/lacak/{case.tracking_code}",
            attached=order.attach,
        )
        message = EmailMessage()
        message["To"] = applicant.email
        message["Subject"] = subject
        message.set_content(body)
        if order.attach:
            pdf = await self._documents.get_signed(order.signed_sha256)
            message.add_attachment(pdf, maintype="application", subtype="pdf", filename=f"{order.number}.pdf")
        return DeliveryProof(message_id=await self._mail.send(message, order.key))
