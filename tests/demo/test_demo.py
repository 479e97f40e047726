"""The demonstration as a newcomer runs it, and its letters as independent programs see them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pypdfium2
import pytest
import zxingcpp

from tests.stack_fixture import system_environment

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder that `sakpore demo` has written."""
    out = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-m", "sakpore", "demo", "--out", str(out)]
    done = subprocess.run(command, cwd=ROOT, env=system_environment(), capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    yield out


@pytest.fixture
def applications(demo: Path) -> list[dict[str, Any]]:
    """What the summary says."""
    listed: list[dict[str, Any]] = json.loads((demo / "summary.json").read_text())["applications"]
    return listed


def letter_of(application: dict[str, Any]) -> Path:
    """The signed letter; the summary names it relative to the project."""
    return ROOT / application["pdf"]


def judged(demo: Path, *files: Path) -> list[dict[str, Any]]:
    """What `sakpore verify` says, one object a file."""
    policy = ["--policy", str(demo / "policy.json"), "--json"]
    command = [sys.executable, "-m", "sakpore", "verify", *map(str, files), *policy]
    done = subprocess.run(command, cwd=ROOT, env=system_environment(), capture_output=True, text=True, timeout=120)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_three_permits_come_to_their_end(applications: list[dict[str, Any]]) -> None:
    assert sorted(one["permit_type"] for one in applications) == [
        "izin-penelitian",
        "izin-reklame-tetap",
        "sip-fisioterapis",
    ]
    for application in applications:
        assert all(stage["left_at"] for stage in application["stages"])
        assert application["stages"][0]["stage"] == "verification"
        assert application["stages"][-1]["stage"] == "issuance"


def test_the_silent_agency_is_warned_and_two_rungs_fall_before_it_answers(applications: list[dict[str, Any]]) -> None:
    research = next(one for one in applications if one["permit_type"] == "izin-penelitian")
    events = [line["event"] for line in research["opd_events"]]
    assert events[:2] == ["asked", "warned"]
    assert events.count("escalated") >= 2
    assert events[-1] == "answered"
    instants = [line["at"] for line in research["opd_events"]]
    assert instants == sorted(instants)


def test_two_agencies_are_asked_in_parallel(applications: list[dict[str, Any]]) -> None:
    sign = next(one for one in applications if one["permit_type"] == "izin-reklame-tetap")
    asked = {line["opd"]: line["at"] for line in sign["opd_events"] if line["event"] == "asked"}
    answered = {line["opd"]: line["at"] for line in sign["opd_events"] if line["event"] == "answered"}
    assert set(asked) == set(answered) == {"dpupr", "satpol"}
    assert max(asked.values()) < min(answered.values())


def test_other_programs_call_the_letters_valid_and_clean(applications: list[dict[str, Any]]) -> None:
    for application in applications:
        letter = letter_of(application)
        signatures = subprocess.run(["pdfsig", str(letter)], capture_output=True, text=True, check=False).stdout
        assert "Signature is Valid." in signatures
        assert "Signature Field Name: Kepala" in signatures
        checked = subprocess.run(["qpdf", "--check", str(letter)], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stdout


def test_the_printed_code_leads_to_the_verification_page(applications: list[dict[str, Any]]) -> None:
    for application in applications:
        document = pypdfium2.PdfDocument(letter_of(application))
        pages = [
            [code.text for code in zxingcpp.read_barcodes(page.render(scale=150 / 72, grayscale=True).to_numpy())]
            for page in document
        ]
        assert all(len(codes) <= 1 for codes in pages), "never two codes on one page"
        for_the_field = [codes for codes in pages if codes and "/v/luring#" in codes[0]]
        assert len(for_the_field) <= 1
        assert [codes for codes in pages if codes and codes not in for_the_field] == [[application["verification_url"]]]


def test_the_letters_are_judged_valid_when_nothing_runs_any_more(
    demo: Path, applications: list[dict[str, Any]]
) -> None:
    found = judged(demo, *map(letter_of, applications))
    assert [(line["verdict"], line["level"]) for line in found] == [("SAH", "B-LTA")] * 3


def test_a_changed_letter_is_never_judged_valid(
    demo: Path, applications: list[dict[str, Any]], tmp_path: Path
) -> None:
    original = letter_of(applications[0]).read_bytes()
    middle = len(original) // 3
    changes = {
        "flipped.pdf": original[:middle] + bytes([original[middle] ^ 1]) + original[middle + 1 :],
        "trailing.pdf": original + b"tambahan",
        "cut.pdf": original[:-2000],
        "empty.pdf": b"",
    }
    for name, content in changes.items():
        (tmp_path / name).write_bytes(content)
    found = judged(demo, *(tmp_path / name for name in changes))
    assert len(found) == len(changes)
    assert all(line["verdict"] != "SAH" and line["reasons"] for line in found)


def test_nothing_is_left_running(demo: Path) -> None:
    left = [
        process.info["cmdline"]
        for process in psutil.process_iter(["cmdline"])
        if str(demo) in " ".join(process.info["cmdline"] or ())
    ]
    assert left == []
