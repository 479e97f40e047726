"""Who an application is for, what a kuasa brings, and which old permit it may continue."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from permits.application import check_complete, missing_documents
from permits.definition import Variant, may_be_submitted
from permits.definition_loader import load_definitions
from permits.errors import Code, RuleError
from permits.old_permit import RegisteredPermit, check_continues
from permits.party import POWER_OF_ATTORNEY, Party, party_of, requirement_for, requirements_for

DEFINITION = next(one for one in load_definitions() if one.code == "sip-fisioterapis" and one.version == 1)
PROXY = {"principal_name": "Contoh Pemberi Kuasa", "relation": "anak"}
COMPANY = {"kind": "company", "name": "PT Contoh Sejahtera", "position": "Direktur"}
DATA = {question.code: "2026-03-01" if question.kind == "date" else "1" for question in DEFINITION.form}
DOCUMENTS = {one.code for one in DEFINITION.requirements_of(Variant.NEW)}


@pytest.mark.parametrize(
    ("party", "holder"),
    [
        (None, "Contoh Pemohon"),
        ({"kind": "person"}, "Contoh Pemohon"),
        ({"kind": "person", "proxy": PROXY}, "Contoh Pemberi Kuasa"),
        (COMPANY, "PT Contoh Sejahtera"),
        ({"kind": "institution", "name": "Yayasan Contoh", "proxy": PROXY}, "Yayasan Contoh"),
    ],
)
def test_the_holder_is_whom_the_account_acts_for(party: dict[str, Any] | None, holder: str) -> None:
    assert party_of(party).holder("Contoh Pemohon") == holder


@pytest.mark.parametrize(
    "party",
    [
        {"kind": "company"},
        {"kind": "company", "name": "PT Contoh"},  # neither position nor kuasa
        {"kind": "person", "position": "Direktur"},
        {"kind": "person", "proxy": {"principal_name": "X", "relation": "anak"}},
        COMPANY | {"npwp": "12.345"},
        COMPANY | {"nik": "3375014101900000"},  # no field for it: a party is kept in clear
    ],
)
def test_a_party_that_does_not_say_who_acts_is_refused(party: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Party.model_validate(party)


def test_a_kuasa_brings_the_power_of_attorney_beside_the_definitions_documents() -> None:
    by_proxy, itself = Party.model_validate({"proxy": PROXY}), Party()
    own = DEFINITION.requirements_of(Variant.NEW)
    assert requirements_for(DEFINITION, Variant.NEW, itself) == own
    assert requirements_for(DEFINITION, Variant.NEW, by_proxy) == (*own, POWER_OF_ATTORNEY)
    assert requirement_for(DEFINITION, Variant.NEW, by_proxy, "surat-kuasa") == POWER_OF_ATTORNEY
    with pytest.raises(RuleError) as refused:
        requirement_for(DEFINITION, Variant.NEW, itself, "surat-kuasa")
    assert refused.value.code is Code.REQUIREMENT_NOT_FOUND
    assert missing_documents(DEFINITION, Variant.NEW, DOCUMENTS, by_proxy) == ("surat-kuasa",)


def test_a_kuasa_without_its_document_is_not_complete() -> None:
    party = Party.model_validate({"proxy": PROXY})
    with pytest.raises(RuleError) as refused:
        check_complete(DEFINITION, Variant.NEW, DATA, DOCUMENTS, party)
    assert refused.value.code is Code.PROXY_MISSING
    check_complete(DEFINITION, Variant.NEW, DATA, DOCUMENTS | {"surat-kuasa"}, party)
    check_complete(DEFINITION, Variant.NEW, DATA, DOCUMENTS)


def test_what_the_office_has_not_confirmed_is_for_practice_alone() -> None:
    with pytest.raises(RuleError) as refused:
        may_be_submitted(DEFINITION.model_copy(update={"confirmed": False}), practice=False)
    assert refused.value.code is Code.PRACTICE_ONLY
    may_be_submitted(DEFINITION.model_copy(update={"confirmed": False}), practice=True)
    may_be_submitted(DEFINITION.model_copy(update={"confirmed": True}), practice=False)


def a_permit(**fields: Any) -> RegisteredPermit:
    defaults: dict[str, Any] = {
        "number": "PRM-2025-000001",
        "number_text": "503/0001",
        "permit_type": "sip-fisioterapis",
        "holder_id": "pemohon",
        "valid_until": date(2026, 3, 13),
        "status": "in_force",
        "practice": False,
    }
    return RegisteredPermit(**{**defaults, **fields})


@pytest.mark.parametrize(
    ("fields", "variant", "today", "code"),
    [
        ({}, Variant.RENEWAL, date(2026, 3, 13), None),  # its last day
        ({}, Variant.RENEWAL, date(2027, 3, 13), None),  # a year after
        ({}, Variant.RENEWAL, date(2027, 3, 14), Code.PERMIT_NOT_IN_FORCE),
        ({}, Variant.CHANGE, date(2026, 3, 13), None),
        ({}, Variant.CHANGE, date(2026, 3, 14), Code.PERMIT_NOT_IN_FORCE),
        ({"valid_until": None}, Variant.CHANGE, date(2040, 1, 1), None),
        ({"status": "revoked"}, Variant.RENEWAL, date(2026, 3, 1), Code.PERMIT_NOT_IN_FORCE),
        ({"status": "renewed"}, Variant.RENEWAL, date(2026, 3, 1), Code.PERMIT_NOT_IN_FORCE),
        ({"holder_id": "tetangga"}, Variant.RENEWAL, date(2026, 3, 1), Code.PERMIT_NOT_FOUND),
        ({"permit_type": "izin-penelitian"}, Variant.RENEWAL, date(2026, 3, 1), Code.PERMIT_NOT_FOUND),
        ({"practice": True}, Variant.RENEWAL, date(2026, 3, 1), Code.PERMIT_NOT_FOUND),
    ],
)
def test_a_permit_is_continued_by_its_holder_while_it_can_be(
    fields: dict[str, Any], variant: Variant, today: date, code: Code | None
) -> None:
    def check() -> None:
        check_continues(a_permit(**fields), variant, "sip-fisioterapis", "pemohon", practice=False, today=today)

    if code is None:
        check()
    else:
        with pytest.raises(RuleError) as refused:
            check()
        assert refused.value.code is code
