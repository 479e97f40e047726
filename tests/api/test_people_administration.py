"""Officers come and go, act for the head, and lend their desks."""

from typing import Any

import httpx
import pytest

from permits.authority import Actor, Role
from permits.decisions import TaskKind
from permits.sealing import SealedDocument
from store.records import actor_of
from tests.api.cases import open_task
from tests.api.conftest import Api, a_person
from tests.api.filing import a_case
from tests.api.test_accounts import NEW_PASSWORD, log_in, token_to

PEOPLE, MANDATES, DELEGATIONS = "/api/v1/people", "/api/v1/mandates", "/api/v1/delegations"
OFFICER = {"name": "Contoh Petugas Baru", "email": "petugas.baru@contoh.invalid", "role": "front_office"}
MANDATE = {
    "account_id": "kabid",
    "capacity": "plh",
    "certificate_sha256": "c" * 64,
    "valid_from": "2026-03-13",
    "valid_until": "2026-03-20",
    "decree": "Keputusan contoh, bukan keputusan nyata",
}
DELEGATION = {"to_id": "rekan", "valid_from": "2026-03-13", "valid_until": "2026-03-20", "reason": "Cuti tahunan"}


async def a_kabid(api: Api) -> None:
    for account_id in ("kabid", "kabid.dua"):
        await api.records.ensure_account(a_person(account_id, role=Role.HEAD_OF_DIVISION))


async def test_an_officer_logs_in_first_by_the_token_of_a_mail(api: Api) -> None:
    ops = await api.as_("ops")
    made = await ops.post(PEOPLE, json=OFFICER)
    assert (made.status_code, made.json()["email_confirmed_at"]) == (201, None)
    token = await token_to(api, OFFICER["email"])
    body = {"token": token, "password": NEW_PASSWORD}
    assert (await api.anonymous().post("/api/v1/accounts/password", json=body)).status_code == 204
    opened = await log_in(api, OFFICER["email"], NEW_PASSWORD)
    assert opened.json()["actor"]["role"] == "front_office"
    twice = await ops.post(PEOPLE, json=OFFICER)
    assert (twice.status_code, twice.json()["code"]) == (409, "email-taken")
    assert OFFICER["email"] in (await ops.get(PEOPLE)).text


@pytest.mark.parametrize(
    "desk",
    [
        {"role": "applicant"},
        {"role": "system"},
        {"role": "opd"},
        {"role": "front_office", "opd": "dlh"},
        {"role": "back_office", "is_head": True},
    ],
)
async def test_a_desk_that_cannot_be_is_refused(api: Api, desk: dict[str, Any]) -> None:
    answer = await (await api.as_("ops")).post(PEOPLE, json=OFFICER | desk)
    assert (answer.status_code, answer.json()["code"]) == (422, "field-invalid")


@pytest.mark.parametrize("who", ["pemohon", "depan", "bidang", "koordinator", "kepala", "dinas"])
async def test_only_ops_manages_people(api: Api, who: str) -> None:
    client = await api.as_(who)
    answers = [
        await client.get(PEOPLE),
        await client.post(PEOPLE, json=OFFICER),
        await client.patch(f"{PEOPLE}/depan", json={"role": "ops"}),
        await client.post(f"{PEOPLE}/depan/deactivation"),
        await client.post(f"{PEOPLE}/depan/activation"),
        await client.post(f"{PEOPLE}/depan/invitation"),
    ]
    assert {answer.status_code for answer in answers} == {403}


async def test_a_new_desk_counts_from_the_next_request_on(api: Api) -> None:
    ops, officer = await api.as_("ops"), await api.as_("bidang")
    changed = await ops.patch(f"{PEOPLE}/bidang", json={"role": "front_office"})
    assert (changed.json()["role"], changed.json()["field"]) == ("front_office", None)
    assert (await officer.get("/api/v1/sessions/current")).json()["actor"]["role"] == "front_office"
    assert (await ops.patch(f"{PEOPLE}/ops", json={"role": "front_office"})).status_code == 403
    assert (await ops.patch(f"{PEOPLE}/pemohon", json={"role": "ops"})).status_code == 404


async def test_who_leaves_is_out_at_once_and_what_is_left_behind_is_said(api: Api) -> None:
    ops, officer = await api.as_("ops"), await api.as_("bidang")
    number = await a_case(api, await api.as_("pemohon"))
    task = await open_task(api, number, TaskKind.ASSESSMENT, Role.BACK_OFFICE, field="kesehatan")
    async with api.services.db.transaction() as session:
        connection = await session.connection()
        await connection.exec_driver_sql("UPDATE tasks SET assigned_to = 'bidang' WHERE id = %s", (task,))
    left = await ops.post(f"{PEOPLE}/bidang/deactivation")
    assert left.status_code == 200
    assert [one["id"] for one in left.json()["tasks"]] == [task]
    assert (left.json()["desk_empty"], left.json()["waiting_at_desk"], left.json()["sessions_ended"]) == (True, 1, 1)
    assert (await officer.get("/api/v1/tasks")).status_code == 401
    assert (await log_in(api, "bidang@contoh.invalid", "kata-sandi-contoh")).status_code == 401
    assert (await ops.post(f"{PEOPLE}/bidang/deactivation")).json()["sessions_ended"] == 0
    assert (await ops.post(f"{PEOPLE}/rekan/deactivation")).json()["desk_empty"] is False
    assert (await ops.post(f"{PEOPLE}/ops/deactivation")).status_code == 403
    assert (await ops.post(f"{PEOPLE}/bidang/activation")).json()["active"] is True
    assert (await log_in(api, "bidang@contoh.invalid", "kata-sandi-contoh")).status_code == 201


# Mandates -------------------------------------------------------------------------------------------------------------


async def test_the_head_names_who_acts_in_its_absence_until_it_takes_that_back(api: Api) -> None:
    await a_kabid(api)
    head = await api.as_("kepala")
    headers = {"Idempotency-Key": "mandat-1"}
    given, again = [await head.post(MANDATES, json=MANDATE, headers=headers) for _ in range(2)]
    assert given.status_code == 201 and given.json() == again.json()
    today = await api.services.office_today()
    own, acting = await api.records.capacities_of("kabid", today)
    assert (acting.role, acting.on_behalf_of) == (Role.HEAD_OF_OFFICE, "Contoh Kepala")
    borrowed = await head.post(MANDATES, json=MANDATE | {"account_id": "kabid.dua"})
    assert (borrowed.status_code, borrowed.json()["code"]) == (422, "person-unfit"), "somebody else's certificate"
    of_its_own = MANDATE | {"account_id": "kabid.dua", "certificate_sha256": "d" * 64}
    other = await head.post(MANDATES, json=of_its_own)
    assert (other.status_code, other.json()["code"]) == (409, "mandate-overlaps")
    revoked = await head.post(f"{MANDATES}/{given.json()['id']}/revocation")
    assert revoked.json()["revoked_at"] is not None
    assert await api.records.capacities_of("kabid", today) == (own,)
    assert (await head.post(MANDATES, json=of_its_own)).status_code == 201
    assert len((await head.get(MANDATES)).json()["items"]) == 2


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"valid_until": None}, "period-invalid"),
        ({"valid_from": "2026-03-01", "valid_until": "2026-03-12"}, "period-invalid"),
        ({"valid_from": "2026-03-20", "valid_until": "2026-03-14"}, "period-invalid"),
        ({"account_id": "depan"}, "person-unfit"),
        ({"account_id": "pemohon"}, "person-not-found"),
        ({"account_id": "kepala"}, "not-allowed"),
        ({"account_id": "kabid", "capacity": "definitive"}, "person-unfit"),
        ({"certificate_sha256": "x"}, "invalid-request"),
    ],
)
async def test_a_mandate_that_cannot_be_is_refused(api: Api, fields: dict[str, Any], code: str) -> None:
    await a_kabid(api)
    answer = await (await api.as_("kepala")).post(MANDATES, json=MANDATE | fields)
    assert answer.json()["code"] == code


@pytest.mark.parametrize("who", ["pemohon", "depan", "koordinator", "dinas"])
async def test_nobody_else_gives_or_ends_a_mandate(api: Api, who: str) -> None:
    client = await api.as_(who)
    for answer in (await client.post(MANDATES, json=MANDATE), await client.post(f"{MANDATES}/x/revocation")):
        assert answer.status_code == 403


# Lent desks -----------------------------------------------------------------------------------------------------------


async def lend(client: httpx.AsyncClient, **fields: Any) -> httpx.Response:
    return await client.post(DELEGATIONS, json=DELEGATION | fields)


async def test_an_officer_lends_its_desk_and_takes_it_back(api: Api) -> None:
    lender, colleague = await api.as_("bidang"), await api.as_("rekan")
    lent = await lend(lender)
    assert lent.status_code == 201
    today = await api.services.office_today()
    capacities = await api.records.capacities_of("rekan", today)
    assert [(one.role, one.field, one.on_behalf_of) for one in capacities] == [
        (Role.FRONT_OFFICE, None, None), (Role.BACK_OFFICE, "kesehatan", "Contoh Bidang"),
    ]  # fmt: skip
    assert (await colleague.get(DELEGATIONS)).json()["items"][0]["from_id"] == "bidang"
    address = f"{DELEGATIONS}/{lent.json()['id']}/revocation"
    assert (await (await api.as_("depan")).post(address)).status_code == 404
    assert (await lender.post(address)).status_code == 204
    assert len(await api.records.capacities_of("rekan", today)) == 1


@pytest.mark.parametrize(
    ("who", "fields", "code"),
    [
        ("bidang", {"to_id": "bidang"}, "person-unfit"),
        ("bidang", {"to_id": "dinas"}, "person-unfit"),
        ("bidang", {"to_id": "pemohon"}, "person-not-found"),
        ("dinas", {"to_id": "lain"}, "person-unfit"),
        ("kepala", {"to_id": "koordinator"}, "not-allowed"),
        ("ops", {}, "not-allowed"),
        ("pemohon", {}, "not-allowed"),
        ("bidang", {"valid_until": "2026-03-01"}, "period-invalid"),
        ("bidang", {"valid_until": "2026-12-31"}, "period-invalid"),
    ],
)
async def test_a_desk_that_cannot_be_lent_is_not(api: Api, who: str, fields: dict[str, Any], code: str) -> None:
    answer = await lend(await api.as_(who), **fields)
    assert answer.json()["code"] == code


async def test_an_agencys_officer_gets_a_mandate_for_its_agency_alone(api: Api) -> None:
    head = await api.as_("kepala")
    asked = {**MANDATE, "account_id": "dinas", "capacity": "opd", "valid_until": None}
    given = await head.post(MANDATES, json=asked)
    assert (given.status_code, given.json()["opd"]) == (201, "bappeda"), given.text
    as_head = await head.post(MANDATES, json={**MANDATE, "account_id": "dinas"})
    assert (as_head.status_code, as_head.json()["code"]) == (422, "person-unfit")
    assert [one.role for one in await api.services.capacities(await _actor_of(api, "dinas"))] == [Role.OPD]


async def test_the_offices_seal_is_nobodys_mandate(api: Api) -> None:
    await a_kabid(api)
    sealed = SealedDocument(
        id="laporan",
        purpose="validation_report",
        original_sha256="a" * 64,
        form="as_is",
        pdf_sha256="b" * 64,
        sealed_sha256="d" * 64,
        certificate_sha256=str(MANDATE["certificate_sha256"]),
        level="B-LTA",
        sealed_at=api.clock.now,
    )
    await api.records.register_sealed(sealed)
    answer = await (await api.as_("kepala")).post(MANDATES, json=MANDATE)
    assert (answer.status_code, answer.json()["code"]) == (422, "person-unfit")


async def _actor_of(api: Api, account_id: str) -> Actor:
    account = await api.records.account(account_id)
    assert account is not None
    return actor_of(account)
