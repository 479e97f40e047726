"""The permit of the register that a renewal or a change names."""

from __future__ import annotations

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from permits.old_permit import RegisteredPermit
from store.tables import PermitRow


async def registered_permit(session: AsyncSession, text: str, holder_id: str) -> RegisteredPermit | None:
    """The permit with this letter number as printed, or from this application; the asker's own comes first."""
    wanted = " ".join(text.split())
    named = or_(col(PermitRow.number_text) == wanted, col(PermitRow.number) == wanted.upper())
    found = await session.exec(select(PermitRow).where(named).order_by(col(PermitRow.issued_on).desc()))
    rows = sorted(found, key=lambda row: row.holder_id != holder_id)
    if not rows:
        return None
    return RegisteredPermit.model_validate(rows[0].model_dump(include=set(RegisteredPermit.model_fields)))
