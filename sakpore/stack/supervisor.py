"""The supervisor: every part of the office on one machine, kept alive, and nothing left behind.

    async with Stack(Path("var")) as stack:
        stack.environment("api")["DATABASE_URL"]

Parts start in parallel as far as their dependencies allow; our own load their code meanwhile. Steps (migrations, trust,
seed) are done once between them, unless the same code did them before. Everything runs under the event loop that called
`start`; children die with its thread (PR_SET_PDEATHSIG), so on Linux call `start` from a thread that lives as long as
the stack.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sakpore.ports import PortBook
from sakpore.secrets import InstallationSecrets
from sakpore.stack import installation, outside, postgres
from sakpore.stack.errors import StackError
from sakpore.stack.installation import Folders
from sakpore.stack.keeper import Keeper, end_in_words
from sakpore.stack.parts import SYSTEM, Part, Plan, all_parts
from sakpore.stack.prepared import Prepared
from sakpore.stack.processes import Identity, end, family, identify, kill_all, spawn
from sakpore.stack.record import FolderLock, RunRecord, addresses_of, left_running, read_record
from sakpore.stack.steps import Step, all_steps
from sakpore.stack.tls import Tls
from sakpore.stack.tls import environment as environment_of

STOP_SECONDS = 9.0  # altogether
REAP_SECONDS = 4.0
# PostgreSQL takes it as "stop now, in order", and the others as the end as well.
POLITE = signal.SIGINT


@dataclass(frozen=True)
class Event:
    """Something the display may show."""

    kind: str  # reaped, note, starting, running, ready, died, done, stopping, stopped
    part: str  # name of a part or step; "" for the stack
    detail: str = ""


class Stack:
    """One running office on one data folder."""

    def __init__(
        self,
        data_dir: Path,
        ports: Mapping[str, int] | None = None,
        only: Collection[str] | None = None,
        environment: Mapping[str, str] | None = None,
        on_event: Callable[[Event], None] | None = None,
        extra_parts: Collection[Part] = (),
        tls: bool = False,
    ) -> None:
        """Describe a stack; nothing is touched before `start`.

        Args:
            data_dir: the folder of all state, made when missing.
            ports: ports fixed by name (api, temporal, temporal_ui, s3, smtp, tsa); the rest is remembered or free.
            only: names of the parts and steps to run; None runs all.
            environment: the caller's variables (default: this process's); see installation.REPLACED_BY.
            on_event: called from the event loop with each Event.
            extra_parts: further processes to keep, whatever `only` says.
            tls: serve HTTPS to the machine's network, under an authority of this installation's own.
        """
        self.data_dir = data_dir
        self._fixed_ports = dict(ports or {})
        self._only = None if only is None else set(only)
        self._given = dict(os.environ if environment is None else environment)
        self._on_event = on_event or (lambda event: None)
        self._extra = tuple(extra_parts)
        self._over_https = tls
        self.tls: Tls | None = None  # of this run, once it is open
        self._parts: dict[str, Part] = {}
        self._steps: dict[str, Step] = {}
        self._keepers: dict[str, Keeper] = {}
        self._values: dict[str, str] = {}
        self._results: dict[str, Any] = {}
        self._prepared: Prepared | None = None
        self._done_before: dict[str, Any] | None = None
        self._record = RunRecord.fresh()
        self._folders: Folders | None = None
        self._lock: FolderLock | None = None
        self._book = PortBook()

    # What it says about itself

    @property
    def addresses(self) -> dict[str, str]:
        """Where things are: api, public, temporal, temporal_ui, s3, smtp, tsa, database_url."""
        return dict(self._record.addresses)

    @property
    def part_names(self) -> list[str]:
        """Names of the parts of this run."""
        return list(self._parts)

    def environment(self, part: str | None = None) -> dict[str, str]:
        """The variables given to a part; without a name, every variable of the product (for steps, tests and tools)."""
        return dict(self._values if part is None else self._parts[part].environment)

    def result(self, step: str) -> Any:
        """What a step returned; None when it did not run."""
        return self._results.get(step)

    def pid(self, part: str) -> int | None:
        """The process id of a part, None while it is not running."""
        identity = self._record.parts.get(part)
        return identity.pid if identity else None

    def log(self, part: str) -> Path:
        """The log of a part."""
        return self._need_folders().logs / f"{part}.log"

    # What it does

    async def start(self) -> None:
        """Start everything and return when all is ready.

        Raises StackError (with its exit code) when it cannot; whatever was started is then stopped again.
        """
        try:
            await self._open_unbroken()
            await outside.check(self._outside(), self._values)
            await self._start_in_order()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop everything, dependents first, within about ten seconds."""
        if self._keepers:
            self._event("stopping", "")
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._stop_in_order()
        except TimeoutError:
            await asyncio.gather(*(keeper.kill() for keeper in self._keepers.values()))
            await asyncio.gather(*(keeper.stop() for keeper in self._keepers.values()))
        self._keepers.clear()
        self._book.release_all()
        if self._lock is not None:
            self._record.parts.clear()
            with contextlib.suppress(OSError):
                self._write_record()
            self._lock.give_back()
            self._lock = None
            self._event("stopped", "")

    async def restart(self, part: str, once: Mapping[str, str] | None = None) -> None:
        """Stop a part politely, start it again and wait until it is ready.

        `once` is added to the environment of that one life; after its death the part starts without.
        """
        await self._keepers[part].restart(once or {})

    async def kill(self, part: str) -> None:
        """kill -9 a part with all its children; the supervisor starts it again."""
        await self._keepers[part].kill()

    async def hold(self, part: str) -> None:
        """Stop a part and keep it down until `resume`."""
        await self._keepers[part].hold()

    async def resume(self, part: str) -> None:
        """Start a held part and wait until it is ready."""
        await self._keepers[part].start()

    async def wait_ready(self, part: str) -> None:
        """Wait until a part is (again) ready."""
        await self._keepers[part].wait_ready()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    # How

    async def _open_unbroken(self) -> None:
        """Open in a thread; a cancelled start waits for its end, so that `stop` finds the lock it has to give back."""
        opening = asyncio.ensure_future(asyncio.to_thread(self._open))
        try:
            notes = await asyncio.shield(opening)
        except asyncio.CancelledError:
            await asyncio.gather(opening, return_exceptions=True)
            raise
        for kind, note in notes:
            self._event(kind, "", note)

    def _open(self) -> list[tuple[str, str]]:
        folders = self._folders = installation.open_folders(self.data_dir)
        lock = FolderLock(folders.root / "run.lock")
        lock.take(folders.record)
        self._lock = lock
        before = read_record(folders.record)
        notes = [("reaped", f"left by an earlier run: {', '.join(names)}") for names in [_reap(before)] if names]
        self._book = installation.choose_ports(folders, self._given, before, self._fixed_ports)
        secrets = installation.load_secrets(folders)
        if self._over_https:
            self.tls = installation.over_https(folders, self._given, self._book["api"])
            base = installation.secure_base_url(folders, self._given, self._book["api"])
            self._given |= environment_of(self.tls, self._given, base)
            notes += [("note", note) for note in self.tls.notes]
        plan = self._plan(folders, secrets)
        self._values = dict(plan.values)
        self._parts = {part.name: part for part in all_parts(plan) if self._wanted(part.name)}
        self._parts |= {part.name: part for part in self._extra}
        self._steps = {step.name: step for step in all_steps(folders, set(self._parts)) if self._wanted(step.name)}
        # Stores of others may change behind our back: only what lies in the data folder is known to be prepared.
        if {"postgres", "s3", "pki", "migrate", "seed"} <= {*self._parts, *self._steps}:
            self._prepared = Prepared(folders, self._values)
        self._record = RunRecord.fresh()
        self._record.addresses = addresses_of(self._values)
        self._record.ports = {**(before.ports if before else {}), **self._book.numbers}
        self._write_record()
        _turn_logs(folders.logs, (*self._parts, *self._steps))
        public, api = self._record.addresses["public"], self._record.addresses["api"]
        if public.startswith("http://localhost:") and public != api:
            notes.append(("note", f"pages are at {api} this time; links and QR codes keep saying {public}"))
        return notes

    def _plan(self, folders: Folders, secrets: InstallationSecrets) -> Plan:
        url, cluster = self._given.get("DATABASE_URL", ""), None
        if not url:
            cluster = postgres.find_cluster(folders.postgres)
            url = cluster.url
        values = installation.full_environment(folders, self._given, self._book, secrets, url)
        return Plan(folders, self._given, values, self._book, secrets, cluster)

    def _outside(self) -> set[str]:
        """The variables that name a server instead of a part of this run."""
        return {name for part, name in installation.REPLACED_BY.items() if self._given.get(name) and self._wanted(part)}

    def _wanted(self, name: str) -> bool:
        return self._only is None or name in self._only

    async def _start_in_order(self) -> None:
        folders = self._need_folders()
        root = installation.project_root()
        for part in self._parts.values():
            self._keepers[part.name] = Keeper(
                part, self.log(part.name), root, self._event, self._set_running, self._book.release
            )
        done = {name: asyncio.Event() for name in (*self._parts, *self._steps)}

        async def bring_up(name: str, depends_on: tuple[str, ...]) -> None:
            if name in self._parts and self._parts[name].is_early:
                self._keepers[name].load()
            for other in depends_on:
                if other in done:
                    await done[other].wait()
            if name in self._keepers:
                await self._keepers[name].start()
            else:
                await self._run_step(self._steps[name])
            done[name].set()

        waits_for = {part.name: part.depends_on for part in self._parts.values()}
        waits_for |= {step.name: step.depends_on for step in self._steps.values()}
        try:
            async with asyncio.TaskGroup() as group:
                for name, depends_on in waits_for.items():
                    group.create_task(bring_up(name, depends_on))
        except BaseExceptionGroup as group:
            raise _the_cause(group) from None
        self._event("done", "", str(folders.root))

    async def _run_step(self, step: Step) -> None:
        self._event("running", step.name)
        if step.run is not None:
            await asyncio.to_thread(step.run)
        elif step.name == "migrate":
            await self._migrate(step)
        else:
            await self._seed(step)
        self._event("ready", step.name)

    async def _migrate(self, step: Step) -> None:
        if self._prepared is not None:
            self._done_before = await asyncio.to_thread(self._prepared.find)
        if self._done_before is None:
            await self._in_own_process(step)

    async def _seed(self, step: Step) -> None:
        outcome = self._done_before
        if outcome is None:
            outcome = await self._in_own_process(step)
            if self._prepared is not None:
                await asyncio.to_thread(self._prepared.keep, outcome)
        self._results[step.name] = outcome["result"]
        for note in outcome["notes"]:
            self._event("note", step.name, note)

    async def _in_own_process(self, step: Step) -> dict[str, Any]:
        log = self.log(step.name)
        answer = log.with_suffix(".json")
        command = (sys.executable, "-m", "sakpore.stack.steps", step.name)
        environment = {**{name: self._given[name] for name in SYSTEM if name in self._given}, **self._values}
        process = await spawn(command, environment, log, installation.project_root(), output=answer)
        identity = identify(process.pid)
        try:
            code = await process.wait()
            if code:
                raise StackError(f"{step.title} failed: {end_in_words(code, log)} (log: {log}).")
            return dict(json.loads(answer.read_text().splitlines()[-1]))
        finally:
            if identity is not None and process.returncode is None:
                kill_all(family(identity.pid))
            answer.unlink(missing_ok=True)

    async def _stop_in_order(self) -> None:
        stopped = {name: asyncio.Event() for name in self._keepers}

        async def take_down(keeper: Keeper) -> None:
            for other in self._keepers.values():
                if keeper.part.name in other.part.depends_on:
                    await stopped[other.part.name].wait()
            await keeper.stop()
            stopped[keeper.part.name].set()

        await asyncio.gather(*(take_down(keeper) for keeper in self._keepers.values()))

    def _set_running(self, name: str, identity: Identity | None) -> None:
        if identity is None:
            self._record.parts.pop(name, None)
        else:
            self._record.parts[name] = identity
        try:
            self._write_record()
        except OSError as error:
            self._event("note", name, f"run.json could not be written: {error.strerror}")

    def _write_record(self) -> None:
        self._record.write(self._need_folders().record)

    def _event(self, kind: str, part: str, detail: str = "") -> None:
        # A closed terminal must not end the supervision of a part.
        with contextlib.suppress(OSError):
            self._on_event(Event(kind, part, detail))

    def _need_folders(self) -> Folders:
        if self._folders is None:
            raise RuntimeError("the stack was not started")
        return self._folders


def _the_cause(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The one error to report: what stopped the start, preferably in our own words."""
    error: BaseException = group.subgroup(StackError) or group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _reap(before: RunRecord | None) -> list[str]:
    left = dict(left_running(before))
    found = end(list(left.values()), POLITE, REAP_SECONDS)
    return [name for name, identity in left.items() if identity in found]


def _turn_logs(folder: Path, parts: Collection[str]) -> None:
    for name in parts:
        log = folder / f"{name}.log"
        if log.exists():
            log.replace(folder / f"{name}.log.1")
