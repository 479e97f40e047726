"""Keeps the fingerprints of the workflow code, once it is said why they changed.

    python -m tests.workflows.save_fingerprints --because name-of-the-change
    python -m tests.workflows.save_fingerprints --new-function "No case of an older release can have come here."
    python -m tests.workflows.save_fingerprints --no-commands "A helper was renamed; the same calls in the same order."

`--because` names a `workflow.patched(...)` of the code that no earlier change was excused by: a released patch says
nothing about a change that came after it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.workflows.fingerprints import KEPT, changes, fingerprints, kept, patch_ids, sources

SHORTEST_REASON = 20


class Refused(Exception):
    """The fingerprints stay as they were; the message says why."""


def save(
    of: Mapping[str, str],
    *,
    because: str = "",
    new_function: str = "",
    no_commands: str = "",
    file: Path = KEPT,
) -> list[str]:
    """Keeps the fingerprints of these sources and why they changed; names of the functions that did.

    Raises Refused.
    """
    before = kept(file) if file.exists() else {"patches": [], "functions": {}, "changes": []}
    now, patches = fingerprints(of), patch_ids(of)
    changed = changes(before["functions"], now)
    if not changed:
        return []
    if sum(map(bool, (because, new_function, no_commands))) != 1:
        raise Refused("Give one of --because, --new-function, --no-commands.")
    if because and because not in patches:
        raise Refused(f'No workflow.patched("{because}") stands in the code; it has: {", ".join(sorted(patches))}.')
    if because and because in before["patches"]:
        raise Refused(f"{because} gates an earlier change; this one needs a name of its own.")
    if new_function and (old := [one.function for one in changed if one.kind != "new"]):
        raise Refused(f"Running cases know {', '.join(old)}: that is no new function.")
    reason = new_function or no_commands
    if not because and len(reason) < SHORTEST_REASON:
        raise Refused("The reason is read by whoever looks for a broken replay: give a whole sentence.")
    names = [one.function for one in changed]
    said = {"because": because} if because else {"new_function" if new_function else "no_commands": reason}
    content = {
        "patches": sorted(patches),
        "functions": now,
        "changes": [*before["changes"], {**said, "functions": names}],
    }
    file.write_text(json.dumps(content, indent=1) + "\n")
    return names


def main() -> None:
    """Entry point."""
    reader = argparse.ArgumentParser(description="Keeps the fingerprints of the workflow code.")
    reader.add_argument("--because", default="", help="id of the workflow.patched(...) that gates the change")
    reader.add_argument("--new-function", default="", help="why no running case can have entered it")
    reader.add_argument("--no-commands", default="", help="why the commands are the same")
    asked = reader.parse_args()
    try:
        names = save(sources(), **vars(asked))
    except Refused as refused:
        sys.exit(str(refused))
    sys.stdout.write("".join(f"{name}\n" for name in names) or "Nothing has changed.\n")


if __name__ == "__main__":
    main()
