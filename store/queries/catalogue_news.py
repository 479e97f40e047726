"""What changed last in the catalogue, for the front page."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.tables import DefinitionRow


class NewVersion(BaseModel):
    """A version of a permit type that is in force since not long, or will be soon."""

    model_config = ConfigDict(frozen=True)

    code: str
    title: str
    version: int
    since: date


async def newest_versions(session: AsyncSession, today: date, most: int) -> list[NewVersion]:
    """The published versions after a type's first that began last, one a type, the newest first."""
    query = (
        select(DefinitionRow)
        .where(
            col(DefinitionRow.status) == "published",
            col(DefinitionRow.version) > 1,
            col(DefinitionRow.effective_from) <= today,
            col(DefinitionRow.effective_until).is_(None) | (col(DefinitionRow.effective_until) >= today),
        )
        .order_by(col(DefinitionRow.effective_from).desc(), col(DefinitionRow.code))
        .limit(most)
    )
    rows = await session.exec(query)
    return [
        NewVersion(code=row.code, title=row.body["title"], version=row.version, since=row.effective_from)
        for row in rows
    ]
