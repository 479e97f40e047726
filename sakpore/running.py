"""Where a running installation's parts are: from the environment, else as its supervisor wrote them down."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path


def addresses(data: Path) -> dict[str, str]:
    """The addresses of the installation that runs on that folder; none where nothing runs."""
    try:
        running: dict[str, str] = json.loads((data / "run.json").read_text())["addresses"]
    except (OSError, ValueError, KeyError):
        return {}
    return running


def database_url(data: Path, environment: Mapping[str, str]) -> str | None:
    """DATABASE_URL, else the installation's own; None where there is neither."""
    return environment.get("DATABASE_URL") or addresses(data).get("database_url")
