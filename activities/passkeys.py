"""Passkeys let in and removed, on the `signing` queue: the one place that can vouch for a public key (ADR 0022)."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Literal

from temporalio import activity

from activities.step_up import USED, Proofs, StepUpRefusal
from permits.errands import Errand, ErrandDone
from permits.errors import RuleError
from signing.activation import LONGEST_LIFE, SealingKeyPair, TotpProof
from signing.enrolment import COOL_DOWN, Passkey
from signing.errors import (
    ActivationExpired,
    ActivationRefused,
    ConsentTooLong,
    PasskeyCopied,
    SigningError,
    StepUpRefused,
)
from signing.passkey_change import PasskeyChange, TicketProof, open_change
from signing.port import SignatureProvider
from signing.totp import matching_step
from signing.webauthn import RegisteredKey, RelyingParty
from store.records import NewPasskey, Records
from store.tables import AccountRow, OutboxRow, PasskeyRequestRow

log = logging.getLogger(__name__)

ProofKind = Literal["ticket", "totp", "webauthn"]


class PasskeyDesk:
    """Grants wishes about passkeys, and has a provider send its code."""

    def __init__(
        self, records: Records, seal: SealingKeyPair, party: RelyingParty, provider: SignatureProvider | None = None
    ) -> None:
        self._records = records
        self._private_key = seal.private_key()
        self._party = party
        self._provider = provider
        self._proofs = Proofs(records, self._private_key, party)

    @activity.defn
    async def change_passkeys(self, errand: Errand) -> ErrandDone:
        """Lets a passkey in, or removes one; asked again, answers as before."""
        row = await self._records.passkey_request(errand.subject_id)
        if row is None or row.envelope is None or row.state != "sent":
            return ErrandDone(failure=None if row is not None and row.state == "done" else _failure(row))
        now = datetime.now(UTC)
        try:
            await self._change(row, now)
        except (ActivationRefused, StepUpRefusal, RuleError) as refused:
            code = refused.code.value if isinstance(refused, RuleError) else refused.code
            log.warning("A change of passkeys is refused.", extra={"officer_id": row.officer_id, "code": code})
            await self._records.refuse_passkey_request(row.id, code, now)
            return ErrandDone(failure=code)
        log.info("Passkeys have changed.", extra={"officer_id": row.officer_id, "kind": row.kind})
        return ErrandDone()

    @activity.defn
    async def send_code(self, errand: Errand) -> ErrandDone:
        """Has the provider send the officer its one-time code, where it signs by such codes."""
        try:
            if self._provider is None:
                return ErrandDone(failure="code_not_offered")
            await self._provider.send_code(errand.subject_id)
        except SigningError as failed:
            return ErrandDone(failure=failed.code)
        return ErrandDone()

    async def _change(self, row: PasskeyRequestRow, now: datetime) -> None:
        assert row.envelope is not None
        change = open_change(row.envelope, self._private_key, row.id)
        officer = await self._records.account(row.officer_id)
        if (change.officer_id, change.passkey_id) != (row.officer_id, row.passkey_id) or officer is None:
            raise StepUpRefused("Amplop ini bukan untuk permintaan ini.")
        if not officer.active or (change.registration is None) != (row.kind == "remove"):
            raise StepUpRefused("Permintaan ini tidak dapat dikabulkan.")
        if now >= change.expires_at:
            raise ActivationExpired("Permintaan kunci sandi sudah kedaluwarsa.")
        if change.expires_at - now > LONGEST_LIFE:
            raise ConsentTooLong("Permintaan kunci sandi berlaku terlalu lama.")
        made = None
        if change.registration is not None:
            made = self._party.check_registration(change.registration, change.registration_challenge(row.id))
        proof = await self._proven(row, change, officer, now)
        if made is None:
            await self._records.remove_passkey(row.id, proof, self._told(officer, row, now), now)
        else:
            await self._admit(row, made, proof, officer, now)

    async def _admit(
        self, row: PasskeyRequestRow, made: RegisteredKey, proof: ProofKind, officer: AccountRow, now: datetime
    ) -> None:
        usable_from = (now if proof == "ticket" else now + COOL_DOWN).replace(microsecond=0)
        passkey = Passkey(row.passkey_id, officer.id, made.credential_id, made.public_key, self._party.id, usable_from)
        await self._records.admit_passkey(
            row.id,
            NewPasskey(
                **vars(passkey),
                seal=self._proofs.notary.seal_passkey(passkey),
                device=made.device,
                backed_up=made.backed_up,
                sign_count=made.sign_count,
                admitted_by=proof,
                admitted_at=now,
            ),
            self._told(officer, row, now, usable_from),
            now,
        )

    async def _proven(
        self, row: PasskeyRequestRow, change: PasskeyChange, officer: AccountRow, now: datetime
    ) -> ProofKind:
        self._proofs.limit.check(officer.id, now)
        try:
            match change.proof:
                case TicketProof(text=text):
                    await self._spend_ticket(row.id, text, officer, now)
                case TotpProof(code=code):
                    await self._spend_code(code, officer, now)
                case signed:
                    passkey, count = await self._proofs.trusted(signed, officer.id, change.challenge(row.id), now)
                    if not await self._records.spend_proof(passkey.id, count, now):
                        raise PasskeyCopied("Penghitung kunci sandi mundur: kuncinya mungkin disalin.")
        except ActivationRefused:
            self._proofs.limit.wrong(officer.id, row.id, now)
            raise
        return change.proof.kind

    async def _spend_ticket(self, request_id: str, text: str, officer: AccountRow, now: datetime) -> None:
        ticket = self._proofs.notary.check_ticket(text, officer.id, now)
        if not await self._records.spend_ticket(request_id, ticket):
            raise StepUpRefusal(USED)

    async def _spend_code(self, code: str, officer: AccountRow, now: datetime) -> None:
        if officer.totp_sealed is None:
            raise StepUpRefusal("step-up-not-enrolled")
        step = matching_step(self._proofs.notary.open_totp(officer.totp_sealed, officer.id), code, now)
        if step is None:
            raise StepUpRefused("Kode sekali pakai tidak cocok atau sudah lewat waktunya.")
        if not await self._records.spend_code(officer.id, step):
            raise StepUpRefusal(USED)

    def _told(
        self, officer: AccountRow, row: PasskeyRequestRow, now: datetime, usable_from: datetime | None = None
    ) -> OutboxRow:
        """The mail to the owner, queued with the change itself."""
        facts = {"name": officer.name, "passkey": row.name}
        if usable_from is not None and usable_from > now:
            facts["until_at"] = usable_from.isoformat()
        return OutboxRow(
            key=f"passkey:{row.id}",
            account_id=officer.id,
            channel="email",
            recipient=officer.email,
            template="account-passkey-added" if row.kind == "admit" else "account-passkey-removed",
            facts=facts,
            created_at=now,
            try_at=now,
        )


def _failure(row: PasskeyRequestRow | None) -> str:
    return (row.error if row is not None else None) or "activation_refused"
