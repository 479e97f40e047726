"""Runs cases of `saved_cases` on real parts and saves their histories for the replay test.

    python -m tests.workflows.save_histories                         # the cases that have no history yet
    python -m tests.workflows.save_histories plain lapsed            # these alone
    python -m tests.workflows.save_histories plain --because PATCH   # once more, after a change named PATCH

Histories are saved as the server keeps them, encrypted with the published test key; the people in them are fictional.
A file that is there is never written over: the histories of older code are the guard, and a change of commands needs
`workflow.patched` and a history of its own beside them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import warnings
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict

from tests.workflows.case_file import CaseFile
from tests.workflows.office import Office, an_office
from tests.workflows.saved_cases import SAVED_CASES

HISTORIES = Path(__file__).parent / "histories"


def missing(folder: Path = HISTORIES) -> list[str]:
    """The cases without a history."""
    return [name for name in SAVED_CASES if not (folder / f"{name}.json").exists()]


async def save(names: Sequence[str], because: str = "", folder: Path = HISTORIES) -> AsyncIterator[Path]:
    """Drives these cases and writes one file for each of their workflows.

    Args:
        names: of `SAVED_CASES`.
        because: id of the change that a history shows; becomes a part of the file's name.
        folder: where.

    Raises FileExistsError before anything runs, where a case has a history of that name.
    """
    folder.mkdir(exist_ok=True)
    stems = {name: f"{name}@{because}" if because else name for name in names}
    if there := [stem for stem in stems.values() if (folder / f"{stem}.json").exists()]:
        raise FileExistsError(f"saved before, and never written over: {', '.join(there)}")
    with tempfile.TemporaryDirectory(prefix="sakpore-histories-") as data:
        async with an_office(Path(data)) as office:
            for name, stem in stems.items():
                case = await SAVED_CASES[name](office)
                await case.handle.result()
                for file in await _save(office, case, stem, folder):
                    yield file


async def _save(office: Office, case: CaseFile, name: str, folder: Path) -> list[Path]:
    children = {request.opd: request.workflow_id for request in await office.records.opd_answers_of(case.number)}
    others = children | case.beside
    workflows = {name: case.number} | {f"{name}.{what}": workflow_id for what, workflow_id in others.items()}
    written = []
    for stem, workflow_id in workflows.items():
        history = await office.client.get_workflow_handle(workflow_id).fetch_history()
        events = [_without_machine(MessageToDict(event)) for event in history.events]
        file = folder / f"{stem}.json"
        lines = ",\n".join(json.dumps(event, separators=(",", ":")) for event in events)
        file.write_text(f'{{"workflow_id": "{workflow_id}", "events": [\n{lines}\n]}}\n')
        written.append(file)
    return written


def _without_machine(part: Any) -> Any:
    """The same without the names of processes and machines."""
    if isinstance(part, dict):
        return {key: "uji" if key == "identity" else _without_machine(value) for key, value in part.items()}
    if isinstance(part, list):
        return [_without_machine(value) for value in part]
    return part


async def _save_and_tell(names: Sequence[str], because: str) -> None:
    async for file in save(names, because):
        sys.stdout.write(f"{file.name}: {file.stat().st_size // 1024} kB\n")
        sys.stdout.flush()


def main() -> None:
    """Entry point."""
    reader = argparse.ArgumentParser(description="Saves histories of cases for the replay test.")
    reader.add_argument("names", nargs="*", choices=[*SAVED_CASES, []], help="those without a history by default")
    reader.add_argument("--because", default="", help="id of the workflow.patched(...) that they show")
    asked = reader.parse_args()
    warnings.simplefilter("ignore")  # the stand-ins of the development stack say what they are
    asyncio.run(_save_and_tell(asked.names or missing(), asked.because))


if __name__ == "__main__":
    main()
