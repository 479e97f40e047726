"""Plainly fictional people, as the frame of a page is given them."""

from typing import Any

from api.pages.menu import menu_of
from permits.authority import Actor, Role

Samples = dict[str, tuple[str, dict[str, Any]]]
"""Name of the sample -> (template, context)."""


def person(role: Role, name: str, **fields: Any) -> Actor:
    """Somebody who is logged in."""
    return Actor(id=f"contoh-{role.value}", name=name, role=role, **fields)


APPLICANT = person(Role.APPLICANT, "Contoh Pemohon Satu, A.Md.Ftr.")
FRONT = person(Role.FRONT_OFFICE, "Petugas Depan Contoh")
BACK = person(Role.BACK_OFFICE, "Petugas Kesehatan Contoh", field="kesehatan")
TECHNICAL = person(Role.TECHNICAL_TEAM, "Tim Teknis Contoh")
SUBCOORDINATOR = person(Role.SUB_COORDINATOR, "Subkoordinator Contoh")
COORDINATOR = person(Role.COORDINATOR, "Koordinator Contoh")
DIVISION = person(Role.HEAD_OF_DIVISION, "Kepala Bidang Contoh")
HEAD = person(Role.HEAD_OF_OFFICE, "Kepala Dinas Contoh")
AGENCY = person(Role.OPD, "Petugas Bappeda Contoh", opd="bappeda")
INSPECTORATE = person(Role.INSPECTORATE, "Inspektur Contoh")
OPS = person(Role.OPS, "Operator Sistem Contoh")


def framed(who: Actor | None, /, **context: Any) -> dict[str, Any]:
    """The context of a page as `form_page` gives it to that person."""
    return {"person": who, "menu": menu_of(who), "csrf_token": "contoh", "form_key": "kunci-contoh", **context}
