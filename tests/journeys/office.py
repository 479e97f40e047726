"""Brings cases to where a journey begins, through the JSON API of the running product; people act as in the demo."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from sakpore.demo.cases import CASES, answer_for
from sakpore.demo.drive import desks_of_the_demonstration
from sakpore.demo.office import Desk, Refused
from sakpore.demo.papers import paper_for
from sakpore.people import APPLICANTS, HEAD, OFFICERS, PASSPHRASE, Person
from sakpore.seed import TOTP_FILE
from signing.totp import totp_now

T = TypeVar("T")
PEOPLE = {person.id: person for person in (*OFFICERS, *APPLICANTS)}
_numbers = count(1)


@dataclass(frozen=True)
class Office:
    """The running product, at its address."""

    address: str
    data_dir: Path

    def submitted(self, permit_type: str = "izin-penelitian", **data: str) -> str:
        """A case that has just been submitted by the demo's applicant of that type; its number."""
        return _apart(self._submit(permit_type, data))

    def waiting_at(self, number: str, kind: str, seconds: float = 60) -> dict[str, Any]:
        """Everybody decides until a task of that kind is open in the case; that task, as its holder lists it."""
        return _apart(self._until(number, kind, seconds))

    def decided(self, person: str, task: dict[str, Any], body: dict[str, Any]) -> None:
        """That person decides so at that task."""
        _apart(self._decide(person, task, body))

    def issued(self, permit_type: str = "izin-penelitian", seconds: float = 180) -> dict[str, Any]:
        """A case whose letter is signed and issued, as its applicant reads it; other cases are left alone."""
        number = self.submitted(permit_type)
        task = self.waiting_at(number, "signing", seconds)
        return _apart(self._sign(number, permit_type, task, seconds))

    def get(self, person: str, path: str, **query: Any) -> Any:
        """What that person reads at an address of the JSON API."""
        return _apart(self._get(person, path, query))

    async def _decide(self, person: str, task: dict[str, Any], body: dict[str, Any]) -> None:
        desk = await Desk.open(self.address, PEOPLE[person])
        try:
            asked = {"seen": task["subject_sha256"], **body}
            await desk.write(f"/tasks/{task['id']}/decision", asked, key=f"keputusan-{next(_numbers)}")
        finally:
            await desk.close()

    def answers(self, person: str, number: str, answer: dict[str, Any], seconds: float = 60) -> None:
        """That person decides so at its open task of the case, as soon as there is one."""
        _apart(self._answer(person, number, answer, seconds))

    async def _answer(self, person: str, number: str, answer: dict[str, Any], seconds: float) -> None:
        desk = await Desk.open(self.address, PEOPLE[person])
        try:
            async with asyncio.timeout(seconds):
                while True:
                    tasks = [one for one in (await desk.get("/tasks", limit=200))["items"] if one["number"] == number]
                    if tasks:
                        body = {"seen": tasks[0]["subject_sha256"], **answer}
                        await desk.write(f"/tasks/{tasks[0]['id']}/decision", body, key="perjalanan")
                        return
                    await asyncio.sleep(0.2)
        finally:
            await desk.close()

    async def _sign(self, number: str, permit_type: str, task: dict[str, Any], seconds: float) -> dict[str, Any]:
        head = await Desk.open(self.address, HEAD)
        applicant = next(one.applicant for one in CASES if one.permit_type == permit_type)
        owner = await Desk.open(self.address, applicant)
        try:
            async with asyncio.timeout(seconds):
                await self._consent(head, task)
                while True:
                    page: dict[str, Any] = await owner.get(f"/applications/{number}")
                    if page["status"] == "issued":
                        return page
                    await asyncio.sleep(0.5)
        finally:
            await head.close()
            await owner.close()

    async def _consent(self, head: Desk, task: dict[str, Any]) -> None:
        """A code counts once: one that another journey has used is followed by the next."""
        secret = bytes.fromhex(json.loads((self.data_dir / "keys" / TOTP_FILE).read_text())[HEAD.id])
        while True:
            code = totp_now(secret, datetime.now(UTC))
            letter = {"task": task["id"], "seen": task["subject_sha256"]}
            body = {"tasks": [letter], "passphrase": PASSPHRASE, "totp": code}
            try:
                await head.write("/signing/activations", body, key=f"perjalanan-{code}-{next(_numbers)}")
            except Refused as refused:
                if refused.problem.get("code") != "step-up-refused":
                    raise
                await asyncio.sleep(5)
            else:
                return

    async def _get(self, person: str, path: str, query: dict[str, Any]) -> Any:
        desk = await Desk.open(self.address, PEOPLE[person])
        try:
            return await desk.get(path, **query)
        finally:
            await desk.close()

    async def _submit(self, permit_type: str, data: dict[str, str]) -> str:
        case = next(one for one in CASES if one.permit_type == permit_type)
        desk = await Desk.open(self.address, case.applicant)
        key = f"perjalanan-{next(_numbers)}"
        try:
            asked = {"permit_type": permit_type, "variant": "new", "data": case.data | data, "delivery": case.delivery}
            number: str = (await desk.write("/applications", asked, key=key))["number"]
            page = await desk.get(f"/permit-types/{permit_type}")
            for wanted in page["requirements"]:
                if wanted["required"] and "new" in wanted["variants"]:
                    name, content, kind = paper_for(wanted["formats"], wanted["title"], desk.person.name)
                    path = f"/applications/{number}/documents/{wanted['code']}"
                    await desk.upload("PUT", path, name, content, kind)
            await desk.write(f"/applications/{number}/submission", {}, key=f"{key}-kirim")
            return number
        finally:
            await desk.close()

    async def _until(self, number: str, kind: str, seconds: float) -> dict[str, Any]:
        people: list[Person] = desks_of_the_demonstration()
        desks = [await Desk.open(self.address, person) for person in (*people, *APPLICANTS)]
        try:
            async with asyncio.timeout(seconds):
                while True:
                    for desk in desks:
                        if found := await self._work(desk, number, kind):
                            return found
                    await asyncio.sleep(0.2)
        finally:
            for desk in desks:
                await desk.close()

    @staticmethod
    async def _work(desk: Desk, number: str, kind: str) -> dict[str, Any] | None:
        page = await desk.get("/tasks", limit=200)
        for task in page["items"]:
            if task["number"] != number:
                continue
            if task["kind"] == kind:
                return dict(task)
            answer = {"kind": "recommended", "answer": "approve"} if task["kind"] == "recommendation" else None
            answer = answer or await answer_for(desk, task)
            if answer is not None:
                body = {"seen": task["subject_sha256"], **answer}
                await desk.write(f"/tasks/{task['id']}/decision", body, key="perjalanan")
        return None


def _apart(work: Coroutine[Any, Any, T]) -> T:
    """Runs beside the browser, whose own loop lives in this thread."""
    done: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(asyncio.run(work))
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return done[0]
