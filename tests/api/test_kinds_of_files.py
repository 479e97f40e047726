"""What an uploaded file is by who signed it: nothing but the head's own and only signature issues a letter."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import pytest

from api.verifying import _head_alone
from api.views import file_kind
from signing.port import AGENCY_FIELD, HEAD_FIELD, SEAL_FIELD
from signing.verdict import FoundSignature, Level, Reason, Report, Verdict


def found(
    field: str, level: Level | None = Level.B_LTA, kind: Literal["signature", "document-timestamp"] = "signature"
) -> FoundSignature:
    return FoundSignature(kind, field, "Contoh", "a" * 64, datetime(2026, 3, 13, tzinfo=UTC), True, level, True)


def unissued(*signatures: FoundSignature) -> Report:
    return Report(Verdict.BELUM_TERBIT, None, (Reason.of("head_unsigned"),), signatures)


@pytest.mark.parametrize(
    ("report", "kind"),
    [
        (unissued(found(SEAL_FIELD), found("Waktu", None, "document-timestamp")), "seal"),
        (unissued(found(AGENCY_FIELD)), "recommendation"),
        (unissued(found(SEAL_FIELD, Level.B_T)), "letter"),
        (unissued(found(SEAL_FIELD), found(AGENCY_FIELD)), "letter"),
        (Report(Verdict.SAH, Level.B_LTA, (), (found(HEAD_FIELD),)), "letter"),
        (Report(Verdict.TIDAK_SAH, None, (Reason.of("untrusted"),), (found(SEAL_FIELD),)), "letter"),
        (Report.plain(Verdict.RUSAK, "unparsable"), "letter"),
    ],
)
def test_a_file_is_what_its_one_good_signature_makes_it(report: Report, kind: str) -> None:
    assert file_kind(report) == kind


@pytest.mark.parametrize("beside", [SEAL_FIELD, AGENCY_FIELD])
def test_nothing_stands_beside_the_heads_signature(beside: str) -> None:
    alone = Report(Verdict.SAH, Level.B_LTA, (), (found(HEAD_FIELD), found("Waktu", None, "document-timestamp")))
    assert _head_alone(alone) is alone
    judged = _head_alone(Report(Verdict.SAH, Level.B_LTA, (), (found(beside), found(HEAD_FIELD))))
    assert (judged.verdict, [reason.code for reason in judged.reasons]) == (Verdict.TIDAK_SAH, ["unknown_field"])
