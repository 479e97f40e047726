"""Everybody's own account: register, log in and out, password, passkeys, own data; and the help threads."""

from fastapi import APIRouter, Depends

from api.pages.rendering import who_is_here

accounts_pages = APIRouter(include_in_schema=False, dependencies=[Depends(who_is_here)])
