"""Who may do what: one pure function, asked at the door (api) and again by the workflow.

Deny by default: an act that no line below allows is refused. `docs/permissions.md` is generated from this module.
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

LEADERS = frozenset({Role.SUB_COORDINATOR, Role.COORDINATOR, Role.HEAD_OF_DIVISION, Role.HEAD_OF_OFFICE})
"""Those who answer for other desks' work."""

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
    """Somebody who asks for something, in one capacity."""

    model_config = ConfigDict(frozen=True)

    id: str  # account id, opaque
    name: str
    role: Role
    field: str | None = None  # back office: the field it works in (kesehatan, penelitian, ...); None = all
    opd: str | None = None  # opd officers: the agency's code
    is_head: bool = False  # opd officers: the head of its agency
    on_behalf_of: str | None = None  # by name: a kuasa's principal, an absent colleague, an applicant at the counter


SYSTEM = Actor(id="system", name="Sakpore", role=Role.SYSTEM)


class Act(StrEnum):
    """What can be asked."""

    APPLY = "apply"
    APPLY_FOR = "apply-for"  # assisted filing at the counter
    EDIT_DRAFT = "edit-draft"
    WITHDRAW = "withdraw"
    ASK_FOR_CHANGE = "ask-for-change"  # replacement or extension of one's own permit
    EXPORT_OWN_DATA = "export-own-data"
    READ_APPLICATION = "read-application"
    READ_DOCUMENTS = "read-documents"
    LIST_TASKS = "list-tasks"
    DECIDE = "decide"
    SIGN = "sign"
    HOLD_PASSKEY = "hold-passkey"  # an officer's own means of consenting to a signature
    SIGN_ANSWER = "sign-answer"  # an agency's officer signs the agency's own recommendation
    ACT_FOR_APPLICANT = "act-for-applicant"  # repair, payment, answer on the applicant's behalf, with consent
    KEY_IN_ANSWER = "key-in-answer"  # an OPD's answer that came on paper
    TAKE_OVER = "take-over"  # a task that is assigned to a colleague of the same desk, or to nobody
    ASSIGN = "assign"  # to somebody else
    STEER_OPD = "steer-opd"  # withdraw a request, extend it, add an agency
    ASK_WHY = "ask-why"  # asks the holder of a stuck case
    HELP = "help"  # the help thread of a case
    OPEN_REVOCATION = "open-revocation"
    READ_EVALUATION = "read-evaluation"
    DRAFT_DEFINITION = "draft-definition"
    PUBLISH_DEFINITION = "publish-definition"  # never the author
    DECLARE_DAY = "declare-day"  # a joint-leave day, an office day; re-plans open cases
    MANAGE_PEOPLE = "manage-people"
    GIVE_MANDATE = "give-mandate"  # to sign as acting head
    DELEGATE = "delegate"  # one's own desk to a colleague for a time
    READ_OUTBOX = "read-outbox"
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
    assigned_to: str | None = None  # whom the task is assigned to
    author_id: str | None = None  # of a draft definition


ALLOWED_ROLES: dict[Act, frozenset[Role]] = {
    Act.APPLY: frozenset({Role.APPLICANT}),
    Act.APPLY_FOR: frozenset({Role.FRONT_OFFICE}),
    Act.LIST_TASKS: frozenset(Role) - {Role.OPS, Role.SYSTEM},
    Act.ASK_WHY: LEADERS,
    Act.OPEN_REVOCATION: frozenset({Role.BACK_OFFICE, Role.COORDINATOR}),
    Act.READ_EVALUATION: LEADERS | {Role.INSPECTORATE},
    Act.DRAFT_DEFINITION: frozenset({Role.SUB_COORDINATOR, Role.COORDINATOR}),
    Act.PUBLISH_DEFINITION: frozenset({Role.COORDINATOR}),
    Act.DECLARE_DAY: frozenset({Role.COORDINATOR}),
    Act.MANAGE_PEOPLE: frozenset({Role.OPS}),
    Act.GIVE_MANDATE: frozenset({Role.HEAD_OF_OFFICE, Role.OPS}),
    Act.DELEGATE: STAFF | {Role.OPD},
    Act.HOLD_PASSKEY: STAFF | {Role.OPD},
    Act.EXPORT_OWN_DATA: frozenset(Role) - {Role.SYSTEM},
    Act.READ_OUTBOX: frozenset({Role.OPS}),
    Act.READ_ENGINE: frozenset({Role.OPS}),
    Act.DECODE_PAYLOADS: frozenset({Role.OPS}),
}
"""Acts that the role alone decides, but for what `refusal` says of one's own application and one's own draft."""


def refusal(actor: Actor, act: Act, subject: Subject | None = None) -> Code | None:
    """The reason why `actor` may not do `act` on `subject`, or None where it is allowed."""
    about = subject or Subject()
    own = about.applicant_id is not None and about.applicant_id == actor.id
    if act in ALLOWED_ROLES:
        if actor.role not in ALLOWED_ROLES[act]:
            return Code.NOT_ALLOWED
        return _refusal_of_own(actor, act, about, own)
    match act:
        case Act.EDIT_DRAFT | Act.WITHDRAW | Act.ASK_FOR_CHANGE:
            allowed = actor.role is Role.APPLICANT and own
        case Act.READ_APPLICATION | Act.READ_DOCUMENTS:
            allowed = own or _reads_cases(actor, about)
        case Act.HELP:
            allowed = own or actor.role is Role.FRONT_OFFICE
        case Act.DECIDE | Act.SIGN | Act.SIGN_ANSWER:
            return _refusal_to_decide(actor, act, about, own)
        case Act.ACT_FOR_APPLICANT | Act.KEY_IN_ANSWER | Act.STEER_OPD:
            return _refusal_to_stand_in(actor, act, about, own)
        case Act.TAKE_OVER | Act.ASSIGN:
            return _refusal_to_assign(actor, act, about, own)
        case _:
            allowed = False
    return None if allowed else Code.NOT_ALLOWED


def _refusal_of_own(actor: Actor, act: Act, about: Subject, own: bool) -> Code | None:
    if own and act in (Act.APPLY_FOR, Act.ASK_WHY, Act.OPEN_REVOCATION):
        return Code.OWN_APPLICATION
    if act is Act.OPEN_REVOCATION and not _in_field(actor, about):
        return Code.NOT_ALLOWED
    if act is Act.PUBLISH_DEFINITION and about.author_id == actor.id:
        return Code.SAME_PERSON
    return None


def _reads_cases(actor: Actor, about: Subject) -> bool:
    """Staff read every case, a back office those of its field (PDP: no more than the work needs)."""
    return (actor.role in STAFF and _in_field(actor, about)) or _agency_asked(actor, about)


def _agency_asked(actor: Actor, about: Subject) -> bool:
    return actor.role is Role.OPD and actor.opd is not None and actor.opd in about.opds


def _in_field(actor: Actor, about: Subject) -> bool:
    return actor.role is not Role.BACK_OFFICE or actor.field is None or about.field in (None, actor.field)


_SIGNERS = {Act.SIGN: Role.HEAD_OF_OFFICE, Act.SIGN_ANSWER: Role.OPD}


def _refusal_to_decide(actor: Actor, act: Act, about: Subject, own: bool) -> Code | None:
    if about.role is None or actor.role is not about.role or actor.role in (Role.OPS, Role.SYSTEM):
        return Code.NOT_ALLOWED
    if act in _SIGNERS and actor.role is not _SIGNERS[act]:
        return Code.NOT_ALLOWED
    if actor.role is Role.APPLICANT:
        return None if own else Code.NOT_ALLOWED
    if own:
        return Code.OWN_APPLICATION
    if actor.role is Role.OPD and (actor.opd is None or actor.opd != about.opd):
        return Code.NOT_ALLOWED
    if not _in_field(actor, about):
        return Code.NOT_ALLOWED
    if actor.role is Role.HEAD_OF_OFFICE and actor.id in about.verified_by:
        return Code.SAME_PERSON
    if about.assigned_to is not None and about.assigned_to != actor.id:
        return Code.ASSIGNED_TO_ANOTHER
    return None


_STEERERS = frozenset({Role.BACK_OFFICE, Role.SUB_COORDINATOR, Role.COORDINATOR})


def _refusal_to_stand_in(actor: Actor, act: Act, about: Subject, own: bool) -> Code | None:
    """Staff act for an applicant or an agency: never on their own application, and at that one's task alone."""
    match act:
        case Act.ACT_FOR_APPLICANT:
            allowed = actor.role is Role.FRONT_OFFICE and about.role in (None, Role.APPLICANT)
        case Act.KEY_IN_ANSWER:
            allowed = actor.role in (Role.FRONT_OFFICE, Role.BACK_OFFICE) and about.role in (None, Role.OPD)
        case _:
            allowed = actor.role in _STEERERS and about.role in (None, Role.OPD)
    if not allowed or not _in_field(actor, about):
        return Code.NOT_ALLOWED
    return Code.OWN_APPLICATION if own else None


def _refusal_to_assign(actor: Actor, act: Act, about: Subject, own: bool) -> Code | None:
    """A colleague of the desk takes a task over; a superior, or the agency's own head, gives it to somebody else."""
    unassigned = about.model_copy(update={"assigned_to": None})
    if about.role is None or about.role is Role.APPLICANT:
        return Code.NOT_ALLOWED
    if act is Act.TAKE_OVER:
        return _refusal_to_decide(actor, Act.DECIDE, unassigned, own)
    if own:
        return Code.OWN_APPLICATION
    if about.role is Role.OPD:
        allowed = actor.role is Role.OPD and actor.is_head and actor.opd is not None and actor.opd == about.opd
    else:
        allowed = actor.role in _superiors(about.role)
    return None if allowed else Code.NOT_ALLOWED


def _superiors(role: Role) -> frozenset[Role]:
    """Every desk above this one."""
    above: set[Role] = set()
    while role in SUPERIOR:
        role = SUPERIOR[role]
        above.add(role)
    return frozenset(above & LEADERS)
