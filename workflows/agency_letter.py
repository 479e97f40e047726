"""An agency's answer as a letter of its own, signed by the officer who gave it (patch `agencies-sign-their-answers`).

Numbered in the agency's own series, shown to the officer, frozen, signed in the field of agencies, judged and issued.
The agency's clock and ladder go on until then.
"""

from __future__ import annotations

from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.agency_letters import TEMPLATE, TITLE, AgencyLetters, ComposeAnswer, OfficerAsked
    from activities.drafting import LetterDesk, RenderLetter
    from activities.records import CaseBook, LetterIssue, LetterVoid
    from activities.signatures import SignatureDesk
    from activities.signing_orders import SignedObject, SignLetter, SignResult
    from permits.authority import Actor, Role
    from permits.decisions import Decision, Recommended, Returned, SignatureOrdered, TaskKind
    from permits.events import Tag
    from permits.steps import LetterOpening, LetterRef
    from workflows.clock import OfficeClock
    from workflows.desk import Desk, Question, Tags
    from workflows.ledger import Ledger
    from workflows.messages import QueueNames, RecommendationRequest
    from workflows.open_tasks import Silence
    from workflows.options import OWN_STORE, RENDERING, SIGNING

SIGNING_TAGS = Tags(
    warned=Tag.OPD_WARNED,
    escalated=Tag.OPD_ESCALATED,
    ladder_ended=Tag.OPD_LADDER_ENDED,
    decided=Tag.OPD_ANSWER_DECIDED,
)


class AnswerLetter:
    """The letter of one request's answer; a request that is taken back leaves its number BATAL."""

    def __init__(
        self, request: RecommendationRequest, clock: OfficeClock, ledger: Ledger, desk: Desk, silence: Silence
    ) -> None:
        self._request = request
        self._clock = clock
        self._ledger = ledger
        self._desk = desk
        self._silence = silence
        self._letter: LetterRef | None = None  # numbered and not issued yet

    async def is_wanted(self, decision: Decision) -> bool:
        """Whether the officer who answered holds a certificate: the answer becomes a letter of the agency's own."""
        body = decision.body
        assert isinstance(body, Recommended)
        if body.provenance is not None:
            return False
        asked = OfficerAsked(
            account_id=decision.actor.id, opd=self._request.agency.opd, office_date=self._clock.today()
        )
        return await workflow.execute_activity_method(
            AgencyLetters.officer_signs, asked, summary="Pejabat bersertifikat?", **OWN_STORE
        )

    async def write(self, decision: Decision) -> LetterRef:
        """The answer as a letter, numbered in the agency's own series, rendered and frozen; a redraft keeps it."""
        assert isinstance(decision.body, Recommended)
        agency, number = self._request.agency, self._request.number
        await self._ledger.catch_up()
        purpose = f"opd-answer-{agency.opd}-{self._request.n}"
        title = f"{TITLE} {agency.name}"
        if self._letter is None:
            opening = LetterOpening(
                number=number,
                purpose=purpose,
                series=f"REKOM-{agency.opd.upper()}",
                number_template="{sequence:04d}/REKOM-" + agency.opd.upper() + "/{month_roman}/{year}",
                letter_date=self._clock.today(),
                event=self._ledger.event(Tag.LETTER_NUMBERED, purpose=purpose, title=title),
            )
            self._letter = await workflow.execute_activity_method(
                CaseBook.number_letter, opening, summary=f"Nomor surat: {title}", **OWN_STORE
            )
        order = ComposeAnswer(
            number=number,
            letter=self._letter,
            opd=agency.opd,
            agency=agency.name,
            asks_for=agency.asks_for,
            officer_id=decision.actor.id,
            answer=decision.body,
        )
        composed = await workflow.execute_activity_method(
            AgencyLetters.compose_answer, order, summary=f"Susun surat: {title}", **OWN_STORE
        )
        rendering = RenderLetter(
            number=number,
            purpose=purpose,
            template=TEMPLATE,
            template_version=1,
            input_sha256=composed.input_sha256,
            event=self._ledger.event(
                Tag.LETTER_DRAFTED, purpose=purpose, title=title, input_sha256=composed.input_sha256
            ),
        )
        rendered = await workflow.execute_activity_method(
            LetterDesk.render_letter, rendering, summary=f"Cetak surat: {title}", **RENDERING
        )
        self._letter = self._letter.model_copy(update={"sha256": rendered.sha256})
        return self._letter

    async def have_signed(self, letter: LetterRef, officer: Actor) -> str | None:
        """Asks until a signature is registered and judged; the agency's clock and ladder go on meanwhile.

        None once it is signed, else what the agency reads when it writes its answer anew.
        """
        agency = self._request.agency
        facts: dict[str, Any] = {"opd": agency.opd, "holder": agency.name, "letter_sha256": letter.sha256}
        while True:
            decision = await self._desk.ask(self._to_sign(letter, officer))
            if isinstance(decision.body, Returned):
                return f"{agency.asks_for}\nAnda menulis ulang jawaban: {decision.body.reason}"[:4000]
            assert isinstance(decision.body, SignatureOrdered)
            await self._ledger.catch_up()
            result = await self._sign(letter, decision.actor, decision.body.activation_id, facts)
            if result.signed is not None:
                await self._judge_and_issue(letter, result.signed, facts)
                return None
            self._ledger.note(self._ledger.event(Tag.OPD_SIGNATURE_FAILED, code=result.failure, **facts))

    def _to_sign(self, letter: LetterRef, officer: Actor) -> Question:
        assert letter.sha256 is not None
        agency = self._request.agency
        return Question(
            kind=TaskKind.SIGN_RECOMMENDATION,
            role=Role.OPD,
            stage=self._request.stage,
            holder=agency.name,
            working_days=agency.working_days,
            ladder=agency.ladder,
            subject_sha256=letter.sha256,
            opd=agency.opd,
            field=self._request.field,
            instructions=f"{letter.number_text}, penanda tangan: {officer.name}",
            return_to=("recommendation",),
            goes_on=self._silence,
            tags=SIGNING_TAGS,
        )

    async def _sign(self, letter: LetterRef, officer: Actor, activation: str, facts: dict[str, Any]) -> SignResult:
        assert letter.sha256 is not None
        order = SignLetter(
            number=self._request.number,
            purpose=letter.purpose,
            letter_sha256=letter.sha256,
            activation_id=activation,
            officer_id=officer.id,
            office_date=self._clock.today(),
            event=self._ledger.event(Tag.OPD_SIGNATURE_REGISTERED, officer, **facts),
            opd=self._request.agency.opd,
        )
        try:
            return await workflow.execute_activity_method(
                SignatureDesk.sign_letter,
                order,
                task_queue=QueueNames.SIGNING,
                summary=f"Tanda tangan elektronik {self._request.agency.name}",
                **SIGNING,
            )
        except ActivityError as lost:
            if is_cancelled_exception(lost):
                raise
            return SignResult(failure="signing-unavailable")

    async def _judge_and_issue(self, letter: LetterRef, signed: SignedObject, facts: dict[str, Any]) -> None:
        verdict = await workflow.execute_activity_method(
            SignatureDesk.judge_letter,
            signed,
            task_queue=QueueNames.SIGNING,
            summary="Periksa rekomendasi yang sudah ditandatangani",
            **OWN_STORE,
        )
        self._ledger.note(
            self._ledger.event(
                Tag.OPD_SIGNATURE_VERIFIED,
                verdict=verdict.verdict,
                level=verdict.level,
                signed_sha256=signed.signed_sha256,
                **facts,
            )
        )
        await self._ledger.catch_up()
        issued = self._ledger.event(Tag.LETTER_ISSUED, purpose=letter.purpose, number_text=letter.number_text)
        issue = LetterIssue(number=self._request.number, purpose=letter.purpose, event=issued)
        await workflow.execute_activity_method(
            CaseBook.issue_letter, issue, summary=f"Surat terbit: {letter.number_text}", **OWN_STORE
        )
        self._letter = None  # issued: nothing of it is voided any more

    async def void(self) -> None:
        """A letter that was numbered and is not signed stays in the register as BATAL."""
        letter, self._letter = self._letter, None
        if letter is None:
            return
        reason = "Rekomendasi tidak diperlukan lagi"
        void = LetterVoid(
            number=self._request.number,
            purpose=letter.purpose,
            reason=reason,
            event=self._ledger.event(Tag.LETTER_VOIDED, number_text=letter.number_text, reason=reason),
        )
        await workflow.execute_activity_method(
            CaseBook.void_letter, void, summary=f"Nomor batal: {letter.number_text}", **OWN_STORE
        )
