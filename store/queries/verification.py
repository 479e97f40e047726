"""The verification page: what the register says of one letter, and which registered letter a file is."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from permits.definition import LetterForm
from permits.party import party_of
from store.queries.catalogue import definition_version
from store.tables import (
    AccountRow,
    ApplicationRow,
    LetterRow,
    LetterVersionRow,
    MandateRow,
    SignedLetterRow,
)


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class RegisteredLetter(_View):
    """A letter as the register knows it."""

    state: str  # SAH, KEDALUWARSA, BELUM_TERBIT
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


async def letter_by_verification_id(
    session: AsyncSession, verification_id: str, today: date
) -> RegisteredLetter | None:
    """The product of the case with this verification id; None where there is none yet."""
    query = select(ApplicationRow).where(col(ApplicationRow.verification_id) == verification_id)
    row = (await session.exec(query)).first()
    if row is None:
        return None
    letter = await session.get(LetterRow, (row.number, row.product or "permit"))
    if letter is None:
        return None
    return await _registered(session, row, letter, today)


async def letter_by_signed_sha256(session: AsyncSession, sha256: str, today: date) -> RegisteredLetter | None:
    """The letter of which a signed version has exactly these bytes."""
    query = (
        select(SignedLetterRow)
        .join(LetterVersionRow, col(LetterVersionRow.letter_sha256) == col(SignedLetterRow.letter_sha256))
        .where(col(LetterVersionRow.sha256) == sha256)
    )
    signed = (await session.exec(query)).first()
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
    """sha256 of every certificate that a mandate ever named; a verdict judges them at the time of signing."""
    return tuple(sorted(set(await session.exec(select(MandateRow.certificate_sha256)))))


async def _registered(session: AsyncSession, row: ApplicationRow, letter: LetterRow, today: date) -> RegisteredLetter:
    signed = await session.get(SignedLetterRow, letter.sha256) if letter.sha256 else None
    newest = await _newest_version(session, signed)
    signer = await session.get(AccountRow, signed.signer_id) if signed else None
    owner = await session.get_one(AccountRow, row.applicant_id)
    form = await _product_form(session, row)
    valid_until = form.valid_until(letter.letter_date) if form else None
    issued = letter.status == "issued" and signed is not None
    expired = valid_until is not None and valid_until < today
    return RegisteredLetter(
        state="BELUM_TERBIT" if not issued else "KEDALUWARSA" if expired else "SAH",
        application=row.number,
        purpose=letter.purpose,
        number=letter.number_text,
        title=form.title if form else row.title,
        holder_name=party_of(row.party).holder(owner.name),
        issued_on=letter.letter_date,
        valid_until=valid_until,
        signer_name=signer.name if signer and issued else None,
        signer_title=signer.title if signer and issued else None,
        signed_at=signed.signed_at if signed and issued else None,
        sha256=newest.sha256 if newest and issued else None,
        level=newest.level if newest and issued else None,
        verification_id=row.verification_id,
    )


async def _newest_version(session: AsyncSession, signed: SignedLetterRow | None) -> LetterVersionRow | None:
    if signed is None:
        return None
    query = select(LetterVersionRow).where(col(LetterVersionRow.letter_sha256) == signed.letter_sha256)
    return (await session.exec(query.order_by(col(LetterVersionRow.n).desc()).limit(1))).first()


async def _product_form(session: AsyncSession, row: ApplicationRow) -> LetterForm | None:
    if row.definition_version is None:
        return None
    definition = await definition_version(session, row.permit_type, row.definition_version)
    return definition.rejection if row.product == "rejection" else definition.letter
