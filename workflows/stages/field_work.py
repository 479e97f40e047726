"""The technical team's part: the inspection with photos and position, and the meeting; both end in minutes."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from permits.decisions import Inspected, MeetingHeld, TaskKind
    from permits.definition import Inspection, LetterForm, Meeting
    from workflows.case import Case, Outcome

MINUTES_NUMBER = "{sequence:04d}/BA/{month_roman}/{year}"


async def inspect(case: Case, stage: Inspection) -> Outcome:
    """The team goes and looks; the minutes (Berita Acara) name those present."""
    decision = await case.ask(TaskKind.INSPECTION, stage, case.dossier_sha256, photos=stage.photos)
    body = decision.body
    assert isinstance(body, Inspected)
    where = f"{body.position.latitude:.6f}, {body.position.longitude:.6f} (± {body.position.accuracy_metres:.0f} m)"
    await case.file_letter(
        "minutes-inspection",
        minutes("Berita Acara Pemeriksaan Lapangan"),
        facts=(("Posisi (WGS 84)", where), ("Jumlah foto", str(len(set(body.photos))))),
        paragraphs=(body.findings,),
        present=body.present,
    )
    return Outcome.forward()


async def meet(case: Case, stage: Meeting) -> Outcome:
    """The team meets; its conclusions stand in the minutes."""
    decision = await case.ask(TaskKind.MEETING, stage, case.dossier_sha256)
    body = decision.body
    assert isinstance(body, MeetingHeld)
    await case.file_letter(
        "minutes-meeting", minutes("Berita Acara Rapat Teknis"), paragraphs=body.conclusions, present=body.present
    )
    return Outcome.forward()


def minutes(title: str) -> LetterForm:
    """The form of minutes, the same for every permit type."""
    return LetterForm(template="berita-acara", title=title, series="BA", number_template=MINUTES_NUMBER)
