"""`sakpore user`: the first account of an installation, without anybody who could make it over the API."""

import asyncio
import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from permits.authority import Role
from sakpore.users import UserError, add_user, deactivate_user, list_users
from store.database import Database
from store.records import Records
from store.settings import StoreSettings

EMAIL = "ops.satu@contoh.invalid"


def environment_of(settings: StoreSettings) -> dict[str, str]:
    url = settings.database_url.get_secret_value()
    return {"DATABASE_URL": url, "PUBLIC_BASE_URL": "https://izin.contoh.invalid/"}


def spend(settings: StoreSettings, link: str) -> bool:
    """Whether the link still sets a password."""
    token = link.partition("kode=")[2]

    async def spending() -> bool:
        database = Database.from_settings(settings)
        try:
            hashed = hashlib.sha256(token.encode()).hexdigest()
            return await Records(database).set_password_by_token(hashed, "hash", datetime.now(UTC)) is not None
        finally:
            await database.close()

    return asyncio.run(spending())


def test_the_first_ops_account_is_made_with_a_link_and_again_with_a_new_one(
    settings: StoreSettings, tmp_path: Path
) -> None:
    environment = environment_of(settings)

    def add() -> str:
        return add_user(tmp_path, "Contoh Operator", EMAIL, Role.OPS, None, None, False, environment)

    first, second = add(), add()
    assert first.startswith("https://izin.contoh.invalid/sandi/baru?kode=") and first != second
    assert [spend(settings, link) for link in (first, second, second)] == [False, True, False]
    assert list_users(tmp_path, environment) == [f"ops - active {EMAIL} Contoh Operator"]
    assert deactivate_user(tmp_path, EMAIL, environment).startswith(f"{EMAIL} is out; 0 open tasks")
    assert list_users(tmp_path, environment) == [f"ops - out {EMAIL} Contoh Operator"]
    with pytest.raises(UserError):
        add()


def test_what_is_no_desk_or_nobody_is_told_in_a_sentence(settings: StoreSettings, tmp_path: Path) -> None:
    environment = environment_of(settings)
    with pytest.raises(UserError, match="opd"):
        add_user(tmp_path, "Contoh", EMAIL, Role.OPD, None, None, False, environment)
    with pytest.raises(UserError, match="No officer"):
        deactivate_user(tmp_path, EMAIL, environment)
    with pytest.raises(UserError, match="DATABASE_URL"):
        list_users(tmp_path, {})
