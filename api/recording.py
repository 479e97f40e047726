"""Lines that the door itself writes into a case's record: what people say about a case without deciding anything."""

from __future__ import annotations

from typing import Any

from api.services import Services
from permits.authority import Actor
from permits.calendar import CalendarTooShort, WorkingCalendar
from permits.events import Event, Tag
from permits.pace import Pace
from store.tables import ApplicationRow


def event_now(services: Services, case: ApplicationRow, actor: Actor, tag: Tag, key: str, **facts: Any) -> Event:
    """An event of this moment by this actor; where it acts for somebody else, the line says for whom."""
    real = services.now()
    pace = Pace.model_validate(case.pace) if case.pace else Pace.real()
    office = real
    if not pace.is_real and case.submission:
        calendar = WorkingCalendar.model_validate(case.submission["calendar"])
        try:
            office = pace.office_time(real, calendar)
        except CalendarTooShort:
            # A compressed case that lies open outruns every calendar within the hour.
            office = calendar.closes_at(calendar.last)
    if actor.on_behalf_of is not None:
        facts["on_behalf_of"] = actor.on_behalf_of
    return Event(key=key, tag=tag, at=real, office_at=office, actor_id=actor.id, actor_name=actor.name, facts=facts)
