"""The permission matrix over HTTP has no hole: every route says who may ask, and strangers are refused at each."""

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi.routing import iter_route_contexts

from permits.authority import Act, Actor, Role, Subject, refusal
from permits.decisions import TaskKind
from store.queries.application import subject_of
from store.queries.inbox import subject_of_task
from store.records import actor_of
from tests.api.cases import open_task
from tests.api.conftest import PEOPLE, Api, a_person
from tests.api.filing import a_case
from tests.api.test_logging_in import PUBLIC

Route = tuple[str, str]


@dataclass(frozen=True)
class Asks:
    """What a route asks the permission function; the front office may have a right of its own to stand in."""

    act: Act
    stand_in: Act | None = None

    def of(self, actor: Actor) -> Act:
        return self.stand_in if self.stand_in and actor.role is Role.FRONT_OFFICE else self.act


OPEN_TO_ALL_SIGNED_IN: set[Route] = {
    ("GET", "/api/v1/me"),
    ("PATCH", "/api/v1/me"),
    ("POST", "/api/v1/me/email"),
    ("PUT", "/api/v1/me/password"),
    ("GET", "/api/v1/me/login-keys"),
    ("POST", "/api/v1/me/login-keys"),
    ("POST", "/api/v1/me/login-keys/options"),
    ("DELETE", "/api/v1/me/login-keys/{key}"),
    ("GET", "/api/v1/sessions/current"),
    ("DELETE", "/api/v1/sessions/current"),
}
RULES_INSIDE: dict[Route, tuple[Asks, ...]] = {
    ("GET", "/api/v1/applications"): (),  # a list of what each may read; see the test at the end
    ("GET", "/api/v1/permits"): (),  # the same
    ("POST", "/api/v1/applications"): (),  # for oneself or at the counter: what is asked stands in the body
    ("POST", "/api/v1/help"): (),  # one's own thread, or whose the body says
    ("GET", "/api/v1/help"): (),
    ("GET", "/api/v1/help/{thread}"): (),
    ("POST", "/api/v1/help/{thread}/messages"): (),
    ("POST", "/api/v1/help/{thread}/reading"): (),
    ("POST", "/api/v1/tasks/decisions"): (),  # each of the decisions it carries is asked about by itself
    ("POST", "/api/v1/tasks/{task_id}/assignment"): (
        Asks(Act.TAKE_OVER),
    ),  # as it is asked here; for others, Act.ASSIGN
    ("POST", "/api/v1/signing/activations"): (),  # each of the tasks it names is asked about by itself
    ("POST", "/api/v1/signing/challenges"): (),
    ("POST", "/api/v1/signing/provider-codes"): (Asks(Act.SIGN), Asks(Act.SIGN_ANSWER)),
    ("GET", "/api/v1/signing/readiness"): (Asks(Act.SIGN), Asks(Act.SIGN_ANSWER)),
    # Asked with the version's author, whom the door has to look up first.
    ("POST", "/api/v1/definitions/{code}/versions/{version}/publication"): (Asks(Act.PUBLISH_DEFINITION),),
    ("POST", "/api/v1/definitions/{code}/versions/{version}/confirmation"): (Asks(Act.PUBLISH_DEFINITION),),
    ("POST", "/api/v1/definitions/{code}/versions/{version}/retirement"): (Asks(Act.PUBLISH_DEFINITION),),
    ("POST", "/api/v1/codec/decode"): (Asks(Act.DECODE_PAYLOADS),),
}
"""Routes that ask the permission function in their own body."""
MORE_PEOPLE: dict[str, dict[str, Any]] = {
    "subkoordinator": {"role": Role.SUB_COORDINATOR},
    "kabid": {"role": Role.HEAD_OF_DIVISION},
    "pengaduan": {"role": Role.COMPLAINT_TEAM},
    "inspektorat": {"role": Role.INSPECTORATE},
    "pimpinan": {"role": Role.OPD, "opd": "dpupr", "is_head": True},
}
STAND_INS = {TaskKind.REPAIR: Act.ACT_FOR_APPLICANT, TaskKind.RECOMMENDATION: Act.KEY_IN_ANSWER}
"""Staff reach these tasks of others, to do them on their behalf."""
FILLED_IN = {
    "requirement": "ktp", "purpose": "permit", "attachment_id": "x", "code": "sip-fisioterapis", "version": "1",
}  # fmt: skip


def acts_asked(dependant: Any) -> Iterator[Asks]:
    """What a route's dependencies ask about, as they were made with it (`may`, `case_for`, `task_for`, ...)."""
    for one in dependant.dependencies:
        if inspect.isfunction(one.call):
            given = inspect.getclosurevars(one.call).nonlocals
            if isinstance(act := given.get("act") or given.get("own"), Act):
                yield Asks(act, given.get("for_case"))
        yield from acts_asked(one)


def private_routes(api: Api) -> dict[Route, tuple[Asks, ...]]:
    """Every route of the API that needs a log-in, with the acts it asks about."""
    found: dict[Route, tuple[Asks, ...]] = {}
    for context in iter_route_contexts(api.app.routes):
        path, dependant = re.sub(r":path}", "}", str(context.path)), getattr(context, "dependant", None)
        if dependant is None or not path.startswith("/api/v1/"):
            continue
        for method in context.methods or ():
            if (method, path) not in PUBLIC:
                found[method, path] = tuple(acts_asked(dependant)) or RULES_INSIDE.get((method, path), ())
    return found


async def test_every_route_says_who_may_ask(api: Api) -> None:
    routes = private_routes(api)
    silent = {route for route, acts in routes.items() if not acts} - OPEN_TO_ALL_SIGNED_IN - set(RULES_INSIDE)
    assert silent == set(), "a route needs may(), case_for() or task_for(), or a line in this test"
    described = api.app.openapi()["paths"]
    shown = {(method.upper(), path) for path, methods in described.items() for method in methods}
    assert {one for one in shown if one[1].startswith("/api/v1/")} - PUBLIC <= set(routes)


async def test_without_a_log_in_only_declared_routes_answer(api: Api) -> None:
    anonymous = api.anonymous()
    for method, path in private_routes(api):
        answer = await anonymous.request(method, path.format_map(_Names("x", "y")), **_body(method))
        assert (method, path, answer.status_code, answer.json()["code"]) == (method, path, 401, "unauthenticated")


async def test_every_role_is_refused_at_each_route_of_a_strangers_case(api: Api) -> None:
    number, tasks = await _a_strangers_case(api)
    asked = 0
    for person in (*PEOPLE, *MORE_PEOPLE):
        if person == "pemohon":
            continue
        client, actor = await api.as_(person), await _actor(api, person)
        for (method, path), acts in private_routes(api).items():
            for task in tasks if "{task_id}" in path else [tasks[0]]:
                if await _allowed(api, actor, acts, path, number, task):
                    continue
                asked += 1
                answer = await client.request(method, path.format_map(_Names(number, task)), **_body(method))
                where = (person, method, path, task)
                assert answer.status_code in (403, 404), (where, answer.text)
                assert answer.json()["code"] in {
                    "not-allowed", "application-not-found", "task-not-found", "same-person", "own-application",
                }, where  # fmt: skip
                assert number not in answer.text, "nothing is told of a case that is not theirs"
    assert asked > 500


async def test_who_may_read_a_case_is_answered(api: Api) -> None:
    number, tasks = await _a_strangers_case(api)
    for person in (*PEOPLE, *MORE_PEOPLE):
        client, actor = await api.as_(person), await _actor(api, person)
        for (method, path), acts in private_routes(api).items():
            named = {part for part in ("{number}", "{task_id}") if part in path}
            if method != "GET" or not named or path.count("{") > 1 or path.startswith("/api/v1/permits/"):
                continue
            if path.endswith("/engine"):  # no engine answers here
                continue
            if await _allowed(api, actor, acts, path, number, tasks[0]):
                answer = await client.get(path.format_map(_Names(number, tasks[0])))
                assert (person, path, answer.status_code) == (person, path, 200), answer.text


async def test_lists_hold_what_each_may_read(api: Api) -> None:
    number, _ = await _a_strangers_case(api)
    other = await a_case(api, await api.as_("tetangga"), "izin-penelitian")
    seen: dict[str, Any] = {}
    for person in (*PEOPLE, *MORE_PEOPLE):
        answer = await (await api.as_(person)).get("/api/v1/applications")
        seen[person] = {line["number"] for line in answer.json()["items"]} if answer.is_success else answer.status_code
    everything = {number, other}
    assert {person: seen.pop(person) for person in ("pemohon", "tetangga", "bidang", "penelitian")} == {
        "pemohon": {number},
        "tetangga": {other},
        "bidang": {number},
        "penelitian": {other},
    }
    for person in ("dinas", "lain", "pimpinan", "ops", "pengaduan", "inspektorat"):
        assert (person, seen.pop(person)) == (person, 403)
    assert set(map(str, seen.values())) == {str(everything)} or all(found == everything for found in seen.values())


class _Names(dict[str, str]):
    """What stands in an address: the case, the task, and something for every other name."""

    def __init__(self, number: str, task: str) -> None:
        super().__init__(FILLED_IN, number=number, task_id=task)

    def __missing__(self, name: str) -> str:
        return "x"


def _body(method: str) -> dict[str, Any]:
    return {"json": {}} if method in ("POST", "PATCH", "PUT") else {}


async def _actor(api: Api, person: str) -> Actor:
    row = await api.records.account_by_email(f"{person}@contoh.invalid")
    assert row is not None
    return actor_of(row)


async def _a_strangers_case(api: Api) -> tuple[str, list[str]]:
    """A case of one applicant, with a task at several desks."""
    for person, fields in MORE_PEOPLE.items():
        await api.records.ensure_account(a_person(person, **fields))
    client: httpx.AsyncClient = await api.as_("pemohon")
    number = await a_case(api, client)
    desks = [
        (TaskKind.VERIFICATION, Role.FRONT_OFFICE, {}),
        (TaskKind.ASSESSMENT, Role.BACK_OFFICE, {"field": "kesehatan"}),
        (TaskKind.RECOMMENDATION, Role.OPD, {"opd": "bappeda"}),
        (TaskKind.REPAIR, Role.APPLICANT, {}),
        (TaskKind.PARAF, Role.HEAD_OF_DIVISION, {}),
        (TaskKind.SIGNING, Role.HEAD_OF_OFFICE, {"verified_by": ("kepala",)}),
    ]
    return number, [await open_task(api, number, kind, role, **fields) for kind, role, fields in desks]


async def _allowed(api: Api, actor: Actor, asks: tuple[Asks, ...], path: str, number: str, task: str) -> bool:
    """Whether the rule allows all that a route asks about, for this case and task."""
    if not asks:
        return True
    acts = {one.of(actor) for one in asks}
    case = await api.records.application(number)
    async with api.services.db.transaction() as session:
        whole = await subject_of(session, case)
    if "{task_id}" in path:
        row = await api.records.task(task)
        about = subject_of_task(row, case.applicant_id)
        stand_in = STAND_INS.get(TaskKind(row.kind))
        holds = not refusal(actor, Act.DECIDE, about) or (stand_in and not refusal(actor, stand_in, about))
        reading = {Act.READ_APPLICATION, Act.READ_DOCUMENTS}
        by_act = {act: not refusal(actor, act, about) for act in acts}
        by_act |= {act: holds or not refusal(actor, act, whole) for act in reading & acts}
        by_act |= {act: holds for act in {Act.DECIDE} & acts}
        return all(by_act.values())
    if "signing" in path:
        return actor.role in (Role.HEAD_OF_OFFICE, Role.OPD)  # names its tasks in the body
    subject = whole if "{number}" in path else Subject()
    return all(refusal(actor, act, subject) is None for act in acts)


@pytest.mark.parametrize("hole", ["/api/v1/lubang", "/api/v1/applications/{number}/lubang"])
async def test_a_new_route_without_a_rule_is_noticed(api: Api, hole: str) -> None:
    async def open_to_all() -> None:
        """A route that forgot to ask."""

    api.app.add_api_route(hole, open_to_all)
    with pytest.raises(AssertionError, match="a route needs"):
        await test_every_route_says_who_may_ask(api)
