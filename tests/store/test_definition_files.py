"""The office's definition files: what they say, and errors that name the place."""

import shutil
from datetime import date
from pathlib import Path
from typing import get_args

import pytest

from activities.letters import Template
from permits.authority import Role
from permits.definition import (
    FieldCard,
    PermitDefinition,
    Recommendation,
    Retribution,
    Variant,
    may_be_submitted,
    version_for,
)
from permits.definition_loader import (
    DEFINITIONS,
    PERMITS,
    DefinitionFileInvalid,
    letter_templates,
    load_definition_file,
    load_definitions,
    load_ladders,
    load_shared,
)
from permits.definition_rules import faults_of
from permits.errors import Code, RuleError
from permits.promise_check import needed_days, promise_arithmetic

SHARED = load_shared()
ALL = load_definitions()
ON = date(2026, 3, 13)
every_version = pytest.mark.parametrize("definition", ALL, ids=lambda one: f"{one.code}-{one.version}")


def in_force(code: str) -> PermitDefinition:
    return version_for(tuple(one for one in ALL if one.code == code), ON)


def error_of(tmp_path: Path, old: str, new: str, name: str = "sip-fisioterapis.yaml") -> str:
    """What is said about the file after one change to it."""
    content = (DEFINITIONS / name).read_text()
    assert old in content
    (tmp_path / name).write_text(content.replace(old, new, 1))
    with pytest.raises(DefinitionFileInvalid) as refused:
        load_definition_file(tmp_path / name, SHARED)
    return str(refused.value)


# What the catalogue holds ---------------------------------------------------------------------------------------------


def test_the_catalogue_has_the_types_that_the_office_plans() -> None:
    assert len({one.code for one in ALL}) == 69


@every_version
def test_a_version_has_no_fault_and_can_keep_its_promise(definition: PermitDefinition) -> None:
    assert faults_of(definition, SHARED.templates) == ()
    for variant in definition.variants:
        assert needed_days(definition) <= definition.promised_days(variant)


@every_version
def test_a_type_has_all_that_an_applicant_has_to_know(definition: PermitDefinition) -> None:
    assert Variant.NEW in definition.variants and definition.form
    for variant in definition.variants:
        terms = definition.terms_of(variant)
        assert terms.fee and terms.product and any(one.required for one in definition.requirements_of(variant))
    assert definition.legal_basis and definition.source
    if Variant.RENEWAL in definition.variants:
        only_renewal = {one.code for one in definition.requirements_of(Variant.RENEWAL)}
        assert only_renewal & {"sip-lama", "izin-lama", "kartu-lama"}, "a renewal asks for the old permit"


@every_version
def test_only_what_a_page_of_the_office_says_is_confirmed(definition: PermitDefinition) -> None:
    assert not definition.confirmed or definition.source.startswith("SOURCED, halaman layanan DPMPTSP Kota Pekalongan")
    assert not any(basis.confirmed for basis in definition.legal_basis)


@every_version
def test_a_source_says_whether_it_is_published_general_or_a_neighbour_s(definition: PermitDefinition) -> None:
    assert definition.source.startswith(("SOURCED", "general, to be confirmed", "GENERAL", "Model daerah lain"))


def test_a_field_card_shows_only_what_the_letter_holds_and_a_rejection_has_none() -> None:
    definition = in_force("kartu-pengawas-trayek")
    assert definition.letter.field_card is not None
    odd = definition.letter.model_copy(update={"field_card": FieldCard(shows=("route", "tidak_ada"))})
    [fault] = faults_of(definition.model_copy(update={"letter": odd}), SHARED.templates)
    assert (fault.code, fault.where) == ("field-missing", ("letter", "field_card", "shows", 1))
    refusing = definition.rejection.model_copy(update={"field_card": FieldCard()})
    [fault] = faults_of(definition.model_copy(update={"rejection": refusing}), SHARED.templates)
    assert fault.code == "field-card-misplaced"


def test_the_confirmed_types_are_those_whose_pages_are_known() -> None:
    confirmed = {one.code for one in ALL if one.confirmed}
    assert confirmed == {"sip-fisioterapis", "izin-reklame-tetap", "ippt", "kartu-pengawas-trayek"}


def test_a_type_that_oss_issues_says_so_and_cannot_be_confirmed() -> None:
    referred = {one.code for one in ALL if one.refers_to}
    assert {"izin-apotek", "izin-klinik", "siup", "tdp", "tdg", "iui"} <= referred
    for code in referred:
        definition = in_force(code)
        assert "OSS" in (definition.refers_to or "")
        [fault] = faults_of(definition.model_copy(update={"confirmed": True}), SHARED.templates)
        assert fault.code == "refers-elsewhere"


def test_an_unconfirmed_type_takes_practice_applications_alone() -> None:
    may_be_submitted(in_force("izin-keramaian"), practice=True)
    may_be_submitted(in_force("sip-fisioterapis"), practice=False)
    with pytest.raises(RuleError) as refused:
        may_be_submitted(in_force("izin-keramaian"), practice=False)
    assert refused.value.code is Code.PRACTICE_ONLY


def test_the_templates_that_definitions_may_name_are_those_that_can_be_printed() -> None:
    assert letter_templates() == frozenset(get_args(Template))


def test_both_orders_of_the_procedure_are_just_definitions() -> None:
    """The agencies are asked before the coordinator reads the case, or after."""
    orders = {code: _order(in_force(code)) for code in ("izin-penelitian", "ippt", "izin-rumah-kos")}
    assert orders == {
        "izin-penelitian": ["recommendation", "drafting", "coordinator"],
        "ippt": ["coordinator", "recommendation", "drafting"],
        "izin-rumah-kos": ["coordinator", "recommendation", "drafting"],
    }


def _order(definition: PermitDefinition) -> list[str]:
    found = []
    for stage in definition.stages:
        if stage.kind in ("recommendation", "drafting"):
            found.append(stage.kind)
        elif stage.kind == "desk_check" and stage.role is Role.COORDINATOR:
            found.append("coordinator")
    return found


def test_structured_types_are_inspected_and_ask_the_agencies_concerned() -> None:
    asked = {
        "izin-apotek": ["dinkes"],
        "izin-klinik": ["dinkes", "dlh"],
        "izin-reklame-tetap": ["dpupr", "satpol"],
        "izin-rumah-kos": ["dpupr", "satpol"],
        "pertelaan": ["dpupr"],
        "ippt": ["dpupr"],
        "satuan-pendidikan-dasar": ["dindik"],
    }
    for code, agencies in asked.items():
        definition = in_force(code)
        assert "inspection" in [stage.kind for stage in definition.stages]
        assert [agency.opd for agency in definition.agencies] == agencies


def test_unstructured_types_go_straight_through() -> None:
    for definition in ALL:
        if definition.code.startswith("sip-") or definition.code == "izin-magang":
            assert {stage.kind for stage in definition.stages}.isdisjoint({"inspection", "meeting", "recommendation"})


def test_sip_fisioterapis_asks_for_what_the_office_s_page_says() -> None:
    sip = in_force("sip-fisioterapis")
    assert (len(sip.requirements), sip.promise_working_days, sip.fee) == (12, 5, "Gratis")
    renewal = {one.code for one in sip.requirements_of(Variant.RENEWAL)}
    assert renewal - {one.code for one in sip.requirements_of(Variant.NEW)} == {"sip-lama"}
    assert sip.agencies == ()


def test_a_school_s_promise_says_the_days_of_the_education_agency_beside_the_office_s_own() -> None:
    school = in_force("satuan-pendidikan-dasar")
    assert (len(school.requirements_of(Variant.NEW)), len(school.requirements_of(Variant.CHANGE))) == (15, 16)
    sums = promise_arithmetic(school)
    assert (sums.office_days, sums.agency_days, sums.beside, sums.promised) == (5, 15, True, 20)
    assert "15 hari kerja Dinas Pendidikan" in (school.terms_of(Variant.CHANGE).note or "")


def test_the_route_card_is_renewed_with_the_old_card_instead_of_the_route_permit() -> None:
    card = in_force("kartu-pengawas-trayek")
    new = {one.code for one in card.requirements_of(Variant.NEW)}
    renewal = {one.code for one in card.requirements_of(Variant.RENEWAL)}
    assert (new - renewal, renewal - new) == ({"izin-trayek"}, {"kartu-lama"})


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


def test_a_draft_version_is_not_in_force() -> None:
    versions = tuple(one for one in ALL if one.code == "sip-fisioterapis")
    assert [one.status for one in versions] == ["published", "draft"]
    assert version_for(versions, date(2028, 6, 1)).version == 1
    with pytest.raises(RuleError):
        version_for(versions, date(2024, 12, 31))


def test_every_desk_with_time_warns_and_every_ladder_ends_at_a_person() -> None:
    for definition in ALL:
        desks = [(stage.ladder, stage.working_days) for stage in definition.stages if stage.kind != "issuance"]
        desks += [(agency.ladder, agency.working_days) for agency in definition.agencies]
        for ladder, working_days in [*desks, (definition.repair_ladder, definition.repair_working_days)]:
            kinds = {rung.kind for rung in ladder.rungs}
            assert kinds == ({"warning", "escalation"} if working_days else {"escalation"})
            assert Role(ladder.last_resort)


def test_a_silent_agency_is_reported_up_to_the_inspectorate() -> None:
    steps = [(rung.working_days, rung.who) for rung in SHARED.ladders["opd"].rungs]
    assert steps == [
        (-1, "holder"),
        (0, "holder"),
        (1, "holder_head"),
        (2, "coordinator"),
        (3, "head_of_office"),
        (5, "inspectorate"),
    ]


def test_an_applicant_is_reminded_after_3_7_and_14_working_days() -> None:
    for definition in ALL:
        days = [definition.repair_working_days + rung.working_days for rung in definition.repair_ladder.rungs]
        assert days == [3, 7, 14]


# What is refused ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("stages: langsung", "stages: [langsung, lompat]", "line 21: stages.2: desks.yaml has no list 'lompat'"),
        ("form:", "form: praktek\nform_lama:", "line 12: form: forms.yaml has no list 'praktek'"),
        ("{sequence:04d}", "{urut}", "letter.number_template: a number template cannot hold 'urut'"),
        ("template: sip", "template: sertifikat", "letter.template: no letter template has this name"),
        ("repair_ladder: applicant", "repair_ladder: tangga", "repair_ladder: no ladder is called 'tangga'"),
        ("repair_ladder: applicant", "repair_ladder: desk", "tells an applicant's superior"),
        ("promise_working_days: 5", "promise_working_days: 4", "its stages take 5 working days, new is promised in 4"),
        ("field: kesehatan", "field: kesehatan\nfield: lain", "line 6: field stands twice"),
        ("status: draft", "status: published", "version 2 begins before version 1 has ended"),
        ("version: 2", "version: 1", "versions: versions stand in order, each number once"),
        (
            "effective_from: 2025-01-01",
            "effective_from: kemarin",
            "versions.1.effective_from: Input should be a valid date",
        ),
        ("title: SIP lama", "judul: SIP lama", "judul is not a field here"),
        ("form:", "form: [", "line "),
        ("code: ijazah", "code: ktp", "a requirement stands twice"),
        ("code: sip-fisioterapis", "code: sip-lain", "line 3: code: the code of a type is the name of its file"),
        ("promise_working_days: 5\n", "", "promise_working_days is missing"),
        ("    confirmed: true", "    confirmed: true\n    refers_to: OSS", "another authority issues"),
        (
            "repair_ladder: applicant",
            "repair_ladder: applicant\nagency_working_days: 15",
            "agency_working_days is given, and no agency is asked",
        ),
        (
            "repair_ladder: applicant",
            "repair_ladder: applicant\nterms: [{variant: change, fee: Gratis}]",
            "terms.1.variant: nobody can apply for this variant",
        ),
    ],
)
def test_an_error_names_the_line_and_the_field(tmp_path: Path, old: str, new: str, said: str) -> None:
    message = error_of(tmp_path, old, new)
    assert message.startswith("sip-fisioterapis.yaml, line ") and said in message


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("opd: bappeda", "opd: bapeda", "stages.2.agencies.1.opd: no agency has the code 'bapeda'"),
        ("working_days: 2, ladder: opd}", "working_days: 2, ladder: opdx}", "stages.2.agencies.1.ladder: no ladder"),
        ("working_days: 2, ladder: opd}", "working_days: 15, ladder: opd}", "its slowest agency 15"),
        ("working_days: 2, ladder: opd}", "working_days: 2, ladder: desk-today}", "warns nobody before the due date"),
        ("kind: recommendation", "kind: cap", "line 24: stages.2: Input tag 'cap'"),
        ("  - surat\n", "  - surat\n  - lapangan\n", "stages begin with verification"),
        ("  - berkas\n", "", "stages begin with verification"),
    ],
)
def test_an_error_in_a_stage_of_the_type_s_own_names_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    message = error_of(tmp_path, old, new, "izin-penelitian.yaml")
    assert message.startswith("izin-penelitian.yaml, line ") and said in message


def test_an_agency_whose_days_burst_the_promise_is_refused_until_the_promise_says_so(tmp_path: Path) -> None:
    """15 days of an agency do not fit into 5; said beside the promise, in words, they may stand."""
    name = "izin-penelitian.yaml"
    content = (DEFINITIONS / name).read_text().replace("working_days: 2", "working_days: 15")
    beside = content.replace("promise_working_days: 5", "promise_working_days: 5\nagency_working_days: 15")
    in_words = beside.replace("Dijanjikan 4-5 hari kerja, termasuk waktu", "5 hari kerja dinas dan 15 hari kerja untuk")
    for text, said in ((content, "of which 15 of agencies"), (beside, "does not tell applicants of the 15 hari kerja")):
        (tmp_path / name).write_text(text)
        with pytest.raises(DefinitionFileInvalid, match=said):
            load_definition_file(tmp_path / name, SHARED)
    (tmp_path / name).write_text(in_words)
    [loaded] = load_definition_file(tmp_path / name, SHARED)
    assert loaded.promised_days() == 20


def test_a_recommendation_may_stand_after_the_coordinator_s_check_of_the_letter() -> None:
    research = in_force("izin-penelitian")
    [asked] = [stage for stage in research.stages if isinstance(stage, Recommendation)]
    others = [stage for stage in research.stages if stage is not asked]
    checked = next(n for n, s in enumerate(others) if s.kind == "desk_check" and s.role is Role.COORDINATOR)
    stages = (*others[: checked + 1], asked, *others[checked + 1 :])
    moved = PermitDefinition.model_validate(research.model_dump() | {"stages": stages})
    assert faults_of(moved, SHARED.templates) == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"code": "awal", "kind": "warning", "working_days": -2, "who": "holder", "channel": "email"}, "when the task"),
        ({"code": "jauh", "kind": "escalation", "working_days": 90, "who": "holder", "channel": "email"}, "than 60"),
        ({"code": "ia", "kind": "escalation", "working_days": 9, "who": "applicant", "channel": "email"}, "own delay"),
    ],
)
def test_a_rung_that_makes_no_sense_is_refused(change: dict[str, object], said: str) -> None:
    sip = in_force("sip-fisioterapis").model_dump()
    rungs = sip["stages"][0]["ladder"]["rungs"]
    rungs = sorted([*rungs, change], key=lambda rung: rung["working_days"])
    sip["stages"][0]["ladder"]["rungs"] = rungs
    [fault] = faults_of(PermitDefinition.model_validate(sip), SHARED.templates)
    assert (fault.where, fault.code) == (("stages", 0, "ladder"), "ladder-senseless") and said in fault.why


@pytest.mark.parametrize("role", ["bos", "applicant", "opd", "system"])
def test_a_last_resort_is_a_desk_of_the_office(role: str) -> None:
    sip = in_force("sip-fisioterapis").model_dump()
    sip["stages"][0]["ladder"]["last_resort"] = role
    [fault] = faults_of(PermitDefinition.model_validate(sip), SHARED.templates)
    assert "its last resort is no desk of the office" in fault.why


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("desks.yaml", "ladder: desk-today", "ladder: meja", "langsung.4.ladder: no ladder is called 'meja'"),
        ("desks.yaml", "kind: paraf", "kind: cap", "langsung.6: Input tag 'cap'"),
        ("requirements.yaml", "formats: [jpg, png]", "formats: [docx]", "tenaga-kesehatan.3.formats.1: Input"),
        ("forms.yaml", "kind: number", "kind: angka", "praktik.4.kind: Input should be"),
        ("ladders.yaml", "kind: escalation", "kind: warning", "desk.rungs.2: warning 'holder-head' cannot lie after"),
    ],
)
def test_an_error_in_a_shared_list_names_that_file_and_its_line(
    tmp_path: Path, file: str, old: str, new: str, said: str
) -> None:
    for shared in PERMITS.glob("*.yaml"):
        shutil.copy(shared, tmp_path)
    content = (tmp_path / file).read_text()
    assert old in content
    (tmp_path / file).write_text(content.replace(old, new, 1))
    with pytest.raises(DefinitionFileInvalid) as refused:
        load_shared(tmp_path)
    assert str(refused.value).startswith(f"{file}, line ") and said in str(refused.value)


@pytest.mark.parametrize(
    "content", ["", "- satu", "code: x", "code: x\nversions: []", "code: x\nversions: [satu]", "\x00", "a: *b"]
)
def test_a_file_that_is_no_definition_is_refused_in_one_sentence(tmp_path: Path, content: str) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(content)
    with pytest.raises(DefinitionFileInvalid, match=r"x\.yaml"):
        load_definition_file(file, SHARED)


def test_a_missing_file_of_ladders_is_named(tmp_path: Path) -> None:
    with pytest.raises(DefinitionFileInvalid, match=r"ladders\.yaml"):
        load_ladders(tmp_path / "ladders.yaml")
