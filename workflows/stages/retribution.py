"""Retribusi: the amount is keyed in, the SKRD letter goes out, the applicant pays; the promise rests meanwhile."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from permits.decisions import Paid, PaymentConfirmed, RetributionAssessed, TaskKind
    from permits.definition import LetterForm, Retribution
    from permits.events import Tag
    from workflows.case import Case, Outcome


async def collect(case: Case, stage: Retribution) -> Outcome:
    """Amount, SKRD, proof, confirmation; a proof that the treasury does not know goes back to the applicant."""
    assessed = await case.ask(TaskKind.ASSESS_RETRIBUTION, stage, case.dossier_sha256)
    body = assessed.body
    assert isinstance(body, RetributionAssessed)
    case.ledger.note(case.ledger.event(Tag.RETRIBUTION_ASSESSED, assessed.actor, amount_rupiah=body.amount_rupiah))
    await case.letters.file_letter(
        "skrd",
        LetterForm(
            template="skrd",
            title="Surat Ketetapan Retribusi Daerah",
            series=stage.series,
            number_template=stage.number_template,
        ),
        legal_basis=(stage.legal_basis,),
        amount_rupiah=body.amount_rupiah,
        paragraphs=(body.calculation,),
    )
    instructions = f"Bayar retribusi sebesar Rp{body.amount_rupiah:,}".replace(",", ".")
    while True:
        paid = await case.ask_applicant(TaskKind.PAYMENT, stage, "retribution", instructions=instructions)
        assert isinstance(paid.body, Paid)
        found = await case.ask(
            TaskKind.CONFIRM_PAYMENT, stage, case.dossier_sha256, instructions=f"bukti {paid.body.proof}"
        )
        assert isinstance(found.body, PaymentConfirmed)
        if found.body.received:
            return Outcome.forward()
        instructions = found.body.reason
