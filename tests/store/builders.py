"""Cases, events and letters for the store's tests; all people are fictional."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from permits.application import dossier_sha256
from permits.authority import Role
from permits.decisions import TaskKind
from permits.definition import Variant
from permits.events import Event, Tag
from permits.pace import Pace
from permits.sla import SlaClock
from permits.steps import LetterFrozen, LetterOpening, SignedLetter, Step, TaskOpened
from store.records import NewAccount, NewActivation, NewDocument, NewDraft, Records, SubmissionRecord
from store.tables import ApplicationRow

NOW = datetime(2026, 3, 13, 3, 0, tzinfo=UTC)
LETTER = "a" * 64
SIGNED = "b" * 64


def sha(letter: str) -> str:
    return letter * 64


def an_account(account_id: str, role: Role = Role.APPLICANT, **fields: Any) -> NewAccount:
    defaults: dict[str, Any] = {
        "email": f"{account_id}@contoh.invalid",
        "name": f"Contoh {account_id}",
        "password_hash": "$argon2id$contoh",
        "created_at": NOW,
    }
    return NewAccount(id=account_id, role=role, **{**defaults, **fields})


async def a_draft(records: Records, applicant: str = "pemohon-1", **fields: Any) -> ApplicationRow:
    await records.ensure_account(an_account(applicant))
    defaults: dict[str, Any] = {
        "permit_type": "sip-fisioterapis",
        "variant": Variant.NEW,
        "title": "Surat Izin Praktik Fisioterapis",
        "field": "kesehatan",
        "data": {"str_number": "STR-CONTOH-1"},
        "created_at": NOW,
        "year": 2026,
    }
    return await records.create_draft(NewDraft(applicant_id=applicant, **{**defaults, **fields}))


def a_submission(row: ApplicationRow, key: str = "kunci-1", **fields: Any) -> SubmissionRecord:
    defaults: dict[str, Any] = {
        "submitted_at": NOW,
        "definition_version": 1,
        "definition_sha256": sha("d"),
        "dossier_sha256": dossier_sha256(row.data, ()),
        "tracking_code": f"TRACK-{row.number}",
        "verification_id": f"VERIFY-{row.number}",
        "submission": {"number": row.number},
        "promise": SlaClock(received_on=date(2026, 3, 13), working_days=5),
        "promise_due_at": NOW + timedelta(days=14),
        "pace": Pace.real(),
    }
    return SubmissionRecord(number=row.number, submission_key=key, **{**defaults, **fields})


async def a_case(records: Records, applicant: str = "pemohon-1") -> str:
    row = await a_draft(records, applicant)
    return (await records.submit(a_submission(row))).number


def an_event(key: str, tag: Tag = Tag.STAGE_ENTERED, **facts: Any) -> Event:
    return Event(key=key, tag=tag, at=NOW, office_at=NOW, facts=facts)


def a_step(number: str, *keys: str, **parts: Any) -> Step:
    return Step(number=number, events=tuple(an_event(key) for key in keys), **parts)


def a_task(task_id: str, **fields: Any) -> TaskOpened:
    defaults: dict[str, Any] = {
        "workflow_id": "PRM-2026-000001",
        "kind": TaskKind.VERIFICATION,
        "role": Role.FRONT_OFFICE,
        "stage": "Pemeriksaan kelengkapan berkas",
        "holder": "Front Office",
        "subject_sha256": sha("e"),
        "opened_at": NOW,
        "due_at": NOW + timedelta(days=3),
        "working_days": 1,
        "wanted_documents": ("ktp",),
    }
    return TaskOpened(id=task_id, **{**defaults, **fields})


def a_document(number: str, requirement: str = "ktp", sha256: str = "c" * 64, **fields: Any) -> NewDocument:
    defaults: dict[str, Any] = {
        "content_type": "application/pdf",
        "size": 1234,
        "filename": "ktp-contoh.pdf",
        "uploaded_by": "pemohon-1",
        "uploaded_at": NOW,
    }
    return NewDocument(number=number, requirement=requirement, sha256=sha256, **{**defaults, **fields})


def an_opening(number: str, purpose: str = "permit", **fields: Any) -> LetterOpening:
    defaults: dict[str, Any] = {
        "series": "SIP-FT",
        "number_template": "503/{sequence:04d}/SIP-FT/{month_roman}/{year}",
        "letter_date": date(2026, 3, 27),
        "event": an_event(f"numbered:{purpose}", Tag.LETTER_NUMBERED),
    }
    return LetterOpening(number=number, purpose=purpose, **{**defaults, **fields})


def a_freezing(number: str, sha256: str = LETTER, key: str = "drafted:1", purpose: str = "permit") -> LetterFrozen:
    return LetterFrozen(
        number=number,
        purpose=purpose,
        sha256=sha256,
        input_sha256=sha("f"),
        template="sip",
        template_version=1,
        event=an_event(key, Tag.LETTER_DRAFTED),
    )


async def a_frozen_letter(records: Records, number: str, sha256: str = LETTER) -> None:
    await records.open_letter(an_opening(number))
    await records.freeze_letter(a_freezing(number, sha256))


def a_signature(number: str, signed_sha256: str = SIGNED, letter_sha256: str = LETTER) -> SignedLetter:
    return SignedLetter(
        letter_sha256=letter_sha256,
        number=number,
        purpose="permit",
        signed_sha256=signed_sha256,
        level="B-LTA",
        signer_id="kepala",
        certificate_sha256=sha("9"),
        signed_at=NOW,
        activation_id="aktivasi-1",
    )


async def an_activation(records: Records, activation_id: str = "aktivasi-1", *letters: str) -> None:
    await records.ensure_account(an_account("kepala", Role.HEAD_OF_OFFICE))
    await records.create_activation(
        NewActivation(
            id=activation_id,
            officer_id="kepala",
            envelope=b"sealed",
            letters=letters or (LETTER,),
            created_at=NOW,
            expires_at=NOW + timedelta(minutes=5),
        )
    )
