"""Whether an officer has really consented, as the signing worker sees it. Nobody else's word counts.

The keys and secrets it is checked against are believed with the worker's own seal alone (ADR 0022): what the API, or
whoever writes to its database, puts into a row makes no consent.
"""

from __future__ import annotations

from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from signing.activation import Activation, TotpProof, check_step_up
from signing.enrolment import Notary, Passkey
from signing.errors import ActivationRefused, PasskeyCopied, PasskeyNotYetUsable, PasskeyUnknown
from signing.proof_limit import ProofLimit
from signing.webauthn import RelyingParty, WebauthnProof
from store.records import Records
from store.tables import AccountRow, PasskeyRow

NOT_ENROLLED, USED = "step-up-not-enrolled", "step-up-used"


class StepUpRefusal(Exception):
    """The proof cannot be accepted; `code` is stable and stands in the case's record."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Proofs:
    """Checks proofs, and spends them.

    Args:
        records: where passkeys and spent proofs are kept.
        private_key: of the worker; its own seals come from it.
        party: the office as browsers know it; None: no passkey is accepted here.
    """

    def __init__(self, records: Records, private_key: X25519PrivateKey, party: RelyingParty | None) -> None:
        self._records = records
        self._party = party
        self.notary = Notary(private_key)
        self.limit = ProofLimit()

    async def check(
        self,
        activation_id: str,
        activation: Activation,
        officer: AccountRow | None,
        spent_step: int | None,
        now: datetime,
    ) -> None:
        """Checks the proof of an activation and spends it for this activation alone; its other letters show it again.

        Args:
            activation_id: the envelope's id, which the proof is bound to.
            activation: what the envelope held.
            officer: who it says consents, as read before the activation's row.
            spent_step: the one-time-code step that this activation has spent already.
            now: aware.

        Raises ActivationRefused and its kind, StepUpRefusal.
        """
        if officer is None:
            raise StepUpRefusal(NOT_ENROLLED)
        self.limit.check(officer.id, now)
        try:
            if isinstance(activation.step_up, TotpProof):
                await self._check_code(activation_id, activation, officer, spent_step, now)
            else:
                await self._check_passkey(activation_id, activation, activation.step_up, now)
        except ActivationRefused:
            self.limit.wrong(officer.id, activation_id, now)
            raise

    async def trusted(
        self, proof: WebauthnProof, officer_id: str, challenge: bytes, now: datetime
    ) -> tuple[PasskeyRow, int]:
        """The passkey that signed this challenge, and the device's counter; nothing is spent yet.

        Raises PasskeyUnknown, PasskeyNotSealed, PasskeyNotYetUsable, StepUpRefused.
        """
        row = await self._records.passkey_by_credential(proof.credential_id)
        if row is None or row.officer_id != officer_id or self._party is None or row.rp_id != self._party.id:
            raise PasskeyUnknown("Kunci sandi ini bukan milik pejabat itu.")
        self.notary.check_passkey(passkey_of(row), row.seal)
        if now < row.usable_from:
            raise PasskeyNotYetUsable("Kunci sandi ini masih dalam masa tunggu.")
        return row, self._party.check_assertion(proof, row.public_key, challenge)

    async def _check_passkey(
        self, activation_id: str, activation: Activation, proof: WebauthnProof, now: datetime
    ) -> None:
        challenge = activation.challenge(activation_id)
        row, count = await self.trusted(proof, activation.officer_id, challenge, now)
        if not await self._records.record_passkey_use(activation_id, row.id, count, now):
            raise PasskeyCopied("Penghitung kunci sandi mundur: kuncinya mungkin disalin.")

    async def _check_code(
        self, activation_id: str, activation: Activation, officer: AccountRow, spent_step: int | None, now: datetime
    ) -> None:
        if officer.totp_sealed is None:
            raise StepUpRefusal(NOT_ENROLLED)
        step = check_step_up(
            activation,
            self.notary.open_totp(officer.totp_sealed, officer.id),
            now,
            officer.totp_last_step if spent_step is None else spent_step,
            activation_id=activation_id,
            last_activation_id=None if spent_step is None else activation_id,
        )
        # The step that this activation has spent is never taken from it: its other letters need not write it again.
        if spent_step is None and not await self._records.record_totp_step(activation_id, officer.id, step):
            raise StepUpRefusal(USED)


def passkey_of(row: PasskeyRow) -> Passkey:
    """What of a row is under the worker's seal."""
    return Passkey(
        id=row.id,
        officer_id=row.officer_id,
        credential_id=row.credential_id,
        public_key=row.public_key,
        rp_id=row.rp_id,
        usable_from=row.usable_from,
    )
