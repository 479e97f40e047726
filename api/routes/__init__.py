"""The JSON routes under `/api/v1`, one module a subject; all of them in one router."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from api.dependencies import signed_in
from api.routes import (
    accounts,
    agencies,
    agenda,
    applications,
    assignments,
    calendar,
    catalogue,
    definitions,
    documents,
    engine,
    evaluations,
    health,
    help,
    inbox,
    login_keys,
    me,
    outbox,
    passkeys,
    people,
    permits,
    sessions,
    signing,
    stuck,
    tasks,
    tracking,
    verifications,
    webhooks,
)


def api_router() -> APIRouter:
    """Public routes as they are; all others behind a log-in."""
    router = APIRouter(prefix="/api/v1")
    for module in (sessions, login_keys, accounts, catalogue, tracking, verifications, calendar, webhooks):
        router.include_router(module.public)
    # The codec answers the engine's own pages, which have their own way of showing that a request is meant.
    router.include_router(engine.codec)
    # Before `tasks`, whose addresses take any name for a task's.
    for module in (
        assignments,
        inbox,
        stuck,
        sessions,
        accounts,
        me,
        login_keys,
        passkeys,
        people,
        applications,
        documents,
        help,
        tasks,
        signing,
        definitions,
        permits,
        agenda,
        evaluations,
        engine,
        agencies,
        calendar,
        outbox,
    ):
        router.include_router(module.private, dependencies=[Depends(signed_in)])
    whole = APIRouter()
    whole.include_router(router)
    whole.include_router(health.public)
    return whole
