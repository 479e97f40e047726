"""Passkeys to log in with, for everybody (WebAuthn level 2).

They are none of the passkeys that consent to signatures (ADR 0022): kept in a table of their own, without the signing
worker's seal, made for another user handle so that a device keeps both, and asked for random challenges alone.
"""

from __future__ import annotations

import logging
import secrets
from datetime import datetime

from pydantic import BaseModel, Field

from api.accounts import Password
from api.asked import Asked
from api.own_account import check_password
from api.passkeys import NewCredentialAsked, Options, PasskeyName
from api.problems import ApiCode, Problem
from api.proofs import LIFE, AssertionAsked, party, websafe
from api.services import Services
from api.sessions import Opened, open_for
from signing.errors import StepUpRefused
from signing.webauthn import ALGORITHMS, Registration
from store.records import actor_of
from store.tables import AccountRow, LoginChallengeRow, LoginKeyRow

log = logging.getLogger("sakpore.api")

MOST_KEYS = 20
Request = Field(pattern=r"^[0-9a-f]{32}$")


class LoginKeyAsked(Asked):
    """A passkey that a device has made."""

    request: str = Request
    name: PasskeyName
    password: Password
    credential: NewCredentialAsked


class KeyLogInAsked(Asked):
    """A device's answer to a log-in."""

    request: str = Request
    assertion: AssertionAsked


class LoginKeyShown(BaseModel):
    """A passkey as its owner sees it."""

    id: str
    name: str
    backed_up: bool
    created_at: datetime
    last_used_at: datetime | None


def shown(row: LoginKeyRow) -> LoginKeyShown:
    """A row without keys."""
    return LoginKeyShown.model_validate(row.model_dump(include=set(LoginKeyShown.model_fields)))


async def creation_options(services: Services, account: AccountRow) -> Options:
    """What a device needs to make a passkey (PublicKeyCredentialCreationOptionsJSON)."""
    known = await services.records.login_keys_of(account.id)
    if len(known) >= MOST_KEYS:
        raise Problem(ApiCode.TOO_MANY_ATTEMPTS)
    await services.attempts.ask(f"login-key:{account.id}", services.now())
    row = await _ask(services, account.id)
    return Options(
        request=row.id,
        expires_at=row.expires_at,
        public_key={
            "rp": {"id": party(services).id, "name": "Sakpore"},
            # A device keeps one passkey for each handle: this one must not take the place of one that signs.
            "user": {"id": websafe(f"masuk:{account.id}".encode()), "name": account.email, "displayName": account.name},
            "challenge": websafe(row.challenge),
            "pubKeyCredParams": [{"type": "public-key", "alg": number} for number in ALGORITHMS],
            "excludeCredentials": [
                {"type": "public-key", "id": websafe(key.credential_id), "transports": key.transports} for key in known
            ],
            "authenticatorSelection": {
                "residentKey": "required", "requireResidentKey": True, "userVerification": "required",
            },
            "attestation": "none",
            "timeout": int(LIFE.total_seconds() * 1000),
        },
    )  # fmt: skip


async def add(services: Services, account: AccountRow, asked: LoginKeyAsked) -> LoginKeyShown:
    """Adds a passkey; its owner is told by mail.

    Raises Problem(login-failed, challenge-expired, step-up-refused, too-many-attempts), RuleError(passkey-known).
    """
    await check_password(services, account, asked.password.get_secret_value())
    challenge = await _answered(services, asked.request, account.id)
    answer = asked.credential.response
    try:
        made = party(services).check_registration(Registration(answer.client_data, answer.attestation), challenge)
    except StepUpRefused:
        raise Problem(ApiCode.STEP_UP_REFUSED) from None
    row = await services.records.add_login_key(
        LoginKeyRow(
            id=secrets.token_hex(16),
            account_id=account.id,
            credential_id=made.credential_id,
            public_key=made.public_key,
            rp_id=party(services).id,
            name=asked.name,
            transports=list(answer.transports),
            backed_up=made.backed_up,
            sign_count=made.sign_count,
            created_at=services.now(),
        )
    )
    await _tell(services, account, "account-login-key-added")
    log.info("a passkey to log in with was added", extra={"account_id": account.id})
    return shown(row)


async def remove(services: Services, account: AccountRow, key_id: str) -> None:
    """Removes a passkey; its owner is told by mail. Raises RuleError(passkey-unknown)."""
    await services.records.remove_login_key(key_id, account.id)
    await _tell(services, account, "account-login-key-removed")
    log.info("a passkey to log in with was removed", extra={"account_id": account.id})


async def log_in_options(services: Services, address: str) -> Options:
    """What a device signs to log in; it says itself whose passkey it is. Raises Problem(too-many-attempts)."""
    await services.attempts.ask_for_log_in(address, services.now())
    row = await _ask(services, None)
    return Options(
        request=row.id,
        expires_at=row.expires_at,
        public_key={
            "challenge": websafe(row.challenge),
            "rpId": party(services).id,
            "allowCredentials": [],
            "userVerification": "required",
            "timeout": int(LIFE.total_seconds() * 1000),
        },
    )


async def log_in(services: Services, asked: KeyLogInAsked) -> Opened:
    """Opens a session. Raises Problem(challenge-expired, key-log-in-failed, email-unconfirmed)."""
    challenge = await _answered(services, asked.request, None)
    proof = asked.assertion.proof()
    row = await services.records.login_key_by_credential(proof.credential_id)
    account = await services.records.account(row.account_id) if row is not None else None
    if row is None or account is None or not account.active:
        raise Problem(ApiCode.KEY_LOG_IN_FAILED)
    try:
        counter = party(services).check_assertion(proof, row.public_key, challenge)
    except StepUpRefused:
        log.warning("a log-in by passkey failed")
        raise Problem(ApiCode.KEY_LOG_IN_FAILED) from None
    if not await services.records.count_login_key_use(row.id, counter, services.now()):
        log.warning("a passkey to log in with seems to be copied", extra={"account_id": account.id})
        raise Problem(ApiCode.KEY_LOG_IN_FAILED)
    if account.email_confirmed_at is None:
        raise Problem(ApiCode.EMAIL_UNCONFIRMED)
    return await open_for(services, actor_of(account), services.now())


async def own_keys(services: Services, account_id: str) -> list[LoginKeyShown]:
    """The passkeys of an account, the oldest first."""
    return [shown(row) for row in await services.records.login_keys_of(account_id)]


async def _ask(services: Services, account_id: str | None) -> LoginChallengeRow:
    now = services.now()
    row = LoginChallengeRow(
        id=secrets.token_hex(16), account_id=account_id, challenge=secrets.token_bytes(32), expires_at=now + LIFE
    )
    kept = row.model_copy()
    await services.records.keep_login_challenge(row, now)
    return kept


async def _answered(services: Services, request: str, account_id: str | None) -> bytes:
    challenge = await services.records.take_login_challenge(request, account_id, services.now())
    if challenge is None:
        raise Problem(ApiCode.CHALLENGE_EXPIRED)
    return challenge


async def _tell(services: Services, account: AccountRow, template: str) -> None:
    await services.mailing.send(account.email, template, services.now(), name=account.name)
