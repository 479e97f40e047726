"""Tracking and verification by code, for strangers: whoever tries many codes that open nothing has to wait."""

from __future__ import annotations

from api.problems import ApiCode, Problem
from api.services import Services
from api.views import PermitView, TrackingView, permit_view, tracking_view
from permits.numbering import NumberingError


async def track_by_code(services: Services, code: str, address: str) -> TrackingView:
    """The case behind a tracking code, asked for from that address.

    Raises Problem: code-not-found, too-many-attempts; NumberingError for what is no code.
    """
    await services.attempts.check_looking(address, services.now())
    try:
        return await tracking_view(services, code)
    except (Problem, NumberingError) as wrong:
        if not isinstance(wrong, Problem) or wrong.code is ApiCode.CODE_NOT_FOUND:
            await services.attempts.looked_in_vain(address, services.now())
        raise


async def verify_by_code(services: Services, code: str, address: str) -> PermitView:
    """What the register says of a letter, asked for from that address. Raises Problem(too-many-attempts)."""
    await services.attempts.check_looking(address, services.now())
    view = await permit_view(services, code)
    if view.state == "TIDAK_DIKENAL":
        await services.attempts.looked_in_vain(address, services.now())
    return view
