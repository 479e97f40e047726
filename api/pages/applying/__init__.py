"""An applicant's cases: the way from a draft to a receipt, repairs, letters, withdrawal, renewal."""

from fastapi import APIRouter, Depends

from api.pages.rendering import who_is_here

applying_pages = APIRouter(include_in_schema=False, dependencies=[Depends(who_is_here)])
