"""What is wrong with a certificate or a letter is said before a consent is sealed."""

from datetime import date, timedelta

import pytest

from permits.authority import Role
from permits.decisions import SignatureOrdered, TaskKind
from permits.events import Tag
from permits.steps import LetterFrozen
from signing.port import ProviderKind
from store.records import Mandate, Standing
from tests.api.cases import a_letter, an_event, open_task
from tests.api.conftest import Api
from tests.api.filing import a_case
from tests.api.test_ordering_signatures import ADDRESS, PROOFS, kept_activations, shown, waiting_letter

READINESS = "/api/v1/signing/readiness"
MANDATED, OTHER = "a" * 64, "b" * 64


async def mandated(api: Api, account_id: str = "kepala", capacity: str = "definitive") -> None:
    await api.records.ensure_mandate(
        Mandate.model_validate(
            {
                "id": f"mandat-{account_id}",
                "account_id": account_id,
                "capacity": capacity,
                "certificate_sha256": MANDATED,
                "valid_from": date(2020, 1, 1),
                "decree": "SK Contoh 1/2026",
            }
        )
    )


async def stands(api: Api, standing: str, days: int | None = 400, certificate: str | None = MANDATED) -> None:
    until = None if days is None else api.clock.now + timedelta(days=days)
    said = Standing(account_id="kepala", standing=standing, certificate_sha256=certificate, valid_until=until)
    await api.records.keep_standing(said, api.clock.now)


UNUSABLE = {
    "expired": ("expired", -1, MANDATED, "kedaluwarsa"),
    "ended since it was asked": ("usable", -1, MANDATED, "kedaluwarsa"),
    "revoked": ("revoked", 400, MANDATED, "dicabut"),
    "not registered": ("not_registered", None, None, "belum terdaftar"),
    "not the mandated one": ("usable", 400, OTHER, "bukan yang disebut dalam mandat"),
}


@pytest.mark.parametrize("case", UNUSABLE)
async def test_with_a_certificate_that_cannot_sign_no_consent_is_taken(api: Api, case: str) -> None:
    standing, days, certificate, words = UNUSABLE[case]
    await mandated(api)
    await stands(api, standing, days, certificate)
    task, seen = await waiting_letter(api)
    head = await api.as_("kepala")
    answer = await head.post(ADDRESS, json={"tasks": shown((task, seen)), **PROOFS})
    assert (answer.status_code, answer.json()["code"]) == (409, "certificate-not-usable")
    assert words in answer.json()["detail"]
    assert await kept_activations(api) == 0
    assert api.engine.decisions == []
    ready = (await head.get(READINESS)).json()
    assert not ready["may_sign"] and words in ready["sentence"]
    assert (await head.get(f"/api/v1/tasks/{task}")).json()["readiness"] == ready
    assert (await (await api.as_("koordinator")).get(f"/api/v1/tasks/{task}")).json()["readiness"] is None


async def test_a_certificate_that_ends_soon_signs_and_says_so(api: Api) -> None:
    await mandated(api)
    await stands(api, "expiring", 20)
    task, seen = await waiting_letter(api)
    head = await api.as_("kepala")
    ready = (await head.get(READINESS)).json()
    assert (ready["may_sign"], ready["concern"]) == (True, "expiring")
    assert (await head.post(ADDRESS, json={"tasks": shown((task, seen)), **PROOFS})).status_code == 202


async def test_what_the_provider_does_not_say_stops_nobody(api: Api) -> None:
    await mandated(api)
    await stands(api, "unknown", None, None)
    task, seen = await waiting_letter(api)
    head = await api.as_("kepala")
    ready = (await head.get(READINESS)).json()
    assert (ready["may_sign"], ready["concern"], ready["known_at"]) == (True, None, None)
    assert (await head.post(ADDRESS, json={"tasks": shown((task, seen)), **PROOFS})).status_code == 202


async def test_without_a_mandate_of_today_the_head_is_told_before_the_click(api: Api) -> None:
    ready = (await (await api.as_("kepala")).get(READINESS)).json()
    assert (ready["may_sign"], ready["concern"]) == (False, "no_mandate")


async def test_an_acting_head_orders_signatures_and_a_colleague_does_not(api: Api) -> None:
    await mandated(api, "koordinator", "plh")
    task, seen = await waiting_letter(api)
    acting, other = await api.as_("koordinator"), await api.as_("teknis")
    assert (await acting.get(READINESS)).json()["capacity"] == "plh"
    answer = await acting.post(ADDRESS, json={"tasks": shown((task, seen)), **PROOFS})
    assert (answer.status_code, answer.json()["results"][0]["state"]) == (202, "ordered")
    (ordered,) = api.engine.decisions
    assert (ordered[1].actor.id, ordered[1].actor.role) == ("koordinator", Role.HEAD_OF_OFFICE)
    assert (await other.get(READINESS)).status_code == 403
    assert (await other.post(ADDRESS, json={"tasks": shown((task, seen)), **PROOFS})).status_code == 403


async def test_a_letter_changed_after_its_paraf_is_refused_at_the_door(api: Api) -> None:
    task, seen = await waiting_letter(api)
    await api.records.freeze_letter(
        LetterFrozen(
            number=task.split(".")[0],
            purpose="permit",
            sha256="c" * 64,
            input_sha256="d" * 64,
            template="umum",
            template_version=1,
            event=an_event(api, "diubah", Tag.LETTER_DRAFTED),
        )
    )
    answer = await (await api.as_("kepala")).post(ADDRESS, json={"tasks": shown((task, seen)), **PROOFS})
    assert (answer.status_code, answer.json()["code"]) == (409, "stale-version")
    assert api.engine.decisions == [] and await kept_activations(api) == 0


async def test_a_provider_that_takes_many_gets_one_batch_of_the_letters_that_were_taken(api: Api) -> None:
    api.services.settings = api.settings.model_copy(update={"signing_provider": ProviderKind.BSRE_V2})
    letters = [await waiting_letter(api) for _ in range(3)]
    head, headers = await api.as_("kepala"), {"Idempotency-Key": "ttd-banyak"}
    body = {"tasks": shown(*letters, ("tidak-ada", "0" * 64)), **PROOFS}
    answer = await head.post(ADDRESS, json=body, headers=headers)
    assert [result["state"] for result in answer.json()["results"]] == ["ordered"] * 3 + ["refused"]
    (batch,) = api.engine.batches
    assert batch.activation_id == answer.json()["activation_id"]
    assert [(one.number, one.letter_sha256) for one in batch.letters] == [
        (task.split(".")[0], sha256) for task, sha256 in letters
    ]
    assert batch.files_per_call == 20
    for _, decision, _ in api.engine.decisions:
        assert isinstance(decision.body, SignatureOrdered)
        assert decision.body.in_batch and decision.body.expires_at == batch.expires_at


async def test_a_batch_that_the_engine_did_not_take_is_unknown_and_ordered_when_asked_again(api: Api) -> None:
    api.services.settings = api.settings.model_copy(update={"signing_provider": ProviderKind.BSRE_V2})
    task, seen = await waiting_letter(api)
    head, headers = await api.as_("kepala"), {"Idempotency-Key": "ttd-lagi"}
    api.engine.takes_batches = False
    first = await head.post(ADDRESS, json={"tasks": shown((task, seen)), **PROOFS}, headers=headers)
    assert first.json()["results"][0]["state"] == "unknown"
    api.engine.takes_batches = True
    second = await head.post(ADDRESS, json={"tasks": shown((task, seen)), **PROOFS}, headers=headers)
    assert second.json()["results"][0]["state"] == "ordered"
    assert [one.activation_id for one in api.engine.batches] == [first.json()["activation_id"]]


async def test_letters_of_a_provider_that_takes_one_need_no_batch(api: Api) -> None:
    task, seen = await waiting_letter(api)
    await (await api.as_("kepala")).post(ADDRESS, json={"tasks": shown((task, seen)), **PROOFS})
    (_, decision, _) = api.engine.decisions[0]
    assert isinstance(decision.body, SignatureOrdered)
    assert not decision.body.in_batch and api.engine.batches == []


async def test_an_officers_id_with_the_provider_is_kept_sealed_and_never_shown(api: Api) -> None:
    ops = await api.as_("ops")
    answer = await ops.patch("/api/v1/people/kepala", json={"signer_id": "3375010101700001"})
    assert answer.status_code == 200 and "3375010101700001" not in answer.text
    row = await api.records.account("kepala")
    assert row is not None and row.signer_id_sealed is not None
    assert b"3375010101700001" not in row.signer_id_sealed
    assert api.services.keyring.open(row.signer_id_sealed, b"signer:kepala") == b"3375010101700001"


async def test_a_task_without_its_letter_is_refused(api: Api) -> None:
    number = await a_case(api, await api.as_("pemohon"))
    await a_letter(api, number)
    task = await open_task(
        api, number, TaskKind.SIGNING, Role.HEAD_OF_OFFICE, subject_sha256="e" * 64, holder="Kepala"
    )
    answer = await (await api.as_("kepala")).post(ADDRESS, json={"tasks": shown((task, "e" * 64)), **PROOFS})
    assert answer.json()["code"] == "stale-version"
