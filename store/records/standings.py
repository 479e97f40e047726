"""How officers' certificates stand with the provider: kept by the signing worker, read at the door.

The door cannot reach the provider. What it reads here is as old as `known_at`; an answer that did not come changes
nothing but `asked_at`.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import or_
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from store.records.base import Subject
from store.records.values import Mandate, Standing
from store.tables import AccountRow, CertificateStandingRow, MandateRow

UNKNOWN = "unknown"


class StandingRecords(Subject):
    """Writes and reads about certificates."""

    async def signers_on(self, on: date) -> list[tuple[AccountRow, Mandate]]:
        """Active officers with a mandate that is in force that day or later, each with the earliest such mandate."""
        query = select(MandateRow, AccountRow).join(AccountRow, col(AccountRow.id) == col(MandateRow.account_id))
        query = query.where(
            col(MandateRow.revoked_at).is_(None),
            or_(col(MandateRow.valid_until).is_(None), col(MandateRow.valid_until) >= on),
            col(AccountRow.active),
        )
        async with self._db.transaction() as session:
            rows = list(await session.exec(query.order_by(col(MandateRow.valid_from).desc(), col(MandateRow.id))))
        found = {account.id: (account, mandate) for mandate, account in rows}
        return [
            (account, Mandate.model_validate(mandate.model_dump(exclude={"revoked_at"})))
            for account, mandate in found.values()
        ]

    async def keep_standing(self, standing: Standing, asked_at: datetime) -> Standing:
        """Keeps what the provider said, and answers what stands; an `unknown` does not undo what was known."""
        values = standing.model_dump() | {"asked_at": asked_at}
        unknown = standing.standing == UNKNOWN
        changes = {"asked_at": asked_at} if unknown else values | {"known_at": asked_at}
        query = insert(CertificateStandingRow).values(values | {"known_at": None if unknown else asked_at})
        async with self._db.transaction() as session:
            await session.exec(query.on_conflict_do_update(index_elements=["account_id"], set_=changes))
            row = await session.get_one(CertificateStandingRow, standing.account_id, populate_existing=True)
            return _standing(row)

    async def standing_of(self, account_id: str) -> Standing | None:
        """How an officer's certificate stands; None where nobody has asked yet."""
        async with self._db.transaction() as session:
            row = await session.get(CertificateStandingRow, account_id)
        return _standing(row) if row else None


def _standing(row: CertificateStandingRow) -> Standing:
    return Standing.model_validate(row.model_dump(exclude={"asked_at"}))
