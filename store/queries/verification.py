"""The verification page: what the register says of one letter, and which registered letter a file is."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from permits.after_issue import Standing, standing
from permits.definition import LetterForm, Procedure, Variant
from permits.party import party_of
from store.records.permits import definition_of_case, issued_permit
from store.records.signatures import HEAD_CAPACITIES
from store.tables import (
    AccountRow,
    ApplicationRow,
    LetterRow,
    LetterVersionRow,
    MandateRow,
    PermitRow,
    SealedDocumentRow,
    SignedLetterRow,
)


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class RegisteredLetter(_View):
    """A letter as the register knows it."""

    state: str  # permits.after_issue.Standing, or BELUM_TERBIT
    application: str
    purpose: str
    number: str  # as printed
    title: str
    holder_name: str
    issued_on: date
    valid_until: date | None
    signer_name: str | None
    signer_title: str | None
    signed_at: datetime | None
    sha256: str | None  # of the newest archive version
    level: str | None
    verification_id: str | None
    changed_on: datetime | None = None  # when the permit was revoked, replaced, renewed or extended
    successor_number: str | None = None  # as printed, of the letter that stands in its place or extends it
    extended_until: date | None = None  # a later last day than the letter itself says


async def letter_by_verification_id(
    session: AsyncSession, verification_id: str, today: date
) -> RegisteredLetter | None:
    """The product of the case with this verification id; None where there is none yet."""
    query = select(ApplicationRow).where(col(ApplicationRow.verification_id) == verification_id)
    row = (await session.exec(query)).first()
    if row is None:
        return None
    letter = await _product_letter(session, row)
    if letter is None:
        return None
    return await _registered(session, row, letter, today)


async def letter_by_signed_sha256(session: AsyncSession, sha256: str, today: date) -> RegisteredLetter | None:
    """The letter of the head's of which a signed version has exactly these bytes."""
    query = (
        select(SignedLetterRow)
        .join(LetterVersionRow, col(LetterVersionRow.letter_sha256) == col(SignedLetterRow.letter_sha256))
        .where(col(LetterVersionRow.sha256) == sha256)
    )
    signed = (await session.exec(query.where(col(SignedLetterRow.field_name) == "Kepala"))).first()
    if signed is None:
        return None
    row = await session.get_one(ApplicationRow, signed.number)
    letter = await session.get_one(LetterRow, (signed.number, signed.purpose))
    return await _registered(session, row, letter, today)


async def newest_signed_version(session: AsyncSession, letter_sha256: str) -> str | None:
    """sha256 of the newest archive version of a signed letter."""
    query = select(LetterVersionRow.sha256).where(col(LetterVersionRow.letter_sha256) == letter_sha256)
    return (await session.exec(query.order_by(col(LetterVersionRow.n).desc()).limit(1))).first()


async def mandated_certificates(session: AsyncSession) -> tuple[str, ...]:
    """sha256 of every certificate that a head's mandate ever named; a verdict judges them at the time of signing."""
    query = select(MandateRow.certificate_sha256).where(col(MandateRow.capacity).in_(HEAD_CAPACITIES))
    return tuple(sorted(set(await session.exec(query))))


async def agency_certificates(session: AsyncSession) -> tuple[str, ...]:
    """The same of agencies' officers, who sign their recommendations and never a permit."""
    query = select(MandateRow.certificate_sha256).where(col(MandateRow.capacity) == "opd")
    return tuple(sorted(set(await session.exec(query))))


async def seal_certificates(session: AsyncSession) -> tuple[str, ...]:
    """The same of the office's seal: every certificate that it ever sealed with."""
    return tuple(sorted(await session.exec(select(SealedDocumentRow.certificate_sha256).distinct())))


async def recommendation_by_sha256(session: AsyncSession, sha256: str) -> bool:
    """Whether an agency's officer signed exactly these bytes here."""
    query = select(SignedLetterRow.letter_sha256).join(
        LetterVersionRow, col(LetterVersionRow.letter_sha256) == col(SignedLetterRow.letter_sha256)
    )
    query = query.where(col(LetterVersionRow.sha256) == sha256, col(SignedLetterRow.field_name) != "Kepala")
    return (await session.exec(query)).first() is not None


async def sealed_by_sha256(session: AsyncSession, sha256: str) -> SealedDocumentRow | None:
    """What the office sealed that has exactly these bytes."""
    return (await session.exec(select(SealedDocumentRow).where(col(SealedDocumentRow.sealed_sha256) == sha256))).first()


async def _registered(session: AsyncSession, row: ApplicationRow, letter: LetterRow, today: date) -> RegisteredLetter:
    signed = await session.get(SignedLetterRow, letter.sha256) if letter.sha256 else None
    newest = await _newest_version(session, signed)
    signer = await session.get(AccountRow, signed.signer_id) if signed else None
    owner = await session.get_one(AccountRow, row.applicant_id)
    form = await _product_form(session, row)
    issued = letter.status == "issued" and signed is not None
    permit = await _permit_of(session, row, letter) if issued else None
    valid_until = form.valid_until(letter.letter_date) if form else None
    plain = RegisteredLetter(
        state=_state_without_permit(row, valid_until, today) if issued else "BELUM_TERBIT",
        application=row.number,
        purpose=letter.purpose,
        number=letter.number_text,
        title=form.title if form else row.title,
        holder_name=permit.holder_name if permit else party_of(row.party).holder(owner.name),
        issued_on=letter.letter_date,
        valid_until=valid_until,
        signer_name=signer.name if signer and issued else None,
        signer_title=signer.title if signer and issued else None,
        signed_at=signed.signed_at if signed and issued else None,
        sha256=newest.sha256 if newest and issued else None,
        level=newest.level if newest and issued else None,
        verification_id=row.verification_id,
    )
    return plain if permit is None else await _with_standing(session, plain, permit, today)


def _state_without_permit(row: ApplicationRow, valid_until: date | None, today: date) -> str:
    """A letter that no permit stands behind: a rejection, a revocation, a permit from before the register."""
    if row.practice:
        return Standing.CONTOH
    return Standing.KEDALUWARSA if valid_until is not None and valid_until < today else Standing.SAH


async def _permit_of(session: AsyncSession, row: ApplicationRow, letter: LetterRow) -> PermitRow | None:
    """The permit that decides what is said of this letter: its own, or the one that the letter extends or replaces."""
    if letter.purpose in (Procedure.PERMIT, Procedure.REPLACEMENT, Procedure.EXTENSION):
        own = await session.get(PermitRow, row.number)
        # A replacement or extension that came too late has changed nothing, and is worth what its permit is worth.
        return own or (await session.get(PermitRow, row.about_permit) if row.about_permit else None)
    return None


async def _with_standing(
    session: AsyncSession, plain: RegisteredLetter, permit: PermitRow, today: date
) -> RegisteredLetter:
    changing = await session.get(ApplicationRow, permit.changed_by) if permit.changed_by else None
    by_change = changing is not None and changing.variant == Variant.CHANGE
    successor = await _product_letter(session, changing) if changing else None
    extended = permit.status == "in_force" and successor is not None
    if extended and plain.application == permit.changed_by:
        successor = None  # the letter that extends does not point to itself
    return plain.model_copy(
        update={
            "state": standing(issued_permit(permit), today, continued_by_change=by_change).value,
            "valid_until": plain.valid_until or permit.valid_until,
            "extended_until": permit.valid_until if extended else None,
            "changed_on": permit.status_since,
            "successor_number": successor.number_text if successor else None,
        }
    )


async def _product_letter(session: AsyncSession, row: ApplicationRow) -> LetterRow | None:
    return await session.get(LetterRow, (row.number, row.product or row.procedure))


async def _newest_version(session: AsyncSession, signed: SignedLetterRow | None) -> LetterVersionRow | None:
    if signed is None:
        return None
    query = select(LetterVersionRow).where(col(LetterVersionRow.letter_sha256) == signed.letter_sha256)
    return (await session.exec(query.order_by(col(LetterVersionRow.n).desc()).limit(1))).first()


async def _product_form(session: AsyncSession, row: ApplicationRow) -> LetterForm | None:
    definition = await definition_of_case(session, row)
    if definition is None:
        return None
    return definition.rejection if row.product == "rejection" else definition.letter
