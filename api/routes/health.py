"""Whether the API can serve."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import text

from api.dependencies import Here
from api.problems import ApiCode, Problem

public = APIRouter(tags=["operations"])


class Health(BaseModel):
    """The answer of a healthy API."""

    status: str


@public.get("/api/health")
async def health(services: Here) -> Health:
    """Answers while the store does; the engine may be away without the pages being so."""
    try:
        async with asyncio.timeout(3), services.db.engine.connect() as connection:
            await connection.execute(text("select 1"))
    except TimeoutError:
        raise Problem(ApiCode.STORE_UNAVAILABLE) from None
    return Health(status="ok")
