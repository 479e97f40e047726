"""The register of what the office has sealed: the first object of a sealing stands, a second one changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import col, select

from permits.events import Event
from permits.sealing import SealedDocument
from store.records.base import Subject, append, lock_application
from store.tables import SealedDocumentRow


class SealRecords(Subject):
    """Writes around the office's seal, each safe to repeat."""

    async def register_sealed(self, sealed: SealedDocument, event: Event | None = None) -> SealedDocument:
        """Registers a sealed PDF, or answers the one that was registered before.

        Raises RuleError(application-not-found). The event belongs to the case's record, where there is a case.
        """
        async with self._db.transaction() as session:
            case = await lock_application(session, sealed.number) if sealed.number else None
            known = await session.get(SealedDocumentRow, sealed.id, with_for_update=True)
            if known is not None:
                return _sealed(known)
            session.add(SealedDocumentRow(**sealed.model_dump()))
            if case is not None and event is not None:
                await append(session, case, (event,))
        return sealed

    async def sealed_document(self, sealing_id: str) -> SealedDocument | None:
        """What is registered under this id."""
        async with self._db.transaction() as session:
            row = await session.get(SealedDocumentRow, sealing_id)
        return _sealed(row) if row else None

    async def sealed_by_sha256(self, sealed_sha256: str) -> SealedDocument | None:
        """What has exactly these bytes, for judging an uploaded PDF; a report is known after its bytes are gone."""
        query = select(SealedDocumentRow).where(col(SealedDocumentRow.sealed_sha256) == sealed_sha256)
        async with self._db.transaction() as session:
            row = (await session.exec(query)).first()
        return _sealed(row) if row else None

    async def seal_certificates(self) -> tuple[str, ...]:
        """sha256 of every certificate that the office has sealed with."""
        query = select(col(SealedDocumentRow.certificate_sha256)).distinct()
        async with self._db.transaction() as session:
            return tuple(sorted(await session.exec(query)))

    async def outdated_seals(self, now: datetime, limit: int = 100) -> list[SealedDocument]:
        """Sealed PDFs whose time is over and whose bytes are still kept."""
        query = select(SealedDocumentRow).where(
            col(SealedDocumentRow.expires_at) < now, col(SealedDocumentRow.discarded_at).is_(None)
        )
        async with self._db.transaction() as session:
            rows = await session.exec(query.order_by(col(SealedDocumentRow.expires_at)).limit(limit))
            return [_sealed(row) for row in rows]

    async def mark_seals_discarded(self, ids: Iterable[str], at: datetime) -> None:
        """Notes that the bytes are gone; the line stays, and names no person."""
        query = select(SealedDocumentRow).where(col(SealedDocumentRow.id).in_(list(ids)))
        async with self._db.transaction() as session:
            for row in await session.exec(query):
                row.discarded_at = row.discarded_at or at


def _sealed(row: SealedDocumentRow) -> SealedDocument:
    return SealedDocument.model_validate(row.model_dump())
