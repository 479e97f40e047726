"""One's own account, as the routes about it need it: the row, and that its password is known."""

from __future__ import annotations

from api.problems import ApiCode, Problem
from api.services import Services
from permits.authority import Actor
from permits.errors import Code, RuleError
from store.tables import AccountRow


async def own_account_row(services: Services, actor: Actor) -> AccountRow:
    """The account of who asks. Raises RuleError(person-not-found)."""
    account = await services.records.account(actor.id)
    if account is None:
        raise RuleError(Code.PERSON_NOT_FOUND)
    return account


async def check_password(services: Services, account: AccountRow, password: str) -> None:
    """Raises Problem: login-failed, too-many-attempts; a stolen session guesses no faster than a stranger."""
    now = services.now()
    await services.attempts.ask(f"account:{account.id}", now)
    if not await services.passwords.check(account.password_hash, password):
        raise Problem(ApiCode.LOGIN_FAILED)
