"""Who may do what: one pure function, asked at the door (api) and again by the workflow.

Deny by default: an act that no line below allows is refused.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from permits.errors import Code


class Role(StrEnum):
    """The desks of the office and those around it."""

    APPLICANT = "applicant"  # pemohon
    FRONT_OFFICE = "front_office"  # receives, checks completeness, help desk
    BACK_OFFICE = "back_office"  # studies by field, drafts
    SUB_COORDINATOR = "sub_coordinator"
    COORDINATOR = "coordinator"
    HEAD_OF_DIVISION = "head_of_division"  # kabid, gives the paraf
    HEAD_OF_OFFICE = "head_of_office"  # kepala dinas, signs
    TECHNICAL_TEAM = "technical_team"  # inspects, meets
    OPD = "opd"  # officer of a technical agency
    COMPLAINT_TEAM = "complaint_team"
    INSPECTORATE = "inspectorate"  # last rung of a ladder
    OPS = "ops"  # keeps the machines running; sees flows, not citizens
    SYSTEM = "system"  # the engine itself, in events


STAFF = frozenset(
    {
        Role.FRONT_OFFICE,
        Role.BACK_OFFICE,
        Role.SUB_COORDINATOR,
        Role.COORDINATOR,
        Role.HEAD_OF_DIVISION,
        Role.HEAD_OF_OFFICE,
        Role.TECHNICAL_TEAM,
    }
)


SUPERIOR = {
    Role.FRONT_OFFICE: Role.COORDINATOR,
    Role.BACK_OFFICE: Role.SUB_COORDINATOR,
    Role.TECHNICAL_TEAM: Role.COORDINATOR,
    Role.SUB_COORDINATOR: Role.COORDINATOR,
    Role.COORDINATOR: Role.HEAD_OF_DIVISION,
    Role.HEAD_OF_DIVISION: Role.HEAD_OF_OFFICE,
    Role.HEAD_OF_OFFICE: Role.INSPECTORATE,
}
"""Who is told when a desk stays silent (rung `holder_head`); an OPD's own head is an account of that OPD."""


class Actor(BaseModel):
    """Somebody who asks for something."""

    model_config = ConfigDict(frozen=True)

    id: str  # account id, opaque
    name: str
    role: Role
    field: str | None = None  # back office: the field it works in (kesehatan, penelitian, ...); None = all
    opd: str | None = None  # opd officers: the agency's code


SYSTEM = Actor(id="system", name="Sakpore", role=Role.SYSTEM)


class Act(StrEnum):
    """What can be asked."""

    APPLY = "apply"
    EDIT_DRAFT = "edit-draft"
    WITHDRAW = "withdraw"
    READ_APPLICATION = "read-application"
    READ_DOCUMENTS = "read-documents"
    LIST_TASKS = "list-tasks"
    DECIDE = "decide"
    SIGN = "sign"
    READ_ENGINE = "read-engine"
    DECODE_PAYLOADS = "decode-payloads"


class Subject(BaseModel):
    """What an act is about, as far as permission needs to know."""

    model_config = ConfigDict(frozen=True)

    applicant_id: str | None = None
    role: Role | None = None  # of the task
    field: str | None = None
    opd: str | None = None
    opds: tuple[str, ...] = ()  # agencies asked in this case
    verified_by: tuple[str, ...] = ()  # ids of those who judged this case at earlier desks


def refusal(actor: Actor, act: Act, subject: Subject | None = None) -> Code | None:
    """The reason why `actor` may not do `act` on `subject`, or None where it is allowed."""
    about = subject or Subject()
    own = about.applicant_id is not None and about.applicant_id == actor.id
    match act:
        case Act.APPLY:
            allowed = actor.role is Role.APPLICANT
        case Act.EDIT_DRAFT | Act.WITHDRAW:
            allowed = actor.role is Role.APPLICANT and own
        case Act.READ_APPLICATION:
            allowed = own or actor.role in STAFF or _agency_asked(actor, about)
        case Act.READ_DOCUMENTS:
            allowed = own or actor.role in STAFF or _agency_asked(actor, about)
        case Act.LIST_TASKS:
            allowed = actor.role is not Role.OPS and actor.role is not Role.SYSTEM
        case Act.DECIDE | Act.SIGN:
            return _refusal_to_decide(actor, act, about, own)
        case Act.READ_ENGINE | Act.DECODE_PAYLOADS:
            allowed = actor.role is Role.OPS
    return None if allowed else Code.NOT_ALLOWED


def _agency_asked(actor: Actor, about: Subject) -> bool:
    return actor.role is Role.OPD and actor.opd is not None and actor.opd in about.opds


def _refusal_to_decide(actor: Actor, act: Act, about: Subject, own: bool) -> Code | None:
    if about.role is None or actor.role is not about.role:
        return Code.NOT_ALLOWED
    if act is Act.SIGN and actor.role is not Role.HEAD_OF_OFFICE:
        return Code.NOT_ALLOWED
    if actor.role is Role.APPLICANT:
        return None if own else Code.NOT_ALLOWED
    if own:
        return Code.OWN_APPLICATION
    if actor.role is Role.OPD and actor.opd != about.opd:
        return Code.NOT_ALLOWED
    if actor.role is Role.BACK_OFFICE and actor.field is not None and about.field not in (None, actor.field):
        return Code.NOT_ALLOWED
    if actor.role is Role.HEAD_OF_OFFICE and actor.id in about.verified_by:
        return Code.SAME_PERSON
    return None
