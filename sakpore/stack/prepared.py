"""Whether migrations and seed have been done already, by this very code and for these very stores.

Both are safe to repeat and take seconds. A stamp of the code, the variables and the officers' keys is therefore kept
where the work was done: on a table of the database, in the folder of the object store, and in the data folder with what
the seed said. When one of the three is missing or differs (new code, a restored or replaced store), all is done anew.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sakpore.secrets import write_private
from sakpore.stack.installation import Folders, project_root

CODE = ("permits", "store", "signing", "sakpore", "api/passwords.py", "requirements/run.lock")
READ = "SELECT obj_description('alembic_version'::regclass, 'pg_class'), (SELECT version_num FROM alembic_version)"


@dataclass(frozen=True)
class Prepared:
    """The stamps of one data folder. Its methods block shortly and need the database to run."""

    folders: Folders
    values: Mapping[str, str] = field(repr=False)

    def find(self) -> dict[str, Any] | None:
        """What the seed said when all was done as it would be done now; None when it has to be done (again)."""
        import psycopg

        with suppress(OSError, ValueError, KeyError, TypeError, psycopg.Error):
            kept = json.loads(self._file.read_text())
            stamp = self._stamp()
            if kept["stamp"] == stamp == self._in_object_store.read_text():
                with psycopg.connect(self._database) as connection:
                    if connection.execute(READ).fetchone() == (stamp, kept["schema"]):
                        return dict(kept["outcome"])
        return None

    def keep(self, outcome: Mapping[str, Any]) -> None:
        """Remember what was done. It only saves time: where it cannot be written, the next start does all again."""
        import psycopg
        from psycopg import sql

        with suppress(OSError, psycopg.Error):
            stamp = self._stamp()
            with psycopg.connect(self._database) as connection:
                connection.execute(sql.SQL("COMMENT ON TABLE alembic_version IS {}").format(sql.Literal(stamp)))
                found = connection.execute(READ).fetchone()
            write_private(self._in_object_store, stamp)
            kept = {"stamp": stamp, "schema": found[1] if found else None, "outcome": dict(outcome)}
            write_private(self._file, json.dumps(kept, indent=2) + "\n")

    @property
    def _file(self) -> Path:
        return self.folders.root / "prepared.json"

    @property
    def _in_object_store(self) -> Path:
        return self.folders.s3 / "prepared"

    @property
    def _database(self) -> str:
        return self.values["DATABASE_URL"].replace("postgresql+psycopg://", "postgresql://", 1)

    def _stamp(self) -> str:
        digest = hashlib.sha256(json.dumps(sorted(self.values.items())).encode())
        root = project_root()
        for path in (*_code_below(root), *self._officers_files()):
            content = path.read_bytes() if path.is_file() else b"(absent)"
            digest.update(str(path.relative_to(root) if path.is_relative_to(root) else path).encode())
            digest.update(hashlib.sha256(content).digest())
        return digest.hexdigest()

    def _officers_files(self) -> tuple[Path, ...]:
        keys = self.folders.keys
        return (self.folders.pki / "authority.json", keys / "seal.pub", keys / "demo-totp.json")


def _code_below(root: Path) -> Iterator[Path]:
    for name in CODE:
        place = root / name
        found = [place] if place.is_file() else sorted(place.rglob("*"))
        yield from (path for path in found if path.is_file() and "__pycache__" not in path.parts)
