"""What the signing queue is ordered to do, and how it answers: ids, hashes and stable codes."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict

from activities.signing_incidents import claim_key
from permits.events import Event
from signing.port import AGENCY_FIELD, HEAD_FIELD
from store.records import LetterConsent

OUTAGES = frozenset(
    {
        "timestamp_unavailable",
        "revocation_unavailable",
        "provider_unavailable",
        "provider_login_refused",
        "archive_pending",
    }
)
"""Codes of what may pass by itself while the activation lives."""
FOR_ALL = frozenset(
    {
        "wrong_passphrase",
        "passphrase_locked",
        "not_registered",
        "certificate_not_found",
        "certificate_expired",
        "certificate_revoked",
        "certificate_unsuitable",
    }
)
"""What is wrong for one letter of an activation is wrong for all: a provider locks who fails too often."""
ARCHIVE_PENDING = "archive_pending"
"""The provider has signed, and what it handed back waits for the timestamp or revocation service."""


class LetterOrder(BaseModel):
    """One frozen letter that an officer has consented to; the consent is named by id."""

    model_config = ConfigDict(frozen=True)

    number: str
    letter_sha256: str
    activation_id: str
    officer_id: str
    office_date: date
    opd: str | None = None  # an agency's officer signs its recommendation; None: the head

    @property
    def field_name(self) -> str:
        """The signature field of the PDF."""
        return HEAD_FIELD if self.opd is None else AGENCY_FIELD

    @property
    def consent(self) -> LetterConsent:
        """Which letter of which consent, as the store asks for it."""
        return LetterConsent(
            number=self.number,
            letter_sha256=self.letter_sha256,
            activation_id=self.activation_id,
            officer_id=self.officer_id,
            opd=self.opd,
        )

    @property
    def claim(self) -> str:
        """Names the claim in the case's record."""
        return claim_key(self.activation_id, self.letter_sha256)


class SignLetter(LetterOrder):
    """An order to sign one letter and to register it."""

    purpose: str
    event: Event
    may_wait: bool = False  # an outage is answered with `waits_for`, and the caller asks again
    in_batch: bool = False  # its batch sends it to the provider; here it is proven and registered


class SignedObject(BaseModel):
    """A signed letter that is registered."""

    model_config = ConfigDict(frozen=True)

    letter_sha256: str
    signed_sha256: str
    certificate_sha256: str
    field_name: str = HEAD_FIELD


class SignResult(BaseModel):
    """Signed, or the stable code of why the letter returns to the head's task, or of what it waits for."""

    model_config = ConfigDict(frozen=True)

    signed: SignedObject | None = None
    failure: str | None = None
    waits_for: str | None = None


class JudgedLetter(BaseModel):
    """The policy's verdict on the stored object."""

    model_config = ConfigDict(frozen=True)

    verdict: str
    level: str | None = None


class Refused(Exception):
    """The order cannot be carried out; a person has to do something. `code` is stable."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class OutcomeInDoubt(Exception):
    """The letter went to a remote provider, and what became of it is not known."""
