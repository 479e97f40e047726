"""Nobody changes what a workflow asks of the engine without a patch: a case that runs would not survive the release."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.workflows.fingerprints import changes, fingerprints, kept, patch_ids, sources
from tests.workflows.save_fingerprints import Refused, save

DELIVERY = "workflows/stages/delivery.py"
DESK = "workflows/desk.py"
BEFORE_THE_SHOW = "    case.desk.show(STAGE, carried.holder, None)\n"


@pytest.fixture
def kept_before(tmp_path: Path) -> Path:
    """The fingerprints of the code of now, in a file of the test's own."""
    file = tmp_path / "fingerprints.json"
    save(sources(), no_commands="The code as the test found it.", file=file)
    return file


def changed(path: str, old: str, new: str) -> dict[str, str]:
    """The sources with one change in them."""
    code = sources()
    assert code[path].count(old) == 1
    return {**code, path: code[path].replace(old, new)}


def differences(code: dict[str, str]) -> list[tuple[str, str]]:
    return [(one.function, one.kind) for one in changes(fingerprints(sources()), fingerprints(code))]


def test_what_workflows_ask_of_the_engine_is_what_running_cases_remember() -> None:
    found = changes(kept()["functions"], fingerprints(sources()))
    assert not found, "\n\n".join(one.sentence() for one in found)


def test_every_workflow_module_is_looked_at() -> None:
    looked_at = {name.partition("::")[0] for name in fingerprints(sources())}
    stages = {path for path in sources() if "/stages/" in path and not path.endswith("__init__.py")}
    assert looked_at >= stages | {f"workflows/{name}.py" for name in ("application", "case", "desk", "ledger", "clock")}
    assert {"workflows/recommendation.py", "workflows/promise.py"} <= looked_at


def test_a_changed_function_is_named_with_what_is_to_be_done() -> None:
    one_more = changed(DELIVERY, BEFORE_THE_SHOW, "    await case.ledger.catch_up()\n" + BEFORE_THE_SHOW)
    [found] = changes(fingerprints(sources()), fingerprints(one_more))
    said = found.sentence()
    assert said.startswith(f"{DELIVERY}::_record_on_its_way is changed")
    assert "workflow.patched(" in said and "save_histories" in said and "save_fingerprints --because" in said


@pytest.mark.parametrize(
    ("path", "old", "new", "function"),
    [
        (DELIVERY, BEFORE_THE_SHOW, "", "_record_on_its_way"),
        (DELIVERY, "CaseBook.record_change, ", "CaseBook.enter_stage, ", "_record_on_its_way"),
        (DELIVERY, "if not told and workflow.patched(FAILED_MAIL_IS_FOLLOWED):", "if not told:", "deliver"),
        (DELIVERY, "for _ in range(TRACKED_WORKING_DAYS):", "while True:", "_arrives"),
        (DESK, "if opened.due_at != shown:", "if shown is None:", "Desk._wait_for_decision"),
    ],
    ids=["a call left out", "another activity", "a patch taken away", "another loop", "another condition"],
)
def test_a_change_of_commands_is_seen(path: str, old: str, new: str, function: str) -> None:
    assert differences(changed(path, old, new)) == [(f"{path}::{function}", "changed")]


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (DELIVERY, '"Surat dikirim lewat pos"', '"Kiriman pos"'),
        (DELIVERY, "TRACKED_WORKING_DAYS = 15", "TRACKED_WORKING_DAYS = 15  # tiga pekan"),
        (DELIVERY, "attach=by_email,", "attach=not by_email,"),
    ],
    ids=["a text", "a remark", "what an activity is given"],
)
def test_what_no_case_minds_is_no_change(path: str, old: str, new: str) -> None:
    assert differences(changed(path, old, new)) == []


def test_a_change_is_kept_under_the_name_of_a_new_patch_alone(kept_before: Path) -> None:
    gated = '    if workflow.patched("parcel-is-noted-first"):\n        await case.ledger.catch_up()\n'
    code = changed(DELIVERY, BEFORE_THE_SHOW, gated + BEFORE_THE_SHOW)
    before = kept_before.read_text()

    wrong: list[tuple[dict[str, str], str]] = [
        ({}, "Give one of"),
        ({"because": "never-heard-of"}, "No workflow.patched"),
        ({"because": "failed-mail-is-followed"}, "earlier change"),
        ({"new_function": "It was never there before now."}, "Running cases know"),
        ({"no_commands": "because"}, "whole sentence"),
    ]
    for reason, said in wrong:
        with pytest.raises(Refused, match=said):
            save(code, file=kept_before, **reason)
        assert kept_before.read_text() == before
    names = save(code, because="parcel-is-noted-first", file=kept_before)

    assert names == [f"{DELIVERY}::_record_on_its_way"]
    content = json.loads(kept_before.read_text())
    assert content["changes"][-1] == {"because": "parcel-is-noted-first", "functions": names}
    assert "parcel-is-noted-first" in content["patches"]
    assert save(code, file=kept_before) == []


def test_a_new_function_needs_a_reason_and_no_patch(kept_before: Path) -> None:
    code = sources()
    code[DELIVERY] += "\n\nasync def _weigh(case: Case) -> None:\n    await case.ledger.catch_up()\n"
    why = "Nothing calls it yet."
    assert save(code, new_function=why, file=kept_before) == [f"{DELIVERY}::_weigh"]
    assert json.loads(kept_before.read_text())["changes"][-1]["new_function"] == why


def test_the_name_of_a_patch_is_found_behind_its_constant() -> None:
    assert {"promise-watch", "replan-is-told", "minutes-are-signed", "who-is-waited-for"} <= patch_ids(sources())
    assert set(kept()["patches"]) == patch_ids(sources())
