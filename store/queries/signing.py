"""What the ordering of signatures asks of the record of activations."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.tables import ActivationRow, PasskeyRequestRow, SignatureClaimRow


async def failed_activations(
    session: AsyncSession, officer_id: str, errors: Collection[str], since: datetime
) -> list[datetime]:
    """When an officer's activations have failed with one of these errors since then, the newest first.

    An activation of many letters that all fail counts once.
    """
    failed_at = func.max(SignatureClaimRow.updated_at)
    query = select(failed_at).join(ActivationRow, col(ActivationRow.id) == col(SignatureClaimRow.activation_id))
    query = query.where(
        col(ActivationRow.officer_id) == officer_id,
        col(SignatureClaimRow.state) == "FAILED",
        col(SignatureClaimRow.error).in_(errors),
        col(SignatureClaimRow.updated_at) > since,
    )
    return list(await session.exec(query.group_by(col(ActivationRow.id)).order_by(failed_at.desc())))


async def untried_activations(session: AsyncSession, officer_id: str, now: datetime) -> list[datetime]:
    """When an officer's activations were given of which no letter has come to an end yet, the newest first.

    Those that have expired, and those whose envelope is gone, are not among them.
    """
    ended = select(SignatureClaimRow.activation_id).where(
        col(SignatureClaimRow.activation_id) == col(ActivationRow.id),
        col(SignatureClaimRow.state).in_(("SIGNED", "UNKNOWN", "FAILED")),
    )
    query = select(ActivationRow.created_at).where(
        col(ActivationRow.officer_id) == officer_id,
        col(ActivationRow.envelope).is_not(None),
        col(ActivationRow.expires_at) > now,
        ~ended.exists(),
    )
    return list(await session.exec(query.order_by(col(ActivationRow.created_at).desc())))


async def refused_wishes(
    session: AsyncSession, officer_id: str, errors: Collection[str], since: datetime
) -> list[datetime]:
    """When an officer's wishes about passkeys were refused with one of these errors since then."""
    query = select(col(PasskeyRequestRow.settled_at)).where(
        col(PasskeyRequestRow.officer_id) == officer_id,
        col(PasskeyRequestRow.state) == "refused",
        col(PasskeyRequestRow.error).in_(errors),
        col(PasskeyRequestRow.settled_at) > since,
    )
    return [at for at in await session.exec(query) if at is not None]


async def waiting_wishes(session: AsyncSession, officer_id: str, now: datetime) -> list[datetime]:
    """When an officer's wishes about passkeys were made that the signing worker has not looked at yet."""
    query = select(col(PasskeyRequestRow.created_at)).where(
        col(PasskeyRequestRow.officer_id) == officer_id,
        col(PasskeyRequestRow.state) == "sent",
        col(PasskeyRequestRow.expires_at) > now,
    )
    return list(await session.exec(query))
