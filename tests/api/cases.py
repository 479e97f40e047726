"""Cases at desks, as the engine's steps leave them in the store."""

from datetime import date, timedelta
from typing import Any

import httpx

from permits.application import ApplicationStatus, DocumentVerdict
from permits.authority import SYSTEM, Actor, Role
from permits.decisions import TaskKind
from permits.events import Event, Tag
from permits.steps import (
    LetterFrozen,
    LetterOpening,
    SignedLetter,
    StageMark,
    Step,
    TaskClosed,
    TaskOpened,
    Waiting,
)
from tests.api.conftest import Api
from tests.api.filing import PERMIT_TYPE, a_case, a_pdf, definition

SEEN = "a" * 64


def an_event(api: Api, key: str, tag: Tag, actor: Actor = SYSTEM, **facts: Any) -> Event:
    now = api.clock.now
    return Event(key=key, tag=tag, at=now, office_at=now, actor_id=actor.id, actor_name=actor.name, facts=facts)


async def open_task(api: Api, number: str, kind: TaskKind, role: Role, **fields: Any) -> str:
    """A task in the inbox, with the stage it belongs to; returns its id."""
    now, task_id = api.clock.now, str(fields.get("id", f"{number}.{kind.value}.1"))
    opened = TaskOpened(
        **{
            "id": task_id,
            "workflow_id": number,
            "kind": kind,
            "role": role,
            "stage": "Pemeriksaan kelengkapan berkas",
            "holder": "Front Office",
            "subject_sha256": SEEN,
            "opened_at": now,
            "due_at": now + timedelta(days=1),
            "working_days": 1,
            **fields,
        }
    )
    waiting_kind: Any = {Role.APPLICANT: "applicant", Role.OPD: "opd"}.get(role, "desk")
    mark = StageMark(n=1, kind="verification", title=opened.stage, at=now, office_at=now)
    step = Step(
        number=number,
        events=(
            an_event(api, f"{task_id}-stage", Tag.STAGE_ENTERED, stage=mark.kind, title=mark.title, n=1),
            an_event(api, f"{task_id}-opened", Tag.TASK_OPENED, holder=opened.holder, due_at=opened.due_at.isoformat()),
        ),
        status=ApplicationStatus.WITH_APPLICANT if role is Role.APPLICANT else ApplicationStatus.IN_PROGRESS,
        stage_entered=mark,
        task_opened=opened,
        waiting=Waiting(kind=waiting_kind, holder=opened.holder, stage=opened.stage, since=now, due_at=opened.due_at),
    )
    await api.records.keep(step)
    return task_id


async def close_task(api: Api, number: str, task_id: str) -> None:
    closed = TaskClosed(
        id=task_id,
        status="decided",
        decision="forward",
        actor_id="x",
        actor_name="Contoh Rekan",
        closed_at=api.clock.now,
    )
    event = an_event(api, f"{task_id}-closed", Tag.TASK_DECIDED, decision="forward")
    await api.records.keep(Step(number=number, events=(event,), tasks_closed=(closed,)))


async def a_repair(api: Api, applicant: httpx.AsyncClient) -> tuple[str, str, str]:
    """A case whose first document is asked for again: number, task, requirement."""
    number = await a_case(api, applicant)
    code = definition().requirements[0].code
    verdict = DocumentVerdict(requirement=code, verdict="repair", reason="Halaman kedua tidak terbaca.")
    event = an_event(api, "returned", Tag.DOCUMENT_RETURNED, requirement=code, reason=verdict.reason)
    await api.records.keep(Step(number=number, events=(event,), verdicts=(verdict,)))
    task = await open_task(api, number, TaskKind.REPAIR, Role.APPLICANT, holder="Pemohon", wanted_documents=(code,))
    return number, task, code


async def a_letter(api: Api, number: str, code: str = PERMIT_TYPE) -> tuple[str, bytes]:
    """The frozen letter of a case; its sha256 and bytes."""
    form, pdf = definition(code).letter, a_pdf(text=f"surat {number}")
    sha256 = await api.services.documents.put_document(pdf)
    await api.records.open_letter(
        LetterOpening(
            number=number,
            purpose="permit",
            series=form.series,
            number_template=form.number_template,
            letter_date=date(2026, 3, 16),
            event=an_event(api, "numbered", Tag.LETTER_NUMBERED, title=form.title),
        )
    )
    await api.records.freeze_letter(
        LetterFrozen(
            number=number,
            purpose="permit",
            sha256=sha256,
            input_sha256="b" * 64,
            template=form.template,
            template_version=1,
            event=an_event(api, "drafted", Tag.LETTER_DRAFTED, title=form.title),
        )
    )
    return sha256, pdf


async def sign_letter(api: Api, number: str, sha256: str, pdf: bytes) -> bytes:
    """Registers a signed object for the letter; not yet issued."""
    signed = pdf + b"% ditandatangani (contoh)\n"
    await api.records.register_signed(
        SignedLetter(
            letter_sha256=sha256,
            number=number,
            purpose="permit",
            signed_sha256=await api.services.documents.put_signed(signed),
            level="B-LTA",
            signer_id="kepala",
            certificate_sha256="c" * 64,
            signed_at=api.clock.now,
            activation_id="contoh",
        ),
        an_event(api, "registered", Tag.SIGNATURE_REGISTERED),
    )
    return signed


async def issue_letter(api: Api, number: str) -> None:
    issued = an_event(api, "issued", Tag.PERMIT_ISSUED, product="permit", number_text="503/0001")
    await api.records.issue_letter(number, "permit", issued)
    closed = an_event(api, "closed", Tag.APPLICATION_CLOSED, status="issued")
    await api.records.keep(
        Step(
            number=number,
            events=(closed,),
            status=ApplicationStatus.ISSUED,
            product="permit",
            closed_at=api.clock.now,
        )
    )
