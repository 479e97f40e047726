"""The composition root: what runs in each worker process, and how it stops.

`python -m worker.main --queue main` carries cases; `--queue signing` signs, in its own process, alone with keys.
SIGTERM and SIGINT leave the workers gracefully: tasks under way are finished, nothing new is taken.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import ValidationError
from temporalio.client import Client
from temporalio.worker import Interceptor, Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.agency_letters import AgencyLetters
from activities.clients.mail import MailClient
from activities.clients.post import NoPost, PostClient, StandInPost
from activities.clients.whatsapp import CloudApi, FileWhatsApp, NoWhatsApp, WhatsAppClient
from activities.delivery import DeliveryDesk
from activities.drafting import LetterDesk
from activities.evaluation import EvaluationDesk
from activities.notices import NoticeDispatcher
from activities.records import CaseBook
from activities.reminders import ReminderDesk
from activities.sealing import SealPress, discard_old_reports
from permits.notices import QuietHours
from signing.field_keys import FieldKeys
from signing.port import SignatureProvider
from store.database import Database, create_engine
from store.documents import DocumentStore
from store.logs import log_as_json
from store.notice_texts import Texts
from store.process import keep_memory_private
from store.records import Records
from store.settings import StoreSettings
from worker.interceptors import Failpoints, HandlerGuard, Heartbeats
from worker.reconcile import Reconciler, Replanner
from worker.schedules import keep_schedules
from worker.settings import MainSettings, SigningSettings, WorkerSettings
from worker.signing_room import SigningRoom
from worker.standings import StandingWatch
from workflows.application import ApplicationWorkflow
from workflows.archive import ArchiveRefreshWorkflow
from workflows.connection import connect
from workflows.errands import SigningErrandWorkflow
from workflows.evaluation import EvaluationWorkflow
from workflows.messages import QueueNames
from workflows.recommendation import RecommendationWorkflow
from workflows.reminders import ExpiryRemindersWorkflow
from workflows.sealing import SealingWorkflow
from workflows.signing_batch import SigningBatchWorkflow

log = logging.getLogger(__name__)

CACHED_CASES = 600  # about 130 kB each
GRACE = timedelta(seconds=5)
STICKY = timedelta(seconds=1)  # after kill -9 another worker takes the case up within a second
HOUSE_PAUSE_SECONDS = 60.0
LOGINS_KEPT = timedelta(days=1)
RECEIPTS_KEPT = timedelta(days=30)
CHALLENGES_KEPT = timedelta(hours=1)

PASSED_THROUGH = (
    "activities",
    "annotated_types",
    "permits",
    "pydantic",
    "pydantic_core",
    "signing",
    "store",
    "workflows",
)

Activities = Sequence[Callable[..., Any]]
Chores = Sequence[Coroutine[Any, Any, None]]


def sandbox() -> SandboxedWorkflowRunner:
    """Workflow code runs in the sandbox; our own pure rooms are shared, not loaded once a case."""
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH))


def main_activities(
    settings: MainSettings, records: Records, documents: DocumentStore, mail: MailClient, texts: Texts
) -> Activities:
    """What the `main` queue can do."""
    book = CaseBook(records)
    base = settings.public_base_url
    letters = LetterDesk(
        records,
        documents,
        base,
        settings.qr_key_bytes,
        settings.demo_authority,
        settings.mark,
        _field_keys(settings),
    )
    delivery = DeliveryDesk(records, documents, mail, texts, _post(settings), base)
    agencies = AgencyLetters(records, documents, settings.demo_authority)
    press = SealPress(records, documents, settings.signing_trust_dir, settings.demo_authority)
    return [
        book.receive,
        book.enter_stage,
        book.open_task,
        book.close_task,
        book.record_rung,
        book.record_change,
        book.record_answer,
        book.close_case,
        book.number_letter,
        book.issue_letter,
        book.void_letter,
        letters.compose_letter,
        letters.render_letter,
        delivery.deliver_letter,
        delivery.track_post,
        ReminderDesk(records, base).remind_expiring,
        EvaluationDesk(records, documents).compile_month,
        agencies.officer_signs,
        agencies.compose_answer,
        press.prepare_wet_letter,
        press.prepare_report,
    ]


def _field_keys(settings: MainSettings) -> FieldKeys | None:
    """The key of offline field codes, made at the first start. Raises ProviderUnavailable."""
    if settings.field_code_key is None or settings.field_code_keys is None:
        return None
    return FieldKeys.create(settings.field_code_key, settings.field_code_keys, datetime.now(UTC))


async def run(queue: str) -> None:
    """Runs one worker process until it is told to stop."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with _store() as (records, documents):
        if queue == QueueNames.MAIN:
            await _run_main(MainSettings(), records, documents, stop)
        else:
            await _run_signing(SigningSettings(), records, documents, stop)


@asynccontextmanager
async def _store() -> AsyncIterator[tuple[Records, DocumentStore]]:
    settings = StoreSettings()
    database = Database(create_engine(settings))
    try:
        yield Records(database), DocumentStore(settings)
    finally:
        await database.close()


async def _run_main(settings: MainSettings, records: Records, documents: DocumentStore, stop: asyncio.Event) -> None:
    client = await _connect(settings)
    mail, texts = _mail(settings), Texts()
    quiet = QuietHours.parse(settings.quiet_hours)
    worker = Worker(
        client,
        task_queue=QueueNames.MAIN,
        workflows=[
            ApplicationWorkflow,
            RecommendationWorkflow,
            SigningBatchWorkflow,
            SigningErrandWorkflow,
            SealingWorkflow,
            ExpiryRemindersWorkflow,
            EvaluationWorkflow,
            ArchiveRefreshWorkflow,
        ],
        activities=main_activities(settings, records, documents, mail, texts),
        workflow_runner=sandbox(),
        interceptors=_interceptors(settings),
        max_cached_workflows=CACHED_CASES,
        graceful_shutdown_timeout=GRACE,
        sticky_queue_schedule_to_start_timeout=STICKY,
    )
    await _work(
        worker,
        [
            Reconciler(records, client).run(),
            keep_schedules(client),
            Replanner(records, client).run(),
            NoticeDispatcher(records, mail, texts, settings.public_base_url, _whatsapp(settings), quiet).run(),
            _keep_house(records, documents),
        ],
        stop,
    )


async def _run_signing(
    settings: SigningSettings,
    records: Records,
    documents: DocumentStore,
    stop: asyncio.Event,
    provider: SignatureProvider | None = None,
) -> None:
    client = await _connect(settings)
    room = SigningRoom(settings, records, documents, provider)
    worker = Worker(
        client,
        task_queue=QueueNames.SIGNING,
        activities=room.activities,
        interceptors=_interceptors(settings),
        graceful_shutdown_timeout=GRACE,
        max_concurrent_activities=4,
    )
    await _work(worker, [StandingWatch(records, room.letters.standing_of).run()], stop)


async def _work(worker: Worker, chores: Chores, stop: asyncio.Event) -> None:
    async with worker:
        tasks = [asyncio.ensure_future(chore) for chore in chores]
        log.info("The worker is ready.", extra={"queue": worker.task_queue})
        await stop.wait()
        log.info("The worker stops.", extra={"queue": worker.task_queue})
        await _end(tasks)


async def _end(chores: Sequence[asyncio.Future[None]]) -> None:
    """Ends the chores. A library that closes a connection may lose a cancellation: it is said again until heard."""
    left = set(chores)
    while left:
        for chore in left:
            chore.cancel()
        _, left = await asyncio.wait(left, timeout=1.0)


def _mail(settings: MainSettings) -> MailClient:
    secret = settings.smtp_password
    return MailClient(
        settings.smtp_host,
        settings.smtp_port,
        settings.mail_from,
        settings.smtp_username,
        secret.get_secret_value() if secret else None,
        settings.smtp_start_tls,
    )


def _whatsapp(settings: MainSettings) -> WhatsAppClient:
    """The real one where its token is there, before any stand-in."""
    if settings.whatsapp_token is not None and settings.whatsapp_phone_number_id is not None:
        token = settings.whatsapp_token.get_secret_value()
        return CloudApi(settings.whatsapp_api_url, settings.whatsapp_phone_number_id, token)
    return FileWhatsApp(settings.whatsapp_folder) if settings.whatsapp_folder else NoWhatsApp()


def _post(settings: MainSettings) -> PostClient:
    return StandInPost(settings.post_stand_in_days) if settings.post_tracking == "stand-in" else NoPost()


async def _connect(settings: WorkerSettings) -> Client:
    keys = settings.payload_keys.get_secret_value()
    return await connect(settings.temporal_address, settings.temporal_namespace, keys)


def _interceptors(settings: WorkerSettings) -> list[Interceptor]:
    guards: list[Interceptor] = [HandlerGuard(), Heartbeats()]
    if settings.sakpore_failpoint:
        if settings.sakpore_env == "production" or settings.sakpore_failpoint_marks is None:
            raise SystemExit("Failpoints kill processes: they need a marks folder and never run in production.")
        guards.append(Failpoints(settings.sakpore_failpoint, settings.sakpore_failpoint_marks))
    return guards


async def _keep_house(records: Records, documents: DocumentStore) -> None:
    """Deletes what may not outlive its use: sealed consents, ended log-ins, answers to repeated requests, reports."""
    while True:
        now = datetime.now(UTC)
        try:
            await records.delete_expired_envelopes(now)
            await records.drop_expired_requests(now)
            await records.delete_old_challenges(now - CHALLENGES_KEPT)
            await records.delete_old_sessions(now - LOGINS_KEPT)
            await records.delete_old_receipts(now - RECEIPTS_KEPT)
            await records.delete_old_tokens(now - LOGINS_KEPT)
            await discard_old_reports(records, documents, now)
        except Exception:  # the store may be away; the next round comes
            log.exception("The store cannot be tidied.")
        await asyncio.sleep(HOUSE_PAUSE_SECONDS)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="worker")
    parser.add_argument("--queue", choices=(QueueNames.MAIN, QueueNames.SIGNING), required=True)
    chosen = parser.parse_args(arguments)
    log_as_json()
    keep_memory_private()
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(run(chosen.queue))
    except ValidationError as wrong:
        # A rule over several variables has no place of its own, and says what is wrong in its message.
        errors = wrong.errors(include_input=False)
        names = ", ".join(str(error["loc"][0]).upper() if error["loc"] else error["msg"] for error in errors)
        log.error("The environment is not complete.", extra={"variables": names})
        return 2
    return 0


if __name__ == "__main__":
    code = main()
    logging.shutdown()
    # All is closed by now; the engine client's own threads can still abort an interpreter that takes itself apart.
    os._exit(code)
