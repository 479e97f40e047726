"""A real PostgreSQL and a real S3 for the session, and an own database for each test."""

from collections.abc import AsyncIterator, Iterator
from itertools import count

import psycopg
import pytest
from sqlalchemy import make_url

from sakpore.stack import Stack
from sakpore.stack.background import BackgroundStack
from store import migrate
from store.database import Database
from store.documents import DocumentStore
from store.records import Records
from store.settings import StoreSettings
from tests.stack_fixture import system_environment

TEMPLATE = "store_template"
_numbers = count(1)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of the two servers, with a migrated template database."""
    folder = tmp_path_factory.mktemp("store")
    only = ("postgres", "s3")
    with BackgroundStack(Stack(folder, ports={"api": 0}, only=only, environment=system_environment())) as running:
        environment = running.environment()
        create_database(environment, TEMPLATE, "template0")
        migrate.upgrade(database_url(environment, TEMPLATE))
        yield environment


def database_url(environment: dict[str, str], name: str) -> str:
    url = make_url(environment["DATABASE_URL"]).set(database=name)
    return url.render_as_string(hide_password=False)


def create_database(environment: dict[str, str], name: str, template: str) -> None:
    url = database_url(environment, "postgres").replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')


@pytest.fixture
def empty_url(servers: dict[str, str]) -> str:
    """A database without any table."""
    name = f"empty_{next(_numbers)}"
    create_database(servers, name, "template0")
    return database_url(servers, name)


@pytest.fixture
def settings(servers: dict[str, str]) -> StoreSettings:
    """The store's settings on an own, migrated database."""
    name = f"test_{next(_numbers)}"
    create_database(servers, name, TEMPLATE)
    return settings_of(servers, database_url=database_url(servers, name))


def settings_of(environment: dict[str, str], **changes: object) -> StoreSettings:
    names = ("database_url", "s3_endpoint_url", "s3_access_key_id", "s3_secret_access_key", "document_keys")
    values = {name: environment[name.upper()] for name in names}
    return StoreSettings.model_validate({**values, **changes})


@pytest.fixture
async def db(settings: StoreSettings) -> AsyncIterator[Database]:
    database = Database.from_settings(settings)
    yield database
    await database.close()


@pytest.fixture
def records(db: Database) -> Records:
    return Records(db)


@pytest.fixture
async def documents(servers: dict[str, str]) -> DocumentStore:
    """A document store on own buckets."""
    store = DocumentStore(settings_of(servers, s3_bucket=f"uji-{next(_numbers)}"))
    await store.ensure_buckets()
    return store
