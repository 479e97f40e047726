"""The office's definition files: what they say, and errors that name the place."""

from datetime import date
from pathlib import Path

import pytest

from permits.authority import Role
from permits.definition import PermitDefinition, Retribution, Variant, version_for
from permits.definition_loader import (
    DEFINITIONS,
    DefinitionFileInvalid,
    load_definition_file,
    load_definitions,
    load_ladders,
)
from permits.errors import RuleError

LADDERS = load_ladders()
ON = date(2026, 3, 13)


def in_force(code: str) -> PermitDefinition:
    return version_for(tuple(one for one in load_definitions() if one.code == code), ON)


def error_of(tmp_path: Path, old: str, new: str, name: str = "sip-fisioterapis.yaml") -> str:
    """What is said about the file after one change to it."""
    content = (DEFINITIONS / name).read_text()
    assert old in content
    (tmp_path / name).write_text(content.replace(old, new, 1))
    with pytest.raises(DefinitionFileInvalid) as refused:
        load_definition_file(tmp_path / name, LADDERS)
    return str(refused.value)


def test_sip_fisioterapis_asks_for_what_the_office_s_page_says() -> None:
    sip = in_force("sip-fisioterapis")
    assert (len(sip.requirements), sip.promise_working_days, sip.fee) == (12, 5, "Gratis")
    renewal = {one.code for one in sip.requirements_of(Variant.RENEWAL)}
    assert renewal - {one.code for one in sip.requirements_of(Variant.NEW)} == {"sip-lama"}
    assert sip.agencies == ()


def test_izin_penelitian_asks_bappeda_within_its_promise() -> None:
    research = in_force("izin-penelitian")
    [agency] = research.agencies
    assert agency.name == "Badan Perencanaan Pembangunan Daerah (Bappeda)"
    assert agency.working_days < research.promise_working_days == 5


def test_izin_reklame_tetap_is_inspected_discussed_recommended_and_paid_for() -> None:
    advert = in_force("izin-reklame-tetap")
    kinds = [stage.kind for stage in advert.stages]
    assert kinds[2:6] == ["inspection", "meeting", "recommendation", "retribution"]
    assert [agency.opd for agency in advert.agencies] == ["dpupr", "satpol"]
    assert (advert.letter.validity_months, advert.promise_working_days) == (12, 5)
    assert any(isinstance(stage, Retribution) for stage in advert.stages)


def test_every_fact_that_the_office_has_not_confirmed_says_so() -> None:
    for definition in load_definitions():
        assert not definition.confirmed and definition.source
        assert not any(basis.confirmed for basis in definition.legal_basis)


def test_a_draft_version_is_not_in_force() -> None:
    versions = tuple(one for one in load_definitions() if one.code == "sip-fisioterapis")
    assert [one.status for one in versions] == ["published", "draft"]
    assert version_for(versions, date(2028, 6, 1)).version == 1
    with pytest.raises(RuleError):
        version_for(versions, date(2024, 12, 31))


def test_every_desk_has_a_warning_and_a_ladder_that_ends_at_a_person() -> None:
    for definition in load_definitions():
        ladders = [stage.ladder for stage in definition.stages if stage.kind != "issuance"]
        ladders += [agency.ladder for agency in definition.agencies] + [definition.repair_ladder]
        for ladder in ladders:
            assert {"warning", "escalation"} == {rung.kind for rung in ladder.rungs}
            assert Role(ladder.last_resort)


def test_a_silent_agency_is_reported_up_to_the_inspectorate() -> None:
    steps = [(rung.working_days, rung.who) for rung in LADDERS["opd"].rungs]
    assert steps == [
        (-1, "holder"),
        (0, "holder"),
        (1, "holder_head"),
        (2, "coordinator"),
        (3, "head_of_office"),
        (5, "inspectorate"),
    ]


def test_an_applicant_is_reminded_after_3_7_and_14_working_days() -> None:
    for definition in load_definitions():
        days = [definition.repair_working_days + rung.working_days for rung in definition.repair_ladder.rungs]
        assert days == [3, 7, 14]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("role: sub_coordinator", "role: bos", "line 38: stages.4.role: Input should be"),
        ("ladder: desk", "ladder: tangga", "line 26: stages.1.ladder: no ladder is called 'tangga'"),
        ("    working_days: 1\n", "", "line 22: stages.1: working_days is missing"),
        ("kind: paraf", "kind: cap", "line 49: stages.6: Input tag 'cap'"),
        ("{sequence:04d}", "{urut}", "line 67: letter.number_template: a number template cannot hold 'urut'"),
        ("field: kesehatan", "field: kesehatan\nfield: lain", "line 6: field stands twice"),
        ("status: draft", "status: published", "version 2 begins before version 1 has ended"),
        ("version: 2", "version: 1", "versions: versions stand in order, each number once"),
        (
            "effective_from: 2025-01-01",
            "effective_from: kemarin",
            "versions.1.effective_from: Input should be a valid date",
        ),
        ("title: SIP lama", "judul: SIP lama", "judul is not a field here"),
        ("form:", "form: [", "expected the node content"),
        ("code: ijazah", "code: ktp", "a requirement stands twice"),
        ("code: sip-fisioterapis", "code: sip-lain", "line 3: code: the code of a type is the name of its file"),
        ("promise_working_days: 5\n", "", "promise_working_days is missing"),
    ],
)
def test_an_error_names_the_line_and_the_field(tmp_path: Path, old: str, new: str, said: str) -> None:
    message = error_of(tmp_path, old, new)
    assert message.startswith("sip-fisioterapis.yaml, line ") and said in message


@pytest.mark.parametrize(
    "content", ["", "- satu", "code: x", "code: x\nversions: []", "code: x\nversions: [satu]", "\x00", "a: *b"]
)
def test_a_file_that_is_no_definition_is_refused_in_one_sentence(tmp_path: Path, content: str) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(content)
    with pytest.raises(DefinitionFileInvalid, match=r"x\.yaml"):
        load_definition_file(file, LADDERS)


def test_a_missing_file_of_ladders_is_named(tmp_path: Path) -> None:
    with pytest.raises(DefinitionFileInvalid, match=r"ladders\.yaml"):
        load_ladders(tmp_path / "ladders.yaml")
