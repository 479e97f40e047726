"""Keeps the rules of one folder of pages from reaching the pages of another, though all share one sheet.

`officers.css` holds on pages of `web/pages/officers/` alone: each of its selectors is put under `.area-officers`, the
class that `base.html` gives to the body of such a page.
"""

from __future__ import annotations

from collections.abc import Mapping

from sakpore.thinning import WITHIN, apart, rules

SHARED: Mapping[str, tuple[str, ...]] = {"agencies": ("agencies", "fieldwork")}
"""Folders whose rules hold elsewhere too."""
EVERYWHERE = frozenset({"live"})


def scoped(sheet: str, area: str) -> str:
    """The sheet of a folder of pages, under its own class.

    Raises:
        ValueError: the braces of the sheet do not match.
    """
    if area in EVERYWHERE:
        return sheet
    places = [f".area-{one}" for one in SHARED.get(area, (area,))]
    return "\n".join(_under(head, body, places) for head, body in rules(sheet))


def _under(head: str, body: str | None, places: list[str]) -> str:
    if body is None:
        return head
    if head.startswith(WITHIN):
        return f"{head}{{{''.join(_under(inner, within, places) for inner, within in rules(body))}}}"
    if head.startswith("@"):
        return f"{head}{{{body}}}"
    selectors = [f"{place} {one.strip()}" for one in apart(head) for place in places]
    return f"{','.join(selectors)}{{{body}}}"
