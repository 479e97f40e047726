"""The tables, as shape only: no rules, no callbacks, no relationships. Rules live in `permits`, writes in `records`.

Every instant is an aware `datetime`, kept as timestamptz and answered in UTC (a naive one is refused). Instants called
`office_...`, and those of tasks, promises and agencies, are office time (`permits.pace`); all others are real time.
"""

from __future__ import annotations

from store.tables.base import METADATA
from store.tables.cases import (
    ApplicationRow,
    AttachmentRow,
    DocumentRow,
    EventRow,
    NumberSeriesRow,
    OpdRequestRow,
    StageEntryRow,
    TaskRow,
)
from store.tables.channels import HttpReceiptRow, OutboxRow
from store.tables.evaluations import EvaluationRow
from store.tables.help import HelpMessageRow
from store.tables.law import CalendarDayRow, CalendarEditionRow, DefinitionRow
from store.tables.letters import (
    ActivationRow,
    AgendaRow,
    ArchiveFailureRow,
    LetterRow,
    LetterVersionRow,
    SignatureClaimRow,
    SignedLetterRow,
)
from store.tables.login_keys import LoginChallengeRow, LoginKeyRow
from store.tables.passkeys import ChallengeRow, PasskeyRequestRow, PasskeyRow
from store.tables.people import (
    AccountRow,
    AccountTokenRow,
    CertificateStandingRow,
    DelegationRow,
    LoginAttemptRow,
    LoginSessionRow,
    MandateRow,
)
from store.tables.permits import PermitRow
from store.tables.seals import SealedDocumentRow

__all__ = [
    "METADATA",
    "AccountRow",
    "AccountTokenRow",
    "ActivationRow",
    "AgendaRow",
    "ApplicationRow",
    "ArchiveFailureRow",
    "AttachmentRow",
    "CalendarDayRow",
    "CalendarEditionRow",
    "CertificateStandingRow",
    "ChallengeRow",
    "DefinitionRow",
    "DelegationRow",
    "DocumentRow",
    "EvaluationRow",
    "EventRow",
    "HelpMessageRow",
    "HttpReceiptRow",
    "LetterRow",
    "LetterVersionRow",
    "LoginAttemptRow",
    "LoginChallengeRow",
    "LoginKeyRow",
    "LoginSessionRow",
    "MandateRow",
    "NumberSeriesRow",
    "OpdRequestRow",
    "OutboxRow",
    "PasskeyRequestRow",
    "PasskeyRow",
    "PermitRow",
    "SealedDocumentRow",
    "SignatureClaimRow",
    "SignedLetterRow",
    "StageEntryRow",
    "TaskRow",
]
