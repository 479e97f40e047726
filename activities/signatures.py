"""The head's signature, on the `signing` queue: its own process, alone with keys and with the seal's private half.

A task queue is routing, not authorisation: the consent is checked here again, over the list of letters it names. An
activation is spent once per letter, and the claim says how far that came. After a crash the holder of the same claim
goes on: with a key of our own it signs again, and only the first signed object that is registered counts. What was sent
to a remote provider is looked for in our own store, and is UNKNOWN where it is not there; it is never sent again
without a new consent.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.released import FrozenLetter, check_signed_form
from activities.signer_ids import SignerIds
from activities.signing_incidents import SigningIncidents, claim_key
from activities.signing_orders import (
    FOR_ALL,
    OUTAGES,
    JudgedLetter,
    LetterOrder,
    OutcomeInDoubt,
    Refused,
    SignedObject,
    SignLetter,
    SignResult,
)
from activities.signing_proof import NotProven, SignatureProof
from activities.step_up import Proofs, StepUpRefusal
from permits.errors import Code, RuleError
from permits.steps import SignedLetter
from signing.activation import Activation, SealingKeyPair, check_names_letter, open_envelope
from signing.errors import ActivationExpired, Retry, SigningError
from signing.judging import judge_signed
from signing.material import TrustMaterial
from signing.pipeline import Pipeline
from signing.port import CertificateStanding, SignatureProvider, SigningOrder, Standing
from signing.verdict import Report, Verdict
from signing.webauthn import RelyingParty
from store.documents import DocumentStore
from store.errors import ObjectMissing
from store.records import Claim, ClaimState, Records, TakenUp
from store.records.values import Mandate
from store.tables import AccountRow

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Proven:
    """What may be registered, once its form is checked."""

    letter: FrozenLetter
    signed: bytes = field(repr=False)
    report: Report


class SignatureDesk:
    """Signs and judges letters."""

    def __init__(
        self,
        records: Records,
        documents: DocumentStore,
        provider: SignatureProvider,
        pipeline: Pipeline,
        seal: SealingKeyPair,
        signer_ids: SignerIds,
        party: RelyingParty | None = None,
    ) -> None:
        self._records = records
        self._documents = documents
        self._provider = provider
        self._material: TrustMaterial = pipeline.material
        self._proof = SignatureProof(pipeline.material, pipeline)
        self._incidents = SigningIncidents(records, documents)
        self._private_key = seal.private_key()
        self._proofs = Proofs(records, self._private_key, party)
        self._signer_ids = signer_ids

    @activity.defn
    async def sign_letter(self, order: SignLetter) -> SignResult:
        """Signs once; asked again, answers with the signature that is registered, or with how the claim ended.

        Raises ApplicationError for what may pass by itself (timestamp authority, store) where the order may not wait;
        every other failure is a result, because only a person can mend it.
        """
        try:
            begun = await self._take_up(order)
            if isinstance(begun, SignedLetter):
                return SignResult(signed=_object(begun))
            return SignResult(signed=await self._sign_and_register(order, begun, mandate_of(begun)))
        except OutcomeInDoubt:
            return await self._in_doubt(order)
        except (Refused, NotProven, RuleError) as refused:
            return await self._failed(order, str(refused))
        except SigningError as failed:
            return await self._not_signed(order, failed)

    @activity.defn
    async def judge_letter(self, signed: SignedObject) -> JudgedLetter:
        """The policy's verdict on the object that was stored, read back from the store: SAH, or no answer.

        The object was SAH when it was registered. Where it is not any more, a CRL has lapsed or the store is damaged:
        operators are told once and mend that, and meanwhile nothing is released. Raises
        ApplicationError(letter-not-valid), retried.
        """
        try:
            pdf = await self._documents.get_signed(signed.signed_sha256)
        except ObjectMissing as missing:
            await self._lost(signed, "TIDAK_ADA", "object_missing")
            raise ApplicationError("The signed object is not in the store.", type="letter-not-valid") from missing
        report = await judge_signed(self._material, pdf, signed.certificate_sha256, signed.field_name)
        if report.verdict is not Verdict.SAH:
            codes = ", ".join(reason.code for reason in report.reasons)
            await self._lost(signed, report.verdict.value, codes)
            raise ApplicationError(f"{report.verdict.value}: {codes}", type="letter-not-valid")
        return JudgedLetter(verdict=report.verdict.value, level=report.level.value if report.level else None)

    async def standing_of(self, officer: AccountRow) -> CertificateStanding:
        """How the officer's certificate stands with the provider. Raises KeyUnknown, SealBroken."""
        signer_id = self._signer_ids.of(officer)
        if signer_id is None:
            return CertificateStanding(Standing.NOT_REGISTERED)
        return await self._provider.standing(signer_id)

    # One letter -------------------------------------------------------------------------------------------------------

    async def _take_up(self, order: LetterOrder) -> TakenUp | SignedLetter:
        return await self._records.take_up(order.consent, order.office_date, FOR_ALL, datetime.now(UTC))

    async def _sign_and_register(self, order: SignLetter, begun: TakenUp, mandate: Mandate) -> SignedObject:
        """Raises Refused, NotProven, OutcomeInDoubt, RuleError, SigningError."""
        proven = await self._found(order, begun, mandate)
        if proven is None:
            proven = await self._made(order, begun, mandate)
        await self._check_form(order, proven)
        return await self._register(order, proven, mandate)

    async def _found(self, order: SignLetter, begun: TakenUp, mandate: Mandate) -> _Proven | None:
        """What came back before, for this consent or an earlier one of the same officer, and is good.

        An object that came back for this very claim and is not good ends it; one of an earlier consent is put aside,
        and this consent goes on.
        """
        if self._provider.traits.own_key and not order.in_batch:
            return None
        letter: FrozenLetter | None = None
        for kept in await self._records.returned_before(order.letter_sha256, order.officer_id):
            if kept.activation_id != order.activation_id:
                await self._consent_to(order, begun)
            letter = letter or await self._letter(order, begun)
            try:
                return await self._proven(order, letter, await self._returned(kept), mandate)
            except (NotProven, ObjectMissing) as useless:
                code = useless.code if isinstance(useless, NotProven) else "object-missing"
                await self._drop(order, kept, code)
                if kept.activation_id == order.activation_id:
                    raise Refused(code) from useless
        return None

    async def _returned(self, kept: Claim) -> bytes:
        assert kept.returned_sha256 is not None
        return await self._documents.get_returned(kept.returned_sha256)

    async def _drop(self, order: LetterOrder, kept: Claim, code: str) -> None:
        """An object that came back and must not be used: from the shelf into quarantine."""
        if code != "object-missing":
            claim = claim_key(kept.activation_id, kept.letter_sha256)
            await self._incidents.set_aside(order.number, claim, await self._returned(kept), code)
        await self._records.note_returned(kept.activation_id, kept.letter_sha256, None)

    async def _proven(self, order: LetterOrder, letter: FrozenLetter, signed: bytes, mandate: Mandate) -> _Proven:
        """Raises NotProven, SigningError."""
        found, report = await self._proof.of(letter.pdf, signed, mandate.certificate_sha256, order.field_name)
        return _Proven(letter, found, report)

    async def _made(self, order: SignLetter, begun: TakenUp, mandate: Mandate) -> _Proven:
        """The letter is signed now, by the provider."""
        claim = begun.claim
        match claim.state:
            case "FAILED" | "SIGNED":
                raise Refused(claim.error or "activation-spent")
            case "UNKNOWN":
                raise OutcomeInDoubt
            case "SENT" if not self._provider.traits.own_key:
                raise OutcomeInDoubt
        if order.in_batch:
            raise Refused(claim.error or "signing-unavailable")  # its batch came to nothing, and this is not its turn
        letter, signing = await self._may_be_sent(order, begun, mandate)
        if not await self._sent([order]):
            raise OutcomeInDoubt  # another attempt at this very order was faster
        signed = await self._provider.sign(letter.pdf, signing)
        await self._keep(order, signed)
        try:
            return await self._proven(order, letter, signed, mandate)
        except NotProven as wrong:
            await self._incidents.set_aside(order.number, order.claim, signed, wrong.code)
            await self._records.note_returned(order.activation_id, order.letter_sha256, None)
            raise

    async def _may_be_sent(
        self, order: LetterOrder, begun: TakenUp, mandate: Mandate
    ) -> tuple[FrozenLetter, SigningOrder]:
        """Everything that has to hold before a letter leaves for the provider; the letter, and the order for it.

        Raises Refused, RuleError, ActivationRefused, ApplicationError(letter-damaged).
        """
        if begun.refused is not None:
            raise Refused(begun.refused)
        activation = await self._consent_to(order, begun)
        letter = await self._letter(order, begun)
        _check_names_signer(letter, begun.officer)
        if not begun.paraf_stands:
            raise Refused("paraf-missing")
        signer_id = self._signer_ids.of(begun.officer) if begun.officer is not None else None
        if signer_id is None:
            raise Refused("signer-id-missing")
        return letter, SigningOrder(
            signer_id=signer_id,
            secret=activation.passphrase,
            secret_kind=activation.secret_kind,
            field_name=order.field_name,
            reason="Penandatanganan surat izin" if order.opd is None else "Penandatanganan rekomendasi",
            location="Pekalongan",
            certificate_sha256=mandate.certificate_sha256,
        )

    async def _sent(self, orders: Sequence[LetterOrder]) -> frozenset[str]:
        """Notes that letters of one consent leave for the provider; those that this attempt may send."""
        letters = [order.letter_sha256 for order in orders]
        again = self._provider.traits.own_key
        return await self._records.mark_sent(orders[0].activation_id, letters, datetime.now(UTC), again)

    async def _consent_to(self, order: LetterOrder, begun: TakenUp) -> Activation:
        """The consent; where it ran out while the letter waited for an outside service, that service is the reason."""
        claim = begun.claim
        try:
            return await self._consent(order, begun)
        except ActivationExpired as expired:
            raise Refused(claim.error if claim.error in OUTAGES else expired.code) from expired
        except Refused as refused:
            if refused.code == "activation-spent" and claim.error in OUTAGES:
                raise Refused(claim.error) from refused
            raise

    async def _letter(self, order: LetterOrder, begun: TakenUp) -> FrozenLetter:
        """Raises RuleError(letter-not-found), ApplicationError(letter-damaged)."""
        if begun.letter is None:
            raise RuleError(Code.LETTER_NOT_FOUND)
        return await FrozenLetter.read(self._documents, begun.letter, order.letter_sha256)

    async def _keep(self, order: LetterOrder, signed: bytes) -> None:
        """What a remote provider handed back is kept before anything else is done with it."""
        if not self._provider.traits.own_key:
            returned = await self._documents.keep_returned(signed)
            await self._records.note_returned(order.activation_id, order.letter_sha256, returned)

    async def _consent(self, order: LetterOrder, begun: TakenUp) -> Activation:
        now, row = datetime.now(UTC), begun.activation
        if row.envelope is None or row.officer_id != order.officer_id:
            raise Refused("activation-spent")
        activation = open_envelope(row.envelope, self._private_key, order.activation_id)
        if activation.officer_id != order.officer_id:
            raise Refused("activation-not-yours")
        check_names_letter(activation, order.letter_sha256, now)
        await self._check_step_up(order, activation, begun.officer, row.totp_step, now)
        return activation

    async def _check_step_up(
        self,
        order: LetterOrder,
        activation: Activation,
        officer: AccountRow | None,
        spent_step: int | None,
        now: datetime,
    ) -> None:
        try:
            await self._proofs.check(order.activation_id, activation, officer, spent_step, now)
        except StepUpRefusal as refused:
            raise Refused(refused.code) from refused

    # How it ends ------------------------------------------------------------------------------------------------------

    async def _check_form(self, order: LetterOrder, proven: _Proven) -> None:
        """The signed file is still archival and names no issuer but its own. Raises SigningError."""
        try:
            await check_signed_form(proven.letter, proven.signed)
        except SigningError as wrong:
            await self._incidents.set_aside(order.number, order.claim, proven.signed, wrong.code)
            await self._records.note_returned(order.activation_id, order.letter_sha256, None)
            raise

    async def _register(self, order: SignLetter, proven: _Proven, mandate: Mandate) -> SignedObject:
        signed, level = proven.signed, proven.report.level
        signed_sha256 = await self._documents.put_signed(signed)
        letter = SignedLetter(
            letter_sha256=order.letter_sha256,
            number=order.number,
            purpose=order.purpose,
            signed_sha256=signed_sha256,
            level=level.value if level else "",
            signer_id=order.officer_id,
            field_name=order.field_name,
            certificate_sha256=mandate.certificate_sha256,
            signed_at=datetime.now(UTC),
            activation_id=order.activation_id,
        )
        facts = {**order.event.facts, "signed_sha256": signed_sha256, "level": letter.level}
        event = order.event.model_copy(update={"facts": facts})
        try:
            registered = await self._records.settle_signed(letter, event)
        except RuleError as changed:
            await self._incidents.set_aside(order.number, order.claim, signed, changed.code.value)
            raise
        if registered.signed_sha256 != signed_sha256:
            await self._incidents.set_aside(order.number, order.claim, signed, "second-signature")
        await self._clear_shelf(order)
        return _object(registered)

    async def _clear_shelf(self, order: LetterOrder) -> None:
        """What came back lies in the archive now."""
        if self._provider.traits.own_key:
            return
        for kept in await self._records.returned_before(order.letter_sha256, order.officer_id):
            assert kept.returned_sha256 is not None
            await self._documents.drop_returned(kept.returned_sha256)
            await self._records.note_returned(kept.activation_id, kept.letter_sha256, None)

    async def _not_signed(self, order: SignLetter, failed: SigningError) -> SignResult:
        """The provider, the timestamp service or the consent said no; what came back with it is kept or put aside."""
        for returned in returned_files(failed):
            if failed.retry is Retry.NEVER:
                await self._incidents.set_aside(order.number, order.claim, returned, failed.code)
            else:
                await self._keep(order, returned)
        if failed.code not in OUTAGES and not failed.may_retry:
            in_doubt = failed.retry is Retry.UNKNOWN
            return await self._in_doubt(order) if in_doubt else await self._failed(order, failed.code)
        came_back = await self._records.returned_before(order.letter_sha256, order.officer_id)
        mine = any(kept.activation_id == order.activation_id for kept in came_back)
        await self._note(order, "SENT" if mine else "CLAIMED", failed.code)
        if order.may_wait:
            return SignResult(waits_for=failed.code)
        raise ApplicationError(failed.sentence, type=failed.code) from failed

    async def _in_doubt(self, order: SignLetter) -> SignResult:
        if registered := await self._records.signed_letter(order.letter_sha256):
            return SignResult(signed=_object(registered))  # by another attempt, meanwhile
        await self._incidents.outcome_unknown(order.number, order.claim, order.letter_sha256)
        await self._note(order, "UNKNOWN", "outcome_unknown")
        return SignResult(failure="outcome_unknown")

    async def _failed(self, order: SignLetter, code: str) -> SignResult:
        log.warning("A letter returns to the head's task.", extra={"application": order.number, "code": code})
        await self._note(order, "FAILED", code)
        return SignResult(failure=code)

    async def _note(self, order: LetterOrder, state: ClaimState, code: str) -> None:
        now = datetime.now(UTC)
        with contextlib.suppress(RuleError):  # an activation that never named this letter has no claim to mark
            await self._records.mark_claim(order.activation_id, order.letter_sha256, state, now, code)
            await self._records.delete_envelope_if_spent(order.activation_id, now)

    async def _lost(self, signed: SignedObject, verdict: str, reasons: str) -> None:
        registered = await self._records.signed_letter(signed.letter_sha256)
        if registered is not None:
            await self._incidents.not_valid_any_more(registered.number, signed.signed_sha256, verdict, reasons)


def returned_files(failed: SigningError) -> tuple[bytes, ...]:
    """What a document signer handed back with its failure: signed with the officer's key, so never just dropped."""
    files: tuple[bytes, ...] = tuple(getattr(failed, "returned_files", ()))
    returned: bytes | None = getattr(failed, "returned", None)
    return files or ((returned,) if returned is not None else ())


def mandate_of(begun: TakenUp) -> Mandate:
    """Raises Refused."""
    if begun.mandate is None:
        raise Refused("no-mandate")
    return begun.mandate


def _check_names_signer(letter: FrozenLetter, officer: AccountRow | None) -> None:
    """A letter that names another signatory, such as the head before an acting head came, is drafted anew.

    Raises Refused.
    """
    if letter.printed is None or officer is None:
        raise Refused("signatory-changed")
    named = letter.printed["signatory"]
    if (named["name"], named["nip"]) != (officer.name, officer.nip or "-"):
        raise Refused("signatory-changed")


def _object(letter: SignedLetter) -> SignedObject:
    return SignedObject(
        letter_sha256=letter.letter_sha256,
        signed_sha256=letter.signed_sha256,
        certificate_sha256=letter.certificate_sha256,
        field_name=letter.field_name,
    )
