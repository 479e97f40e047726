"""The embedded Temporal development server: one process, state in one SQLite file with a write-ahead log.

It is the same engine and protocol as a cluster. What it writes survives kill -9 of the server (`synchronous=normal` may
lose the last writes when the machine itself loses power).
"""

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from sakpore.stack.errors import NotYetError, StackError

NAMESPACE = "default"
RETENTION_DAYS = 90
CALL_SECONDS = 10
# The names by which operators filter cases; they hold no personal data, since they are stored in clear.
SEARCH_ATTRIBUTES = {"Tahap": "Keyword", "JenisIzin": "Keyword", "Menunggu": "Keyword", "JatuhTempo": "Datetime"}


def find_program(name: str, package: str, variable: str) -> str:
    """A program that a package puts into the virtual environment. Raises StackError with what to do."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise StackError(f"`{name}` is not installed (package {package}); run `make run`, or set {variable}.")
    if shutil.which(found) is None:
        raise StackError(f"{found} cannot be executed; reinstall {package}, or set {variable}.")
    return found


def command(program: str, database: Path, host: str, port: int, ui_port: int, codec_endpoint: str) -> tuple[str, ...]:
    """The server in the foreground."""
    attributes = (text for name, kind in SEARCH_ATTRIBUTES.items() for text in ("--search-attribute", f"{name}={kind}"))
    return (
        *(program, "server", "start-dev", "--db-filename", str(database)),
        *("--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=normal"),
        *("--ip", host, "--port", str(port), "--ui-port", str(ui_port), "--ui-codec-endpoint", codec_endpoint),
        *("--ui-disable-news-fetch", "--log-level", "warn", "--disable-config-file"),
        *attributes,
    )


def keep_histories(program: str, address: str, environment: Mapping[str, str], marker: Path) -> None:
    """Set the retention of closed cases once per database file (the development server's own default is one day).

    Raises NotYetError.
    """
    if marker.exists():
        return
    done = subprocess.run(
        (
            *(program, "operator", "namespace", "update", "--address", address, "--disable-config-file"),
            *("--retention", f"{RETENTION_DAYS * 24}h", "--namespace", NAMESPACE),
        ),
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=CALL_SECONDS,
    )
    if done.returncode:
        raise NotYetError(f"it does not take the retention of {RETENTION_DAYS} days: {done.stderr.strip()[-200:]}")
    marker.touch(mode=0o600)
