"""A date in three boxes: day, month and year as people write them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from api.pages.formatting import ENGLISH_MONTHS, MONTHS


@dataclass(frozen=True)
class Boxes:
    """What stands in the boxes."""

    day: str = ""
    month: str = ""
    year: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was written."""
        return not (self.day or self.month or self.year)


def boxes_of(answer: str) -> Boxes:
    """The boxes of a kept date (ISO 8601); empty for anything else."""
    try:
        day = date.fromisoformat(answer)
    except ValueError:
        return Boxes()
    return Boxes(str(day.day), str(day.month), str(day.year))


def day_of_boxes(boxes: Boxes) -> date | None:
    """The date; a month may be a number or a name. None for what is no date."""
    month = _month(boxes.month)
    try:
        return date(int(boxes.year), month, int(boxes.day)) if month and len(boxes.year) == 4 else None
    except ValueError:
        return None


def _month(text: str) -> int:
    if text.isascii() and text.isdigit():
        return int(text)
    plain = text.lower()
    for names in (MONTHS, ENGLISH_MONTHS):
        found = [n for n, name in enumerate(names, 1) if len(plain) >= 3 and name.lower().startswith(plain)]
        if len(found) == 1:
            return found[0]
    return 0
