"""Everybody's own account: register, log in and out, password, passkeys, own data; and the help threads."""

from fastapi import APIRouter, Depends

from api.pages.accounts import help, logging_in, login_keys, own, passkeys, passwords, registering
from api.pages.rendering import who_is_here

accounts_pages = APIRouter(include_in_schema=False, dependencies=[Depends(who_is_here)])
for each in (logging_in, login_keys, registering, passwords, passkeys, own, help):
    accounts_pages.include_router(each.router)
