"""The head's consent: sealed at the door, passed on by its id, told nowhere."""

import asyncio
import json
import logging
from pathlib import Path

import pytest
from sqlalchemy import text

from api.engine import Unknown
from api.problems import ApiCode, Problem
from permits.authority import Role
from permits.decisions import SignatureOrdered, TaskKind
from permits.errors import Code, RuleError
from permits.events import Tag
from permits.steps import OpdAnswer, Step
from signing.activation import TotpProof, load_private_key, open_envelope
from tests.api.cases import a_letter, an_event, close_task, open_task
from tests.api.conftest import Api
from tests.api.filing import a_case

ADDRESS = "/api/v1/signing/activations"
PASSPHRASE = "frasa-sandi-contoh"
ONE = "1" * 64
PROOFS = {"passphrase": PASSPHRASE, "totp": "123456"}


def shown(*letters: tuple[str, str]) -> list[dict[str, str]]:
    """The tasks as the head's screen shows them."""
    return [{"task": task, "seen": sha256} for task, sha256 in letters]


async def waiting_letter(api: Api) -> tuple[str, str]:
    number = await a_case(api, await api.as_("pemohon"))
    sha256, _ = await a_letter(api, number)
    task = await open_task(api, number, TaskKind.SIGNING, Role.HEAD_OF_OFFICE, subject_sha256=sha256, holder="Kepala")
    return task, sha256


async def test_an_activation_is_sealed_to_the_signing_worker_and_ordered_by_its_id(api: Api, tmp_path: Path) -> None:
    letters = [await waiting_letter(api) for _ in range(2)]
    head = await api.as_("kepala")
    answer = await head.post(ADDRESS, json={"tasks": shown(*letters), **PROOFS})
    assert answer.status_code == 202
    assert [result["state"] for result in answer.json()["results"]] == ["ordered", "ordered"]
    kept = await api.records.activation(answer.json()["activation_id"])
    assert kept.envelope is not None and PASSPHRASE.encode() not in kept.envelope
    opened = open_envelope(kept.envelope, load_private_key(tmp_path / "seal.pem"), kept.id)
    assert opened.passphrase.get_secret_value() == PASSPHRASE
    assert opened.step_up == TotpProof("123456")
    assert opened.officer_id == "kepala"
    assert opened.letter_sha256s == tuple(sha256 for _, sha256 in letters)
    for _, decision, key in api.engine.decisions:
        assert isinstance(decision.body, SignatureOrdered)
        assert decision.body.activation_id == key == kept.id
        assert PASSPHRASE not in decision.model_dump_json()


async def test_one_closed_task_says_so_and_the_others_go_on(api: Api) -> None:
    good, closed = await waiting_letter(api), await waiting_letter(api)
    await close_task(api, closed[0].split(".")[0], closed[0])
    tasks = shown(closed, good, ("tidak-ada", "0" * 64))
    answer = await (await api.as_("kepala")).post(ADDRESS, json={"tasks": tasks, **PROOFS})
    results = answer.json()["results"]
    assert [result["state"] for result in results] == ["refused", "ordered", "refused"]
    assert results[0]["problem"]["code"] == "task-closed"
    assert results[2]["problem"]["code"] == "task-not-found"
    kept = await api.records.activation(answer.json()["activation_id"])
    assert len(kept.letters) == 1


async def test_a_consent_for_which_every_task_was_refused_is_not_kept(api: Api) -> None:
    letters = [await waiting_letter(api) for _ in range(2)]
    api.engine.raises = RuleError(Code.TASK_CLOSED, decided_by="Contoh Rekan")
    body, headers = {"tasks": shown(*letters), **PROOFS}, {"Idempotency-Key": "ttd-4"}
    head = await api.as_("kepala")
    answer = await head.post(ADDRESS, json=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "task-closed")
    assert "Contoh Rekan" in answer.json()["detail"]
    assert await kept_activations(api) == 0
    api.engine.raises = None
    again = (await head.post(ADDRESS, json=body, headers=headers)).json()
    assert (await api.records.activation(again["activation_id"])).envelope is not None


async def test_a_consent_whose_order_was_lost_may_still_be_in_use_and_is_kept(api: Api) -> None:
    letter = await waiting_letter(api)
    api.engine.raises = Problem(ApiCode.ENGINE_UNAVAILABLE)
    answer = await (await api.as_("kepala")).post(ADDRESS, json={"tasks": shown(letter), **PROOFS})
    assert (answer.status_code, answer.json()["code"]) == (503, "engine-unavailable")
    assert await kept_activations(api) == 1


async def test_a_consent_that_is_claimed_for_a_letter_is_not_discarded(api: Api) -> None:
    activation_id, sha256 = await an_activation(api)
    await api.records.claim(activation_id, sha256, api.clock.now)
    assert not await api.records.discard_activation(activation_id)
    assert (await api.records.activation(activation_id)).envelope is not None
    other, _ = await an_activation(api)
    assert await api.records.discard_activation(other)
    assert not await api.records.discard_activation(other)


async def kept_activations(api: Api) -> int:
    async with api.services.db.engine.connect() as connection:
        return int((await connection.execute(text("select count(*) from activations"))).scalar_one())


async def an_activation(api: Api, error: str | None = None) -> tuple[str, str]:
    """One that was ordered, and what the signing worker noted of it: its id and its letter."""
    letter = await waiting_letter(api)
    answer = await (await api.as_("kepala")).post(ADDRESS, json={"tasks": shown(letter), **PROOFS})
    assert answer.status_code == 202, answer.text
    activation_id: str = answer.json()["activation_id"]
    if error is not None:
        await api.records.claim(activation_id, letter[1], api.clock.now)
        await api.records.mark_claim(activation_id, letter[1], "FAILED", api.clock.now, error)
    return activation_id, letter[1]


async def test_after_five_wrong_proofs_the_head_is_asked_to_wait(api: Api) -> None:
    for error in ("wrong_passphrase", "step_up_refused", "wrong_passphrase", "step_up_refused", "wrong_passphrase"):
        await an_activation(api, error)
        api.clock.advance(minutes=1)
    letter = await waiting_letter(api)
    head = await api.as_("kepala")
    answer = await head.post(ADDRESS, json={"tasks": shown(letter), **PROOFS})
    assert (answer.status_code, answer.json()["code"]) == (429, "too-many-attempts")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == str(answer.json()["retry_after_seconds"]) == "600"
    assert len(api.engine.decisions) == 5
    api.clock.advance(minutes=9, seconds=59)
    assert (await head.post(ADDRESS, json={"tasks": shown(letter), **PROOFS})).status_code == 429
    api.clock.advance(seconds=1)
    assert (await head.post(ADDRESS, json={"tasks": shown(letter), **PROOFS})).status_code == 202


async def test_failures_that_are_no_guesses_and_batches_do_not_count_as_five(api: Api) -> None:
    for error in ("certificate_expired", "timestamp_unavailable", "activation_expired") * 2:
        await an_activation(api, error)
    letters = [await waiting_letter(api) for _ in range(6)]
    head = await api.as_("kepala")
    answer = await head.post(ADDRESS, json={"tasks": shown(*letters), **PROOFS})
    for _, sha256 in letters:
        await api.records.claim(answer.json()["activation_id"], sha256, api.clock.now)
        await api.records.mark_claim(
            answer.json()["activation_id"], sha256, "FAILED", api.clock.now, "wrong_passphrase"
        )
    ordered, letter = await an_activation(api)
    assert (await api.records.activation(ordered)).letters == [letter]


async def test_guesses_that_are_still_on_their_way_count(api: Api) -> None:
    letters = [await waiting_letter(api) for _ in range(8)]
    head = await api.as_("kepala")
    answers = await asyncio.gather(*(head.post(ADDRESS, json={"tasks": shown(one), **PROOFS}) for one in letters))
    assert sorted(answer.status_code for answer in answers) == [202] * 5 + [429] * 3


async def test_a_letter_that_is_not_the_one_that_was_shown_is_not_signed(api: Api) -> None:
    changed, good = await waiting_letter(api), await waiting_letter(api)
    head = await api.as_("kepala")
    answer = await head.post(ADDRESS, json={"tasks": shown((changed[0], ONE), good), **PROOFS})
    states = {result["task"]: result["state"] for result in answer.json()["results"]}
    assert states == {changed[0]: "refused", good[0]: "ordered"}
    assert answer.json()["results"][0]["problem"]["code"] == "stale-version"
    assert (await api.records.activation(answer.json()["activation_id"])).letters == [good[1]]


async def test_the_providers_own_code_travels_as_such(api: Api, tmp_path: Path) -> None:
    letter = await waiting_letter(api)
    body = {"tasks": shown(letter), "provider_code": "482913", "totp": "123456"}
    kept = await api.records.activation(
        (await (await api.as_("kepala")).post(ADDRESS, json=body)).json()["activation_id"]
    )
    assert kept.envelope is not None
    opened = open_envelope(kept.envelope, load_private_key(tmp_path / "seal.pem"), kept.id)
    assert (opened.secret_kind, opened.passphrase.get_secret_value()) == ("totp", "482913")


async def test_nobody_but_the_head_orders_a_signature(api: Api) -> None:
    letter = await waiting_letter(api)
    for person in ("koordinator", "bidang", "pemohon", "ops"):
        answer = await (await api.as_(person)).post(ADDRESS, json={"tasks": shown(letter), **PROOFS})
        assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed")
    agency = await (await api.as_("dinas")).post(ADDRESS, json={"tasks": shown(letter), **PROOFS})
    assert (agency.status_code, agency.json()["code"]) == (404, "task-not-found"), "signs its own recommendations alone"
    assert api.engine.decisions == []


async def test_an_agencys_officer_orders_the_signature_of_its_own_recommendation(api: Api) -> None:
    number = await a_case(api, await api.as_("pemohon"))
    sha256, _ = await a_letter(api, number)
    about = {"subject_sha256": sha256, "holder": "Bappeda", "opd": "bappeda"}
    task = await open_task(api, number, TaskKind.SIGN_RECOMMENDATION, Role.OPD, **about)
    asked = OpdAnswer(workflow_id="anak", opd="bappeda", name="Bappeda", asked_at=api.clock.now, due_at=api.clock.now)
    await api.records.keep(Step(number=number, events=(an_event(api, "diminta", Tag.OPD_ASKED),), opd_answer=asked))
    for person in ("lain", "kepala"):
        refused = await (await api.as_(person)).post(ADDRESS, json={"tasks": shown((task, sha256)), **PROOFS})
        assert refused.json()["code"] in ("not-allowed", "task-not-found")
    answer = await (await api.as_("dinas")).post(ADDRESS, json={"tasks": shown((task, sha256)), **PROOFS})
    assert answer.status_code == 202, answer.text
    ((_, decision, _),) = api.engine.decisions
    assert (decision.seen, decision.actor.id) == (sha256, "dinas")


async def test_a_signature_cannot_be_ordered_as_an_ordinary_decision(api: Api) -> None:
    task, sha256 = await waiting_letter(api)
    body = {"seen": sha256, "kind": "sign", "activation_id": "buatan-sendiri"}
    answer = await (await api.as_("kepala")).post(f"/api/v1/tasks/{task}/decision", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert api.engine.decisions == []


async def test_a_letter_whose_order_is_not_answered_is_unknown(api: Api) -> None:
    letter = await waiting_letter(api)
    api.engine.raises = Unknown()
    answer = await (await api.as_("kepala")).post(ADDRESS, json={"tasks": shown(letter), **PROOFS})
    assert answer.json()["results"] == [{"task": letter[0], "state": "unknown", "problem": None}]


async def test_an_unknown_order_asked_again_with_its_key_is_the_same_consent(api: Api) -> None:
    letter = await waiting_letter(api)
    head, body, headers = await api.as_("kepala"), {"tasks": shown(letter), **PROOFS}, {"Idempotency-Key": "ttd-3"}
    api.engine.raises = Unknown()
    first = (await head.post(ADDRESS, json=body, headers=headers)).json()
    assert first["results"][0]["state"] == "unknown"
    api.engine.raises = None
    await close_task(api, letter[0].split(".")[0], letter[0])
    second = (await head.post(ADDRESS, json=body, headers=headers)).json()
    assert second["activation_id"] == first["activation_id"]
    assert second["results"][0]["state"] == "ordered"
    assert api.engine.decisions[0][2] == first["activation_id"]


async def test_the_same_key_orders_once(api: Api) -> None:
    letter = await waiting_letter(api)
    head = await api.as_("kepala")
    body = {"tasks": shown(letter), **PROOFS}
    first, second = [await head.post(ADDRESS, json=body, headers={"Idempotency-Key": "ttd-1"}) for _ in range(2)]
    assert first.json() == second.json()
    assert len(api.engine.decisions) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"tasks": [], **PROOFS},
        {"tasks": shown(("x", ONE)) * 201, **PROOFS},
        {"tasks": shown(("x", ONE)), "passphrase": PASSPHRASE, "totp": ["123456"]},
        {"tasks": shown(("x", ONE)), "passphrase": [PASSPHRASE], "totp": "123456"},
        {"tasks": shown(("x", ONE)), "passphrase": PASSPHRASE, "totp": "123456", PASSPHRASE: PASSPHRASE},
        {"tasks": shown(("x", ONE)), "passphrase": PASSPHRASE, "provider_code": PASSPHRASE[:6], "totp": "123456"},
        {"tasks": shown(("x", ONE)), "provider_code": PASSPHRASE, "totp": "123456"},
        {"tasks": shown((PASSPHRASE, ONE)), **PROOFS},
        {"tasks": shown(("x", PASSPHRASE)), **PROOFS},
        {"tasks": [PASSPHRASE], **PROOFS},
    ],
)
async def test_no_refusal_and_no_log_tells_the_passphrase(
    api: Api, wrong: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = await (await api.as_("kepala")).post(ADDRESS, json=wrong)
    assert answer.status_code in (404, 422)
    assert PASSPHRASE not in answer.text
    assert not [record for record in caplog.records if PASSPHRASE in str(vars(record))]


async def test_the_passphrase_is_in_no_table_outside_its_envelope(api: Api) -> None:
    letter = await waiting_letter(api)
    headers = {"Idempotency-Key": "ttd-2"}
    await (await api.as_("kepala")).post(ADDRESS, json={"tasks": shown(letter), **PROOFS}, headers=headers)
    async with api.services.db.engine.connect() as connection:
        tables = (await connection.execute(text("select tablename from pg_tables where schemaname = 'public'"))).all()
        assert ("activations",) in tables
        for (table,) in tables:
            rows = (await connection.execute(text(f'select to_jsonb(t)::text from "{table}" t'))).scalars()
            assert not any(PASSPHRASE in row for row in rows), table


async def test_without_a_sealing_key_nothing_can_be_ordered(api: Api) -> None:
    letter = await waiting_letter(api)
    api.services.settings = api.settings.model_copy(update={"signing_seal_public_key": None})
    answer = await (await api.as_("kepala")).post(ADDRESS, json={"tasks": shown(letter), **PROOFS})
    assert (answer.status_code, answer.json()["code"]) == (503, "signing-unavailable")
    assert json.dumps(PROOFS) not in answer.text
