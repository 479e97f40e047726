"""Gives each template whose sources changed its next number: `python -m tests.letters.save_versions`."""

import json
from typing import get_args

from activities.letters import LETTERS_DIR, Template
from activities.templates import VERSIONS, sources_sha256


def main() -> None:
    """Writes the numbers, and names the templates that got a new one."""
    path = LETTERS_DIR / VERSIONS
    kept = json.loads(path.read_text()) if path.exists() else {}
    saved = {}
    for template in get_args(Template):
        sources, known = sources_sha256(template), kept.get(template, {"version": 0, "sources": ""})
        changed = sources != known["sources"]
        saved[template] = {"version": known["version"] + changed, "sources": sources}
        if changed:
            print(f"{template}: version {saved[template]['version']}")
    path.write_text(json.dumps(saved, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
