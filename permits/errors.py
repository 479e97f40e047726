"""The one family of refusals that the rules know, each with a stable code.

A rule says *that* something may not be and gives the facts; the sentence a person reads is made from the code at the
edge (api/problems.py). Codes are public: they appear in problem+json (RFC 9457) and are never renamed.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any


class Code(StrEnum):
    """Stable codes of all refusals; the comment says when it is given."""

    NOT_ALLOWED = "not-allowed"  # the actor's role, field or agency does not cover this act
    OWN_APPLICATION = "own-application"  # nobody decides on their own application
    SAME_PERSON = "same-person"  # who verified a case does not sign it; who wrote a definition does not publish it
    ASSIGNED_TO_ANOTHER = "assigned-to-another"  # a colleague of the desk holds the task; take it over first
    APPLICATION_NOT_FOUND = "application-not-found"
    TASK_NOT_FOUND = "task-not-found"
    PERMIT_TYPE_NOT_FOUND = "permit-type-not-found"
    DOCUMENT_NOT_FOUND = "document-not-found"
    REQUIREMENT_NOT_FOUND = "requirement-not-found"
    LETTER_NOT_FOUND = "letter-not-found"
    TASK_CLOSED = "task-closed"  # somebody decided first; the facts say who
    STALE_VERSION = "stale-version"  # what was judged is no longer what lies there
    ALREADY_SUBMITTED = "already-submitted"
    NOT_A_DRAFT = "not-a-draft"  # documents of a submitted case change only through a repair task
    APPLICATION_WITHDRAWN = "application-withdrawn"
    APPLICATION_CLOSED = "application-closed"
    TOO_LATE_TO_WITHDRAW = "too-late-to-withdraw"
    DOCUMENT_MISSING = "document-missing"
    FIELD_MISSING = "field-missing"
    FIELD_INVALID = "field-invalid"
    VERDICT_MISSING = "verdict-missing"  # a document was left without a verdict
    REASON_MISSING = "reason-missing"  # a return, refusal or repair needs its reason
    EVIDENCE_MISSING = "evidence-missing"  # an inspection without photo, a payment without proof
    DECISION_NOT_POSSIBLE = "decision-not-possible"  # this kind of decision does not belong to this kind of task
    PROVENANCE_MISSING = "provenance-missing"  # who acts for somebody says by which way it came and how it was agreed
    SIGNATURE_MISSING = "signature-missing"  # minutes that somebody present has neither signed nor refused
    RETURN_NOT_POSSIBLE = "return-not-possible"  # no such desk lies before this one
    OPD_NOT_FOUND = "opd-not-found"  # the agency does not exist (any more), or nobody works there
    OPD_ALREADY_ASKED = "opd-already-asked"
    OPD_NOT_WAITING = "opd-not-waiting"  # no request to an agency is open in this case now
    REQUEST_WITHDRAWN = "request-withdrawn"  # the office took its request to the agency back
    ALREADY_EXTENDED = "already-extended"  # a request is extended once
    PERSON_NOT_FOUND = "person-not-found"
    PERSON_UNFIT = "person-unfit"  # not active, or not of this desk
    PERIOD_INVALID = "period-invalid"  # ends before it begins, lies in the past, or is too long
    MANDATE_OVERLAPS = "mandate-overlaps"  # somebody else holds this capacity on one of these days
    NIK_INVALID = "nik-invalid"
    NIK_TAKEN = "nik-taken"  # said to officers alone: the person has an account already
    PROXY_MISSING = "proxy-missing"  # a kuasa without its power of attorney
    OLD_PERMIT_MISSING = "old-permit-missing"  # a renewal names the permit it renews
    PERMIT_NOT_FOUND = "permit-not-found"
    PERMIT_NOT_IN_FORCE = "permit-not-in-force"  # revoked, replaced or expired
    PROCEDURE_OPEN = "procedure-open"  # the permit is being revoked, replaced or extended already
    NOT_EXTENDABLE = "not-extendable"  # the type has no period, or the permit runs for a whole one already
    PRACTICE_ONLY = "practice-only"  # a type the office has not confirmed: practice applications alone
    DEFINITION_INVALID = "definition-invalid"
    NOTICE_NOT_FOUND = "notice-not-found"
    NOTICE_NOT_REPEATABLE = "notice-not-repeatable"  # it is out, has nobody to go to, or an e-mail took its place
    IDEMPOTENCY_KEY_REUSED = "idempotency-key-reused"
    ACTIVATION_NOT_VALID = "activation-not-valid"  # expired, spent, or not for this letter
    PASSKEY_UNKNOWN = "passkey-unknown"  # no such passkey, or it is somebody else's
    PASSKEY_KNOWN = "passkey-known"  # the device's passkey is registered already


class RuleError(Exception):
    """A rule was not met.

    Args:
        code: the stable code.
        facts: what the sentence needs (ids, names, dates as ISO text); never personal data beyond names of officers.
    """

    def __init__(self, code: Code, **facts: Any) -> None:
        super().__init__(code.value)
        self.code = code
        self.facts = facts
