"""The head of office: letters to sign as pictures, what is stuck, lateness, the acting head."""

from fastapi import APIRouter, Depends

from api.pages.rendering import who_is_here

head_pages = APIRouter(include_in_schema=False, dependencies=[Depends(who_is_here)])
