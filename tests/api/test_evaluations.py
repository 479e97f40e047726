"""Month-end evaluations over HTTP: ordered once, read by leaders and the inspectorate alone."""

import pytest

from activities.evaluation import CompileMonth, EvaluationDesk
from permits.authority import Role
from tests.api.conftest import Api, a_person
from tests.api.filing import a_case

MONTH = "2026-03"


async def compiled(api: Api, key: str = "k") -> None:
    """What the engine does with an order."""
    desk = EvaluationDesk(api.records, api.services.documents)
    await desk.compile_month(CompileMonth(month=MONTH, as_of=api.clock.now, requested_by="koordinator", order_key=key))


async def test_a_leader_orders_a_month_once_under_one_key(api: Api) -> None:
    leader = await api.as_("koordinator")
    for _ in range(2):
        answer = await leader.post("/api/v1/evaluations", json={"month": MONTH}, headers={"Idempotency-Key": "k"})
        assert (answer.status_code, answer.json()) == (202, {"month": MONTH, "workflow_id": "evaluation-2026-03"})
    (order,) = api.engine.evaluations
    assert (order.month, order.requested_by) == (MONTH, "koordinator")
    assert order.order_key is not None


@pytest.mark.parametrize("month", ["2026-13", "2026-3", "", "maret", "2026-04", "2027-01", None, 3])
async def test_a_month_that_is_none_or_has_not_begun_is_refused(api: Api, month: object) -> None:
    answer = await (await api.as_("kepala")).post("/api/v1/evaluations", json={"month": month})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert api.engine.evaluations == []


async def test_an_evaluation_is_read_as_numbers_and_as_pdf_without_names_of_applicants(api: Api) -> None:
    await api.records.ensure_account(a_person("inspektorat", role=Role.INSPECTORATE))
    number = await a_case(api, await api.as_("pemohon"))
    await compiled(api)
    reader = await api.as_("inspektorat")
    listed = (await reader.get("/api/v1/evaluations")).json()["items"]
    assert [(line["month"], line["version"], line["requested_by"]) for line in listed] == [
        ("2026-03-01", 1, "koordinator")
    ]
    answer = await reader.get(f"/api/v1/evaluations/{MONTH}")
    found = answer.json()["evaluation"]
    assert (found["month"], found["total"]["received"], found["total"]["open_at_end"]) == (MONTH, 1, 1)
    assert found["total"]["oldest"]["number"] == number
    assert "Contoh Pemohon" not in answer.text
    pdf = await reader.get(f"/api/v1/evaluations/{MONTH}/pdf")
    assert (pdf.status_code, pdf.headers["content-type"]) == (200, "application/pdf")
    assert pdf.content.startswith(b"%PDF-1.7")


async def test_the_newest_version_is_read_and_a_repeated_order_makes_none(api: Api) -> None:
    await compiled(api)
    await compiled(api)
    await a_case(api, await api.as_("pemohon"))
    api.clock.advance(minutes=5)
    await compiled(api, "l")
    answer = (await (await api.as_("koordinator")).get(f"/api/v1/evaluations/{MONTH}")).json()
    assert (answer["version"], answer["evaluation"]["total"]["received"]) == (2, 1)


async def test_a_month_that_was_not_compiled_is_not_there(api: Api) -> None:
    leader = await api.as_("koordinator")
    for address in ("/api/v1/evaluations/2026-02", "/api/v1/evaluations/2026-02/pdf"):
        assert (await leader.get(address)).status_code == 404
    assert (await leader.get("/api/v1/evaluations/2026-2")).status_code == 422


@pytest.mark.parametrize("person", ["pemohon", "depan", "bidang", "dinas", "teknis", "ops"])
async def test_nobody_else_orders_or_reads(api: Api, person: str) -> None:
    client = await api.as_(person)
    for address in ("/api/v1/evaluations", f"/api/v1/evaluations/{MONTH}", f"/api/v1/evaluations/{MONTH}/pdf"):
        assert (await client.get(address)).status_code == 403
    assert (await client.post("/api/v1/evaluations", json={"month": MONTH})).status_code == 403


async def test_an_engine_that_is_away_is_said(api_without_engine: Api) -> None:
    leader = await api_without_engine.as_("koordinator")
    answer = await leader.post("/api/v1/evaluations", json={"month": MONTH})
    assert (answer.status_code, answer.json()["code"]) == (503, "engine-unavailable")
