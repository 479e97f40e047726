"""The API on a real PostgreSQL and a real S3; the engine is away, or a stand-in that remembers what it was asked."""

import asyncio
import base64
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import make_url

from api.engine import Engine, Unknown
from api.main import assemble, services_from
from api.passwords import Passwords
from api.services import Services
from api.settings import ApiSettings
from permits.authority import Role
from permits.calendar import WorkingCalendar
from permits.decisions import Decision, Receipt
from permits.definition import PermitDefinition
from permits.definition_loader import load_definitions
from permits.errands import Errand, ErrandDone
from sakpore.stack import Stack
from sakpore.stack.background import BackgroundStack
from signing.activation import SealingKeyPair
from store import migrate
from store.database import Database
from store.documents import DocumentStore
from store.records import NewAccount, Records
from store.settings import StoreSettings
from tests.stack_fixture import system_environment
from workflows.evaluation_order import EvaluationOrder, evaluation_workflow_id
from workflows.messages import (
    AgencyAdded,
    Assignment,
    AssignmentReceipt,
    RequestExtended,
    RequestWithdrawn,
    SteeringReceipt,
    Submission,
    Withdrawal,
    WithdrawalReceipt,
)
from workflows.replanning import Replanned
from workflows.signing_batch_order import BatchOrder

Steering = AgencyAdded | RequestWithdrawn | RequestExtended

TEMPLATE = "api_template"
UNCONFIRMED_TYPE = "izin-belum-dikonfirmasi"
PASSWORD = "kata-sandi-contoh"
STOOD_IN_AT = datetime(2026, 3, 13, 3, 0, tzinfo=UTC)
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD_HASH = CHEAP.hash(PASSWORD)
PEOPLE: dict[str, dict[str, Any]] = {
    "pemohon": {"role": Role.APPLICANT},
    "tetangga": {"role": Role.APPLICANT},
    "depan": {"role": Role.FRONT_OFFICE},
    "rekan": {"role": Role.FRONT_OFFICE},
    "bidang": {"role": Role.BACK_OFFICE, "field": "kesehatan"},
    "penelitian": {"role": Role.BACK_OFFICE, "field": "penelitian"},
    "koordinator": {"role": Role.COORDINATOR},
    "kepala": {"role": Role.HEAD_OF_OFFICE, "title": "Kepala Dinas"},
    "dinas": {"role": Role.OPD, "opd": "bappeda"},
    "lain": {"role": Role.OPD, "opd": "dpupr"},
    "teknis": {"role": Role.TECHNICAL_TEAM},
    "ops": {"role": Role.OPS},
}
_numbers = count(1)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The two servers, with a template database that knows people and permit types."""
    folder = tmp_path_factory.mktemp("api")
    only = ("postgres", "s3")
    with BackgroundStack(Stack(folder, ports={"api": 0}, only=only, environment=system_environment())) as running:
        environment = running.environment()
        create_database(environment, TEMPLATE, "template0")
        migrate.upgrade(database_url(environment, TEMPLATE))
        asyncio.run(_fill_template(environment))
        yield environment


async def _fill_template(environment: dict[str, str]) -> None:
    settings = settings_of(environment, TEMPLATE)
    await DocumentStore(settings).ensure_buckets()
    database = Database.from_settings(settings)
    records = Records(database)
    await records.publish_definitions(confirmed_definitions())
    for account_id, fields in PEOPLE.items():
        await records.ensure_account(a_person(account_id, **fields))
    await database.close()


def confirmed_definitions() -> tuple[PermitDefinition, ...]:
    """The permit types as if the office had confirmed them, and one that it has not."""
    confirmed = tuple(one.model_copy(update={"confirmed": True}) for one in load_definitions())
    newest = next(one for one in confirmed if one.code == "izin-penelitian")
    return (*confirmed, newest.model_copy(update={"code": UNCONFIRMED_TYPE, "confirmed": False}))


def settings_of(environment: dict[str, str], database: str) -> StoreSettings:
    names = ("s3_endpoint_url", "s3_access_key_id", "s3_secret_access_key", "document_keys")
    values = {name: environment[name.upper()] for name in names}
    url = database_url(environment, database)
    return StoreSettings.model_validate({**values, "database_url": url, "s3_bucket": "uji-api"})


def database_url(environment: dict[str, str], name: str) -> str:
    return make_url(environment["DATABASE_URL"]).set(database=name).render_as_string(hide_password=False)


def create_database(environment: dict[str, str], name: str, template: str) -> None:
    url = database_url(environment, "postgres").replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')


@pytest.fixture
def store_settings(servers: dict[str, str]) -> StoreSettings:
    """The store's settings on an own database."""
    name = f"api_{next(_numbers)}"
    create_database(servers, name, TEMPLATE)
    return settings_of(servers, name)


@pytest.fixture
async def records(store_settings: StoreSettings) -> AsyncIterator[Records]:
    """The store with its people and permit types."""
    database = Database.from_settings(store_settings)
    yield Records(database)
    await database.close()


def a_person(account_id: str, **fields: Any) -> NewAccount:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    defaults = {
        "email": f"{account_id}@contoh.invalid",
        "name": f"Contoh {account_id.capitalize()}",
        "password_hash": PASSWORD_HASH,
        "email_confirmed_at": now,
        "created_at": now,
    }
    return NewAccount(id=account_id, **{**defaults, **fields})


@dataclass
class Clock:
    """The time as the API sees it."""

    now: datetime = datetime(2026, 3, 13, 3, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


class StandInEngine(Engine):
    """Remembers what it was asked, and answers as it was told to; no workflow runs."""

    def __init__(self) -> None:
        super().__init__("localhost:1", "default", SecretStr("uji:" + base64.b64encode(bytes(32)).decode()))
        self.started: list[Submission] = []
        self.decisions: list[tuple[str, Decision, str]] = []
        self.withdrawals: list[Withdrawal] = []
        self.receipts: dict[str, Receipt] = {}
        self.evaluations: list[EvaluationOrder] = []
        self.assignments: list[tuple[str, Assignment, str]] = []
        self.steered: list[tuple[str, Steering, str]] = []
        self.replanned: list[tuple[dict[str, list[str]], WorkingCalendar]] = []
        self.failing: dict[str, Exception] = {}  # by task: what a decision there raises
        self.raises: Exception | None = None
        self.batches: list[BatchOrder] = []
        self.takes_batches = True
        self.errands: list[Errand] = []
        self.runs: Callable[[Errand], Awaitable[ErrandDone]] | None = None  # None: nobody answers an errand

    async def order_batch(self, order: BatchOrder) -> bool:
        if self.takes_batches:
            self.batches.append(order)
        return self.takes_batches

    async def start(self, submission: Submission) -> bool:
        self.started.append(submission)
        return True

    async def decide(self, workflow_id: str, decision: Decision, key: str) -> Receipt:
        if lost := self.failing.get(decision.task_id, self.raises):
            raise lost
        self.decisions.append((workflow_id, decision, key))
        update_id = f"{decision.task_id}:{decision.actor.id}:{key}"
        first = Receipt(
            task_id=decision.task_id,
            actor_id=decision.actor.id,
            body_sha256=decision.body_sha256,
            decided_at="2026-03-13T03:00:00+00:00",
        )
        return self.receipts.setdefault(update_id, first)

    async def errand(self, errand: Errand, seconds: float) -> ErrandDone:
        self.errands.append(errand)
        if self.raises is not None or self.runs is None:
            raise self.raises or Unknown
        return await self.runs(errand)

    async def order_evaluation(self, order: EvaluationOrder) -> str:
        self.evaluations.append(order)
        return evaluation_workflow_id(order.month or "")

    async def assign(self, workflow_id: str, assignment: Assignment, key: str) -> AssignmentReceipt:
        if self.raises is not None:
            raise self.raises
        self.assignments.append((workflow_id, assignment, key))
        to = assignment.to.id if assignment.to else None
        return AssignmentReceipt(task_id=assignment.task_id, assigned_to=to, assigned_at=STOOD_IN_AT)

    async def add_agency(self, number: str, added: AgencyAdded, key: str) -> SteeringReceipt:
        return self._steered(number, added, key)

    async def withdraw_request(self, workflow_id: str, withdrawn: RequestWithdrawn, key: str) -> SteeringReceipt:
        return self._steered(workflow_id, withdrawn, key)

    async def extend_request(self, workflow_id: str, extended: RequestExtended, key: str) -> SteeringReceipt:
        return self._steered(workflow_id, extended, key)

    def _steered(self, workflow_id: str, order: Steering, key: str) -> SteeringReceipt:
        if self.raises is not None:
            raise self.raises
        self.steered.append((workflow_id, order, key))
        return SteeringReceipt(workflow_id=workflow_id, actor_id=order.actor.id, done_at=STOOD_IN_AT)

    async def replan(self, cases: Mapping[str, Sequence[str]], calendar: WorkingCalendar) -> Replanned:
        if self.raises is not None:
            raise self.raises
        self.replanned.append(({number: list(children) for number, children in cases.items()}, calendar))
        return Replanned(done=[*cases, *(child for children in cases.values() for child in children)])

    async def withdraw(self, number: str, withdrawal: Withdrawal, key: str) -> WithdrawalReceipt:
        if self.raises is not None:
            raise self.raises
        self.withdrawals.append(withdrawal)
        return WithdrawalReceipt(
            number=number, actor_id=withdrawal.actor.id, withdrawn_at=datetime(2026, 3, 13, tzinfo=UTC)
        )


@dataclass
class Api:
    """The application and ways to ask it."""

    app: FastAPI
    records: Records
    clock: Clock
    engine: StandInEngine
    settings: ApiSettings
    _clients: list[httpx.AsyncClient] = field(default_factory=list)

    @property
    def services(self) -> Services:
        services: Services = self.app.state.services
        return services

    def anonymous(self, **headers: str) -> httpx.AsyncClient:
        return self.stranger_at("127.0.0.1", **headers)

    def stranger_at(self, address: str, **headers: str) -> httpx.AsyncClient:
        """A client that connects from that address."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=(address, 40_000))
        client = httpx.AsyncClient(transport=transport, base_url="http://localhost:8080", headers=headers)
        self._clients.append(client)
        return client

    async def as_(self, account_id: str) -> httpx.AsyncClient:
        """A client logged in as that person, by bearer token."""
        email = f"{account_id}@contoh.invalid"
        answer = await self.anonymous().post("/api/v1/sessions", json={"email": email, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        return self.anonymous(Authorization=f"Bearer {answer.json()['token']}")

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()
        await self.services.aclose()


@pytest.fixture
def api_settings(tmp_path: Path) -> ApiSettings:
    pair = SealingKeyPair.create(tmp_path / "seal.pem")
    return ApiSettings.model_validate(
        {
            "temporal_address": "localhost:1",
            "temporal_ui_url": "http://localhost:8233",
            "payload_keys": "uji:" + base64.b64encode(bytes(32)).decode(),
            "qr_key": base64.b64encode(os.urandom(32)).decode(),
            "signing_seal_public_key": str(pair.public_path),
        }
    )


_assembled: list[FastAPI] = []


def with_services(services: Services) -> FastAPI:
    """The routes, assembled once for all tests: only their services differ, and making them takes half a second."""
    if not _assembled:
        _assembled.append(assemble(services))
    _assembled[0].state.services = services
    return _assembled[0]


@pytest.fixture
async def api(records: Records, store_settings: StoreSettings, api_settings: ApiSettings) -> AsyncIterator[Api]:
    clock, engine = Clock(), StandInEngine()
    services = services_from(api_settings, store_settings, engine=engine, passwords=Passwords(CHEAP), now=clock)
    api = Api(with_services(services), records, clock, engine, api_settings)
    yield api
    await api.close()


@pytest.fixture
async def api_without_engine(
    records: Records, store_settings: StoreSettings, api_settings: ApiSettings
) -> AsyncIterator[Api]:
    """The API whose engine does not answer at its address."""
    clock = Clock()
    services = services_from(api_settings, store_settings, passwords=Passwords(CHEAP), now=clock)
    api = Api(with_services(services), records, clock, StandInEngine(), api_settings)
    yield api
    await api.close()
