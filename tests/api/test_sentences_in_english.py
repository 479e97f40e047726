"""English is complete for pages, and never gets into what is Indonesian: the JSON API, mails, letters."""

import re
from typing import Any

import pytest
import yaml

from api import reason_words
from api.catalogue_words import CATALOGUE, catalogue_words
from api.catalogue_words import ENGLISH as CATALOGUE_ENGLISH
from api.pages.language import speaking
from api.problems import ENGLISH as PROBLEMS_ENGLISH
from api.problems import TABLE, ApiCode, ProblemTable
from api.reason_words import advice_on, english_reasons, found_in_words
from api.sentences import ENGLISH, SENTENCES, Sentences
from api.signing_words import english, service_in_words, why_in_words
from permits.errors import Code
from permits.events import Tag
from signing.verdict import REASONS, Reason
from tests.api.conftest import Api
from tests.api.filing import a_case
from tests.api.test_refusals import EXAMPLES
from workflows.stages import signing_words

IN_ENGLISH = {"Cookie": "sakpore_bahasa=en"}


def read(path: Any) -> dict[str, Any]:
    return dict(yaml.safe_load(path.read_text()))


def places(text: str | None) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text or ""))


def names(words: dict[str, dict[str, str]]) -> dict[str, set[str]]:
    return {group: set(each) for group, each in words.items()}


def test_every_tag_has_an_english_sentence_with_the_same_places_and_words() -> None:
    ours, english = read(SENTENCES), read(ENGLISH)
    assert set(ours) == set(english)
    assert names(ours.pop("_words")) == names(english.pop("_words"))
    for tag, words in ours.items():
        said = english[tag]
        assert places(words["text"]) == places(said["text"]), tag
        assert ("plain" in words) == ("plain" in said), tag
        assert names(words.get("words", {})) == names(said.get("words", {})), tag
        assert set(said) <= {"text", "plain", "words"}, "what is public stands in one file"


@pytest.mark.parametrize("tag", list(Tag))
def test_every_event_reads_in_english_with_and_without_its_facts(tag: Tag) -> None:
    with speaking("en"):
        for facts in ({}, EXAMPLES):
            sentence = Sentences().sentence(tag, facts, {"ktp": "Kartu tanda penduduk"})
            assert sentence.endswith(".") and "{" not in sentence and sentence[0].isupper()


def test_every_code_has_an_english_text_with_the_same_facts() -> None:
    ours, english = read(TABLE), read(PROBLEMS_ENGLISH)
    assert set(ours) == set(english) == {code.value for code in (*Code, *ApiCode)}
    for code, words in ours.items():
        assert places(words["detail"]) == places(english[code]["detail"]), code
        assert set(words) - {"status"} == set(english[code]), code


@pytest.mark.parametrize("code", [code.value for code in (*Code, *ApiCode)])
def test_every_refusal_in_english_has_the_same_status_and_reads_without_facts(code: str) -> None:
    table = ProblemTable()
    ours = table.body(code, {}, "http://localhost:8080", "r")
    with speaking("en"):
        english = table.body(code, {}, "http://localhost:8080", "r")
    assert english["status"] == ours["status"] and english["type"] == ours["type"]
    assert english["detail"].endswith(".") and "{" not in english["detail"]
    assert english["detail"] != ours["detail"]


def test_the_catalogue_speaks_english_with_the_same_places() -> None:
    ours, english = read(CATALOGUE), read(CATALOGUE_ENGLISH)
    assert set(ours) == set(english)
    for name in ("variants", "banners", "promise"):
        assert {one: places(text) for one, text in ours[name].items()} == {
            one: places(text) for one, text in english[name].items()
        }
    with speaking("en"):
        assert catalogue_words().pending == english["pending"]
    assert catalogue_words().pending == ours["pending"]


def test_every_reason_of_a_verdict_and_its_advice_are_said_in_english() -> None:
    assert set(english_reasons()) == set(REASONS) == set(reason_words.ADVICE)
    for code in REASONS:
        with speaking("en"):
            assert found_in_words(code, REASONS[code]) != REASONS[code]
            assert advice_on(code) != reason_words.ADVICE[code] and advice_on(code).endswith(".")
        assert found_in_words(code, REASONS[code]) == REASONS[code]
    about = Reason.of("revoked", "Kepala").text
    with speaking("en"):
        assert found_in_words("revoked", about) == "The certificate was revoked by its issuer (field Kepala)."


def test_whatever_keeps_a_letter_unsigned_is_said_in_english() -> None:
    said = english()
    assert set(said["why"]) == set(signing_words._WHY) and set(said["services"]) == set(signing_words._SERVICES)
    for code in (*signing_words._WHY, "something-new"):
        with speaking("en"):
            in_english = why_in_words(code)
        assert in_english.endswith(".") and in_english != why_in_words(code)
    with speaking("en"):
        assert service_in_words("timestamp_unavailable") == "the timestamp service"
    assert service_in_words("timestamp_unavailable") == "layanan segel waktu"


async def test_a_page_in_english_tells_the_way_so_far_in_english(api: Api) -> None:
    applicant = await api.as_("pemohon")
    number = await a_case(api, applicant)
    code = (await applicant.get(f"/api/v1/applications/{number}")).json()["tracking_code"]
    page = await api.anonymous(**IN_ENGLISH, Accept="text/html").get(f"/lacak/{code}")
    assert "The application was submitted with all its documents." in page.text
    gone = await api.anonymous(**IN_ENGLISH, Accept="text/html").get("/lacak/7Q2MZK4XWB3FJ5T8")
    assert (gone.status_code, "We do not know that code." in gone.text) == (404, True)


async def test_the_json_api_is_indonesian_whatever_the_pages_speak(api: Api) -> None:
    applicant = await api.as_("pemohon")
    number = await a_case(api, applicant)
    code = (await applicant.get(f"/api/v1/applications/{number}")).json()["tracking_code"]
    told = await api.anonymous(**IN_ENGLISH).get(f"/api/v1/tracking/{code}")
    assert "Permohonan diajukan dengan berkas lengkap." in told.text
    gone = await api.anonymous(**IN_ENGLISH).get("/api/v1/tracking/7Q2MZK4XWB3FJ5T8")
    assert gone.json()["detail"] == "Kode itu tidak kami kenal. Periksa kembali huruf dan angkanya."
