"""Tracking by code, without log-in."""

from __future__ import annotations

from fastapi import APIRouter

from api.dependencies import Here
from api.views import TrackingView, tracking_view

public = APIRouter(tags=["public"])


@public.get("/tracking/{code}")
async def track(code: str, services: Here) -> TrackingView:
    """Where a case stands, for whoever has its code."""
    return await tracking_view(services, code)
