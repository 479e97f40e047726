"""An applicant's cases: the way from a draft to a receipt, repairs, letters, withdrawal, renewal."""

from fastapi import APIRouter, Depends

from api.pages.applying import (
    after_issue,
    answering,
    begin,
    cases,
    documents,
    letters,
    submission,
    unfinished,
    withdrawal,
    wizard,
)
from api.pages.rendering import who_is_here

applying_pages = APIRouter(include_in_schema=False, dependencies=[Depends(who_is_here)])
# `begin` before `cases`, whose addresses take any name for a number; `unfinished` before `documents` likewise.
for module in (
    begin, wizard, unfinished, documents, submission, answering, withdrawal, letters, after_issue, cases,
):  # fmt: skip
    applying_pages.include_router(module.router)
