"""What the writes of `store.records` take and give, beyond the values of `permits.steps`."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from permits.application import Delivery
from permits.authority import Actor, Role
from permits.decisions import Channel
from permits.definition import Variant
from permits.events import Event
from permits.pace import Pace
from permits.sla import SlaClock

ClaimState = Literal["CLAIMED", "SENT", "SIGNED", "UNKNOWN", "FAILED"]
NoticeState = Literal["pending", "sent", "failed"]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class NewAccount(_Value):
    """An account to be made; secrets arrive hashed or sealed."""

    id: str
    email: str  # kept in lower case
    name: str
    password_hash: str  # argon2id, PHC text
    role: Role
    field: str | None = None
    opd: str | None = None
    is_head: bool = False  # of its agency
    phone: str | None = None
    title: str | None = None
    rank: str | None = None
    nip: str | None = None
    address: str | None = None
    birth_place: str | None = None
    birth_date: date | None = None
    nik_sealed: bytes | None = None
    nik_fingerprint: str | None = None
    nik_warnings: tuple[str, ...] = ()  # permits.nik.NikWarning
    totp_sealed: bytes | None = None
    email_confirmed_at: AwareDatetime | None = None
    is_demo: bool = False
    at_counter: bool = False  # of a person without e-mail, made by the front office
    made_by: str | None = None
    created_at: AwareDatetime


class NewDraft(_Value):
    """A draft to be opened; it gets its number here and keeps it."""

    applicant_id: str
    permit_type: str
    variant: Variant
    title: str  # of the permit type
    field: str  # of the back office
    data: dict[str, str] = Field(default_factory=dict)
    delivery: Delivery = Delivery.DOWNLOAD
    delivery_address: str | None = None
    party: dict[str, Any] | None = None  # permits.party.Party
    filed_by: str | None = None  # account of the officer, at the counter
    channel: Literal["web", "counter"] = "web"
    practice: bool = False
    old_permit: str | None = None
    old_permit_text: str | None = None
    created_at: AwareDatetime  # real time
    year: int  # of the number: the office's year


class DraftChanges(_Value):
    """What changes in a draft; what is None stays."""

    data: dict[str, str] | None = None
    delivery: Delivery | None = None
    delivery_address: str | None = None
    party: dict[str, Any] | None = None
    old_permit_text: str | None = None  # with it, old_permit is replaced as well
    old_permit: str | None = None


class NewDocument(_Value):
    """A document whose content already lies in the object store."""

    number: str
    requirement: str
    sha256: str
    content_type: str
    size: int = Field(ge=1)  # bytes
    filename: str
    uploaded_by: str  # account id
    channel: Channel = "web"
    consent: str | None = None  # how the applicant agreed, where staff uploaded it
    uploaded_at: AwareDatetime


class NewAttachment(_Value):
    """Evidence whose content already lies in the object store."""

    task_id: str
    kind: str  # photo, payment-proof, minutes, wet-signed-letter
    sha256: str
    content_type: str
    size: int = Field(ge=1)  # bytes
    filename: str
    uploaded_by: str  # account id
    uploaded_at: AwareDatetime


class SubmissionRecord(_Value):
    """What a submission commits, all at once."""

    number: str
    submission_key: str  # idempotency key of the request, or an id made for it
    submitted_at: AwareDatetime  # real time
    definition_version: int
    definition_sha256: str
    dossier_sha256: str  # of what the completeness rules saw
    tracking_code: str
    verification_id: str
    submission: dict[str, Any]  # the workflow's input as it will be sent, without personal data
    promise: SlaClock
    promise_due_at: AwareDatetime  # office time
    pace: Pace
    calendar_version: str | None = None
    event: Event | None = None


class MissingStart(_Value):
    """A committed submission whose workflow is not known to run."""

    number: str
    submission: dict[str, Any]
    start_requested_at: AwareDatetime


class NewActivation(_Value):
    """A sealed consent to sign, as the API took it."""

    id: str
    officer_id: str
    envelope: bytes
    letters: tuple[str, ...] = Field(min_length=1)  # sha256 of each letter
    created_at: AwareDatetime
    expires_at: AwareDatetime


class NewChallenge(_Value):
    """What an officer is asked to consent to."""

    id: str
    officer_id: str
    tasks: tuple[str, ...] = Field(min_length=1)
    letters: list[str]  # sha256 of each, in order
    created_at: AwareDatetime
    expires_at: AwareDatetime


class NewPasskey(_Value):
    """A passkey that the signing worker has judged and sealed."""

    id: str
    officer_id: str
    credential_id: bytes
    public_key: bytes
    rp_id: str
    usable_from: AwareDatetime
    seal: bytes
    device: str
    backed_up: bool
    sign_count: int
    admitted_by: Literal["ticket", "totp", "webauthn"]
    admitted_at: AwareDatetime


class NewPasskeyRequest(_Value):
    """A wish to let a passkey in or have one removed, before the device has answered."""

    id: str
    officer_id: str
    kind: Literal["admit", "remove"]
    passkey_id: str
    created_at: AwareDatetime
    expires_at: AwareDatetime


class Claim(_Value):
    """How far one letter of an activation has come."""

    activation_id: str
    letter_sha256: str
    state: ClaimState
    error: str | None = None  # a stable code; of a claim that is only CLAIMED, why it waits
    returned_sha256: str | None = None  # what the provider handed back


class Standing(_Value):
    """How an officer's certificate stands (signing.port.Standing), as the signing worker heard it."""

    account_id: str
    standing: str
    certificate_sha256: str | None = None
    valid_until: AwareDatetime | None = None
    known_at: AwareDatetime | None = None  # None: the provider never said


class Mandate(_Value):
    """The right to sign on a day."""

    id: str
    account_id: str
    capacity: Literal["definitive", "plh", "plt", "opd"]
    opd: str | None = None  # capacity opd: the agency whose recommendations alone are signed
    certificate_sha256: str
    valid_from: date
    valid_until: date | None = None
    decree: str
    given_by: str | None = None  # account id


class AccountToken(_Value):
    """A token that goes out by mail; the store sees its sha256 alone."""

    token_hash: str
    account_id: str
    purpose: Literal["confirm", "email", "password"]
    email: str  # where the mail goes
    created_at: AwareDatetime
    expires_at: AwareDatetime


class NewDelegation(_Value):
    """A desk lent to a colleague."""

    id: str
    from_id: str
    to_id: str
    valid_from: date
    valid_until: date
    reason: str
    given_by: str
    given_at: AwareDatetime


class NewHelpMessage(_Value):
    """A message of the help thread."""

    id: str
    thread: str
    account_id: str  # whose thread it is
    number: str | None = None
    author_id: str
    from_office: bool
    text: str
    sent_at: AwareDatetime


class OpenSession(_Value):
    """A log-in that is in force."""

    account_id: str
    csrf_token: str
    expires_at: AwareDatetime
    actor: Actor
