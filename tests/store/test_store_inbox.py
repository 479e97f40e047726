"""The inbox: who finds which task, in which view, in which order, and that it reads indexes alone."""

import itertools
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from permits.authority import Act, Actor, Role, refusal
from permits.decision_rules import APPLICANTS_TASKS
from permits.decisions import TaskKind
from permits.errors import Code
from store.database import Database
from store.queries.inbox import (
    EVERYTHING,
    Only,
    Place,
    View,
    inbox,
    inbox_counts,
    subject_of_task,
    task_row,
)
from store.queries.stuck import stuck_by_holder
from store.records import Records
from tests.store.builders import NOW, a_draft, a_step, a_submission, a_task

FIELDS = ("kesehatan", "penelitian")
KIND_OF = {
    Role.APPLICANT: TaskKind.REPAIR,
    Role.FRONT_OFFICE: TaskKind.VERIFICATION,
    Role.BACK_OFFICE: TaskKind.ASSESSMENT,
    Role.TECHNICAL_TEAM: TaskKind.INSPECTION,
    Role.OPD: TaskKind.RECOMMENDATION,
    Role.SUB_COORDINATOR: TaskKind.DESK_CHECK,
    Role.COORDINATOR: TaskKind.DESK_CHECK,
    Role.HEAD_OF_DIVISION: TaskKind.PARAF,
    Role.HEAD_OF_OFFICE: TaskKind.SIGNING,
    Role.INSPECTORATE: TaskKind.OVERDUE,
    Role.COMPLAINT_TEAM: TaskKind.OVERDUE,
}


def an_actor(role: Role, **fields: Any) -> Actor:
    return Actor(**{"id": f"{role.value}-1", "name": "Contoh", "role": role, **fields})


async def a_case_of(records: Records, applicant: str, field: str = "kesehatan", permit_type: str = "sip") -> str:
    row = await a_draft(records, applicant, field=field, permit_type=permit_type)
    return (await records.submit(a_submission(row, key=row.number))).number


async def open_at(records: Records, number: str, task_id: str, role: Role, **fields: Any) -> str:
    task = a_task(task_id, role=role, kind=fields.pop("kind", KIND_OF[role]), **fields)
    await records.keep(a_step(number, f"{task_id}-opened", task_opened=task))
    return task_id


async def set_on(db: Database, task_id: str, **values: Any) -> None:
    """What the case's own steps will set; here by hand."""
    named = ", ".join(f"{name} = :{name}" for name in values)
    async with db.transaction() as session:
        await (await session.connection()).execute(
            text(f"UPDATE tasks SET {named} WHERE id = :id"), {**values, "id": task_id}
        )


async def listed(db: Database, *actors: Actor, view: View = "all", only: Only = EVERYTHING, **more: Any) -> list[str]:
    async with db.transaction() as session:
        lines, total, _ = await inbox(session, actors, NOW, view, only, **{"limit": 200, **more})
    assert total == len(lines)
    return [line.id for line in lines]


async def a_full_office(records: Records, db: Database) -> list[str]:
    """A task at every desk, in both fields, of two applicants, one of whom is an officer; some assigned."""
    tasks = []
    people = [*(an_actor(role).id for role in Role), "pemohon-9"]
    numbers = [
        await a_case_of(records, applicant, field)
        for applicant, field in itertools.product(people[:3] + people[-1:], FIELDS)
    ]
    numbers += [
        await a_case_of(records, an_actor(role).id) for role in (Role.HEAD_OF_OFFICE, Role.OPD, Role.COORDINATOR)
    ]
    for number, role in itertools.product(numbers, KIND_OF):
        for opd in ("bappeda", "dpupr") if role is Role.OPD else (None,):
            name = f"{number}.{role.value}.{opd}"
            verified = ("head_of_office-1",) if number == numbers[1] else ("x",)
            tasks.append(await open_at(records, number, name, role, opd=opd, verified_by=verified))
    for number in numbers[4:6]:
        await set_on(db, f"{number}.front_office.None", assigned_to="front_office-1", assigned_to_name="Contoh")
        await set_on(db, f"{number}.back_office.None", assigned_to="orang-lain", assigned_to_name="Contoh Rekan")
    return tasks


ACTORS = [
    *(an_actor(role) for role in Role if role not in (Role.OPD, Role.BACK_OFFICE)),
    *(an_actor(Role.BACK_OFFICE, field=field) for field in (*FIELDS, None)),
    *(an_actor(Role.OPD, opd=opd) for opd in ("bappeda", "dpupr", None)),
    an_actor(Role.APPLICANT, id="pemohon-9"),
]


async def test_every_inbox_holds_what_the_permission_rule_allows_and_nothing_else(
    records: Records, db: Database
) -> None:
    tasks = await a_full_office(records, db)
    async with db.transaction() as session:
        rows = [await task_row(session, task) for task in tasks]
    for actor in ACTORS:
        reach: dict[View, set[str]] = {"all": set(), "for_applicants": set(), "opd_paper": set()}
        for row in rows:
            about = subject_of_task(row, row.applicant_id)
            if refusal(actor, Act.DECIDE, about) in (None, Code.ASSIGNED_TO_ANOTHER):
                reach["all"].add(row.id)
            if row.kind in {kind.value for kind in APPLICANTS_TASKS} and not refusal(
                actor, Act.ACT_FOR_APPLICANT, about
            ):
                reach["for_applicants"].add(row.id)
            if row.kind == TaskKind.RECOMMENDATION and not refusal(actor, Act.KEY_IN_ANSWER, about):
                reach["opd_paper"].add(row.id)
        for view, expected in reach.items():
            assert set(await listed(db, actor, view=view)) == expected, (actor, view)
    assert await listed(db, an_actor(Role.FRONT_OFFICE), view="for_applicants") != []
    assert await listed(db, an_actor(Role.BACK_OFFICE, field="penelitian"), view="opd_paper") != []


async def test_counts_are_those_of_the_lists(records: Records, db: Database) -> None:
    await a_full_office(records, db)
    for actor in ACTORS:
        async with db.transaction() as session:
            counts = await inbox_counts(session, [actor], NOW + timedelta(days=9))
            for view, count in counts.model_dump(exclude_none=True).items():
                _, total, _ = await inbox(session, [actor], NOW + timedelta(days=9), view)
                assert (actor.role, view, total) == (actor.role, view, count)
    assert counts.for_applicants is None


async def test_views_tell_mine_from_free_and_late_from_stuck(records: Records, db: Database) -> None:
    number = await a_case_of(records, "pemohon-9")
    front = an_actor(Role.FRONT_OFFICE)
    for name in ("mine", "colleague", "free", "warned", "silent", "answered"):
        late = name in ("silent", "answered")
        due = NOW - timedelta(hours=1) if late else NOW + timedelta(days=1)
        await open_at(records, number, name, Role.FRONT_OFFICE, due_at=due)
    await open_at(records, number, "word", Role.FRONT_OFFICE, kind=TaskKind.OVERDUE)
    await set_on(db, "mine", assigned_to=front.id, assigned_to_name=front.name)
    await set_on(db, "colleague", assigned_to="y", assigned_to_name="Contoh Rekan")
    await set_on(db, "warned", rungs_fallen=1)
    await set_on(db, "silent", rungs_fallen=2)
    assert await listed(db, front, view="mine") == ["mine"]
    assert "colleague" not in await listed(db, front, view="unassigned")
    assert await listed(db, front, view="overdue") == ["answered", "silent"]
    assert await listed(db, front, view="stuck") == ["silent", "word"], "a warning before the due date is no silence"
    assert len(await listed(db, front)) == 7
    async with db.transaction() as session:
        lines, _, _ = await inbox(session, [front], NOW)
        stuck = await stuck_by_holder(session, NOW)
    marks = {line.id: (line.overdue, line.stuck, line.assigned_to_name) for line in lines}
    assert marks["silent"] == (True, True, None)
    assert marks["answered"] == (True, False, None)
    assert marks["colleague"] == (False, False, "Contoh Rekan")
    assert lines[-1].possible == ["acknowledged"] or lines[-1].possible == ["verdicts"]
    assert [(one.role, one.tasks, one.oldest_task) for one in stuck] == [("front_office", 1, "silent")]


async def test_pages_by_place_hold_every_line_once_also_where_due_dates_are_equal(
    records: Records, db: Database
) -> None:
    number = await a_case_of(records, "pemohon-9")
    names = [await open_at(records, number, f"t{n:02d}", Role.FRONT_OFFICE) for n in range(7)]
    names += [await open_at(records, number, "early", Role.FRONT_OFFICE, due_at=NOW)]
    front, seen, place = an_actor(Role.FRONT_OFFICE), [], None
    async with db.transaction() as session:
        for _ in range(3):
            lines, total, place = await inbox(session, [front], NOW, after=place, limit=3)
            seen += [line.id for line in lines]
            assert total == 8
        assert place is None
        beyond, _, _ = await inbox(session, [front], NOW, after=Place(due_at=NOW + timedelta(days=99), id="z"), limit=3)
        by_offset, _, _ = await inbox(session, [front], NOW, offset=3, limit=3)
    assert seen == ["early", *sorted(names)[1:]]
    assert beyond == []
    assert [line.id for line in by_offset] == seen[3:6]


async def test_filters_narrow_by_type_field_agency_kind_and_number(records: Records, db: Database) -> None:
    health = await a_case_of(records, "pemohon-8", "kesehatan", "sip")
    study = await a_case_of(records, "pemohon-9", "penelitian", "izin-penelitian")
    back = an_actor(Role.BACK_OFFICE)
    await open_at(records, health, "h", Role.BACK_OFFICE)
    await open_at(records, study, "s", Role.BACK_OFFICE, kind=TaskKind.DRAFTING)
    await open_at(records, study, "o", Role.OPD, opd="bappeda")
    filters = [
        (Only(permit_type="izin-penelitian"), ["s"]),
        (Only(desk_field="kesehatan"), ["h"]),
        (Only(kind="drafting"), ["s"]),
        (Only(number=health), ["h"]),
        (Only(number=health, kind="drafting"), []),
    ]
    for only, expected in filters:
        assert await listed(db, back, only=only) == expected
    assert await listed(db, back, view="opd_paper", only=Only(opd="bappeda")) == ["o"]
    assert await listed(db, back, view="opd_paper", only=Only(opd="dpupr")) == []


async def test_a_lent_desk_adds_its_tasks_and_says_whose_they_are(records: Records, db: Database) -> None:
    health = await a_case_of(records, "pemohon-8", "kesehatan")
    study = await a_case_of(records, "pemohon-9", "penelitian")
    own = an_actor(Role.BACK_OFFICE, field="kesehatan")
    lent = own.model_copy(update={"field": "penelitian", "on_behalf_of": "Contoh Rekan"})
    whole = own.model_copy(update={"field": None, "on_behalf_of": "Contoh Lain"})
    await open_at(records, study, "s", Role.BACK_OFFICE)
    await open_at(records, health, "h", Role.BACK_OFFICE, due_at=NOW)
    assert await listed(db, own) == ["h"]
    assert await listed(db, own, lent) == ["h", "s"]
    assert await listed(db, own, lent, whole) == ["h", "s"], "within reach of two, and listed once"
    async with db.transaction() as session:
        lines, _, _ = await inbox(session, [own, lent], NOW)
        counts = await inbox_counts(session, [own, lent, whole], NOW)
    assert [line.on_behalf_of for line in lines] == [None, "Contoh Rekan"]
    assert counts.all == 2


async def test_nobody_finds_their_own_application_at_a_desk_they_hold_or_were_lent(
    records: Records, db: Database
) -> None:
    front = an_actor(Role.FRONT_OFFICE)
    number = await a_case_of(records, front.id)
    await open_at(records, number, "v", Role.FRONT_OFFICE)
    await open_at(records, number, "c", Role.COORDINATOR)
    await open_at(records, number, "r", Role.APPLICANT)
    lent = front.model_copy(update={"role": Role.COORDINATOR, "on_behalf_of": "Contoh Rekan"})
    assert await listed(db, front, lent) == []
    assert await listed(db, front, lent, view="for_applicants") == []


async def test_a_new_task_carries_its_cases_applicant_type_and_field(records: Records, db: Database) -> None:
    number = await a_case_of(records, "pemohon-9", "penelitian", "izin-penelitian")
    await open_at(records, number, "t", Role.OPD, opd="bappeda")
    await open_at(records, number, "u", Role.BACK_OFFICE, field="ekonomi")
    rows = [await records.task(name) for name in ("t", "u")]
    assert [(row.applicant_id, row.permit_type, row.desk_field) for row in rows] == [
        ("pemohon-9", "izin-penelitian", "penelitian"),
        ("pemohon-9", "izin-penelitian", "ekonomi"),
    ]
