"""Takes out of govuk-frontend's style sheet what no page of ours can show.

A component is kept when a template draws it (`govuk("radios", ...)`, with whatever that draws itself) or names one of
its classes. A rule goes when every one of its selectors needs a class of a component that is not kept; `@media` and
`@supports` go when they are left empty. Classes are compared by their block (`govuk-button` of
`govuk-button--secondary`), so a class that is put together from parts is kept with its block; helpers such as
`govuk-!-margin-top-2` are compared whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import govuk_frontend_jinja

COMPONENTS = Path(govuk_frontend_jinja.__file__).parent / "templates" / "components"
DRAWN = re.compile(r"""govuk\(\s*["']([a-z-]+)["']""")
IMPORTED = re.compile(r"components/([a-z-]+)/")
HELPER = re.compile(r"govuk-!-[\w-]+")
BLOCK = re.compile(r"govuk-[a-z0-9]+(?:-[a-z0-9]+)*")
CLASS = re.compile(r"\.(govuk-(?:\\!-)?[\w-]+|js-enabled)")
WITHIN = ("@media", "@supports", "@container", "@layer", "@-moz-document")


def used_names(sources: Iterable[str]) -> frozenset[str]:
    """Blocks and helpers that these templates and scripts can put on a page.

    Raises:
        ValueError: one draws a component that there is none of.
    """
    texts = list(sources)
    drawn: set[str] = set()
    waiting = {name for text in texts for name in DRAWN.findall(text)}
    while waiting:
        name = waiting.pop()
        drawn.add(name)
        inside = _component(name)
        texts.append(inside)
        waiting |= set(IMPORTED.findall(inside)) - drawn
    return frozenset(name for text in texts for name in (*HELPER.findall(text), *BLOCK.findall(text)))


def thinned(sheet: str, used: frozenset[str]) -> str:
    """The sheet without the rules that no page can use.

    Raises:
        ValueError: the braces of the sheet do not match.
    """
    plain = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    return "".join(_kept(head, body, used) for head, body in rules(plain))


def names_in_selector(selector: str) -> set[str]:
    """Blocks and helpers of one selector; what `:not(...)` names is not needed."""
    needed = re.sub(r":not\([^)]*\)", "", selector)
    return {_name(found) for found in CLASS.findall(needed)}


def _name(found: str) -> str:
    plain = found.replace("\\", "")
    return plain if plain.startswith("govuk-!") else re.split(r"__|--", plain)[0]


def _component(name: str) -> str:
    found = sorted((COMPONENTS / name).glob("*.html"))
    if not found:
        raise ValueError(f"govuk-frontend has no component {name}")
    return "".join(path.read_text() for path in found)


def _kept(head: str, body: str | None, used: frozenset[str]) -> str:
    if body is None:
        return head
    if head.startswith(WITHIN):
        inside = thinned(body, used)
        return f"{head}{{{inside}}}" if inside else ""
    if head.startswith("@"):
        return f"{head}{{{body}}}"
    selectors = [one for one in apart(head) if names_in_selector(one) <= used]
    return f"{','.join(selectors)}{{{body}}}" if selectors else ""


def rules(sheet: str) -> Iterator[tuple[str, str | None]]:
    """Each rule's head and body; a statement without a body, such as a charset, has None."""
    start, depth, opened = 0, 0, 0
    for place, mark in enumerate(sheet):
        if mark == "{":
            depth += 1
            opened = place if depth == 1 else opened
        elif mark == "}":
            depth -= 1
            if depth < 0:
                raise ValueError("the style sheet closes more braces than it opens")
            if depth == 0:
                yield sheet[start:opened].strip(), sheet[opened + 1 : place]
                start = place + 1
        elif mark == ";" and depth == 0:
            yield sheet[start : place + 1], None
            start = place + 1
    if depth:
        raise ValueError("the style sheet leaves braces open")


def apart(head: str) -> list[str]:
    """Selectors of a list; a comma within parentheses does not part them."""
    return re.split(r",(?![^(]*\))", head)
