"""The technical team's part: the inspection with photos and position, and the meeting; both end in minutes."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from permits.decisions import Inspected, MeetingHeld, MinutesSigned, TaskKind
    from permits.definition import Inspection, LetterForm, Meeting
    from permits.escalation import without_warnings
    from permits.events import Tag
    from workflows.case import Case, Outcome

MINUTES_NUMBER = "{sequence:04d}/BA/{month_roman}/{year}"
MINUTES_ARE_SIGNED = "minutes-are-signed"
"""Patch of version 0.2: those present sign the minutes, in a task of its own; docs/changing-workflows.md tells why."""


async def inspect(case: Case, stage: Inspection) -> Outcome:
    """The team goes and looks; the minutes (Berita Acara) name those present, who sign them."""
    decision = await case.ask(TaskKind.INSPECTION, stage, case.dossier_sha256, photos=stage.photos)
    body = decision.body
    assert isinstance(body, Inspected)
    where = f"{body.position.latitude:.6f}, {body.position.longitude:.6f} (± {body.position.accuracy_metres:.0f} m)"
    sha256 = await case.letters.file_letter(
        "minutes-inspection",
        minutes("Berita Acara Pemeriksaan Lapangan"),
        facts=(("Posisi (WGS 84)", where), ("Jumlah foto", str(len(set(body.photos))))),
        paragraphs=(body.findings,),
        present=body.present,
    )
    await _have_signed(case, stage, sha256, body.present)
    return Outcome.forward()


async def meet(case: Case, stage: Meeting) -> Outcome:
    """The team meets; its conclusions stand in the minutes."""
    decision = await case.ask(TaskKind.MEETING, stage, case.dossier_sha256)
    body = decision.body
    assert isinstance(body, MeetingHeld)
    sha256 = await case.letters.file_letter(
        "minutes-meeting", minutes("Berita Acara Rapat Teknis"), paragraphs=body.conclusions, present=body.present
    )
    await _have_signed(case, stage, sha256, body.present)
    return Outcome.forward()


async def _have_signed(case: Case, stage: Inspection | Meeting, sha256: str, present: tuple[str, ...]) -> None:
    """Everyone present signs, on paper or on the screen, or refuses with a reason; on the day of the minutes."""
    if not workflow.patched(MINUTES_ARE_SIGNED):
        return
    people = tuple(dict.fromkeys(present))
    # A warning of a task that is due today would fall with its opening.
    ladder = without_warnings(stage.ladder)
    decision = await case.ask(TaskKind.SIGN_MINUTES, stage, sha256, working_days=0, ladder=ladder, people=people)
    body = decision.body
    assert isinstance(body, MinutesSigned)
    signed = [{"name": one.name, "way": one.way, "image": one.image} for one in body.signatures]
    case.ledger.note(
        case.ledger.event(
            Tag.MINUTES_SIGNED, decision.actor, minutes_sha256=sha256, signed=signed, refused=body.refused
        )
    )


def minutes(title: str) -> LetterForm:
    """The form of minutes, the same for every permit type."""
    return LetterForm(template="berita-acara", title=title, series="BA", number_template=MINUTES_NUMBER)
