"""The inbox at many open cases reads indexes of the open tasks, and never the whole table."""

import pytest
from sqlalchemy import make_url

from benchmarks.inbox import PEOPLE, Office
from benchmarks.inbox_data import fill, plans_of, statements_of
from store.database import Database
from store.settings import StoreSettings

CASES = 20_000


@pytest.fixture
def filled(settings: StoreSettings) -> StoreSettings:
    """A migrated database of its own, with many open cases."""
    fill(make_url(settings.database_url.get_secret_value()).render_as_string(hide_password=False), CASES)
    return settings


async def test_no_list_and_no_count_reads_the_whole_table_of_tasks(filled: StoreSettings) -> None:
    database = Database.from_settings(filled)
    office = Office(database)
    found = {}
    for name, ask in (await office.questions()).items():
        with statements_of(database.engine) as asked:
            shown = await ask()
        plans = await plans_of(database.engine, asked)
        assert plans
        assert shown or "counts" in name, name
        found[name] = [plan for plan in plans if "Seq Scan on tasks" in plan]
    await database.close()
    assert {name: plans for name, plans in found.items() if plans} == {}
    assert len(found) > 2 * len(PEOPLE)
