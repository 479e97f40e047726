"""For everybody, without a log-in: home, permit types, tracking, the map, open numbers.

Verification (`verification`, `field_codes`) has routers of its own, which are mounted after this one.
"""

from fastapi import APIRouter, Depends

from api.pages.public.catalogue import catalogue_pages
from api.pages.public.figures import figure_pages
from api.pages.public.home import home_pages
from api.pages.public.permit_map import map_pages
from api.pages.public.problems import problem_pages
from api.pages.public.statements import statement_pages
from api.pages.public.tracking import tracking_pages
from api.pages.rendering import who_is_here

public_pages = APIRouter(include_in_schema=False, dependencies=[Depends(who_is_here)])
for _each in (home_pages, catalogue_pages, tracking_pages, map_pages, figure_pages, problem_pages, statement_pages):
    public_pages.include_router(_each)
