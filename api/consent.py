"""What a head consents to, and by which proof: read from the request, checked against what was shown, sealed.

Two ways. A passkey signs a challenge over the very list of letters that the head was shown; a one-time code is bound to
no list and stands in the record as the weaker way. Either way the list is the sha256s that the head's screen has shown.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field, SecretStr, model_validator

from api.asked import Asked, Sha256
from api.dependencies import Work
from api.problems import ApiCode, Problem
from api.proofs import LIFE, AssertionAsked, Totp, check_early, request_options, usable_passkeys
from api.services import Services
from permits.authority import Actor
from signing.activation import Activation, SecretKind, StepUp, TotpProof, load_public_key, seal
from signing.errors import SigningError
from signing.webauthn import consent_challenge
from store.records import NewActivation, NewChallenge
from store.tables import ActivationRow, ChallengeRow

MOST_TASKS = 200

TaskId = Annotated[str, Field(min_length=1, max_length=200)]


class TaskSeen(Asked):
    """A letter to be signed, and which one the head was shown."""

    task: TaskId
    seen: Sha256
    """sha256 of the letter as it was shown; refused where another one lies there now."""


class ChallengeAsked(Asked):
    """The letters that a passkey is to consent to."""

    tasks: list[TaskSeen] = Field(min_length=1, max_length=MOST_TASKS)


class ActivationAsked(Asked):
    """The proof that the head consents, and what opens the key.

    Either `challenge` and `assertion`, which name their letters; or `tasks` and `totp`. Either `passphrase`, or
    `provider_code` where the provider signs by a code of its own.
    """

    tasks: list[TaskSeen] | None = Field(default=None, min_length=1, max_length=MOST_TASKS)
    totp: Totp | None = None
    challenge: str | None = Field(default=None, pattern=r"^[0-9a-f]{32}$")
    assertion: AssertionAsked | None = None
    passphrase: SecretStr | None = Field(default=None, min_length=1, max_length=1024)
    provider_code: SecretStr | None = Field(default=None, min_length=4, max_length=12)

    @model_validator(mode="after")
    def _one_way(self) -> ActivationAsked:
        by_code = (self.tasks is not None, self.totp is not None)
        by_passkey = (self.challenge is not None, self.assertion is not None)
        if {by_code, by_passkey} != {(True, True), (False, False)}:
            raise ValueError("tasks with totp, or challenge with assertion")
        if (self.passphrase is None) == (self.provider_code is None):
            raise ValueError("passphrase or provider_code")
        return self

    @property
    def secret(self) -> tuple[SecretStr, SecretKind]:
        """What opens the key, and its kind."""
        if self.passphrase is not None:
            return self.passphrase, "passphrase"
        assert self.provider_code is not None
        return self.provider_code, "totp"


class TaskShown(BaseModel):
    """A letter within a challenge."""

    task: str
    letter_sha256: str


class TaskResult(BaseModel):
    """What became of one letter: ordered, unknown (ask again with the same key), or refused with its problem."""

    task: str
    state: str
    problem: dict[str, Any] | None = None


class ChallengeAnswer(BaseModel):
    """What the page hands to `navigator.credentials.get`, and the letters it is over, in order."""

    challenge: str
    expires_at: datetime
    letters: list[TaskShown]
    refused: list[TaskResult]
    public_key: dict[str, Any]
    """PublicKeyCredentialRequestOptionsJSON; its challenge is `signing.webauthn.consent_challenge`."""


@dataclass(frozen=True)
class Consent:
    """What was consented to, before it is sealed."""

    activation_id: str | None  # None: the caller's choice
    tasks: tuple[TaskSeen, ...]
    letters: tuple[str, ...] | None  # what the device has signed; None: whatever of the tasks can be signed
    expires_at: datetime
    step_up: StepUp


async def challenge(
    services: Services, actor: Actor, works: Sequence[Work], refused: list[TaskResult]
) -> ChallengeAnswer:
    """Asks a passkey for these letters. Raises Problem: passkey-missing, passkey-not-yet-usable."""
    usable = await usable_passkeys(services, actor.id)
    now, challenge_id = services.now(), secrets.token_hex(16)
    letters = [work.task.subject_sha256 for work in works]
    expires_at = (now + LIFE).replace(microsecond=0)
    await services.records.keep_challenge(
        NewChallenge(
            id=challenge_id,
            officer_id=actor.id,
            tasks=tuple(work.task.id for work in works),
            letters=letters,
            created_at=now,
            expires_at=expires_at,
        )
    )
    asked = consent_challenge(challenge_id, actor.id, _once(letters), expires_at)
    return ChallengeAnswer(
        challenge=challenge_id,
        expires_at=expires_at,
        letters=[TaskShown(task=work.task.id, letter_sha256=work.task.subject_sha256) for work in works],
        refused=refused,
        public_key=request_options(services, asked, usable),
    )


async def consent_of(services: Services, actor: Actor, asked: ActivationAsked) -> Consent:
    """What this request consents to, where its proof looks good from here.

    Raises Problem: challenge-expired, passkey-unknown, passkey-not-yet-usable, step-up-refused.
    """
    if asked.totp is not None:
        assert asked.tasks is not None
        tasks = tuple({one.task: one for one in asked.tasks}.values())
        return Consent(None, tasks, None, services.now() + LIFE, TotpProof(asked.totp.get_secret_value()))
    assert asked.challenge is not None and asked.assertion is not None
    row = await _open_challenge(services, actor, asked.challenge)
    letters = _once(row.letters)
    over = consent_challenge(row.id, actor.id, letters, row.expires_at)
    proof = await check_early(services, actor.id, asked.assertion, over)
    tasks = tuple(TaskSeen(task=task, seen=seen) for task, seen in zip(row.tasks, row.letters, strict=True))
    return Consent(row.id, tasks, letters, row.expires_at, proof)


async def seal_consent(
    services: Services,
    actor: Actor,
    consent: Consent,
    works: Sequence[Work],
    asked: ActivationAsked,
    activation_id: str,
) -> ActivationRow:
    """Seals it to the signing worker and keeps the envelope. Raises Problem(signing-unavailable)."""
    secret, kind = asked.secret
    activation = Activation(
        officer_id=actor.id,
        letter_sha256s=consent.letters or _once(work.task.subject_sha256 for work in works),
        step_up=consent.step_up,
        passphrase=secret,
        expires_at=consent.expires_at,
        secret_kind=kind,
    )
    path = services.settings.signing_seal_public_key
    if path is None:
        raise Problem(ApiCode.SIGNING_UNAVAILABLE)
    try:
        envelope = seal(activation, load_public_key(path), activation_id)
    except SigningError:
        raise Problem(ApiCode.SIGNING_UNAVAILABLE) from None
    return await services.records.create_activation(
        NewActivation(
            id=activation_id,
            officer_id=actor.id,
            envelope=envelope,
            letters=activation.letter_sha256s,
            created_at=services.now(),
            expires_at=activation.expires_at,
        )
    )


async def _open_challenge(services: Services, actor: Actor, challenge_id: str) -> ChallengeRow:
    row = await services.records.challenge(challenge_id)
    if row is None or row.officer_id != actor.id or row.expires_at <= services.now():
        raise Problem(ApiCode.CHALLENGE_EXPIRED)
    return row


def _once(letters: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(letters))
