"""The JSON routes under `/api/v1`, one module a subject; all of them in one router."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from api.dependencies import signed_in
from api.routes import (
    applications,
    catalogue,
    definitions,
    documents,
    engine,
    health,
    sessions,
    signing,
    tasks,
    tracking,
    verifications,
)


def api_router() -> APIRouter:
    """Public routes as they are; all others behind a log-in."""
    router = APIRouter(prefix="/api/v1")
    for module in (sessions, catalogue, tracking, verifications):
        router.include_router(module.public)
    # The codec answers the engine's own pages, which have their own way of showing that a request is meant.
    router.include_router(engine.codec)
    for module in (sessions, applications, documents, tasks, signing, definitions, engine):
        router.include_router(module.private, dependencies=[Depends(signed_in)])
    whole = APIRouter()
    whole.include_router(router)
    whole.include_router(health.public)
    return whole
