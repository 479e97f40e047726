"""What a notice says beyond what it was given: read from the case when it is sent, so that it is true by then."""

from __future__ import annotations

from typing import Any

from permits.errors import RuleError
from permits.events import Tag
from store.records import Records
from store.tables import ApplicationRow, DocumentRow, OutboxRow, TaskRow

ABOUT_DOCUMENTS = frozenset({"applicant-asked", "repair-reminder"})
ABOUT_THE_PROMISE = frozenset({"promise-endangered", "promise-missed"})
_RUNGS = (Tag.TASK_WARNED, Tag.TASK_ESCALATED, Tag.OPD_WARNED, Tag.OPD_ESCALATED)


class Told:
    """Facts for the text of a notice."""

    def __init__(self, records: Records, public_base_url: str) -> None:
        self._records = records
        self._base = public_base_url.rstrip("/")

    async def facts(self, row: OutboxRow) -> dict[str, Any]:
        """What the notice was given, before what its case and its task say."""
        given: dict[str, Any] = {name: value for name, value in (row.facts or {}).items() if value}
        if row.number is None:
            return {"base_url": self._base, **given}
        case = await self._records.application(row.number)
        return self._of_case(case) | await self._of_task(given.get("task")) | await self._more(row, case, given) | given

    def _of_case(self, case: ApplicationRow) -> dict[str, Any]:
        return {
            "base_url": self._base,
            "number": case.number,
            "title": case.title,
            "tracking_url": f"{self._base}/lacak/{case.tracking_code}",
            "promised_at": case.promise_due_at,
            "delivery": case.delivery,
        }

    async def _of_task(self, task_id: str | None) -> dict[str, Any]:
        """Who holds the task, since when and until when."""
        task = await self._task(task_id) if task_id else None
        if task is None:
            return {}
        return {"stage": task.stage, "holder": task.holder, "due_at": task.due_at, "since": task.opened_at}

    async def _task(self, task_id: str) -> TaskRow | None:
        try:
            return await self._records.task(task_id)
        except RuleError:
            return None

    async def _more(self, row: OutboxRow, case: ApplicationRow, given: dict[str, Any]) -> dict[str, Any]:
        if row.template in ABOUT_DOCUMENTS:
            return {"documents": await self._wrong_documents(case)}
        if row.template in ABOUT_THE_PROMISE:
            return {"reminded": await self._reminded(case, given.get("holder"))}
        return {}

    async def _wrong_documents(self, case: ApplicationRow) -> list[tuple[str, str]]:
        """Title and reason of each document that is to be repaired now; the reason in words, or as its code."""
        newest = {one.requirement: one for one in await self._records.documents_of(case.number)}
        wrong = [one for one in newest.values() if one.verdict == "repair"]
        titles = _titles(case)
        return [(titles.get(one.requirement, one.requirement), _reason(one)) for one in wrong]

    async def _reminded(self, case: ApplicationRow, holder: str | None) -> list[str]:
        """Whom the ladders of this holder have told so far, from the lowest, each once."""
        fallen = await self._records.events_tagged(case.number, *_RUNGS)
        return list(dict.fromkeys(str(one.facts["who"]) for one in fallen if one.facts.get("holder") == holder))


def _titles(case: ApplicationRow) -> dict[str, str]:
    definition = (case.submission or {}).get("definition") or {}
    return {one["code"]: one["title"] for one in definition.get("requirements", ())}


def _reason(document: DocumentRow) -> str:
    return (document.reason or "").strip().rstrip(".") or document.reason_code or ""
