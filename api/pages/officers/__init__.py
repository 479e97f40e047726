"""The desks of the office: inbox, task, bulk decisions, assignment, filing at the counter, the case itself."""

from fastapi import APIRouter, Depends

from api.pages.rendering import who_is_here

officers_pages = APIRouter(include_in_schema=False, dependencies=[Depends(who_is_here)])
