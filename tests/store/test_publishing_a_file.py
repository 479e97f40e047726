"""A definition file is published into a running installation under two people's names."""

import asyncio
from pathlib import Path

import pytest

from permits.authority import Role
from permits.definition import PermitDefinition
from permits.definition_loader import DEFINITIONS, load_definitions
from sakpore.definitions import CannotDo, publish
from store.database import Database
from store.records import Records
from store.settings import StoreSettings
from tests.store.builders import an_account

CODE = "sip-fisioterapis"
FILE = DEFINITIONS / f"{CODE}.yaml"
PEOPLE = {"penulis": Role.SUB_COORDINATOR, "penerbit": Role.COORDINATOR, "depan": Role.FRONT_OFFICE}


@pytest.fixture
def environment(settings: StoreSettings) -> dict[str, str]:
    async def prepare() -> None:
        database = Database.from_settings(settings)
        records = Records(database)
        await records.publish_definitions(load_definitions())
        for account_id, role in PEOPLE.items():
            await records.ensure_account(an_account(account_id, role, email=f"{account_id}@contoh.test"))
        await database.close()

    asyncio.run(prepare())
    return {"DATABASE_URL": settings.database_url.get_secret_value()}


def versions(settings: StoreSettings) -> tuple[PermitDefinition, ...]:
    async def read() -> tuple[PermitDefinition, ...]:
        database = Database.from_settings(settings)
        try:
            return await Records(database).definition_versions(CODE)
        finally:
            await database.close()

    return asyncio.run(read())


def test_the_draft_of_a_file_is_published_as_the_next_version(
    environment: dict[str, str], settings: StoreSettings, tmp_path: Path
) -> None:
    said = publish(FILE, "penulis@contoh.test", "penerbit@contoh.test", tmp_path, environment)
    assert said == f"{CODE} version 3 is published; it is in force from 2028-01-01."
    first, draft, third = versions(settings)
    assert (first.effective_until is not None, draft.status, third.status) == (True, "draft", "published")


@pytest.mark.parametrize(
    ("author", "publisher", "said"),
    [
        ("penulis", "depan", "another coordinator"),
        ("depan", "penerbit", "sub-coordinator or coordinator"),
        ("penulis", "siapa", "No active account"),
    ],
)
def test_only_the_right_two_people_publish(
    environment: dict[str, str], settings: StoreSettings, tmp_path: Path, author: str, publisher: str, said: str
) -> None:
    with pytest.raises(CannotDo, match=said):
        publish(FILE, f"{author}@contoh.test", f"{publisher}@contoh.test", tmp_path, environment)
    assert [one.status for one in versions(settings)] == ["published", "draft"]
