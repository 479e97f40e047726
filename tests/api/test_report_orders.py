"""An order of a report: facts that only we could have written, good for an hour."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

import pytest

from api.problems import ApiCode, Problem
from api.reporting import new_report_id, order_of, read_order
from signing.checked import CheckedFile
from tests.api.conftest import Api

KEY = secrets.token_bytes(32)
NOW = datetime(2026, 3, 13, 3, tzinfo=UTC)


def a_check(**fields: object) -> CheckedFile:
    values: dict[str, object] = {
        "id": new_report_id(),
        "checked_at": NOW,
        "sha256": "a" * 64,
        "size": 1000,
        "kind": "letter",
        "verdict": "TIDAK_SAH",
        "level": None,
        "reasons": (("untrusted", "Sertifikat tidak berasal dari penerbit yang dipercaya."),),
        "signatures": (),
        "registered": (),
        "policy": (("Tingkat paling rendah", "PAdES B-LTA"),),
    }
    return CheckedFile.model_validate(values | fields)


def test_an_order_says_what_was_found() -> None:
    checked = a_check()
    assert read_order(order_of(checked, KEY), KEY, NOW + timedelta(minutes=59)) == checked


@pytest.mark.parametrize("later", [timedelta(minutes=61), timedelta(seconds=-1)])
def test_an_order_is_good_for_an_hour(later: timedelta) -> None:
    with pytest.raises(Problem) as refused:
        read_order(order_of(a_check(), KEY), KEY, NOW + later)
    assert refused.value.code is ApiCode.REPORT_ORDER_INVALID


def test_facts_that_were_changed_are_refused() -> None:
    forged = order_of(a_check(verdict="SAH"), secrets.token_bytes(32))
    honest = order_of(a_check(), KEY)
    swapped = forged.partition(".")[0] + "." + honest.partition(".")[2]
    for order in (forged, swapped, "", ".", "a.b", honest[:-1], "é.é", honest + "A"):
        with pytest.raises(Problem):
            read_order(order, KEY, NOW)


async def test_a_report_that_nobody_has_is_not_found(api: Api) -> None:
    answer = await api.anonymous().get(f"/api/v1/verifications/reports/{'a' * 64}")
    assert (answer.status_code, answer.json()["code"]) == (404, "report-not-found")


async def test_an_order_of_somebody_else_is_refused_in_words(api: Api) -> None:
    order = order_of(a_check(), KEY)
    answer = await api.anonymous().post("/api/v1/verifications/reports", json={"order": order})
    assert (answer.status_code, answer.json()["code"]) == (422, "report-order-invalid")
