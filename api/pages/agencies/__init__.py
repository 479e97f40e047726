"""An agency's officer: what is asked, by when, the answer on one page, and what became of it."""

from fastapi import APIRouter, Depends

from api.pages.agencies.answers import answers_pages
from api.pages.agencies.requests import request_pages
from api.pages.agencies.signing import signing_pages
from api.pages.rendering import who_is_here

agencies_pages = APIRouter(include_in_schema=False, dependencies=[Depends(who_is_here)])
for each in (signing_pages, request_pages, answers_pages):
    agencies_pages.include_router(each)
