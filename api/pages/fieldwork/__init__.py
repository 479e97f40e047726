"""The technical team in the field: an inspection that works without a network, and its minutes."""

from fastapi import APIRouter, Depends

from api.pages.fieldwork.offline import offline_pages
from api.pages.fieldwork.visits import visit_pages
from api.pages.rendering import who_is_here

fieldwork_pages = APIRouter(include_in_schema=False, dependencies=[Depends(who_is_here)])
for each in (offline_pages, visit_pages):  # addresses of the former come before any task's
    fieldwork_pages.include_router(each)
