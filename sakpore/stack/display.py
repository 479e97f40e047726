"""What the command shows while the stack starts, runs and stops: a live table on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import qrcode
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from sakpore.stack.supervisor import Event
from sakpore.stack.tls import Tls

SIGNS = {"starting": "…", "running": "…", "ready": "✓", "died": "✗"}
QUIET = {"starting", "running", "done"}  # not worth a plain line of their own


class Display:
    """Takes the stack's events. Made for one run of the command."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False, soft_wrap=True)
        self._began = time.monotonic()
        self._states: dict[str, tuple[str, str]] = {}
        self._live: Live | None = None

    @property
    def seconds(self) -> float:
        """Since the display was made."""
        return time.monotonic() - self._began

    def show(self, event: Event) -> None:
        """Show one event."""
        if event.kind == "stopping":
            self.finish_table()
        if event.part and event.kind in SIGNS:
            self._states[event.part] = (event.kind, f"{self.seconds:4.1f} s")
        if self._live is not None:
            self._live.update(self._table())
        if self._live is None or event.kind in ("died", "note", "reaped"):
            self._line(event)

    def begin_table(self) -> None:
        """From now on a live table, when this is a terminal."""
        if self.console.is_terminal:
            self._live = Live(self._table(), console=self.console, refresh_per_second=8, transient=True)
            self._live.start()

    def finish_table(self) -> None:
        """Back to lines."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _line(self, event: Event) -> None:
        if event.kind in QUIET:
            return
        words = " ".join(filter(None, (event.part, event.kind if event.kind != "note" else "", event.detail)))
        self._print(f"[{self.seconds:5.1f} s] {words}")

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        for name, (kind, when) in self._states.items():
            table.add_row(SIGNS[kind], name, when if kind == "ready" else "", style="dim" if kind == "ready" else "")
        return table

    def ready(self, addresses: Mapping[str, str], parts: Collection[str], data_dir: Path, accounts: Any) -> None:
        """The page a person reads first: addresses and accounts."""
        self.finish_table()
        public, api = addresses.get("public", ""), addresses.get("api", "")
        rows = {
            "Pages and API": api if "api" in parts else "",
            "Address in letters and mails": public if public != api else "",
            "Temporal UI": addresses.get("temporal_ui", ""),
            "Temporal": addresses.get("temporal", ""),
            "PostgreSQL": without_password(addresses.get("database_url", "")),
            "S3": addresses.get("s3", ""),
            "Mail (a stand-in, sends nothing)": str(data_dir / "mail") if "mail" in parts else "",
            "WhatsApp (a stand-in, sends nothing)": _made(data_dir / "whatsapp"),
            "Logs": str(data_dir / "log"),
        }
        self._print(f"Sakpore is ready after {self.seconds:.1f} s. Ctrl-C stops it.")
        self._print_columns([[title, address] for title, address in rows.items() if address])
        people = account_rows(accounts)
        if people:
            self._print("Accounts (fictional people):")
            self._print_columns(people)

    def trust(self, tls: Tls, public: str) -> None:
        """How a phone comes to trust this installation; the fingerprint is what a person compares."""
        self._print(f"HTTPS for {', '.join(tls.names)}. A phone trusts it once, in the same network:")
        self._print(f"  1. Open {public}/ca, pass the warning this one time, and download the certificate.")
        self._print("  2. Compare its SHA-256 fingerprint, there and in the settings, with this one:")
        self._print(f"     {tls.fingerprint}")
        self._print("  3. Install it as a CA certificate; the page says where. On this machine it is here:")
        self._print(f"     {tls.authority}")
        host = urlsplit(public).hostname or ""
        if host.replace(".", "").isdigit() or ":" in host:
            self._print("  Passkeys need a name: set PUBLIC_BASE_URL to https, a name of this machine, and the port.")
        if self.console.is_terminal:
            drawing = qrcode.QRCode(border=1)
            drawing.add_data(f"{public}/ca")
            drawing.print_ascii(out=self.console.file, invert=True)

    def _print(self, line: str) -> None:
        self.console.print(Text(line), soft_wrap=True)

    def _print_columns(self, rows: Sequence[Sequence[str]]) -> None:
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            self._print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def account_rows(accounts: Any) -> list[list[str]]:
    """A heading and one row a person, from whatever the seed returned: mappings, dataclasses or models, or nothing."""
    if isinstance(accounts, Mapping):
        accounts = accounts.get("accounts")
    if not isinstance(accounts, Iterable) or isinstance(accounts, str | bytes):
        return []
    rows = [row for row in map(_as_row, accounts) if row]
    if not rows:
        return []
    columns = list(rows[0])
    return [columns, *([str(row.get(column, "")) for column in columns] for row in rows)]


def _as_row(account: Any) -> dict[str, Any]:
    if isinstance(account, Mapping):
        return dict(account)
    if hasattr(account, "model_dump"):
        return dict(account.model_dump())
    if is_dataclass(account) and not isinstance(account, type):
        return asdict(account)
    return {}


def _made(folder: Path) -> str:
    return str(folder) if folder.exists() else ""


def without_password(url: str) -> str:
    """A database URL that may be shown."""
    head, separator, tail = url.partition("://")
    user, at, rest = tail.rpartition("@")
    return f"{head}{separator}{user.split(':')[0]}{at}{rest}" if at else url


def complain(sentence: str) -> None:
    """Say what is wrong on standard error."""
    sys.stderr.write(f"{sentence}\n")
