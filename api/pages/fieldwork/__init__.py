"""The technical team in the field: an inspection that works without a network, and its minutes."""

from fastapi import APIRouter, Depends

from api.pages.rendering import who_is_here

fieldwork_pages = APIRouter(include_in_schema=False, dependencies=[Depends(who_is_here)])
