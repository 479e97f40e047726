"""Renews the archives of signed letters before they end; on the `signing` queue.

It needs the trust anchors, current revocation lists and the timestamp authority, and no officer's key. All three are at
hand where letters are signed, in a folder that no other process may read, and a second copy of the lists could be
stale without anybody seeing it (ADR 0023). It reads letters of ours alone, each judged when it was registered.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict
from temporalio import activity

from permits.authority import Role
from permits.errors import RuleError
from signing.errors import SigningError
from signing.judging import letter_policy
from signing.material import TrustMaterial
from signing.pipeline import Pipeline
from signing.policy import Policy
from signing.renewal import ArchiveLife, ageing_before, archive_life
from signing.verdict import Level
from store.documents import DocumentStore
from store.errors import ObjectDamaged, ObjectMissing
from store.records import Records
from store.records.archive import BEGINNING, ArchivedLetter, ArchivePlace, Renewal

log = logging.getLogger(__name__)

URGENT = timedelta(days=30)
"""Operators are told of every letter whose archive ends within this time."""
REPEATEDLY = 3
"""Failures of one letter, a day apart, after which operators are told."""
WORTH_IT = timedelta(days=30)
"""A renewal that lasts less longer than the archive it renews is none: the authority still uses its old certificate."""
TROUBLE = "archive-trouble"

_Result = TypeVar("_Result")


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True)


class Place(_Message):
    """A place in the order of what is due, the most urgent first."""

    until: AwareDatetime
    letter_sha256: str


class ListDue(_Message):
    """One page of what is due."""

    before: AwareDatetime  # archives that end earlier
    after: Place | None = None  # the last place of the page before
    limit: int


class DuePage(_Message):
    """Letters by the sha256 of their frozen PDF."""

    letters: tuple[str, ...]
    last: Place | None = None  # None where nothing is due


class RenewLetter(_Message):
    """Renew this one, if it is still due."""

    letter_sha256: str
    before: AwareDatetime
    offered: AwareDatetime | None = None  # how long a timestamp of today lasts, where the run has seen one


class Renewed(_Message):
    """What became of it."""

    outcome: Literal["renewed", "lasting", "waiting", "failed", "gone"]
    code: str | None = None  # of a failure
    away: bool = False  # the failure is of a service, and the next letter would meet it too
    offered: AwareDatetime | None = None


class TellArchive(_Message):
    """The end of a run."""

    now: AwareDatetime
    day: str  # names the run for the outbox: operators are told once a day
    stopped: str | None = None  # the code of the service that was away


class ArchiveState(_Message):
    """What operators have to know."""

    urgent: int  # letters whose archive ends within thirty days
    failing: dict[str, int]  # letters that failed repeatedly, by code


class _Failed(Exception):
    def __init__(self, code: str, *, away: bool = False) -> None:
        super().__init__(code)
        self.code, self.away = code, away


class ArchiveDesk:
    """Finds, renews, registers and tells; every method is safe to run twice."""

    def __init__(self, records: Records, documents: DocumentStore, material: TrustMaterial, pipeline: Pipeline) -> None:
        self._records = records
        self._documents = documents
        self._material = material
        self._pipeline = pipeline

    @activity.defn
    async def list_due(self, order: ListDue) -> DuePage:
        """The next page of letters whose archives end before then, or rest on algorithms that will have ended."""
        after = ArchivePlace(**order.after.model_dump()) if order.after else None
        due = await self._records.archives_due(order.before, ageing_before(order.before), after, order.limit)
        if not due:
            return DuePage(letters=())
        last = Place(until=due[-1].until or BEGINNING, letter_sha256=due[-1].letter_sha256)
        return DuePage(letters=tuple(one.letter_sha256 for one in due), last=last)

    @activity.defn
    async def renew_letter(self, order: RenewLetter) -> Renewed:
        """Measures a letter's archive and renews it where it is due: verified, kept by sha256, and registered.

        A failure is counted and answered, for tomorrow's run; only the store's own absence is raised.
        """
        letter = await self._records.archived_letter(order.letter_sha256)
        if letter is None:
            return Renewed(outcome="gone")
        try:
            return await self._renew(letter, order)
        except RuleError:
            return Renewed(outcome="gone")
        except _Failed as failed:
            attempts = await self._records.note_archive_failure(letter.letter_sha256, failed.code, datetime.now(UTC))
            log.warning(
                "The archive of a letter could not be renewed.",
                extra={"application": letter.number, "code": failed.code, "attempts": attempts},
            )
            return Renewed(outcome="failed", code=failed.code, away=failed.away)

    @activity.defn
    async def tell_archive(self, order: TellArchive) -> ArchiveState:
        """Tells operators what stands in the way, once a day and only where something does."""
        state = await self.state(order.now)
        if state.urgent or state.failing or order.stopped:
            await self._tell_operators(order, state)
        return state

    async def state(self, now: datetime) -> ArchiveState:
        """What operators have to know now."""
        soon = now + URGENT
        urgent = await self._records.count_archives_due(soon, ageing_before(soon))
        return ArchiveState(urgent=urgent, failing=await self._records.archive_failures(REPEATEDLY))

    async def _renew(self, letter: ArchivedLetter, order: RenewLetter) -> Renewed:
        pdf = await self._stored(letter)
        life = await self._measured(letter, pdf)
        if life is not None and life.due >= order.before:
            return Renewed(outcome="lasting")
        if life is not None and order.offered is not None and order.offered < life.due + WORTH_IT:
            return Renewed(outcome="waiting", offered=order.offered)
        renewed, new_life = await self._made(letter, pdf)
        if life is not None and new_life.due < life.due + WORTH_IT:
            return Renewed(outcome="waiting", offered=new_life.due)
        renewal = Renewal(
            letter_sha256=letter.letter_sha256,
            of=letter.n,
            sha256=await self._documents.put_signed(renewed),
            level=Level.B_LTA.value,
            until=new_life.until,
            algorithms=new_life.algorithms,
        )
        await self._records.register_renewal(renewal, datetime.now(UTC))
        return Renewed(outcome="renewed", offered=new_life.due)

    async def _stored(self, letter: ArchivedLetter) -> bytes:
        try:
            return await self._documents.get_signed(letter.sha256)
        except ObjectMissing as missing:
            raise _Failed("object-missing") from missing
        except ObjectDamaged as damaged:
            raise _Failed("object-damaged") from damaged

    async def _measured(self, letter: ArchivedLetter, pdf: bytes) -> ArchiveLife | None:
        """How long the version lasts, noted where it was not known; None for a letter without document timestamp."""
        life = await self._life(pdf)
        if life is not None and letter.until != life.until:
            await self._records.keep_archive_life(letter.letter_sha256, letter.n, life.until, life.algorithms)
        return life

    async def _made(self, letter: ArchivedLetter, pdf: bytes) -> tuple[bytes, ArchiveLife]:
        try:
            policy = self._policy(letter)
            # In a loop of its own: validating holds a thread for a good part of a second.
            renewed = await asyncio.to_thread(_run, self._pipeline.renew_archive(pdf, policy))
        except SigningError as failed:
            raise _Failed(failed.code, away=failed.may_retry) from failed
        life = await self._life(renewed)
        if life is None or not renewed.startswith(pdf):
            raise _Failed("signature_not_proven")
        return renewed, life

    async def _life(self, pdf: bytes) -> ArchiveLife | None:
        try:
            self._material.refresh()
            authorities = [*self._material.roots, *self._material.intermediates]
            return await asyncio.to_thread(archive_life, pdf, authorities)
        except SigningError as failed:
            raise _Failed(failed.code, away=failed.may_retry) from failed

    def _policy(self, letter: ArchivedLetter) -> Policy:
        self._material.refresh()
        return letter_policy(self._material, letter.certificate_sha256, letter.field_name)

    async def _tell_operators(self, order: TellArchive, state: ArchiveState) -> None:
        counted = [f"{code}: {count}" for code, count in sorted(state.failing.items())]
        facts = {"urgent": str(state.urgent), "failing": ", ".join(counted), "stopped": order.stopped or ""}
        for account in await self._records.accounts():
            if account.role == Role.OPS and account.active:
                key = f"{TROUBLE}:{order.day}:{account.id}"
                await self._records.queue_for_account(key, TROUBLE, account.id, facts, order.now)


def _run(work: Coroutine[Any, Any, _Result]) -> _Result:
    return asyncio.run(work)
