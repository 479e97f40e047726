"""The head's signature, on the `signing` queue: its own process, alone with keys and with the seal's private half.

A task queue is routing, not authorisation: the consent is checked here again, over the list of letters it names. An
activation is spent once per letter; after a crash the holder of the same claim goes on, because a provider with our own
key may sign again and only the first signed object that is registered counts.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
from datetime import UTC, date, datetime

from pydantic import BaseModel, ConfigDict
from temporalio import activity
from temporalio.exceptions import ApplicationError

from permits.errors import RuleError
from permits.events import Event
from permits.steps import SignedLetter
from signing.activation import Activation, SealingKeyPair, check_names_letter, check_step_up, open_envelope, open_secret
from signing.errors import SigningError
from signing.judging import judge_signed
from signing.material import TrustMaterial
from signing.port import AGENCY_FIELD, HEAD_FIELD, SignatureProvider, SigningOrder
from signing.verdict import Report, Verdict
from store.documents import DocumentStore
from store.errors import ObjectMissing
from store.records import Records
from store.records.values import Mandate
from store.tables import AccountRow

log = logging.getLogger(__name__)


class SignLetter(BaseModel):
    """An order to sign one frozen letter; the consent is named by id."""

    model_config = ConfigDict(frozen=True)

    number: str
    purpose: str
    letter_sha256: str
    activation_id: str
    officer_id: str
    office_date: date
    event: Event
    opd: str | None = None  # an agency's officer signs its recommendation; None: the head

    @property
    def field_name(self) -> str:
        """The signature field of the PDF."""
        return HEAD_FIELD if self.opd is None else AGENCY_FIELD


class SignedObject(BaseModel):
    """A signed letter that is registered."""

    model_config = ConfigDict(frozen=True)

    letter_sha256: str
    signed_sha256: str
    certificate_sha256: str
    field_name: str = HEAD_FIELD


class SignResult(BaseModel):
    """Signed, or the stable code of why the letter returns to the head's task."""

    model_config = ConfigDict(frozen=True)

    signed: SignedObject | None = None
    failure: str | None = None


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


class SignatureDesk:
    """Signs and judges letters."""

    def __init__(
        self,
        records: Records,
        documents: DocumentStore,
        provider: SignatureProvider,
        material: TrustMaterial,
        seal: SealingKeyPair,
    ) -> None:
        self._records = records
        self._documents = documents
        self._provider = provider
        self._material = material
        self._private_key = seal.private_key()

    @activity.defn
    async def sign_letter(self, order: SignLetter) -> SignResult:
        """Signs once; asked again, answers with the signature that is registered.

        Raises ApplicationError for what may pass by itself (timestamp authority, store); every other failure is a
        result, because only a person can mend it.
        """
        if registered := await self._records.signed_letter(order.letter_sha256):
            return SignResult(signed=_object(registered))
        try:
            await self._records.claim(order.activation_id, order.letter_sha256, datetime.now(UTC))
            activation = await self._consent(order)
            mandate = await self._mandate(order)
            await self._check_names_signer(order)
            signed = await self._sign(order, activation)
            report = await self._proven(signed, mandate, order.field_name)
        except (Refused, RuleError) as refused:
            return await self._failed(order, str(refused))
        except SigningError as failed:
            if failed.may_retry:
                raise ApplicationError(failed.sentence, type=failed.code) from failed
            return await self._failed(order, failed.code)
        return SignResult(signed=await self._register(order, signed, report, mandate))

    @activity.defn
    async def judge_letter(self, signed: SignedObject) -> JudgedLetter:
        """The policy's verdict on the object that was stored, read back from the store: SAH, or no answer.

        The object was SAH when it was registered. Where it is not any more, a CRL has lapsed or the store is damaged:
        operators mend that, and meanwhile nothing is released. Raises ApplicationError(letter-not-valid), retried.
        """
        try:
            pdf = await self._documents.get_signed(signed.signed_sha256)
        except ObjectMissing as missing:
            raise ApplicationError("The signed object is not in the store.", type="letter-not-valid") from missing
        report = await judge_signed(self._material, pdf, signed.certificate_sha256, signed.field_name)
        if report.verdict is not Verdict.SAH:
            codes = ", ".join(reason.code for reason in report.reasons)
            raise ApplicationError(f"{report.verdict.value}: {codes}", type="letter-not-valid")
        return JudgedLetter(verdict=report.verdict.value, level=report.level.value if report.level else None)

    async def _consent(self, order: SignLetter) -> Activation:
        now = datetime.now(UTC)
        # The officer first: a letter of the same activation may spend the code between the two reads.
        officer = await self._records.account(order.officer_id)
        row = await self._records.activation(order.activation_id)
        if row.envelope is None or row.officer_id != order.officer_id:
            raise Refused("activation-spent")
        activation = open_envelope(row.envelope, self._private_key, order.activation_id)
        if activation.officer_id != order.officer_id:
            raise Refused("activation-not-yours")
        check_names_letter(activation, order.letter_sha256, now)
        await self._check_step_up(order, activation, officer, row.totp_step, now)
        return activation

    async def _check_step_up(
        self,
        order: SignLetter,
        activation: Activation,
        officer: AccountRow | None,
        spent_step: int | None,
        now: datetime,
    ) -> None:
        if officer is None or officer.totp_sealed is None:
            raise Refused("step-up-not-enrolled")
        secret = open_secret(officer.totp_sealed, self._private_key, order.officer_id)
        step = check_step_up(
            activation,
            secret,
            now,
            officer.totp_last_step if spent_step is None else spent_step,
            activation_id=order.activation_id,
            last_activation_id=None if spent_step is None else order.activation_id,
        )
        if not await self._records.record_totp_step(order.activation_id, order.officer_id, step):
            raise Refused("step-up-used")

    async def _mandate(self, order: SignLetter) -> Mandate:
        if order.opd is None:
            mandate = await self._records.mandate_for(order.officer_id, order.office_date)
        else:
            mandate = await self._records.agency_mandate_for(order.officer_id, order.office_date, order.opd)
        if mandate is None:
            raise Refused("no-mandate")
        return mandate

    async def _check_names_signer(self, order: SignLetter) -> None:
        """A letter that names another signatory, such as the head before an acting head came, is drafted anew."""
        letter = await self._records.letter_by_sha256(order.letter_sha256)
        officer = await self._records.account(order.officer_id)
        if letter.input_sha256 is None or officer is None:
            raise Refused("signatory-changed")
        named = json.loads(await self._documents.get_document(letter.input_sha256))["signatory"]
        if (named["name"], named["nip"]) != (officer.name, officer.nip or "-"):
            raise Refused("signatory-changed")

    async def _sign(self, order: SignLetter, activation: Activation) -> bytes:
        letter = await self._documents.get_document(order.letter_sha256)
        if hashlib.sha256(letter).hexdigest() != order.letter_sha256:
            raise ApplicationError("The letter's bytes are not what was approved.", type="letter-damaged")
        await self._records.mark_claim(order.activation_id, order.letter_sha256, "SENT", datetime.now(UTC))
        signed = await self._provider.sign(
            letter,
            SigningOrder(
                signer_id=order.officer_id,
                secret=activation.passphrase,
                field_name=order.field_name,
                reason="Penandatanganan surat izin" if order.opd is None else "Penandatanganan rekomendasi",
                location="Pekalongan",
            ),
        )
        if not signed.startswith(letter):
            await self._documents.quarantine(signed)
            raise Refused("rewritten")
        return signed

    async def _proven(self, signed: bytes, mandate: Mandate, field_name: str) -> Report:
        report = await judge_signed(self._material, signed, mandate.certificate_sha256, field_name)
        if report.verdict is not Verdict.SAH:
            await self._documents.quarantine(signed)
            raise Refused("not-valid")
        return report

    async def _register(self, order: SignLetter, signed: bytes, report: Report, mandate: Mandate) -> SignedObject:
        signed_sha256 = await self._documents.put_signed(signed)
        letter = SignedLetter(
            letter_sha256=order.letter_sha256,
            number=order.number,
            purpose=order.purpose,
            signed_sha256=signed_sha256,
            level=report.level.value if report.level else "",
            signer_id=order.officer_id,
            field_name=order.field_name,
            certificate_sha256=mandate.certificate_sha256,
            signed_at=datetime.now(UTC),
            activation_id=order.activation_id,
        )
        facts = {**order.event.facts, "signed_sha256": signed_sha256, "level": letter.level}
        event = order.event.model_copy(update={"facts": facts})
        registered = await self._records.register_signed(letter, event)
        if registered.signed_sha256 != signed_sha256:
            await self._documents.quarantine(signed)
        await self._records.mark_claim(order.activation_id, order.letter_sha256, "SIGNED", letter.signed_at)
        await self._records.delete_envelope_if_spent(order.activation_id, letter.signed_at)
        return _object(registered)

    async def _failed(self, order: SignLetter, code: str) -> SignResult:
        log.warning("A letter returns to the head's task.", extra={"application": order.number, "code": code})
        now = datetime.now(UTC)
        with contextlib.suppress(RuleError):  # an activation that never named this letter has no claim to mark
            await self._records.mark_claim(order.activation_id, order.letter_sha256, "FAILED", now, code)
            await self._records.delete_envelope_if_spent(order.activation_id, now)
        return SignResult(failure=code)


def _object(letter: SignedLetter) -> SignedObject:
    return SignedObject(
        letter_sha256=letter.letter_sha256,
        signed_sha256=letter.signed_sha256,
        certificate_sha256=letter.certificate_sha256,
        field_name=letter.field_name,
    )
