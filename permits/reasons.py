"""Coded reasons: why a document, a case or an application was sent back or refused.

The code is for counting (which reason costs the most days?), the words beside it are for the person who has to act on
them; codes are public and never renamed. The words that people read stand in `web/sentences`.
"""

from __future__ import annotations

from enum import StrEnum


class DocumentReason(StrEnum):
    """Why a document has to be repaired."""

    UNREADABLE = "unreadable"
    INCOMPLETE = "incomplete"  # pages or signatures are missing
    EXPIRED = "expired"
    WRONG_DOCUMENT = "wrong-document"
    DOES_NOT_MATCH = "does-not-match"  # it says something else than the form or the KTP
    NOT_LEGALISED = "not-legalised"
    OTHER = "other"


class ReturnReason(StrEnum):
    """Why a case goes back to an earlier desk."""

    WRONG_DATA = "wrong-data"
    WRONG_LEGAL_BASIS = "wrong-legal-basis"
    CONDITIONS_INCOMPLETE = "conditions-incomplete"
    WRONG_FORM = "wrong-form"  # spelling, layout, addressee
    STUDY_INCOMPLETE = "study-incomplete"  # an earlier desk has to look again
    OPD_MISSING = "opd-missing"
    OTHER = "other"


class RefusalReason(StrEnum):
    """Why the product is a rejection."""

    REQUIREMENTS_NOT_MET = "requirements-not-met"
    LOCATION_UNSUITABLE = "location-unsuitable"
    OPD_REFUSED = "opd-refused"
    NOT_PERMITTED = "not-permitted"  # a rule forbids it
    DOCUMENT_FALSE = "document-false"
    OTHER_AUTHORITY = "other-authority"  # somebody else's permit, such as OSS
    OTHER = "other"
