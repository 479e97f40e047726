"""An agency's officer: what is asked, by when, the answer on one page, and what became of it."""

from fastapi import APIRouter, Depends

from api.pages.rendering import who_is_here

agencies_pages = APIRouter(include_in_schema=False, dependencies=[Depends(who_is_here)])
