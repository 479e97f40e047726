"""The desks of the office: inbox, task, bulk decisions, assignment, filing at the counter, the case itself."""

from fastapi import APIRouter, Depends

from api.pages.officers.assigning import assigning_pages
from api.pages.officers.bulk import bulk_pages
from api.pages.officers.cases import case_pages
from api.pages.officers.counter import counter_pages
from api.pages.officers.delegations import delegation_pages
from api.pages.officers.inbox import inbox_pages
from api.pages.officers.reading import reading_pages
from api.pages.officers.steering import steering_pages
from api.pages.officers.task import task_pages
from api.pages.rendering import who_is_here

officers_pages = APIRouter(include_in_schema=False, dependencies=[Depends(who_is_here)])
for _each in (
    inbox_pages, bulk_pages, reading_pages, assigning_pages, task_pages, case_pages, steering_pages, counter_pages,
    delegation_pages,
):  # fmt: skip
    officers_pages.include_router(_each)
