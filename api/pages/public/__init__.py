"""For everybody, without a log-in: home, permit types, tracking, the map, open numbers."""

from fastapi import APIRouter, Depends

from api.pages.rendering import who_is_here

public_pages = APIRouter(include_in_schema=False, dependencies=[Depends(who_is_here)])
