"""The foreground commands: start the office and stay until Ctrl-C; bring the database to the newest schema."""

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Mapping
from pathlib import Path

from sakpore.stack import outside, steps
from sakpore.stack.display import Display, complain
from sakpore.stack.errors import ALREADY_RUNNING, StackError
from sakpore.stack.supervisor import Stack


def up(data_dir: Path, environment: Mapping[str, str] | None = None, *, tls: bool = False) -> int:
    """Start everything, show where it is, and stay until SIGINT, SIGTERM or SIGHUP. Returns the exit code.

    0 after a clean stop, 1 when it cannot start, 2 when a fixed port is taken or a server that the
    environment names does not answer as it should, 3 when it already runs on this folder. `tls`: over HTTPS, for phones
    in the same network.
    """
    display = Display()
    stack = Stack(data_dir, environment=environment, on_event=display.show, tls=tls)
    try:
        return asyncio.run(_stay(stack, display))
    except StackError as error:
        display.finish_table()
        complain(str(error))
        return error.exit_code


async def _stay(stack: Stack, display: Display) -> int:
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, asked.set)
    asking = asyncio.create_task(asked.wait())
    starting = asyncio.create_task(stack.start())
    display.begin_table()
    await asyncio.wait({asking, starting}, return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await starting
        return 0
    starting.result()
    display.ready(stack.addresses, stack.part_names, stack.data_dir, stack.result("seed"))
    if stack.tls is not None:
        display.trust(stack.tls, stack.addresses["public"])
    await asking
    await stack.stop()
    return 0


def migrate(data_dir: Path, environment: Mapping[str, str] | None = None) -> int:
    """Bring the database to the newest schema, starting PostgreSQL when it does not run. Returns the exit code."""
    given = os.environ if environment is None else environment
    try:
        if given.get("DATABASE_URL"):
            asyncio.run(outside.check(("DATABASE_URL",), given))
            steps.migrate(given)
        else:
            _migrate_embedded(data_dir, given)
    except StackError as error:
        complain(str(error))
        return error.exit_code
    return 0


def _migrate_embedded(data_dir: Path, given: Mapping[str, str]) -> None:
    async def once() -> None:
        async with Stack(data_dir, only=("postgres", "migrate"), environment=given):
            pass

    try:
        asyncio.run(once())
    except StackError as error:
        if error.exit_code != ALREADY_RUNNING:
            raise
        running = json.loads((data_dir / "run.json").read_text())
        steps.migrate({"DATABASE_URL": running["addresses"]["database_url"]})
