"""`/kelola/tangga`: whom each ladder tells and when, and which desks of which types stand on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from api.dependencies import Here
from api.pages.administration.doors import ladder_reader, sections_of
from api.pages.administration.words import ladder_names, who_names
from api.pages.rendering import page
from api.pages.words import carrier_names, role_names
from permits.authority import Actor, Role
from permits.definition import PermitDefinition
from permits.definition_loader import load_ladders
from permits.escalation import Ladder

ladder_pages = APIRouter()


@dataclass
class LadderShown:
    """One ladder, and where it stands: type -> titles of stages."""

    name: str
    ladder: Ladder
    used_in: dict[str, list[str]] = field(default_factory=dict)


@ladder_pages.get("/kelola/tangga")
async def ladders(request: Request, services: Here, person: Annotated[Actor, Depends(ladder_reader)]) -> Response:
    """Every ladder of this release; those that a version brought itself stand with that version."""
    named = load_ladders()
    words = ladder_names()
    shown = [LadderShown(words.get(name, name), ladder) for name, ladder in named.items()]
    for definition in await services.records.definitions():
        if definition.status == "published":
            for one in shown:
                if titles := _stages_on(definition, one.ladder):
                    one.used_in[definition.title] = titles
    return page(
        request, "administration/ladders.html", ladders=shown, who=who_names(), channels=carrier_names(),
        roles=role_names(Role), sections=sections_of(person, "/kelola/tangga"),
    )  # fmt: skip


def _stages_on(definition: PermitDefinition, ladder: Ladder) -> list[str]:
    titles = [stage.title for stage in definition.stages if getattr(stage, "ladder", None) == ladder]
    titles += [
        agency.name
        for stage in definition.stages
        for agency in getattr(stage, "agencies", ())
        if agency.ladder == ladder
    ]
    return list(dict.fromkeys(titles))
