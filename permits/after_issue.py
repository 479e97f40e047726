"""After a permit is issued: revoked, replaced or extended, each as a short case of its own; and when its end is near.

A procedure has its own application number and record and is carried by the same workflow as a permit: its definition is
derived here from the one of the type, with the same desks. It starts at the back office's study, since nothing is
uploaded, and ends in a letter of the head. A permit that is continued by a renewal or a change ends as `renewed`.

No published service standard of the office covers these procedures: series, promise and fee wait for its confirmation.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from permits.authority import Act
from permits.definition import (
    Assessment,
    FormField,
    LetterForm,
    PermitDefinition,
    Procedure,
    Stage,
)
from permits.errors import Code, RuleError

PermitStatus = Literal["in_force", "revoked", "replaced", "renewed"]
ChangeKind = Literal["revoked", "replaced", "extended"]

CHANGE_BY: dict[Procedure, ChangeKind] = {
    Procedure.REVOCATION: "revoked",
    Procedure.REPLACEMENT: "replaced",
    Procedure.EXTENSION: "extended",
}
"""What each procedure does to the permit it is about, once its letter is issued."""

OPENED_BY: dict[Procedure, Act] = {
    Procedure.REVOCATION: Act.OPEN_REVOCATION,  # back office of the field, or coordinator; never one's own permit
    Procedure.REPLACEMENT: Act.ASK_FOR_CHANGE,  # the holder
    Procedure.EXTENSION: Act.ASK_FOR_CHANGE,
}
"""The act that permission is asked for (`permits.authority.refusal`), on the subject of the permit's own case."""

REMINDER_DAYS = (90, 30, 7)
"""Calendar days before a permit's last day on which its holder is reminded."""

EXTENDED_UNTIL = "extended_until"
"""The answer that holds the new last day of an extension; written by the office's own arithmetic, never by a form."""

_WORDS = {
    Procedure.REVOCATION: "Pencabutan",
    Procedure.REPLACEMENT: "Penggantian",
    Procedure.EXTENSION: "Perpanjangan",
}
_SERIES = {Procedure.REVOCATION: "CABUT", Procedure.REPLACEMENT: "GANTI", Procedure.EXTENSION: "PANJANG"}
_TEMPLATE = {
    Procedure.REVOCATION: "pencabutan",
    Procedure.REPLACEMENT: "perubahan-izin",
    Procedure.EXTENSION: "perubahan-izin",
}
_KEPT = ("drafting", "desk_check", "paraf", "signing", "issuance")
_UNCONFIRMED = "menunggu konfirmasi dinas"

_ABOUT = (
    FormField(code="about_number", label="Nomor izin"),
    FormField(code="about_issued_on", label="Tanggal izin", kind="date"),
    FormField(code="about_valid_until", label="Berlaku sampai dengan", kind="date", required=False),
)
_ASKED: dict[Procedure, tuple[FormField, ...]] = {
    Procedure.REVOCATION: (
        FormField(code="revocation_reason", label="Alasan pencabutan", kind="long_text", max_length=2000),
        FormField(code="revocation_ground", label="Dasar hukum pencabutan", kind="long_text", max_length=1000),
    ),
    Procedure.REPLACEMENT: (
        FormField(code="replacement_cause", label="Sebab penggantian"),
        FormField(
            code="replacement_note",
            label="Penjelasan pemegang izin",
            kind="long_text",
            required=False,
            in_letter=False,
            max_length=2000,
        ),
    ),
    Procedure.EXTENSION: (FormField(code=EXTENDED_UNTIL, label="Diperpanjang sampai dengan", kind="date"),),
}


class Cause(StrEnum):
    """Why a permit's letter is replaced."""

    LOST = "lost"
    DAMAGED = "damaged"
    MISTAKE = "mistake"  # in the letter; the right answers come with the request


CAUSE_WORDS = {
    Cause.LOST: "Surat izin hilang",
    Cause.DAMAGED: "Surat izin rusak",
    Cause.MISTAKE: "Ada kekeliruan dalam surat izin",
}


class IssuedPermit(BaseModel):
    """A permit as the register holds it."""

    model_config = ConfigDict(frozen=True)

    number: str  # application number it came from
    number_text: str  # of the letter, as printed
    permit_type: str
    title: str
    holder_id: str
    holder_name: str  # the person or the body that holds it
    issued_on: date  # office date
    valid_until: date | None = None  # last day
    status: PermitStatus = "in_force"
    changed_by: str | None = None  # application number of the procedure or permit that changed it last
    continues: str | None = None  # application number of the permit that this one renews, changes or replaces
    practice: bool = False

    def is_in_force(self, today: date) -> bool:
        """Whether it is neither revoked, replaced, renewed nor expired on that office date."""
        return self.status == "in_force" and not self.is_expired(today)

    def is_expired(self, today: date) -> bool:
        """Whether its last day lies before that office date."""
        return self.valid_until is not None and self.valid_until < today


# Procedures ----------------------------------------------------------------------------------------------------------


def check_procedure(permit: IssuedPermit, procedure: Procedure, today: date, letter: LetterForm) -> None:
    """Whether this procedure may be opened for this permit; who may open it is `OPENED_BY`.

    Args:
        permit: as the register holds it.
        procedure: revocation, replacement or extension.
        today: office date.
        letter: the form of the type's permit, whose months of validity an extension adds.

    Raises RuleError: permit-not-in-force; not-extendable where the type has no period, or the permit already runs for
    a whole period from today.
    """
    if not permit.is_in_force(today):
        raise RuleError(Code.PERMIT_NOT_IN_FORCE, number=permit.number, status=permit.status)
    if procedure is Procedure.EXTENSION:
        extended_until(permit, letter, today)


def extended_until(permit: IssuedPermit, letter: LetterForm, today: date) -> date:
    """The last day after an extension: the type's months of validity, counted from the present last day.

    Raises RuleError(not-extendable) as `check_procedure` does: periods are not gathered in advance.
    """
    # In a compressed pace letters run ahead of the fixed office date.
    whole_period = letter.valid_until(max(today, permit.issued_on))
    if permit.valid_until is None or whole_period is None:
        raise RuleError(Code.NOT_EXTENDABLE, number=permit.number)
    if permit.valid_until > whole_period:
        raise RuleError(Code.NOT_EXTENDABLE, number=permit.number, valid_until=permit.valid_until.isoformat())
    extended = letter.valid_until(permit.valid_until)
    assert extended is not None
    return extended


def procedure_definition(definition: PermitDefinition, procedure: Procedure) -> PermitDefinition:
    """The definition of a procedure on permits of a type: the field's study, a draft, the type's own desks, the head.

    Args:
        definition: of the type, in force on the day of the request.
        procedure: revocation, replacement or extension.

    Raises ValueError for `Procedure.PERMIT`.
    """
    if procedure is Procedure.PERMIT:
        raise ValueError("a permit has its own definition")
    word = _WORDS[procedure]
    stages = _stages(definition, word)
    days = sum(stage.working_days for stage in stages if isinstance(stage, Stage))
    return PermitDefinition(
        code=definition.code,
        version=definition.version,
        title=f"{word}: {definition.title}",
        field=definition.field,
        product=f"{word} {definition.product}",
        source=f"umum, {_UNCONFIRMED}",
        confirmed=definition.confirmed,
        status=definition.status,
        effective_from=definition.effective_from,
        effective_until=definition.effective_until,
        promise_working_days=max(days, 1),
        promise_note=f"Waktu layanan {word.lower()} {_UNCONFIRMED}.",
        fee=_UNCONFIRMED.capitalize(),
        procedure=procedure,
        legal_basis=definition.legal_basis,
        form=_form(definition, procedure),
        stages=stages,
        letter=LetterForm(
            template=_TEMPLATE[procedure],
            title=f"{word} {definition.letter.title}",
            series=_SERIES[procedure],
            number_template=f"503/{{sequence:04d}}/{_SERIES[procedure]}/{{month_roman}}/{{year}}",
            conditions=_conditions(definition, procedure),
            copies=definition.letter.copies,
        ),
        rejection=definition.rejection.model_copy(
            update={"title": f"Surat Penolakan {word} {definition.letter.title}"}
        ),
        repair_ladder=definition.repair_ladder,
        repair_working_days=definition.repair_working_days,
    )


def may_be_withdrawn(procedure: Procedure) -> bool:
    """Whether the applicant may take the case back: a revocation is the office's own, and not the holder's."""
    return procedure is not Procedure.REVOCATION


def _stages(definition: PermitDefinition, word: str) -> tuple[Any, ...]:
    drafting = next(stage for stage in definition.stages if stage.kind == "drafting")
    own = next((stage for stage in definition.stages if isinstance(stage, Assessment)), None)
    study = own or Assessment(
        title="Penelitian berkas", holder=drafting.holder, working_days=1, ladder=drafting.ladder
    )
    kept = (study, *(stage for stage in definition.stages if stage.kind in _KEPT))
    return tuple(stage.model_copy(update={"title": f"{word}: {stage.title}"}) for stage in kept)


def _conditions(definition: PermitDefinition, procedure: Procedure) -> tuple[str, ...]:
    match procedure:
        case Procedure.REPLACEMENT:
            instead = "Surat ini menggantikan surat izin yang disebut di atas, yang tidak boleh dipergunakan lagi."
            return (instead, *definition.letter.conditions)
        case Procedure.EXTENSION:
            return ("Ketentuan lain dalam izin tersebut tetap berlaku.",)
    return ()


def _form(definition: PermitDefinition, procedure: Procedure) -> tuple[FormField, ...]:
    own = _ABOUT + _ASKED[procedure]
    if procedure is not Procedure.REPLACEMENT:
        return own
    # A new letter in place of the old one says what that one said. What it lacked, its replacement may lack too.
    return own + tuple(item.model_copy(update={"required": False}) for item in definition.form)


# Answers of a procedure's form ---------------------------------------------------------------------------------------


def revocation_answers(permit: IssuedPermit, reason: str, legal_ground: str) -> dict[str, str]:
    """Raises RuleError(reason-missing): the office gives a reason and the rule that it rests on."""
    if not reason.strip() or not legal_ground.strip():
        raise RuleError(Code.REASON_MISSING)
    return _about(permit) | {"revocation_reason": reason.strip(), "revocation_ground": legal_ground.strip()}


def replacement_answers(
    permit: IssuedPermit,
    definition: PermitDefinition,
    printed: dict[str, str],
    cause: Cause,
    note: str = "",
    corrections: dict[str, str] | None = None,
) -> dict[str, str]:
    """The answers of the permit that is replaced, with what was wrong put right.

    Args:
        permit: the one to be replaced.
        definition: of its type.
        printed: the answers that the old letter was made of.
        cause: why it is replaced.
        note: in the holder's own words.
        corrections: the right answers, by code; for a mistake alone.

    Raises RuleError: reason-missing for a mistake without its corrections, field-invalid for corrections of anything
    else or of questions that the type does not have.
    """
    known = {item.code for item in definition.form}
    wrong = sorted(set(corrections or {}) - known)
    if wrong or (corrections and cause is not Cause.MISTAKE):
        raise RuleError(Code.FIELD_INVALID, fields=wrong or sorted(corrections or {}))
    if cause is Cause.MISTAKE and not corrections and not note.strip():
        raise RuleError(Code.REASON_MISSING)
    kept = {code: answer for code, answer in printed.items() if code in known}
    asked = {"replacement_cause": CAUSE_WORDS[cause], "replacement_note": note.strip()}
    return _about(permit) | {code: answer for code, answer in asked.items() if answer} | kept | (corrections or {})


def reason_of(answers: dict[str, str]) -> str:
    """Why the permit is changed, as the procedure's own answers say; empty where they give none."""
    return answers.get("revocation_reason") or answers.get("replacement_cause") or ""


def extension_answers(permit: IssuedPermit, until: date) -> dict[str, str]:
    """The permit, and until when it is extended (`extended_until`)."""
    return _about(permit) | {EXTENDED_UNTIL: until.isoformat()}


def _about(permit: IssuedPermit) -> dict[str, str]:
    about = {"about_number": permit.number_text, "about_issued_on": permit.issued_on.isoformat()}
    if permit.valid_until is not None:
        about["about_valid_until"] = permit.valid_until.isoformat()
    return about


# What the register says ----------------------------------------------------------------------------------------------


class Standing(StrEnum):
    """What the verification page says of a letter that was issued."""

    SAH = "SAH"
    KEDALUWARSA = "KEDALUWARSA"  # its last day has passed
    DICABUT = "DICABUT"  # revoked
    DIGANTI = "DIGANTI"  # another letter stands in its place
    DIPERPANJANG = "DIPERPANJANG"  # a renewal continues it
    CONTOH = "CONTOH"  # from a practice case: nothing legal


def standing(permit: IssuedPermit, today: date, continued_by_change: bool = False) -> Standing:
    """The standing of a permit on an office date.

    Args:
        permit: as the register holds it.
        today: office date.
        continued_by_change: whether the permit that continues a renewed one was asked for as a change.
    """
    if permit.practice:
        return Standing.CONTOH
    match permit.status:
        case "revoked":
            return Standing.DICABUT
        case "replaced":
            return Standing.DIGANTI
        case "renewed":
            return Standing.DIGANTI if continued_by_change else Standing.DIPERPANJANG
    return Standing.KEDALUWARSA if permit.is_expired(today) else Standing.SAH
