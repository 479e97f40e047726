"""`var/run.json`: what runs, where and under which process ids; and the lock of one supervisor on a data folder."""

import fcntl
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sakpore.secrets import write_private
from sakpore.stack.errors import ALREADY_RUNNING, StackError
from sakpore.stack.processes import Identity, boot_id


@dataclass
class RunRecord:
    """The content of run.json. It outlives the run: the next start takes its ports and reaps its processes."""

    supervisor_pid: int
    started_at: str  # aware UTC, ISO 8601
    boot_id: str
    addresses: dict[str, str] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    parts: dict[str, Identity] = field(default_factory=dict)  # by part name

    @classmethod
    def fresh(cls) -> "RunRecord":
        """A record for this supervisor, nothing running yet."""
        return cls(os.getpid(), datetime.now(UTC).isoformat(timespec="seconds"), boot_id())

    def write(self, path: Path) -> None:
        """Replace the file in one step."""
        content = asdict(self)
        content["parts"] = [{"name": name, **asdict(identity)} for name, identity in self.parts.items()]
        write_private(path, json.dumps(content, indent=2) + "\n")


def read_record(path: Path) -> RunRecord | None:
    """The last record; None when there is none or it makes no sense (it is a convenience, never a source of truth)."""
    try:
        content: dict[str, Any] = json.loads(path.read_text())
        parts = {p["name"]: Identity(int(p["pid"]), float(p["start_time"])) for p in content.pop("parts")}
        return RunRecord(**content, parts=parts)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def left_running(record: RunRecord | None) -> Iterable[tuple[str, Identity]]:
    """The processes a record names that can still exist: those of the machine's present run."""
    if record is None or record.boot_id != boot_id():
        return ()
    return tuple(record.parts.items())


class FolderLock:
    """An advisory lock; the system lets go of it when the supervisor ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def take(self, record: Path) -> None:
        """Take the lock. Raises StackError (exit code 3) while another supervisor holds it."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            other = read_record(record)
            pid = f" (process {other.supervisor_pid})" if other else ""
            where = other.addresses.get("api", "") if other else ""
            at = f" at {where}" if where else ""
            raise StackError(
                f"Sakpore already runs on {self._path.parent}{pid}{at}; stop it first, or choose another data folder.",
                ALREADY_RUNNING,
            ) from None
        self._descriptor = descriptor

    def give_back(self) -> None:
        """Let go of the lock."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def addresses_of(environment: Mapping[str, str]) -> dict[str, str]:
    """The public part of run.json: where each thing is, under short names."""
    smtp = f"{environment['SMTP_HOST']}:{environment['SMTP_PORT']}" if environment.get("SMTP_HOST") else ""
    scheme = "https" if environment.get("API_TLS_CERTIFICATE") else "http"
    found = {
        "api": f"{scheme}://localhost:{environment['API_PORT']}" if environment.get("API_PORT") else "",
        "public": environment.get("PUBLIC_BASE_URL", ""),
        "temporal": environment.get("TEMPORAL_ADDRESS", ""),
        "temporal_ui": environment.get("TEMPORAL_UI_URL", ""),
        "s3": environment.get("S3_ENDPOINT_URL", ""),
        "smtp": smtp,
        "tsa": environment.get("SIGNING_TSA_URL", ""),
        "database_url": environment.get("DATABASE_URL", ""),
        "authority": environment.get("API_TLS_AUTHORITY", ""),
    }
    return {name: address for name, address in found.items() if address}
