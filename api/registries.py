"""Registers outside the office that the door asks: the population register (Dukcapil).

A port and its stand-in. The real service needs an agreement with Disdukcapil; until then nobody is refused for what it
would have said.
"""

from __future__ import annotations

import logging
from datetime import date
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict

log = logging.getLogger("sakpore.api")


class PopulationAnswer(BaseModel):
    """What the register says of a person."""

    model_config = ConfigDict(frozen=True)

    state: Literal["matches", "differs", "not-asked"]
    source: str  # who answered, in words


class PopulationRegistry(Protocol):
    """The population register; it is asked for a match and never for data."""

    async def match(self, nik: str, name: str, birth_date: date) -> PopulationAnswer:
        """Whether NIK, name and birth date belong together; `not-asked` where it cannot say."""
        ...


class StandInPopulationRegistry:
    """Stands in for Dukcapil: it knows nobody, says so, and never confirms anything."""

    def __init__(self) -> None:
        log.warning("the population register is a stand-in: no NIK is confirmed by Dukcapil")

    async def match(self, nik: str, name: str, birth_date: date) -> PopulationAnswer:
        """Always `not-asked`."""
        return PopulationAnswer(state="not-asked", source="Tiruan: Dukcapil belum tersambung")
