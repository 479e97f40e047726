"""Runs the cases of `saved_cases` on real parts and saves their histories for the replay test.

    python -m tests.workflows.save_histories

Histories are saved as the server keeps them, encrypted with the published test key; the people in them are fictional.
Run it when a change of workflow code is meant to change commands and no case of the older code is alive any more;
otherwise the old files are the guard, and the change needs `workflow.patched`.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict

from tests.workflows.case_file import CaseFile
from tests.workflows.office import Office, an_office
from tests.workflows.saved_cases import SAVED_CASES

HISTORIES = Path(__file__).parent / "histories"


async def save_all(folder: Path = HISTORIES) -> list[Path]:
    """Drives every case and writes one file for each of its workflows."""
    folder.mkdir(exist_ok=True)
    written: list[Path] = []
    with tempfile.TemporaryDirectory(prefix="sakpore-histories-") as data:
        async with an_office(Path(data)) as office:
            for name, drive in SAVED_CASES.items():
                case = await drive(office)
                await case.handle.result()
                written += await _save(office, case, name, folder)
    return written


async def _save(office: Office, case: CaseFile, name: str, folder: Path) -> list[Path]:
    children = {request.opd: request.workflow_id for request in await office.records.opd_answers_of(case.number)}
    workflows = {name: case.number} | {f"{name}.{opd}": workflow_id for opd, workflow_id in children.items()}
    written = []
    for stem, workflow_id in workflows.items():
        history = await office.client.get_workflow_handle(workflow_id).fetch_history()
        events = [_without_machine(MessageToDict(event)) for event in history.events]
        file = folder / f"{stem}.json"
        file.write_text(json.dumps({"workflow_id": workflow_id, "events": events}, indent=1) + "\n")
        written.append(file)
    return written


def _without_machine(part: Any) -> Any:
    """The same without the names of processes and machines."""
    if isinstance(part, dict):
        return {key: "uji" if key == "identity" else _without_machine(value) for key, value in part.items()}
    if isinstance(part, list):
        return [_without_machine(value) for value in part]
    return part


def main() -> None:
    """Entry point."""
    warnings.simplefilter("ignore")  # the stand-ins of the development stack say what they are
    for file in asyncio.run(save_all()):
        sys.stdout.write(f"{file.name}: {file.stat().st_size // 1024} kB\n")


if __name__ == "__main__":
    main()
