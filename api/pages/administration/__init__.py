"""Those who keep the office running: people, permit types, calendar, outbox, health, the engine."""

from fastapi import APIRouter, Depends

from api.pages.rendering import who_is_here

administration_pages = APIRouter(include_in_schema=False, dependencies=[Depends(who_is_here)])
