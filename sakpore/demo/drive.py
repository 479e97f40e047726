"""Drives the applications: everyone looks into their own inbox and decides; the head signs all letters at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from permits.authority import Role
from sakpore.demo.cases import ASKED_AGENCIES, DemoCase, answer_for
from sakpore.demo.office import Desk, Refused
from sakpore.demo.papers import paper_for
from sakpore.people import HEAD, OFFICERS, PASSPHRASE, Person
from sakpore.seed import TOTP_FILE
from signing.totp import totp_now

PAUSE_SECONDS = 0.4
CLOSED = frozenset({"issued", "rejected", "withdrawn"})
WHO_WON = frozenset({"task-closed", "stale-version", "application-closed"})

Show = Callable[[dict[str, Any]], None]


class Drive:
    """A run of the demonstration against one address."""

    def __init__(self, base_url: str, data_dir: Path, show: Show = lambda view: None) -> None:
        self._base_url = base_url
        self._totp_file = data_dir / "keys" / TOTP_FILE
        self._show = show
        self._wanted_letters = 0
        self._used_code = ""
        self._leaving = AsyncExitStack()

    async def run(self, cases: tuple[DemoCase, ...], seconds: float = 240) -> list[dict[str, Any]]:
        """Submits the cases, lets everyone work, returns the closed cases. Raises TimeoutError, Refused."""
        self._wanted_letters = len(cases)
        async with self._leaving:
            applicants = [await self._open(case.applicant) for case in cases]
            numbers = [await submit(desk, case) for desk, case in zip(applicants, cases, strict=True)]
            at_work = [await self._open(person) for person in desks_of_the_demonstration()]
            working = [asyncio.ensure_future(self._work(desk)) for desk in (*at_work, *applicants)]
            watching = [self._watch(desk, number) for desk, number in zip(applicants, numbers, strict=True)]
            try:
                return await _first_failure(asyncio.gather(*watching), working, seconds)
            finally:
                for task in working:
                    task.cancel()
                await asyncio.gather(*working, return_exceptions=True)

    async def _open(self, person: Person) -> Desk:
        desk = await Desk.open(self._base_url, person)
        self._leaving.push_async_callback(desk.close)
        return desk

    async def _work(self, desk: Desk) -> None:
        """One person's day: look, decide, look again."""
        while True:
            page = await desk.get("/tasks", limit=200)
            if desk.person is HEAD:
                await self._sign(desk, page["items"])
            else:
                for task in page["items"]:
                    await self._decide(desk, task)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _decide(self, desk: Desk, task: dict[str, Any]) -> None:
        with _somebody_was_first():
            answer = await answer_for(desk, task)
            if answer is not None:
                body = {"seen": task["subject_sha256"], **answer}
                await desk.write(f"/tasks/{task['id']}/decision", body, key="peragaan")

    async def _sign(self, desk: Desk, tasks: list[dict[str, Any]]) -> None:
        """All letters in one activation, once all of them lie there."""
        waiting = [task for task in tasks if task["kind"] == "signing"]
        letters = [{"task": task["id"], "seen": task["subject_sha256"]} for task in waiting]
        if not letters or len(letters) < self._wanted_letters:
            return
        secret = bytes.fromhex(json.loads(self._totp_file.read_text())[HEAD.id])
        code = totp_now(secret, datetime.now(UTC))
        if code == self._used_code:
            return  # a code counts once: a letter that came back waits for the next one
        self._used_code = code
        body = {"tasks": letters, "passphrase": PASSPHRASE, "totp": code}
        with _somebody_was_first():
            await desk.write("/signing/activations", body, key=f"peragaan-{code}-{letters[0]['task']}")
        self._wanted_letters = 1  # a letter that comes back is signed by itself

    async def _watch(self, desk: Desk, number: str) -> dict[str, Any]:
        while True:
            page: dict[str, Any] = await desk.get(f"/applications/{number}")
            self._show(page)
            if page["status"] in CLOSED:
                return page
            await asyncio.sleep(PAUSE_SECONDS)


def desks_of_the_demonstration() -> list[Person]:
    """One person for each desk that these cases pass; whoever is not needed would only keep asking."""
    first: dict[tuple[str, str | None, str | None], Person] = {}
    for person in OFFICERS:
        asked = person.opd is None or person.opd in ASKED_AGENCIES
        if asked and person.role not in (Role.OPS, Role.INSPECTORATE):
            first.setdefault((person.role.value, person.field, person.opd), person)
    return list(first.values())


@contextmanager
def _somebody_was_first() -> Iterator[None]:
    """An inbox trails behind its case by a moment: a task that is decided by now is no failure."""
    try:
        yield
    except Refused as refused:
        if refused.problem.get("code") not in WHO_WON:
            raise


async def submit(desk: Desk, case: DemoCase) -> str:
    """A draft, its documents, and the submission; returns the application's number."""
    asked = {"permit_type": case.permit_type, "variant": "new", "data": case.data, "delivery": case.delivery}
    draft = await desk.write("/applications", asked, key=f"peragaan-{case.permit_type}")
    page = await desk.get(f"/permit-types/{case.permit_type}")
    for requirement in page["requirements"]:
        if requirement["required"] and "new" in requirement["variants"]:
            name, content, kind = paper_for(requirement["formats"], requirement["title"], desk.person.name)
            path = f"/applications/{draft['number']}/documents/{requirement['code']}"
            await desk.upload("PUT", path, name, content, kind)
    await desk.write(f"/applications/{draft['number']}/submission", {}, key=f"peragaan-{draft['number']}")
    number: str = draft["number"]
    return number


async def _first_failure(
    watching: asyncio.Future[list[dict[str, Any]]], working: Sequence[asyncio.Future[None]], seconds: float
) -> list[dict[str, Any]]:
    """The cases once all are closed; or the first failure of anyone who works."""
    async with asyncio.timeout(seconds):
        everyone: list[asyncio.Future[Any]] = [watching, *working]
        await asyncio.wait(everyone, return_when=asyncio.FIRST_COMPLETED)
        for task in working:
            if task.done():
                watching.cancel()
                task.result()
        return await watching
