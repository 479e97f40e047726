"""The record of a case: words for everybody, raw facts for those who work in the office."""

import pytest

from api.sentences import FACTS_FOR_ALL, Sentences
from permits.authority import Role
from permits.decisions import TaskKind
from permits.events import Tag
from permits.steps import Notice, Step
from signing import errors
from store.records import Sending
from tests.api.cases import an_event, open_task
from tests.api.conftest import Api
from tests.api.filing import a_case


async def a_failed_signature(api: Api) -> str:
    number = await a_case(api, await api.as_("pemohon"))
    await open_task(api, number, TaskKind.RECOMMENDATION, Role.OPD, opd="bappeda", holder="Bappeda")
    failed = an_event(
        api, "failed", Tag.SIGNATURE_FAILED, code="wrong_passphrase", letter_sha256="f" * 64, activation="rahasia"
    )
    await api.records.keep(Step(number=number, events=(failed,)))
    return number


@pytest.mark.parametrize("person", ["pemohon", "dinas"])
async def test_who_is_outside_reads_words_and_no_codes(api: Api, person: str) -> None:
    number = await a_failed_signature(api)
    answer = await (await api.as_(person)).get(f"/api/v1/applications/{number}/events")
    assert answer.status_code == 200
    assert answer.json()["items"][-1]["sentence"] == (
        "Penandatanganan belum berhasil; kepala dinas diminta mengulang."
    )
    assert all(set(line["facts"]) <= FACTS_FOR_ALL for line in answer.json()["items"])
    for raw in ("wrong_passphrase", "rahasia", "f" * 64):
        assert raw not in answer.text


async def test_staff_read_the_facts_and_what_the_code_means(api: Api) -> None:
    number = await a_failed_signature(api)
    line = (await (await api.as_("kepala")).get(f"/api/v1/applications/{number}/events")).json()["items"][-1]
    assert line["facts"]["code"] == "wrong_passphrase"
    assert line["sentence"] == (
        "Penandatanganan belum berhasil, karena frasa sandinya salah; kepala dinas diminta mengulang."
    )


def test_an_unknown_code_is_left_out_of_the_sentence() -> None:
    sentence = Sentences().sentence(Tag.SIGNATURE_FAILED, {"code": "sesuatu_yang_baru"})
    assert sentence == "Penandatanganan belum berhasil; kepala dinas diminta mengulang."


ELSEWHERE = {"code_unreadable", "policy_unreadable", "demo_pki_failed"}
"""Failures that no order to sign ends in."""
FAILURES = {failure.code for failure in errors.SigningError.__subclasses__()} - ELSEWHERE


@pytest.mark.parametrize("code", sorted(FAILURES))
def test_every_failure_that_returns_a_letter_has_its_words(code: str) -> None:
    assert "karena" in Sentences().sentence(Tag.SIGNATURE_FAILED, {"code": code})


async def test_the_proof_of_every_rung_is_shown_and_names_nobody_outside(api: Api) -> None:
    number = await a_case(api, await api.as_("pemohon"))
    facts = {"task": "tugas-1", "rung": "coordinator"}
    fell = an_event(api, "fell", Tag.TASK_ESCALATED, planned_at=api.clock.now.isoformat(), **facts)
    told = Notice(key="told", template="task-escalation", to="coordinator", facts=facts)
    await api.records.keep(Step(number=number, events=(fell,), notices=(told,)))
    [row] = [one for one in await api.records.notices_of(number) if one.template == "task-escalation"]
    await api.records.note_sent(row.key, Sending(message_id="<1@contoh.test>", at=api.clock.now))

    staff, owner = [
        (await (await api.as_(person)).get(f"/api/v1/applications/{number}/rungs")).json()["items"]
        for person in ("kepala", "pemohon")
    ]

    assert [(one["rung"], one["state"], one["recipient_id"], one["message_id"]) for one in staff] == [
        ("coordinator", "sent", "koordinator", "<1@contoh.test>")
    ]
    assert [(one["recipient_role"], one["sent_at"], one["recipient_id"], one["message_id"]) for one in owner] == [
        ("coordinator", staff[0]["sent_at"], None, None)
    ]
