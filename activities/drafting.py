"""Writes letters: composes the input from the case, keeps it, renders it, freezes the bytes by sha256.

The input is stored before anything is rendered, with the letter's own date; rendering reads that input alone, so a
retry on any machine, on any day, gives the same bytes.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, ValidationError
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.letters import Charge, LetterError, LetterInput, Mark, Participant, Signatory, render_letter
from activities.templates import bundle, template_version
from permits.authority import Role
from permits.definition import FormField, LetterForm
from permits.events import Event
from permits.party import Party, Proxy, party_of
from permits.steps import LetterFrozen, LetterRef
from signing.errors import ProviderUnavailable
from signing.field_code import FieldClaims, field_code
from signing.field_keys import FieldKeys
from signing.qr import verification_code
from store.documents import DocumentStore
from store.notice_texts import long_date
from store.records import Mandate, Records
from store.tables import AccountRow, ApplicationRow

FIELD_KEY_UNUSABLE = "field-key-unusable"
LETTER_INVALID = "letter-input-invalid"
NO_MANDATE = "no-mandate"


class ComposeLetter(BaseModel):
    """What the workflow knows of a letter; personal data is added from the store."""

    model_config = ConfigDict(frozen=True)

    number: str
    letter: LetterRef
    letter_date: date  # office date
    drafted_on: date | None = None  # office date of this draft: whoever is mandated then is named as signatory
    permit_type: str
    form: LetterForm
    fields: tuple[FormField, ...] = ()
    legal_basis: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    paragraphs: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    recipient: str = ""
    amount_rupiah: int | None = None
    respond_by: date | None = None
    head_signs: bool = False
    unconfirmed: bool = False  # the office has yet to confirm the permit type


class Composed(BaseModel):
    """The input, frozen."""

    model_config = ConfigDict(frozen=True)

    input_sha256: str


class RenderLetter(BaseModel):
    """Renders a stored input."""

    model_config = ConfigDict(frozen=True)

    number: str
    purpose: str
    template: str
    template_version: int  # of the definition; the letter keeps its template's own number
    input_sha256: str
    event: Event


class Rendered(BaseModel):
    """The letter, frozen."""

    model_config = ConfigDict(frozen=True)

    sha256: str


class LetterDesk:
    """Composes and renders.

    Args:
        public_base_url: fixed at installation, since QR codes do not move.
        qr_key: keys the verification code's check digits.
        demo_authority: the certificates are the development ones, and letters say so.
        mark: whose certificate letters name; by default the test one or, in an installation of the past, BSrE's.
        field_keys: sign the offline codes of permits that are inspected in the field; None: such cards have none.
    """

    def __init__(
        self,
        records: Records,
        documents: DocumentStore,
        public_base_url: str,
        qr_key: bytes,
        demo_authority: bool,
        mark: Mark | None = None,
        field_keys: FieldKeys | None = None,
    ) -> None:
        self._records = records
        self._documents = documents
        self._base = public_base_url.rstrip("/")
        self._qr_key = qr_key
        self._demo = demo_authority
        self._mark = mark
        self._field_keys = field_keys

    @activity.defn
    async def compose_letter(self, order: ComposeLetter) -> Composed:
        """Stores the letter's whole input; returns its sha256.

        Raises ApplicationError(letter-input-invalid), never to be retried: a person has to draft it differently.
        """
        try:
            return await self._compose(order)
        except ValidationError as wrong:
            fields = sorted({str(error["loc"][0]) for error in wrong.errors(include_input=False)})
            raise ApplicationError("letter-input-invalid", fields, type=LETTER_INVALID, non_retryable=True) from None

    async def _compose(self, order: ComposeLetter) -> Composed:
        case = await self._records.application(order.number)
        applicant = await self._records.account(case.applicant_id)
        assert applicant is not None, "an application belongs to an account"
        party = party_of(case.party)
        signatory = await self._signatory(order.drafted_on or order.letter_date, order.head_signs)
        letter = LetterInput(
            template=order.form.template,
            template_version=str(template_version(order.form.template)),
            series=order.letter.series,
            number=order.letter.number_text,
            date=order.letter_date,
            title=order.form.title,
            subject=f"{order.form.title}: {case.title}" if not order.head_signs else case.title,
            recipient=_recipient(order, party.holder(applicant.name)),
            applicant=applicant_lines(applicant, party),
            facts=_answers(order.fields, case.data) + order.facts,
            body=order.paragraphs,
            conditions=order.conditions or order.form.conditions,
            legal_basis=order.legal_basis,
            considering=order.form.considering,
            observing=await self._observing(order),
            reasons=order.reasons,
            charges=_charges(order, case.title),
            respond_by=order.respond_by,
            participants=tuple(Participant(name=name, role="Hadir") for name in order.present),
            signatory=signatory,
            qr_url=self._verification_url(case.verification_id) if order.head_signs else None,
            copies=order.form.copies,
            mark=self._mark,
            demo_authority=self._demo,
            practice=case.practice,
            unconfirmed=order.unconfirmed,
            valid_until=order.form.valid_until(order.letter_date),
        )
        if order.form.field_card is not None and order.head_signs:
            holder, asked_at = party.holder(applicant.name), activity.info().scheduled_time
            letter = await asyncio.to_thread(self._with_field_card, letter, order, case, holder, asked_at)
        content = json.dumps(letter.model_dump(mode="json"), ensure_ascii=False, sort_keys=True).encode()
        return Composed(input_sha256=await self._documents.put_document(content))

    @activity.defn
    async def render_letter(self, order: RenderLetter) -> Rendered:
        """Renders the stored input as PDF/A-2b, stores the bytes, and freezes the letter by their sha256.

        What it was rendered from is kept with it: the templates of today are not those of twenty years on.
        """
        content = await self._documents.get_document(order.input_sha256)
        try:
            pdf = await asyncio.to_thread(render_letter, order.template, json.loads(content))
        except LetterError as wrong:
            if wrong.code == "letter-not-rendered":
                raise  # the template's fault: mended by a release, and tried until then
            raise ApplicationError(wrong.code, type=LETTER_INVALID, non_retryable=True) from None
        sha256 = await self._documents.put_document(pdf)
        template_sha256 = await self._documents.put_document(await asyncio.to_thread(bundle, order.template))
        await self._records.freeze_letter(
            LetterFrozen(
                number=order.number,
                purpose=order.purpose,
                sha256=sha256,
                input_sha256=order.input_sha256,
                template=order.template,
                template_version=template_version(order.template),
                template_sha256=template_sha256,
                event=order.event.model_copy(update={"facts": {**order.event.facts, "sha256": sha256}}),
            )
        )
        return Rendered(sha256=sha256)

    async def _signatory(self, on: date, head_signs: bool) -> Signatory:
        """Who is named under the letter. Raises ApplicationError(no-mandate), which a person has to mend."""
        mandate = await self._records.signatory_on(on)
        head = await self._records.account(mandate.account_id) if mandate is not None else None
        if mandate is not None and head is not None:
            return Signatory(
                name=head.name,
                rank=head.rank or "-",
                nip=head.nip or "-",
                office_title=await self._office_title(mandate, head, on),
            )
        if not head_signs and (heads := await self._records.accounts(role=Role.HEAD_OF_OFFICE)):
            head = heads[0]
            return Signatory(
                name=head.name, rank=head.rank or "-", nip=head.nip or "-", office_title=head.title or "Kepala Dinas"
            )
        raise ApplicationError("Nobody is mandated to sign today.", type=NO_MANDATE, non_retryable=True)

    async def _office_title(self, mandate: Mandate, signer: AccountRow, on: date) -> str:
        """The office as printed: an acting head signs for the head's office, not its own."""
        if mandate.capacity == "definitive":
            return signer.title or "Kepala Dinas"
        heads = await self._records.accounts(role=Role.HEAD_OF_OFFICE)
        title = next((head.title for head in heads if head.title), "Kepala Dinas")
        return f"{mandate.capacity.capitalize()}. {title}"

    def _with_field_card(
        self, letter: LetterInput, order: ComposeLetter, case: ApplicationRow, holder: str, asked_at: datetime
    ) -> LetterInput:
        """The letter with the page for inspectors. Raises ApplicationError(field-key-unusable), which ops mend.

        `asked_at` is when the activity was scheduled, not now: a retry makes the same code.
        """
        if self._field_keys is None:
            activity.logger.warning("A permit for the field has no offline code: there is no key for it.")
            return letter
        try:
            key = self._field_keys.signing_key()
        except ProviderUnavailable as failure:
            raise ApplicationError(failure.sentence, type=FIELD_KEY_UNUSABLE) from failure
        assert order.form.field_card is not None and letter.qr_url is not None
        shown = tuple(item for code in order.form.field_card.shows for item in order.fields if item.code == code)
        lines = _answers(shown, case.data)
        claims = FieldClaims(
            verification_code=letter.qr_url.rpartition("/")[2],
            number=letter.number,
            title=letter.title,
            holder=holder,
            letter_date=letter.date,
            valid_until=letter.valid_until,
            lines=lines,
            practice=letter.practice,
            made_at=max(asked_at, key.since),
        )
        code = field_code(claims, key)
        facts = (("Pemegang izin", holder), *lines, ("Tanggal surat", long_date(letter.date)))
        return letter.model_copy(update={"field_code": f"{self._base}/v/luring#{code}", "field_facts": facts})

    async def _observing(self, order: ComposeLetter) -> tuple[str, ...]:
        if not order.head_signs:
            return ()
        answers = await self._records.opd_answers_of(order.number)
        letters = await self._records.letters_of(order.number)
        minutes = [f"Berita Acara Nomor {ref.number_text}" for ref in letters if ref.purpose.startswith("minutes-")]
        words = {"approve": "menyetujui", "approve_with_conditions": "menyetujui dengan syarat", "refuse": "menolak"}
        return tuple(minutes + [f"Rekomendasi {a.name} ({words[a.answer]})" for a in answers if a.answer in words])

    def _verification_url(self, verification_id: str | None) -> str:
        return f"{self._base}/v/{verification_code(verification_id or '', self._qr_key)}"


def applicant_lines(account: AccountRow, party: Party) -> tuple[tuple[str, str], ...]:
    """Who holds the permit, and who acts for the holder."""
    born = ("Tempat, tanggal lahir", _birth(account.birth_place, account.birth_date))
    if party.principal is None:
        return (("Nama", account.name), born, ("Alamat", account.address or "-"))
    holder = (
        ("Nama", party.principal),
        ("Nomor registrasi", party.registration),
        ("NPWP", party.npwp),
        ("Alamat", party.address or "-"),
    )
    proxy = party.proxy
    acting = (
        ("Diwakili oleh", account.name),
        ("Sebagai", party.position or (f"Kuasa ({proxy.relation})" if proxy else "")),
        ("Pemberi kuasa", _principal(proxy) if proxy else ""),
        ("Surat kuasa", _power_of_attorney(proxy) if proxy else ""),
        ("Bertindak untuk", party.principal),
    )
    return tuple((label, value) for label, value in (*holder, *acting) if value)


def _principal(proxy: Proxy) -> str:
    return ", ".join(part for part in (proxy.principal_name, proxy.principal_position) if part)


def _power_of_attorney(proxy: Proxy) -> str:
    number = f"Nomor {proxy.letter_number}" if proxy.letter_number else ""
    day = f"tanggal {long_date(proxy.letter_date)}" if proxy.letter_date else ""
    return " ".join(part for part in (number, day) if part)


def _birth(place: str | None, day: date | None) -> str:
    return ", ".join(part for part in (place, long_date(day) if day else None) if part) or "-"


def _answers(fields: Sequence[FormField], data: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (item.label, _printed(item, data[item.code])) for item in fields if item.in_letter and data.get(item.code)
    )


def _printed(item: FormField, answer: str) -> str:
    return long_date(date.fromisoformat(answer)) if item.kind == "date" else answer


def _recipient(order: ComposeLetter, applicant: str) -> tuple[str, ...]:
    return (f"Kepala {order.recipient}",) if order.recipient else (applicant,)


def _charges(order: ComposeLetter, title: str) -> tuple[Charge, ...]:
    if order.amount_rupiah is None:
        return ()
    return (Charge(description=f"Retribusi {title}", amount_rupiah=order.amount_rupiah),)
