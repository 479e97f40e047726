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


def settle(program: str, address: str, environment: Mapping[str, str], marker: Path) -> None:
    """Set the retention of closed cases (the server's own default is one day), and see that it knows our attributes.

    Once per database file; the server adds the attributes of its command line only after it has begun to listen.
    Raises NotYetError.
    """
    if marker.exists():
        return
    retention = ("namespace", "update", "--retention", f"{RETENTION_DAYS * 24}h", "--namespace", NAMESPACE)
    _operate(program, address, environment, *retention)
    known = _operate(program, address, environment, "search-attribute", "list", "--namespace", NAMESPACE)
    missing = [name for name in SEARCH_ATTRIBUTES if name not in known.split()]
    if missing:
        raise NotYetError(f"it does not know the search attributes {', '.join(missing)}")
    marker.touch(mode=0o600)


def _operate(program: str, address: str, environment: Mapping[str, str], *arguments: str) -> str:
    try:
        done = subprocess.run(
            (program, "operator", *arguments, "--address", address, "--disable-config-file"),
            env=dict(environment),
            capture_output=True,
            text=True,
            check=False,
            timeout=CALL_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise NotYetError(f"it does not answer within {CALL_SECONDS} s") from error
    if done.returncode:
        raise NotYetError(f"it refuses `{' '.join(arguments[:2])}`: {done.stderr.strip()[-200:]}")
    return done.stdout
