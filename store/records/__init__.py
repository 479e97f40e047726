"""Everything that is written to PostgreSQL, and the plain reads the writers need. Every write is safe to repeat.

One class, `Records`, split by subject; what screens show is read by `store.queries`.
"""

from __future__ import annotations

from store.records.cases import CaseRecords, document_ref, event_of
from store.records.definitions import DefinitionRecords, DefinitionVersion, check_definition
from store.records.drafts import DraftRecords
from store.records.law import LawRecords
from store.records.letters import LetterRecords
from store.records.notices import NoticeRecords
from store.records.people import PeopleRecords, actor_of
from store.records.requests import RequestRecords
from store.records.signatures import SignatureRecords
from store.records.values import (
    ClaimState,
    Mandate,
    MissingStart,
    NewAccount,
    NewActivation,
    NewAttachment,
    NewDocument,
    NewDraft,
    NoticeState,
    OpenSession,
    SubmissionRecord,
)


class Records(
    CaseRecords,
    LetterRecords,
    SignatureRecords,
    DraftRecords,
    NoticeRecords,
    PeopleRecords,
    LawRecords,
    DefinitionRecords,
    RequestRecords,
):
    """All writes, on one database."""


__all__ = [
    "ClaimState",
    "DefinitionVersion",
    "Mandate",
    "MissingStart",
    "NewAccount",
    "NewActivation",
    "NewAttachment",
    "NewDocument",
    "NewDraft",
    "NoticeState",
    "OpenSession",
    "Records",
    "SubmissionRecord",
    "actor_of",
    "check_definition",
    "document_ref",
    "event_of",
]
