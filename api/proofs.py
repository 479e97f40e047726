"""An officer's proofs as they come over HTTP, and how many wrong ones are taken.

Proofs are judged by the signing worker. What can be judged here already is judged here as well, so that a person learns
of a mistake at once; it is never what counts.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated
from weakref import WeakValueDictionary

from fido2.utils import websafe_decode, websafe_encode
from pydantic import BeforeValidator, Field, SecretStr

from api.asked import Asked
from api.problems import ApiCode, Problem
from api.services import Services
from permits.authority import Actor
from permits.errors import Code
from signing.errors import StepUpRefused
from signing.webauthn import RelyingParty, WebauthnProof
from store.queries.logins import failures_of
from store.queries.signing import failed_activations, refused_wishes, untried_activations, waiting_wishes
from store.tables import PasskeyRow

log = logging.getLogger("sakpore.api")

LIFE = timedelta(minutes=5)
"""Of a consent, of a challenge, of a wish."""
GUESSES = 5
GUESS_WINDOW = timedelta(minutes=15)
WRONG_PROOFS = ("wrong_passphrase", "step_up_refused", "passkey_unknown", "passkey_not_sealed", "passkey_copied")
"""What the signing worker notes of a proof, or of a passphrase, that was not the officer's."""
TURNS: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()


def _decoded(value: object) -> bytes:
    if not isinstance(value, str) or len(value) > 90_000:
        raise ValueError("base64url text is needed")
    return websafe_decode(value)


Base64Url = Annotated[bytes, BeforeValidator(_decoded)]
"""Bytes as `PublicKeyCredential.toJSON()` writes them; base64url without padding."""


class AssertionResponseAsked(Asked):
    """AuthenticatorAssertionResponseJSON."""

    client_data: Base64Url = Field(alias="clientDataJSON")
    authenticator_data: Base64Url = Field(alias="authenticatorData")
    signature: Base64Url
    user_handle: str | None = Field(default=None, alias="userHandle", max_length=200)


class CredentialAsked(Asked):
    """What every answer of a device has (PublicKeyCredential.toJSON)."""

    id: str = Field(max_length=2000)
    raw_id: Base64Url = Field(alias="rawId")
    type: str = Field(default="public-key", pattern="^public-key$")
    authenticator_attachment: str | None = Field(default=None, alias="authenticatorAttachment", max_length=40)
    client_extension_results: dict[str, object] = Field(default_factory=dict, alias="clientExtensionResults")


class AssertionAsked(CredentialAsked):
    """AuthenticationResponseJSON: a device's proof."""

    response: AssertionResponseAsked

    def proof(self) -> WebauthnProof:
        """As it is judged."""
        answer = self.response
        return WebauthnProof(self.raw_id, answer.client_data, answer.authenticator_data, answer.signature)


Totp = Annotated[SecretStr, Field(min_length=6, max_length=8)]


def party(services: Services) -> RelyingParty:
    """The office as browsers know it."""
    return RelyingParty.of(services.settings.public_base_url)


def descriptors(passkeys: Sequence[PasskeyRow]) -> list[dict[str, object]]:
    """Which passkeys a device is asked for (PublicKeyCredentialDescriptorJSON)."""
    return [{"type": "public-key", "id": websafe(row.credential_id), "transports": row.transports} for row in passkeys]


def request_options(services: Services, challenge: bytes, passkeys: Sequence[PasskeyRow]) -> dict[str, object]:
    """PublicKeyCredentialRequestOptionsJSON; the device has to check its owner."""
    return {
        "challenge": websafe(challenge),
        "rpId": party(services).id,
        "allowCredentials": descriptors(passkeys),
        "userVerification": "required",
        "timeout": int(LIFE.total_seconds() * 1000),
    }


def websafe(raw: bytes) -> str:
    """base64url without padding, as WebAuthn's JSON has it."""
    return websafe_encode(raw)


async def usable_passkeys(services: Services, officer_id: str) -> list[PasskeyRow]:
    """Those that may consent now. Raises Problem: passkey-missing, passkey-not-yet-usable."""
    rows = [row for row in await services.records.passkeys_of(officer_id) if row.rp_id == party(services).id]
    if not rows:
        raise Problem(ApiCode.PASSKEY_MISSING)
    usable = [row for row in rows if row.usable_from <= services.now()]
    if not usable:
        raise Problem(ApiCode.PASSKEY_NOT_YET_USABLE)
    return usable


async def check_early(services: Services, officer_id: str, asked: AssertionAsked, challenge: bytes) -> WebauthnProof:
    """The proof, where it looks good from here. Raises Problem: passkey-unknown, step-up-refused, and it is counted."""
    proof = asked.proof()
    row = await services.records.passkey_by_credential(proof.credential_id)
    try:
        if row is None or row.officer_id != officer_id:
            raise Problem(Code.PASSKEY_UNKNOWN)
        party(services).check_assertion(proof, row.public_key, challenge)
    except StepUpRefused:
        await count_wrong(services, officer_id)
        raise Problem(ApiCode.STEP_UP_REFUSED) from None
    except Problem:
        await count_wrong(services, officer_id)
        raise
    if row.usable_from > services.now():
        raise Problem(ApiCode.PASSKEY_NOT_YET_USABLE)
    return proof


async def count_wrong(services: Services, officer_id: str) -> None:
    """Counts a wrong proof that never reached the signing worker."""
    log.warning("an officer's proof was refused", extra={"actor_id": officer_id})
    await services.records.record_failed_login((f"proof:{officer_id}",), services.now())


async def check_guesses(services: Services, actor: Actor) -> None:
    """Raises Problem(too-many-attempts) for who seems to guess at passphrase, code or device."""
    now = services.now()
    since = now - GUESS_WINDOW
    async with services.db.transaction() as session:
        wrong = await failed_activations(session, actor.id, WRONG_PROOFS, since)
        wrong += await refused_wishes(session, actor.id, (*WRONG_PROOFS, "step-up-used"), since)
        wrong += await failures_of(session, f"proof:{actor.id}", since)
        # Proofs are tried in another process: what is on its way counts too, or all guesses would be sent at once.
        untried = await untried_activations(session, actor.id, now) + await waiting_wishes(session, actor.id, now)
    until = [at + GUESS_WINDOW for at in wrong] + [at + LIFE for at in untried]
    if len(until) >= GUESSES:
        seconds = _seconds_to(sorted(until, reverse=True)[GUESSES - 1], now)
        log.warning("an officer's proofs fail too often", extra={"actor_id": actor.id})
        raise Problem(ApiCode.TOO_MANY_ATTEMPTS, headers={"Retry-After": str(seconds)}, retry_after_seconds=seconds)


def _seconds_to(until: datetime, now: datetime) -> int:
    return max(1, math.ceil((until - now).total_seconds()))


_PROBLEMS: dict[str, ApiCode | Code] = {
    "step-up-not-enrolled": ApiCode.STEP_UP_NOT_ENROLLED,
    "passkey_unknown": Code.PASSKEY_UNKNOWN,
    "passkey-unknown": Code.PASSKEY_UNKNOWN,
    "passkey-known": Code.PASSKEY_KNOWN,
    "passkey_not_yet_usable": ApiCode.PASSKEY_NOT_YET_USABLE,
    "activation_expired": ApiCode.CHALLENGE_EXPIRED,
    "too_many_proofs": ApiCode.TOO_MANY_ATTEMPTS,
    "code_not_offered": ApiCode.CODE_NOT_OFFERED,
    "signing-unavailable": ApiCode.SIGNING_UNAVAILABLE,
    "provider_unavailable": ApiCode.SIGNING_UNAVAILABLE,
    "outcome_unknown": ApiCode.SIGNING_UNAVAILABLE,
}


def problem_of_failure(failure: str) -> Problem:
    """What the signing worker's refusal means to a person."""
    return Problem(_PROBLEMS.get(failure, ApiCode.STEP_UP_REFUSED))
