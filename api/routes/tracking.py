"""Tracking by code, without log-in."""

from __future__ import annotations

from fastapi import APIRouter, Request

from api.dependencies import Here
from api.looking import track_by_code
from api.routes.sessions import client_address
from api.views import TrackingView

public = APIRouter(tags=["public"])


@public.get("/tracking/{code}")
async def track(code: str, request: Request, services: Here) -> TrackingView:
    """Where a case stands, for whoever has its code."""
    return await track_by_code(services, code, client_address(request))
