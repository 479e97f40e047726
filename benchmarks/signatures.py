"""What a signature costs: ours against the irreducible, and two hundred letters through the real queue.

`python -m benchmarks.signatures [--pairs 10] [--letters 16] [--batch 200]`. Real cases are carried to the head's desk
on a stack of their own. Then, in pairs and in one process, alternating who begins:

ours         from an activation that is given to a signed object that is registered, stored, read back and judged
the floor    one PAdES B-LTA signature by one call of pyHanko with a held key and a held validation context, one
             validation of the result by pyHanko, one PUT
quick floor  the same, but signed in the three steps by which we sign, which is a third quicker than the one call

All work on as many letters at once as the signing worker does, in one process, which searches for garbage as seldom as
the worker. Beside the time stands the processor time of this process, which the load of others hardly moves. Then all
letters of `--batch` cases are signed under one activation by the real worker; beside it stand the same number of
`openssl cms` calls and of bare CMS signatures. The result goes to var/bench/signatures.json with the load of the
machine.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import io
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import async_validate_pdf_signature
from rich.console import Console

from activities.signatures import SignatureDesk
from activities.signer_ids import SignerIds
from activities.signing_orders import SignLetter
from benchmarks.drive import drive
from benchmarks.floor_signature import HeldSigner
from benchmarks.floor_worker import Objects
from benchmarks.machine import about, load, processor_seconds
from benchmarks.office import Office
from permits.events import Event, Tag
from sakpore.people import HEAD, PASSPHRASE
from sakpore.stack.errors import StackError
from sakpore.stack.parts import SYSTEM
from sakpore.stack.supervisor import Stack
from signing.activation import SealingKeyPair
from signing.material import TrustMaterial
from signing.pipeline import Pipeline
from signing.pkcs12 import Pkcs12Provider
from signing.timestamps import TsaClient
from store.database import Database, create_engine
from store.documents import DocumentStore
from store.process import search_garbage_seldom
from store.records import Records
from store.settings import StoreSettings
from workflows.starting import start_case

DATA = Path("var/bench")
RESULT = DATA / "signatures.json"
PARTS = ("postgres", "temporal", "s3", "mail", "pki", "migrate", "seed", "trust", "worker", "signing")
GOAL = 1.15
AT_ONCE = 4
PERMIT_TYPE = "sip-fisioterapis"
BATCH_SECONDS = 300.0
Task = dict[str, Any]
Works = Sequence[Callable[[], Awaitable[None]]]


class Letters:
    """Real letters on the head's desk."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def bring(self, number: int) -> list[Task]:
        """Carries new cases through all desks before the head's; their signing tasks."""
        office = self._office
        work = await office.prepare(number)
        await asyncio.gather(*(start_case(office.client, submission) for submission in work.submissions))
        arrived: asyncio.Future[list[Task]] = asyncio.get_running_loop().create_future()

        async def keep(tasks: list[Task]) -> None:
            arrived.set_result(tasks)

        await drive(number, partial(office.look, work.numbers), office.decide, keep, arrived)
        return arrived.result()


class Ours:
    """The desk of the signing worker, in this process."""

    name = "sakpore"

    def __init__(self, office: Office, environment: dict[str, str]) -> None:
        settings = StoreSettings.model_validate({key.lower(): value for key, value in environment.items()})
        self._db = Database(create_engine(settings))
        self._office, records, documents = office, Records(self._db), DocumentStore(settings)
        folder = Path(environment["SIGNING_PKI_DIR"])
        material = TrustMaterial(folder)
        pipeline = Pipeline(material, TsaClient(environment["SIGNING_TSA_URL"]))
        provider = Pkcs12Provider(folder / "p12", pipeline)
        seal = SealingKeyPair.create(
            Path(environment["SIGNING_SEAL_KEY"]), Path(environment["SIGNING_SEAL_PUBLIC_KEY"])
        )
        signer_ids = SignerIds(documents.keyring, provider.traits.kind)
        self._desk = SignatureDesk(records, documents, provider, pipeline, seal, signer_ids)

    async def close(self) -> None:
        """Gives the connections back."""
        await self._db.close()

    async def ready(self, tasks: Sequence[Task]) -> str:
        """An activation for these letters, not measured: the API gives it."""
        await self._office.forget_code()
        return await self._office.consent(tasks)

    async def sign(self, task: Task, activation_id: str) -> None:
        """One letter. Raises RuntimeError when it is not SAH in the end."""
        now = datetime.now(UTC)
        order = SignLetter(
            number=task["workflow_id"],
            purpose="permit",
            letter_sha256=task["subject_sha256"],
            activation_id=activation_id,
            officer_id=HEAD.id,
            office_date=now.date(),
            event=Event(tag=Tag.SIGNATURE_REGISTERED, key=f"pengukuran-{task['id']}", at=now, office_at=now),
        )
        result = await self._desk.sign_letter(order)
        if result.signed is None:
            raise RuntimeError(f"a letter was not signed: {result.failure}")
        await self._desk.judge_letter(result.signed)


class Floor:
    """The irreducible."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._signer = HeldSigner(environment)
        self._objects = Objects(environment)

    async def sign(self, letter: bytes) -> None:
        """Signature by one call, validation, PUT."""
        await self._keep(await self._signer.sign_in_one_call(letter))

    async def sign_quickly(self, letter: bytes) -> None:
        """Signature in three steps, validation, PUT."""
        await self._keep(await self._signer.sign(letter))

    async def _keep(self, signed: bytes) -> None:
        found = PdfFileReader(io.BytesIO(signed)).embedded_regular_signatures[0]
        status = await async_validate_pdf_signature(found, signer_validation_context=self._signer.material.context())
        if not status.bottom_line:
            raise RuntimeError("the floor's signature is not valid")
        await self._objects.put(signed)


@dataclass(frozen=True)
class Cost:
    """Of one letter."""

    seconds: float
    processor_seconds: float  # of this process


@dataclass(frozen=True)
class Round:
    """What each side took for the same letters."""

    costs: dict[str, Cost]
    load: tuple[float, float, float]


async def timed(works: Works) -> Cost:
    """What a piece costs, with as many at once as the signing worker takes."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(work: Callable[[], Awaitable[None]]) -> None:
        async with gate:
            await work()

    began, used = time.perf_counter(), time.process_time()
    await asyncio.gather(*(one(work) for work in works))
    return Cost((time.perf_counter() - began) / len(works), (time.process_time() - used) / len(works))


async def pairs(office: Office, environment: dict[str, str], number: int, letters: int, console: Console) -> Any:
    """The ratios of ours to both floors over the same letters."""
    ours, floor, desk = Ours(office, environment), Floor(environment), Letters(office)
    documents = DocumentStore(StoreSettings.model_validate({key.lower(): val for key, val in environment.items()}))
    measured: list[Round] = []
    try:
        for n in range(-1, number):  # the first round warms all sides and is not counted
            tasks = await desk.bring(letters)
            await office.settle()
            contents = [await documents.get_document(task["subject_sha256"]) for task in tasks]
            activation = await ours.ready(tasks)
            sides: dict[str, Works] = {
                "ours": [partial(ours.sign, task, activation) for task in tasks],
                "floor": [partial(floor.sign, content) for content in contents],
                "quick floor": [partial(floor.sign_quickly, content) for content in contents],
            }
            names = list(sides)
            costs = {name: await timed(sides[name]) for name in names[n % len(names) :] + names[: n % len(names)]}
            if n < 0:
                continue
            measured.append(Round(costs, load()))
            line = ", ".join(
                f"{name} {1000 * costs[name].seconds:.0f} ms ({1000 * costs[name].processor_seconds:.0f} of processor)"
                for name in names
            )
            console.print(f"{n + 1:2}: a letter: {line}; load {load()[0]}", highlight=False)
    finally:
        await ours.close()
    return {
        "letters_a_side": letters,
        "ratios": {name: ratios(measured, name, console) for name in ("floor", "quick floor")},
        "rounds": [asdict(one) for one in measured],
    }


def ratios(measured: Sequence[Round], floor: str, console: Console) -> dict[str, Any]:
    """Ours to this floor over the rounds: of the time and of the processor's time, each with its range."""
    found = {}
    for what in ("seconds", "processor_seconds"):
        each = [getattr(one.costs["ours"], what) / getattr(one.costs[floor], what) for one in measured]
        found[what] = {"median": statistics.median(each), "lowest": min(each), "highest": max(each)}
    by_what = ", ".join(
        f"{one['median']:.2f} of {what.replace('_', ' ')} ({one['lowest']:.2f} to {one['highest']:.2f})"
        for what, one in found.items()
    )
    console.print(f"ours to the {floor}: {by_what}; goal {GOAL}", style="bold", highlight=False)
    return found


async def batch(
    office: Office, environment: dict[str, str], pids: dict[str, int], number: int, console: Console
) -> dict[str, Any]:
    """All letters under one activation through the real queue; what bare signatures of as many bytes take."""
    tasks: list[Task] = []
    for start in range(0, number, 50):
        tasks += await Letters(office).bring(min(50, number - start))
        console.print(f"{len(tasks)} letters on the head's desk", highlight=False)
    await office.settle()
    await office.forget_code()
    numbers = [task["workflow_id"] for task in tasks]
    loaded, began, used = load(), time.perf_counter(), processor_seconds(pids)
    await office.sign_all(tasks)
    ordered = time.perf_counter() - began
    async with asyncio.timeout(BATCH_SECONDS):
        while await office.count(VERIFIED, numbers) < number:
            await asyncio.sleep(0.1)
    seconds = time.perf_counter() - began
    processor = {name: (after - used[name]) / number for name, after in processor_seconds(pids).items()}
    await office.finish(numbers)
    bare = await asyncio.to_thread(_bare, Path(environment["SIGNING_PKI_DIR"]) / "p12" / f"{HEAD.id}.p12", number)
    result = {
        "letters": number,
        "seconds": seconds,
        "seconds_until_all_were_ordered": ordered,
        "letters_a_second": number / seconds,
        "processor_seconds_a_letter": processor,
        **bare,
        "load_before": loaded,
        "load_after": load(),
    }
    console.print(
        f"{number} letters through the queue: {seconds:.1f} s ({number / seconds:.1f} a second); "
        f"openssl cms, a process each: {bare['openssl_seconds']:.1f} s; bare CMS in one process: "
        f"{bare['raw_cms_seconds']:.1f} s; load {loaded[0]} to {load()[0]}",
        style="bold",
        highlight=False,
    )
    parts = ", ".join(f"{name} {1000 * spent:.0f}" for name, spent in sorted(processor.items()) if spent > 0.001)
    console.print(f"Processor milliseconds a letter meanwhile: {parts}", highlight=False)
    return result


VERIFIED = f"SELECT count(DISTINCT number) AS n FROM events WHERE number = ANY(%s) AND tag = '{Tag.SIGNATURE_VERIFIED}'"


def _bare(p12: Path, number: int) -> dict[str, float]:
    """As many signatures of 40 kB each: by openssl, a process each, and by one process with the key held."""
    opened = load_pkcs12(p12.read_bytes(), PASSPHRASE.encode())
    assert opened.cert is not None and opened.key is not None
    content = os.urandom(40_000)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "key.pem").write_bytes(
            opened.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        (folder / "cert.pem").write_bytes(opened.cert.certificate.public_bytes(Encoding.PEM))
        (folder / "letter.pdf").write_bytes(content)
        command = ("openssl", "cms", "-sign", "-binary", "-md", "sha256", "-signer", "cert.pem", "-inkey", "key.pem",
                   "-in", "letter.pdf", "-outform", "DER", "-out", "letter.p7s")  # fmt: skip
        began = time.perf_counter()
        for _ in range(number):
            subprocess.run(command, cwd=folder, check=True, capture_output=True)
        by_openssl = time.perf_counter() - began
    began = time.perf_counter()
    for _ in range(number):
        hashlib.sha256(content)
        _raw(content, opened.cert.certificate, opened.key)
    return {"openssl_seconds": by_openssl, "raw_cms_seconds": time.perf_counter() - began}


def _raw(content: bytes, certificate: x509.Certificate, key: Any) -> bytes:
    builder = PKCS7SignatureBuilder().set_data(content).add_signer(certificate, key, SHA256())
    return builder.sign(Encoding.DER, [PKCS7Options.DetachedSignature, PKCS7Options.Binary])


async def measure(chosen: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Starts a stack, measures, stops it."""
    system = {name: os.environ[name] for name in SYSTEM if name in os.environ}
    data = DATA / "signatures"
    shutil.rmtree(data, ignore_errors=True)
    console.print("Starting PostgreSQL, Temporal, S3, the timestamp authority and the workers.")
    async with Stack(data, ports={"api": 0}, only=PARTS, environment=system) as stack:
        environment = {**system, **stack.environment()}
        office = Office(environment, data, [PERMIT_TYPE])
        await office.open()
        search_garbage_seldom()
        try:
            result: dict[str, Any] = {
                "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "goal": GOAL,
                "machine": about(),
            }
            if chosen.pairs:
                result["pairs"] = await pairs(office, environment, chosen.pairs, chosen.letters, console)
            if chosen.batch:
                pids = {name: pid for name in stack.part_names if (pid := stack.pid(name))} | {"client": os.getpid()}
                result["batch"] = await batch(office, environment, pids, chosen.batch, console)
            return result
        finally:
            await office.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: 0 when it was measured, whatever came out."""
    parser = argparse.ArgumentParser(prog="benchmarks.signatures", description="What a signature costs.")
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--letters", type=int, default=16, help="letters of each side in a pair")
    parser.add_argument("--batch", type=int, default=200, help="letters under one activation through the queue")
    parser.add_argument("--out", type=Path, default=RESULT)
    chosen = parser.parse_args(arguments)
    console = Console()
    try:
        result = asyncio.run(measure(chosen, console))
    except (StackError, RuntimeError, TimeoutError) as failed:
        console.print(str(failed) or "It did not end in time.", style="red", markup=False)
        return 1
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(json.dumps(result, indent=2) + "\n")
    console.print(f"Written: {chosen.out}", markup=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
