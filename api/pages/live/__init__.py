"""What keeps pages alive: server-sent events, the installed app, language and size of letters."""

from fastapi import APIRouter, Depends

from api.pages.live.authority import authority_pages
from api.pages.live.installed import installed
from api.pages.live.preferences import preferences
from api.pages.live.streams import streams
from api.pages.rendering import who_is_here

live_pages = APIRouter(include_in_schema=False, dependencies=[Depends(who_is_here)])
live_pages.include_router(authority_pages)
live_pages.include_router(installed)
live_pages.include_router(preferences)
live_pages.include_router(streams)
