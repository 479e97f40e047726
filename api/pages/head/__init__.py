"""The head of office: letters to sign as pictures, what is stuck, lateness, the acting head."""

from fastapi import APIRouter, Depends

from api.pages.head.acting import acting_pages
from api.pages.head.consenting import consent_pages
from api.pages.head.lateness import lateness_pages
from api.pages.head.letters import letters_pages
from api.pages.head.results import result_pages
from api.pages.head.stuck import stuck_pages
from api.pages.rendering import who_is_here

head_pages = APIRouter(include_in_schema=False, dependencies=[Depends(who_is_here)])
for _each in (letters_pages, consent_pages, result_pages, stuck_pages, lateness_pages, acting_pages):
    head_pages.include_router(_each)
