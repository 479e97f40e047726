"""`make demo`: a stack of its own, three permits, a summary, and nothing left running."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import sys
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console

from sakpore.demo.cases import CASES
from sakpore.demo.drive import Drive
from sakpore.demo.office import Desk, Refused
from sakpore.demo.show import Progress
from sakpore.people import HEAD
from sakpore.stack.errors import StackError
from sakpore.stack.supervisor import Stack
from signing.double import DemoPki
from signing.policy import Policy
from signing.policy_export import export_policy
from signing.port import HEAD_FIELD
from signing.report import judge_file
from signing.verdict import Level

OFFICE_DATE = date(2026, 11, 30)  # a Monday without holidays near it


def run_demo(out: Path, seconds: float) -> int:
    """0 when three letters were signed and judged SAH; otherwise a sentence says what went wrong."""
    console = Console(stderr=False)
    try:
        return asyncio.run(_run(out, seconds, console))
    except StackError as error:
        console.print(str(error), style="red", markup=False)
        return error.exit_code
    except (Refused, TimeoutError) as error:
        reason = str(error) or "a case did not come to its end in time"
        console.print(f"The demo failed: {reason}. Logs: {out / 'office' / 'log'}", style="red", markup=False)
        return 1


async def _run(out: Path, seconds: float, console: Console) -> int:
    office = out / "office"
    _clear(out)
    environment = {
        **os.environ,
        "SAKPORE_PACE_SECONDS": str(seconds),
        "SAKPORE_PACE_OFFICE_DATE": OFFICE_DATE.isoformat(),
    }
    with Progress(console) as progress:
        async with Stack(office, environment=environment, on_event=progress.stack) as stack:
            progress.say(f"Ready. Temporal UI while it runs: {stack.addresses.get('temporal_ui', '-')}")
            base_url = stack.addresses["api"]
            closed = await Drive(base_url, office, progress.case).run(CASES)
            summary = {"applications": [await _write_letter(base_url, page, out) for page in closed]}
        policy = _write_policy(out, office)
        (out / "summary.json").write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n")
        return _judge(summary, policy, progress)


def _clear(out: Path) -> None:
    """Every demonstration begins with an empty office."""
    out.mkdir(parents=True, exist_ok=True)
    for old in (*out.glob("*.pdf"), *out.glob("*.pem"), *out.glob("*.json")):
        old.unlink()
    if (out / "office").exists() and not _is_running(out / "office"):
        shutil.rmtree(out / "office")


def _is_running(office: Path) -> bool:
    """Whether a supervisor still lives there; the stack itself then says so in one sentence."""
    try:
        pid = json.loads((office / "run.json").read_text())["supervisor_pid"]
        os.kill(int(pid), 0)
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return True


async def _write_letter(base_url: str, page: dict[str, Any], out: Path) -> dict[str, Any]:
    person = next(case.applicant for case in CASES if case.permit_type == page["permit_type"])
    desk = await Desk.open(base_url, person)
    try:
        number = page["number"]
        pdf = await desk.fetch(f"/applications/{number}/letters/permit")
        tracking = await desk.get(f"/tracking/{page['tracking_code']}")
        events = await _all_events(desk, number)
    finally:
        await desk.close()
    path = out / f"{number}.pdf"
    path.write_bytes(pdf)
    public = tracking["verification_url"].split("/v/")[0]
    return {
        "number": number,
        "permit_type": page["permit_type"],
        "tracking_code": page["tracking_code"],
        "tracking_url": f"{public}/lacak/{page['tracking_code']}",
        "verification_url": tracking["verification_url"],
        "pdf": os.path.relpath(path),
        "pdf_sha256": hashlib.sha256(pdf).hexdigest(),
        "stages": [
            {key: stage[key] for key in ("stage", "title", "entered_at", "left_at")}
            for stage in map(_stage, page["stages"])
        ],
        "opd_events": [
            _opd_event(line) for line in events if line["tag"].startswith("opd:") and line["facts"].get("opd")
        ],
    }


def _stage(view: dict[str, Any]) -> dict[str, Any]:
    return {**view, "stage": view["kind"]}


def _opd_event(line: dict[str, Any]) -> dict[str, Any]:
    facts = line["facts"]
    event = {"opd": facts["opd"], "event": line["tag"].rsplit(":", 1)[1], "at": line["at"]}
    more = {"office_at": line["office_at"], "rung": facts.get("rung"), "due_at": facts.get("due_at")}
    return event | {key: value for key, value in more.items() if value}


async def _all_events(desk: Desk, number: str) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    after: int | None = 0
    while after is not None:
        page = await desk.get(f"/applications/{number}/events", after=after, limit=200)
        lines += page["items"]
        after = page["next_after"]
    return lines


def _write_policy(out: Path, office: Path) -> Path:
    """The policy with its anchors and CRLs, so that the letters can be judged when nothing runs any more."""
    certificate = DemoPki.load(office / "pki").certificate(HEAD.id)
    signers = {HEAD_FIELD: hashlib.sha256(certificate).hexdigest()}
    # Letters are issued at B-LTA: one whose archive was cut away is not the letter that was issued.
    return export_policy(out, office / "pki", signers, min_level=Level.B_LTA)


def _judge(summary: dict[str, Any], policy_file: Path, progress: Progress) -> int:
    policy = Policy.from_file(policy_file)
    worst = 0
    for application in summary["applications"]:
        found = judge_file(Path(application["pdf"]), policy)
        progress.say(f"{application['number']}  {found['verdict']} {found['level']}  {application['pdf']}")
        worst |= found["verdict"] != "SAH"
    return int(worst)


if __name__ == "__main__":
    sys.exit(run_demo(Path("var/demo"), 2.0))
