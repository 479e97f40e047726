"""Saved histories replay on the workflow code of today: a case that runs survives a release.

Where this fails, the change needs `workflow.patched`, not new histories (see save_histories).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from tests.workflows.builders import TEST_KEYS
from tests.workflows.saved_cases import SAVED_CASES
from worker.interceptors import HandlerGuard
from worker.main import sandbox
from workflows.application import ApplicationWorkflow
from workflows.connection import data_converter
from workflows.ledger import Ledger
from workflows.options import OWN_STORE
from workflows.recommendation import RecommendationWorkflow

HISTORIES = sorted((Path(__file__).parent / "histories").glob("*.json"))


def replayer() -> Replayer:
    """As the workers run: same converter, same sandbox, same guard."""
    return Replayer(
        workflows=[ApplicationWorkflow, RecommendationWorkflow],
        workflow_runner=sandbox(),
        data_converter=data_converter(TEST_KEYS),
        interceptors=[HandlerGuard()],
    )


def load(file: Path) -> WorkflowHistory:
    content = json.loads(file.read_text())
    return WorkflowHistory.from_json(content["workflow_id"], {"events": content["events"]})


def named(name: str) -> WorkflowHistory:
    return load(Path(__file__).parent / "histories" / f"{name}.json")


@pytest.mark.parametrize("file", HISTORIES, ids=lambda file: file.stem)
async def test_a_saved_history_replays(file: Path) -> None:
    await replayer().replay_workflow(load(file))


def test_every_kind_of_case_has_a_saved_history() -> None:
    saved = {file.stem for file in HISTORIES}

    assert set(SAVED_CASES) <= saved
    assert {"opd-with-ladder.bappeda", "opd-with-ladder.dpupr", "withdrawal.bappeda"} <= saved


async def test_a_write_that_is_left_out_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    async def writes_nothing(ledger: Ledger) -> None:
        return None

    monkeypatch.setattr(Ledger, "catch_up", writes_nothing)

    with pytest.raises(NondeterminismError):
        await replayer().replay_workflow(named("plain"))


async def test_another_order_of_stages_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    from workflows import application

    exchanged: dict[str, Any] = dict(application.CARRIED_OUT_BY)
    exchanged["inspection"], exchanged["meeting"] = exchanged["meeting"], exchanged["inspection"]
    monkeypatch.setattr(application, "CARRIED_OUT_BY", exchanged)

    with pytest.raises((NondeterminismError, AssertionError)):
        await replayer().replay_workflow(named("retribution"))


async def test_another_time_out_is_no_change_that_a_running_case_minds(monkeypatch: pytest.MonkeyPatch) -> None:
    longer = OWN_STORE["start_to_close_timeout"] * 2
    monkeypatch.setitem(OWN_STORE, "start_to_close_timeout", longer)

    await replayer().replay_workflow(named("plain"))


def test_saved_histories_hold_nothing_in_clear() -> None:
    for file in HISTORIES:
        text = file.read_text()
        assert "Contoh Pemohon" not in text
        assert "/site-packages/" not in text
