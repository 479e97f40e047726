"""What the catalogue says in words: variants, the banner of unconfirmed types, the promise with its arithmetic.

The words stand in `web/sentences/catalogue.yaml`, and in English in the file beside it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

from api.pages.language import language
from permits.definition import PermitDefinition, Variant
from permits.promise_check import promise_arithmetic

CATALOGUE = Path(__file__).resolve().parent.parent / "web" / "sentences" / "catalogue.yaml"
ENGLISH = CATALOGUE.with_suffix(".en.yaml")


class CatalogueWords(BaseModel):
    """The words of the catalogue in one language."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    variants: dict[Variant, str]
    banners: dict[str, str]
    joining: str
    pending: str
    promise: dict[str, str]

    def banner(self, definition: PermitDefinition) -> str | None:
        """What stands above the page of a type that is not simply the office's own; None where it is."""
        if definition.refers_to:
            return definition.refers_to
        return None if definition.confirmed else self.banners["unconfirmed"]

    def promise_of(self, definition: PermitDefinition, variant: Variant) -> str:
        """The promise of a variant, with the agencies' days inside it or beside it."""
        sums = promise_arithmetic(definition, variant)
        form = "beside" if sums.beside else "within" if sums.agency_days else "alone"
        agencies = self.joining.join(dict.fromkeys(line.holder for line in sums.lines if line.whose == "agency"))
        return self.promise[form].format(
            promised=sums.promised,
            office=sums.promised - (definition.agency_working_days or 0),
            agency=definition.agency_working_days or sums.agency_days,
            agencies=agencies,
        )


def catalogue_words() -> CatalogueWords:
    """The words in the language of the request."""
    return _read(ENGLISH if language() == "en" else CATALOGUE)


@cache
def _read(path: Path) -> CatalogueWords:
    return CatalogueWords.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
