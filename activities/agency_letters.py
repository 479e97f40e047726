"""An agency's answer as its own letter, where its officer holds a certificate: composed here, signed by that officer.

The letter bears the agency's name, answers the request by its number, and says what was decided with conditions or
reasons. Which officer may sign is a mandate of capacity `opd`; without one the answer is a decision by account as
before. Rendering and freezing are `activities.drafting`'s.
"""

from __future__ import annotations

import json
from datetime import date

from pydantic import BaseModel, ConfigDict
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.drafting import LETTER_INVALID, Composed, applicant_lines
from activities.letters import LetterInput, Office, Signatory
from permits.decisions import Recommended
from permits.errors import RuleError
from permits.party import party_of
from permits.steps import LetterRef
from store.documents import DocumentStore
from store.notice_texts import long_date
from store.records import Records

TEMPLATE = "rekomendasi"
TITLE = "Rekomendasi"


class OfficerAsked(BaseModel):
    """Whether this officer signs for this agency on this day."""

    model_config = ConfigDict(frozen=True)

    account_id: str
    opd: str
    office_date: date


class ComposeAnswer(BaseModel):
    """An agency's answer; personal data is added from the store."""

    model_config = ConfigDict(frozen=True)

    number: str
    letter: LetterRef
    opd: str
    agency: str  # by name
    asks_for: str
    officer_id: str
    answer: Recommended


class AgencyLetters:
    """Composes agencies' letters.

    Args:
        records: the case, its request, and the officer.
        documents: where the letter's input is kept.
        demo_authority: the certificates are the development ones, and letters say so.
    """

    def __init__(self, records: Records, documents: DocumentStore, demo_authority: bool) -> None:
        self._records = records
        self._documents = documents
        self._demo = demo_authority

    @activity.defn
    async def officer_signs(self, asked: OfficerAsked) -> bool:
        """Whether the officer holds a certificate for this agency's recommendations."""
        return await self._records.agency_mandate_for(asked.account_id, asked.office_date, asked.opd) is not None

    @activity.defn
    async def compose_answer(self, order: ComposeAnswer) -> Composed:
        """Stores the letter's whole input; returns its sha256."""
        case = await self._records.application(order.number)
        applicant = await self._records.account(case.applicant_id)
        officer = await self._records.account(order.officer_id)
        if applicant is None or officer is None:
            raise ApplicationError("Nobody is there to sign.", type=LETTER_INVALID, non_retryable=True)
        letter = LetterInput(
            template="rekomendasi",
            template_version="1",
            series=order.letter.series,
            number=order.letter.number_text,
            date=order.letter.letter_date,
            title=TITLE,
            office=Office(name=order.agency, address="Kota Pekalongan, Jawa Tengah"),
            subject=f"{TITLE} {case.title}",
            recipient=("Kepala Dinas Penanaman Modal dan Pelayanan Terpadu Satu Pintu",),
            applicant=applicant_lines(applicant, party_of(case.party)),
            facts=(("Permohonan", f"{case.title}, nomor {case.number}"), ("Yang diminta", order.asks_for)),
            observing=await self._request(order),
            body=(_SENTENCES[order.answer.answer],),
            conditions=order.answer.conditions if order.answer.answer == "approve_with_conditions" else (),
            reasons=(order.answer.reason,) if order.answer.reason else (),
            signatory=Signatory(
                name=officer.name,
                rank=officer.rank or "-",
                nip=officer.nip or "-",
                office_title=officer.title or f"{'Kepala' if officer.is_head else 'Pejabat'} {order.agency}",
            ),
            demo_authority=self._demo,
            practice=case.practice,
        )
        content = json.dumps(letter.model_dump(mode="json"), ensure_ascii=False, sort_keys=True).encode()
        return Composed(input_sha256=await self._documents.put_document(content))

    async def _request(self, order: ComposeAnswer) -> tuple[str, ...]:
        """The letter that asked; none for an agency that was asked later, without one."""
        try:
            request = await self._records.letter(order.number, f"opd-request-{order.opd}")
        except RuleError:
            return ()
        return (f"Nomor {request.number_text} tanggal {long_date(request.letter_date)}",)


_SENTENCES = {
    "approve": "Kami menyetujui permohonan tersebut.",
    "approve_with_conditions": "Kami menyetujui permohonan tersebut dengan syarat:",
    "refuse": "Kami tidak menyetujui permohonan tersebut.",
}
