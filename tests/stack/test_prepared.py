"""Migrations and seed are done once for the same code and the same stores, and again when any of these changes."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from sakpore.stack import Stack
from sakpore.stack.background import BackgroundStack
from sakpore.stack.installation import Folders
from sakpore.stack.prepared import Prepared
from tests.stack_fixture import data_folder, system_environment


@pytest.fixture
def folder(request: pytest.FixtureRequest) -> Iterator[Path]:
    with data_folder(request.session) as made:
        yield made


@pytest.fixture
def prepared(stack: BackgroundStack) -> Prepared:
    return Prepared(Folders(stack.stack.data_dir), stack.environment())


@pytest.fixture
def authority(stack: BackgroundStack) -> Iterator[Path]:
    file = stack.stack.data_dir / "pki" / "authority.json"
    before = file.read_bytes()
    yield file
    file.write_bytes(before)


def test_what_a_start_did_is_known_afterwards(prepared: Prepared, stack: BackgroundStack) -> None:
    found = prepared.find()
    assert found is not None and found["result"] == stack.result("seed")


def test_another_setting_is_not_what_was_prepared(prepared: Prepared) -> None:
    assert Prepared(prepared.folders, {**prepared.values, "S3_BUCKET": "another"}).find() is None


def test_other_code_is_not_what_was_prepared(
    prepared: Prepared, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sakpore.stack.prepared.project_root", lambda: tmp_path)
    assert prepared.find() is None


def test_another_authority_is_not_what_was_prepared(prepared: Prepared, authority: Path) -> None:
    authority.write_bytes(authority.read_bytes() + b"\n")
    assert prepared.find() is None


def test_an_object_store_that_was_emptied_is_not_prepared(prepared: Prepared) -> None:
    marker = prepared.folders.s3 / "prepared"
    stamp = marker.read_text()
    marker.unlink()
    assert prepared.find() is None
    marker.write_text(stamp)
    assert prepared.find() is not None


def test_a_database_of_another_schema_or_without_the_stamp_is_not_prepared(prepared: Prepared) -> None:
    stamp = (prepared.folders.s3 / "prepared").read_text()
    address = prepared.values["DATABASE_URL"].replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("COMMENT ON TABLE alembic_version IS NULL")
        assert prepared.find() is None
        connection.execute(f"COMMENT ON TABLE alembic_version IS '{stamp}'")  # type: ignore[call-overload]
        assert prepared.find() is not None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        connection.execute("UPDATE alembic_version SET version_num = 'older'")
        try:
            assert prepared.find() is None
        finally:
            connection.execute("UPDATE alembic_version SET version_num = %s", row)
    assert prepared.find() is not None


def test_a_second_start_runs_neither_migrations_nor_seed(folder: Path) -> None:
    accounts = []
    for _ in range(2):
        with BackgroundStack(Stack(folder, ports={"api": 0}, environment=system_environment())) as running:
            accounts.append(running.result("seed"))
            ran = {name for name in ("migrate", "seed") if running.log(name).exists()}
    assert ran == set(), "a step that runs writes a log"
    assert accounts[0] == accounts[1] != []
