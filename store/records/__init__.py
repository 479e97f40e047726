"""Everything that is written to PostgreSQL, and the plain reads the writers need. Every write is safe to repeat.

One class, `Records`, split by subject; what screens show is read by `store.queries`.
"""

from __future__ import annotations

from permits.notices import COUNTER_DOMAIN
from store.records.archive import ArchiveRecords
from store.records.calendar import CalendarRecords
from store.records.cases import CaseRecords, document_ref, event_of
from store.records.claims import ClaimRecords
from store.records.definitions import DefinitionRecords, DefinitionVersion, check_definition
from store.records.drafts import DraftRecords
from store.records.evaluations import EvaluationRecords
from store.records.help import HelpRecords, thread_of
from store.records.incidents import IncidentRecords
from store.records.law import LawRecords
from store.records.letters import LetterRecords
from store.records.login_keys import LoginKeyRecords
from store.records.notices import NoticeRecords
from store.records.passkeys import PasskeyRecords
from store.records.people import PeopleRecords, actor_of
from store.records.permits import NewProcedure, PermitRecords
from store.records.proofs import ProofRecords, Receipt, Sending
from store.records.registration import RegistrationRecords, token_mail_key
from store.records.requests import RequestRecords
from store.records.seals import SealRecords
from store.records.signatures import SignatureRecords
from store.records.signing_steps import LetterConsent, SigningStepRecords, TakenUp
from store.records.staffing import Departure, OpenTask, StaffingRecords
from store.records.standings import StandingRecords
from store.records.values import (
    AccountToken,
    Claim,
    ClaimState,
    DraftChanges,
    Mandate,
    MissingStart,
    NewAccount,
    NewActivation,
    NewAttachment,
    NewChallenge,
    NewDelegation,
    NewDocument,
    NewDraft,
    NewHelpMessage,
    NewPasskey,
    NewPasskeyRequest,
    NoticeState,
    OpenSession,
    Standing,
    SubmissionRecord,
)


class Records(
    CaseRecords,
    LetterRecords,
    SignatureRecords,
    SealRecords,
    ClaimRecords,
    SigningStepRecords,
    IncidentRecords,
    StandingRecords,
    ArchiveRecords,
    DraftRecords,
    NoticeRecords,
    ProofRecords,
    PeopleRecords,
    RegistrationRecords,
    StaffingRecords,
    HelpRecords,
    LawRecords,
    CalendarRecords,
    DefinitionRecords,
    RequestRecords,
    PermitRecords,
    EvaluationRecords,
    PasskeyRecords,
    LoginKeyRecords,
):
    """All writes, on one database."""


__all__ = [
    "COUNTER_DOMAIN",
    "AccountToken",
    "Claim",
    "ClaimState",
    "DefinitionVersion",
    "Departure",
    "DraftChanges",
    "LetterConsent",
    "Mandate",
    "MissingStart",
    "NewAccount",
    "NewActivation",
    "NewAttachment",
    "NewChallenge",
    "NewDelegation",
    "NewDocument",
    "NewDraft",
    "NewHelpMessage",
    "NewPasskey",
    "NewPasskeyRequest",
    "NewProcedure",
    "NoticeState",
    "OpenSession",
    "OpenTask",
    "Receipt",
    "Records",
    "Sending",
    "Standing",
    "SubmissionRecord",
    "TakenUp",
    "actor_of",
    "check_definition",
    "document_ref",
    "event_of",
    "thread_of",
    "token_mail_key",
]
