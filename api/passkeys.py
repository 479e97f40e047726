"""Passkeys of an officer: asked for here, granted by the signing worker.

A wish goes three steps: it is begun and gets its challenge, the device answers, and the answer goes sealed to the
signing worker together with the officer's proof. Nothing that is written here makes a passkey count (ADR 0022).
"""

from __future__ import annotations

import asyncio
import secrets
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, SecretStr, StringConstraints, model_validator

from api.accounts import Password
from api.asked import Asked, Sha256
from api.engine import Unknown
from api.problems import ApiCode, Problem
from api.proofs import (
    LIFE,
    TURNS,
    AssertionAsked,
    Base64Url,
    CredentialAsked,
    Totp,
    check_early,
    check_guesses,
    descriptors,
    party,
    problem_of_failure,
    request_options,
    usable_passkeys,
    websafe,
)
from api.services import Services
from permits.authority import Actor
from permits.errands import Errand
from permits.errors import Code, RuleError
from signing.activation import TotpProof, load_public_key
from signing.errors import SigningError
from signing.passkey_change import ChangeProof, PasskeyChange, TicketProof, removal, seal_change
from signing.webauthn import ALGORITHMS, Registration, change_challenge, registration_challenge
from store.records import NewPasskeyRequest
from store.tables import AccountRow, PasskeyRequestRow, PasskeyRow

PATIENCE_SECONDS = 12.0
MOST_PASSKEYS = 20

PasskeyName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
Transport = Annotated[str, Field(pattern=r"^[a-z-]{1,20}$")]


class ProofAsked(Asked):
    """Exactly one way of showing that it is the officer."""

    ticket: SecretStr | None = Field(default=None, min_length=24, max_length=60)
    """A code that was handed over at the signing machine."""
    totp: Totp | None = None
    assertion: AssertionAsked | None = None
    """By an older passkey, over this very change."""

    @model_validator(mode="after")
    def _exactly_one(self) -> ProofAsked:
        if sum(one is not None for one in (self.ticket, self.totp, self.assertion)) != 1:
            raise ValueError("exactly one proof is needed")
        return self


class AttestationResponseAsked(Asked):
    """AuthenticatorAttestationResponseJSON."""

    client_data: Base64Url = Field(alias="clientDataJSON")
    attestation: Base64Url = Field(alias="attestationObject")
    transports: list[Transport] = Field(default_factory=list, max_length=10)
    authenticator_data: str | None = Field(default=None, alias="authenticatorData", max_length=90_000)
    public_key: str | None = Field(default=None, alias="publicKey", max_length=10_000)
    public_key_algorithm: int | None = Field(default=None, alias="publicKeyAlgorithm")


class NewCredentialAsked(CredentialAsked):
    """RegistrationResponseJSON: a passkey that a device has made."""

    response: AttestationResponseAsked


class PasskeyAsked(Asked):
    """A passkey to be let in."""

    request: str = Field(pattern=r"^[0-9a-f]{32}$")
    name: PasskeyName
    password: Password
    proof: ProofAsked
    credential: NewCredentialAsked


class RemovalAsked(Asked):
    """A passkey to be removed."""

    request: str = Field(pattern=r"^[0-9a-f]{32}$")
    password: Password
    proof: ProofAsked


class ConsentByOlderAsked(Asked):
    """Which new passkey an older one is to consent to."""

    attestation_sha256: Sha256


class PasskeyNamed(Asked):
    """What a passkey is called."""

    name: PasskeyName


class Options(BaseModel):
    """What the page hands to `navigator.credentials`; `public_key` is WebAuthn's own JSON."""

    request: str
    expires_at: datetime
    public_key: dict[str, Any]


class PasskeyShown(BaseModel):
    """A passkey as its owner sees it."""

    id: str
    name: str
    device: str
    """AAGUID: the make of the device; all zero where it does not tell."""
    backed_up: bool
    """Synchronised by its maker to the owner's other devices."""
    admitted_by: str
    admitted_at: datetime
    usable_from: datetime
    last_used_at: datetime | None


class Wish(BaseModel):
    """What became of a wish; `accepted-unknown` while the signing worker has not answered."""

    request: str
    state: Literal["done", "accepted-unknown"]
    passkey: PasskeyShown | None = None


def shown(row: PasskeyRow) -> PasskeyShown:
    """A row without keys and seals."""
    return PasskeyShown.model_validate(row.model_dump(include=set(PasskeyShown.model_fields)))


async def begin(services: Services, officer: AccountRow, kind: Literal["admit", "remove"], passkey_id: str) -> str:
    """Keeps the beginning of a wish and answers its id. Raises Problem(too-many-attempts)."""
    now = services.now()
    await services.attempts.ask(f"passkey:{officer.id}", now)
    request_id = secrets.token_hex(16)
    await services.records.ask_for_passkey(
        NewPasskeyRequest(
            id=request_id,
            officer_id=officer.id,
            kind=kind,
            passkey_id=passkey_id,
            created_at=now,
            expires_at=(now + LIFE).replace(microsecond=0),
        )
    )
    return request_id


async def creation_options(services: Services, officer: AccountRow) -> Options:
    """What a device needs to make a passkey (PublicKeyCredentialCreationOptionsJSON)."""
    known = await services.records.passkeys_of(officer.id)
    if len(known) >= MOST_PASSKEYS:
        raise Problem(ApiCode.TOO_MANY_ATTEMPTS)
    row = await wish(services, await begin(services, officer, "admit", secrets.token_hex(16)), officer.id)
    challenge = registration_challenge(row.id, officer.id, row.expires_at)
    return Options(
        request=row.id,
        expires_at=row.expires_at,
        public_key={
            "rp": {"id": party(services).id, "name": "Sakpore"},
            "user": {"id": websafe(officer.id.encode()), "name": officer.email, "displayName": officer.name},
            "challenge": websafe(challenge),
            "pubKeyCredParams": [{"type": "public-key", "alg": number} for number in ALGORITHMS],
            "excludeCredentials": descriptors(known),
            "authenticatorSelection": {"residentKey": "preferred", "userVerification": "required"},
            "attestation": "none",
            "timeout": int(LIFE.total_seconds() * 1000),
        },
    )


async def older_ones_options(services: Services, officer_id: str, request_id: str, what: str | None) -> Options:
    """What an older passkey signs for a wish; `what` in the challenge's words, None: the removal it is about."""
    row = await wish(services, request_id, officer_id)
    challenge = change_challenge(row.id, officer_id, what or removal(row.passkey_id), row.expires_at)
    usable = await usable_passkeys(services, officer_id)
    return Options(request=row.id, expires_at=row.expires_at, public_key=request_options(services, challenge, usable))


async def removal_options(services: Services, officer: AccountRow, passkey_id: str) -> Options:
    """Begins a removal; without a passkey that may prove it, a code or a ticket has to."""
    row = await wish(services, await begin(services, officer, "remove", passkey_id), officer.id)
    try:
        return await older_ones_options(services, officer.id, row.id, None)
    except Problem:
        return Options(request=row.id, expires_at=row.expires_at, public_key={})


async def wish(services: Services, request_id: str, officer_id: str) -> PasskeyRequestRow:
    """A wish of this officer that waits for its answer. Raises Problem(challenge-expired)."""
    row = await services.records.passkey_request(request_id)
    if row is None or row.officer_id != officer_id or row.state != "asked" or row.expires_at <= services.now():
        raise Problem(ApiCode.CHALLENGE_EXPIRED)
    return row


async def admit(services: Services, actor: Actor, asked: PasskeyAsked) -> Wish:
    """Hands a new passkey to the signing worker. Raises Problem with what it says."""
    row = await wish(services, asked.request, actor.id)
    answer = asked.credential.response
    made = Registration(answer.client_data, answer.attestation)
    if row.kind != "admit":
        raise Problem(ApiCode.CHALLENGE_EXPIRED)
    await _hand_over(services, actor, row, made, asked.proof, asked.name, tuple(answer.transports))
    return await _settled(services, row)


async def remove(services: Services, actor: Actor, passkey_id: str, asked: RemovalAsked) -> Wish:
    """Has the signing worker remove one. Raises Problem with what it says."""
    row = await wish(services, asked.request, actor.id)
    if row.kind != "remove" or row.passkey_id != passkey_id:
        raise Problem(ApiCode.CHALLENGE_EXPIRED)
    name = (await own(services, passkey_id, actor.id)).name
    await _hand_over(services, actor, row, None, asked.proof, name)
    return await _settled(services, row)


async def own(services: Services, passkey_id: str, officer_id: str) -> PasskeyRow:
    """One of the officer's passkeys. Raises RuleError(passkey-unknown)."""
    for row in await services.records.passkeys_of(officer_id):
        if row.id == passkey_id:
            return row
    raise RuleError(Code.PASSKEY_UNKNOWN)


async def _hand_over(
    services: Services,
    actor: Actor,
    row: PasskeyRequestRow,
    made: Registration | None,
    proof: ProofAsked,
    name: str,
    transports: tuple[str, ...] = (),
) -> None:
    async with TURNS.setdefault(actor.id, asyncio.Lock()):
        await _seal_and_send(services, actor, row, made, proof, name, transports)


async def _seal_and_send(
    services: Services,
    actor: Actor,
    row: PasskeyRequestRow,
    made: Registration | None,
    proof: ProofAsked,
    name: str,
    transports: tuple[str, ...],
) -> None:
    await check_guesses(services, actor)
    path = services.settings.signing_seal_public_key
    if path is None:
        raise Problem(ApiCode.SIGNING_UNAVAILABLE)
    shell = PasskeyChange(actor.id, row.passkey_id, TotpProof(""), row.expires_at, made)
    given = await _proof(services, actor.id, proof, shell.challenge(row.id))
    change = PasskeyChange(actor.id, row.passkey_id, given, row.expires_at, made)
    try:
        envelope = seal_change(change, load_public_key(path), row.id)
    except SigningError:
        raise Problem(ApiCode.SIGNING_UNAVAILABLE) from None
    if not await services.records.send_passkey_request(row.id, envelope, name, transports):
        raise Problem(ApiCode.CHALLENGE_EXPIRED)


async def _proof(services: Services, officer_id: str, asked: ProofAsked, challenge: bytes) -> ChangeProof:
    if asked.ticket is not None:
        return TicketProof(asked.ticket.get_secret_value())
    if asked.totp is not None:
        return TotpProof(asked.totp.get_secret_value())
    assert asked.assertion is not None
    return await check_early(services, officer_id, asked.assertion, challenge)


async def _settled(services: Services, row: PasskeyRequestRow) -> Wish:
    try:
        done = await services.engine.errand(Errand(kind="passkey", subject_id=row.id), PATIENCE_SECONDS)
    except Unknown:
        return Wish(request=row.id, state="accepted-unknown")
    if done.failure is not None:
        raise problem_of_failure(done.failure)
    if row.kind == "remove":
        return Wish(request=row.id, state="done")
    return Wish(request=row.id, state="done", passkey=shown(await own(services, row.passkey_id, row.officer_id)))
