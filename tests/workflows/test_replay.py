"""Saved histories replay on the workflow code of today: a case that runs survives a release.

Where this fails, the change needs `workflow.patched`, not new histories (see save_histories). A case carries its
definition and its calendar: neither a changed definition file nor a changed `holidays` library reaches a replay.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from inspect import isfunction
from pathlib import Path
from typing import Any, get_args

import pytest
import pytest_asyncio
import yaml
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from permits import calendar_loader, definition_loader
from permits.decisions import TaskKind
from permits.definition import AnyStage
from tests.workflows.builders import TEST_KEYS
from tests.workflows.payloads import raw_payloads
from tests.workflows.saved_cases import SAVED_CASES
from worker.interceptors import HandlerGuard
from worker.main import sandbox
from workflows.application import ApplicationWorkflow
from workflows.connection import data_converter
from workflows.ledger import Ledger
from workflows.options import OWN_STORE
from workflows.recommendation import RecommendationWorkflow
from workflows.signing_batch import SigningBatchWorkflow

HISTORIES = sorted((Path(__file__).parent / "histories").glob("*.json"))


def replayer() -> Replayer:
    """As the workers run: same converter, same sandbox, same guard."""
    return Replayer(
        workflows=[ApplicationWorkflow, RecommendationWorkflow, SigningBatchWorkflow],
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
    assert (await replayer().replay_workflow(load(file))).replay_failure is None


@dataclass
class Saved:
    """What the saved histories went through."""

    stages: set[str] = field(default_factory=set)  # kinds
    tasks: set[str] = field(default_factory=set)  # kinds
    types: set[str] = field(default_factory=set)  # codes


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def saved() -> Saved:
    """Read from what the workflows told the store, and were given at their start."""
    codec = data_converter(TEST_KEYS).payload_codec
    assert codec is not None
    found = Saved()
    for file in HISTORIES:
        events = json.loads(file.read_text())["events"]
        for payload in await codec.decode(raw_payloads(events)):
            for said in _parts(json.loads(payload.data or b"null")):
                if isinstance(opened := said.get("task_opened"), dict):
                    found.tasks.add(opened["kind"])
                if isinstance(entered := said.get("stage_entered"), dict):
                    found.stages.add(entered["kind"])
                if isinstance(definition := said.get("definition"), dict):
                    found.types.add(definition["code"])
    return found


def _parts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _parts(inner)


def test_every_kind_of_case_has_a_saved_history() -> None:
    names = {file.stem for file in HISTORIES}

    assert set(SAVED_CASES) <= names
    assert {"opd-with-ladder.bappeda", "opd-with-ladder.dpupr", "withdrawal.bappeda"} <= names
    assert "signed-in-batch.batch" in names
    assert {f"agencies-steered.{opd}" for opd in ("bappeda", "dpupr", "satpol", "dlh")} <= names


@pytest.mark.asyncio(loop_scope="module")
async def test_every_kind_of_stage_has_a_saved_history(saved: Saved) -> None:
    kinds = {get_args(kind.model_fields["kind"].annotation)[0] for kind in get_args(get_args(AnyStage)[0])}
    assert saved.stages == kinds


@pytest.mark.asyncio(loop_scope="module")
async def test_every_kind_of_task_has_a_saved_history(saved: Saved) -> None:
    assert saved.tasks == {kind.value for kind in TaskKind}


@pytest.mark.asyncio(loop_scope="module")
async def test_every_list_of_desks_that_types_share_has_a_saved_history_of_a_type_that_names_it(saved: Saved) -> None:
    permits = definition_loader.PERMITS
    lists = set(yaml.safe_load((permits / definition_loader.LISTS["stages"]).read_text()))
    named: set[str] = set()
    for code in saved.types:
        file = definition_loader.DEFINITIONS / f"{code}.yaml"
        stages = yaml.safe_load(file.read_text()).get("stages", []) if file.exists() else []
        named |= {stages} if isinstance(stages, str) else {one for one in stages if isinstance(one, str)}
    assert named == lists


@pytest.mark.parametrize("name", ["type-izin-rumah-kos", "type-izin-rumah-kos.dpupr", "replan-told", "deemed-approval"])
async def test_neither_the_holidays_library_nor_a_definition_file_has_a_say_in_a_replay(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def asked(*_: object, **__: object) -> None:
        raise AssertionError("a replay asks the world of today")

    for module in (calendar_loader, definition_loader):
        functions = [value for value in vars(module).values() if isfunction(value)]
        for function in (one.__name__ for one in functions if one.__module__ == module.__name__):
            monkeypatch.setattr(module, function, asked)
    monkeypatch.setattr("holidays.country_holidays", asked)
    monkeypatch.setattr("yaml.load", asked)

    await replayer().replay_workflow(named(name))
    with pytest.raises(AssertionError):
        calendar_loader.load_office_calendar()


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

    assert (await replayer().replay_workflow(named("plain"))).replay_failure is None


def test_saved_histories_hold_nothing_in_clear() -> None:
    for file in HISTORIES:
        text = file.read_text()
        assert "Contoh Pemohon" not in text
        assert "/site-packages/" not in text
