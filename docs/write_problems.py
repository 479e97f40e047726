"""Writes `docs/problems.md`: every code a refusal can have, from the codes themselves and the words they say.

Run as `.venv/bin/python -m docs.write_problems` after a code or its words have changed; a test compares.
"""

from __future__ import annotations

import inspect
import re
from enum import StrEnum
from pathlib import Path

from api.problems import ApiCode, ProblemTable
from permits.errors import Code

PAGE = Path(__file__).resolve().parent / "problems.md"
MEMBER = re.compile(r'^\s+\w+ = "(?P<code>[a-z0-9-]+)"(?:\s+# (?P<comment>.+))?$', re.MULTILINE)

HEAD = """# Problems

Every refusal over HTTP is `application/problem+json` (RFC 9457) with one of these codes. Codes are never renamed.
`type` is the page `/masalah/` and the code; `detail` is the sentence below, with its {facts} filled in, or the second
sentence where a fact is missing. Nothing that was sent is echoed.

This page is written by `docs/write_problems.py`; do not edit it.
"""


def page() -> str:
    """The whole page."""
    table = ProblemTable()
    rules = _section("What the rules refuse", "permits/errors.py", Code, table)
    door = _section("What only the door refuses", "api/problems.py", ApiCode, table)
    return f"{HEAD}\n{rules}\n{door}"


def _section(title: str, source: str, codes: type[StrEnum], table: ProblemTable) -> str:
    comments = {found["code"]: found["comment"] or "" for found in MEMBER.finditer(inspect.getsource(codes))}
    lines = [f"## {title}", "", f"From [`{codes.__name__}`](../{source}).", ""]
    lines += ["| code | status | it says | when |", "|---|---|---|---|"]
    for code in codes:
        words = table.words(code.value)
        assert words is not None, f"{code.value} has no words"
        said = " / ".join(filter(None, (words.detail, words.plain)))
        cells = (f"`{code.value}`", str(words.status), f"**{words.title}.** {said}", comments.get(code.value, ""))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
