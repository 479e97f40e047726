"""What a person sees while the demonstration runs: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.live import Live
from rich.table import Table

from sakpore.stack.supervisor import Event

MARKS = {"issued": "✔", "rejected": "✘", "withdrawn": "✘", "with_applicant": "⏸"}


class Progress:
    """Stages of each case as they pass."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()
        self._cases: dict[str, dict[str, Any]] = {}
        self._live = Live(console=console, refresh_per_second=8, transient=False) if console.is_terminal else None

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def say(self, line: str) -> None:
        """One line, with the seconds since the beginning."""
        seconds = time.monotonic() - self._began
        self._console.print(f"[{seconds:5.1f} s] {line}", markup=False, highlight=False, soft_wrap=True)

    def stack(self, event: Event) -> None:
        """A part of the stack begins, is ready, or dies."""
        if event.kind in ("ready", "died", "stopping", "note"):
            self.say(" ".join(filter(None, (event.part or "office", event.kind, event.detail))))

    def case(self, page: dict[str, Any]) -> None:
        """A look at a case."""
        before = self._cases.get(page["number"])
        self._cases[page["number"]] = page
        if self._live:
            self._live.update(self._table())
        elif before is None or _words(before) != _words(page):
            self.say(f"{page['number']}  {page['permit_type']:20} {_words(page)}")

    def _table(self) -> Table:
        table = Table(title="Permohonan", title_justify="left", expand=False)
        for heading in ("", "Nomor", "Izin", "Tahap", "Menunggu"):
            table.add_column(heading)
        for number, page in sorted(self._cases.items()):
            waiting = page["waiting"] or {}
            holder = waiting.get("holder") or waiting.get("waiting_for") or "-"
            table.add_row(MARKS.get(page["status"], "…"), number, page["permit_name"], page["stage"] or "-", holder)
        return table


def _words(page: dict[str, Any]) -> str:
    waiting = page["waiting"] or {}
    holder = waiting.get("holder") or waiting.get("waiting_for") or "-"
    return f"{page['stage'] or page['status']} - {holder}"
