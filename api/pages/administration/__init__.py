"""Those who keep the office running: people, permit types, calendar, ladders, outbox, health, the engine."""

from fastapi import APIRouter, Depends

from api.pages.administration.calendar import calendar_pages
from api.pages.administration.definitions import definition_pages
from api.pages.administration.engine import engine_pages
from api.pages.administration.ladders import ladder_pages
from api.pages.administration.outbox import outbox_pages
from api.pages.administration.overview import overview_pages
from api.pages.administration.people import people_pages
from api.pages.rendering import who_is_here

administration_pages = APIRouter(include_in_schema=False, dependencies=[Depends(who_is_here)])
for each in (
    overview_pages, people_pages, definition_pages, calendar_pages, ladder_pages, outbox_pages, engine_pages,
):  # fmt: skip
    administration_pages.include_router(each)
