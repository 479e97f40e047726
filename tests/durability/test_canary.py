"""A canary over the real processes of an office: what a head types is found in no place to which anything is written.

Several acts are made with secrets that exist nowhere else: good ones and ones that fail. Then every table, the files of
PostgreSQL with its write-ahead log, the engine's database and its opened histories, S3, logs, mail, temporary files,
the variables of every process and every answer of the API are searched.
"""

from __future__ import annotations

import asyncio
import secrets
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12, serialize_key_and_certificates
from fido2.utils import websafe_decode
from sqlalchemy import text

from permits.errands import Errand
from sakpore.demo.cases import CASES
from sakpore.demo.drive import Drive
from sakpore.demo.office import Desk
from sakpore.people import HEAD, PASSPHRASE, PASSWORD
from sakpore.stack.supervisor import Stack
from sakpore.users import ticket_for
from signing.webauthn import RelyingParty
from store.database import Database
from tests.durability.sinks import Sinks, core_files, forms
from tests.durability.test_nothing_is_lost import store_of
from tests.signing.authenticator import Device, as_json, registration_as_json
from tests.stack_fixture import data_folder, system_environment
from workflows.connection import connect
from workflows.errand_order import run_errand

CASE = next(case for case in CASES if case.permit_type == "izin-penelitian")
GOOD, WRONG = f"kanari-benar-{secrets.token_hex(8)}", f"kanari-salah-{secrets.token_hex(8)}"
CODE, PROVIDER_CODE = f"k{secrets.token_hex(3)}x", f"p{secrets.token_hex(5)}x"
"""A code and a code of the provider: unlike any number that stands somewhere by chance."""

SEARCHED = ("table", "history", "postgres", "temporal", "s3", "log", "mail", "object", "process", "run.json")
_PATIENCE = timedelta(seconds=20)


class CanaryDrive(Drive):
    """The head makes one act after the other: three that fail, and the one that signs."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(stack.addresses["api"], stack.data_dir)
        self._stack = stack
        self._device: Device | None = None
        self._acts = 0
        self.ticket = ""
        self.answers: list[str] = []
        self.refusals: list[int] = []

    async def _sign(self, desk: Desk, tasks: list[dict[str, Any]]) -> None:
        letters = [{"task": one["id"], "seen": one["subject_sha256"]} for one in tasks if one["kind"] == "signing"]
        if not letters:
            return
        if self._device is None:
            self._device = await self._enrol(desk)
        act, self._acts = self._acts, self._acts + 1
        if act == 0:
            await self._post(desk, "/signing/activations", {"tasks": GOOD, "passphrase": [GOOD], WRONG: CODE})
            await self._post(desk, "/signing/activations", {"tasks": letters, "passphrase": WRONG, "totp": CODE})
        else:
            secret = {1: {"passphrase": WRONG}, 2: {"provider_code": PROVIDER_CODE}}.get(act, {"passphrase": GOOD})
            await self._by_passkey(desk, letters, secret)

    async def _by_passkey(self, desk: Desk, letters: list[dict[str, str]], secret: dict[str, str]) -> None:
        assert self._device is not None
        asked = (await self._post(desk, "/signing/challenges", {"tasks": letters})).json()
        proof = as_json(self._device.sign(websafe_decode(asked["public_key"]["challenge"])))
        body = {"challenge": asked["challenge"], "assertion": proof, **secret}
        assert (await self._post(desk, "/signing/activations", body)).status_code == 202

    async def _enrol(self, desk: Desk) -> Device:
        self.ticket = await asyncio.to_thread(ticket_for, self._stack.data_dir, HEAD.email, {})
        device = Device(RelyingParty.of(self._stack.environment()["PUBLIC_BASE_URL"]))
        begun = (await self._post(desk, "/me/passkeys/options", {})).json()
        made = device.register(websafe_decode(begun["public_key"]["challenge"]))
        body = {
            "request": begun["request"],
            "name": "Ponsel",
            "password": PASSWORD,
            "proof": {"ticket": self.ticket},
            "credential": registration_as_json(device, made),
        }
        assert (await self._post(desk, "/me/passkeys", body)).status_code == 201
        return device

    async def _post(self, desk: Desk, path: str, body: dict[str, Any]) -> httpx.Response:
        headers = {"Idempotency-Key": secrets.token_hex(8)}
        answer = await desk._client.post(f"/api/v1{path}", json=body, headers=headers)
        self.answers.append(answer.text)
        self.refusals.append(answer.status_code)
        return answer


@pytest.mark.seconds(420)
async def test_what_the_head_types_is_found_nowhere(request: pytest.FixtureRequest) -> None:
    with data_folder(request.session) as folder:
        assert await _found_in_a_running_office(folder) == []


async def _found_in_a_running_office(folder: Path) -> list[str]:
    """Where something that the head typed was found, after one signature and three refusals."""
    temporary = folder / "sementara"
    temporary.mkdir()
    pace = {"SAKPORE_PACE_SECONDS": "2", "SAKPORE_PACE_OFFICE_DATE": date(2026, 11, 30).isoformat()}
    environment = {**system_environment(), **pace, "TMPDIR": str(temporary)}
    async with Stack(folder / "office", ports={"api": 0}, environment=environment) as stack:
        _seal_key_anew(stack.data_dir / "pki" / "p12" / f"{HEAD.id}.p12")
        drive = CanaryDrive(stack)
        [page] = await drive.run((CASE,), seconds=240)
        assert page["status"] == "issued"
        assert 422 in drive.refusals
        async with store_of(stack) as (database, records):
            lines = await records.events_of(page["number"])
            failures = [line.facts["code"] for line in lines if line.tag == "permit:signature:failed"]
            assert failures == ["step_up_refused", "wrong_passphrase", "wrong_passphrase"]
            [signed] = [line.facts for line in lines if line.tag == "permit:signature:registered"]
            assert signed["step_up"] == "webauthn"
            mails = [path.read_bytes() for path in (stack.data_dir / "mail").rglob("*") if path.is_file()]
            assert any(b"Kunci sandi baru pada akun Anda" in mail for mail in mails), "the head is told of the passkey"
            sinks = Sinks(stack, database)
            secrets_typed = [GOOD, WRONG, CODE, PROVIDER_CODE, drive.ticket, drive.ticket.replace("-", "")]
            found = [str(place) for place in await sinks.find(secrets_typed)]
            answers = "\n".join(drive.answers).encode()
            found += [name for one in secrets_typed for name, form in forms(one).items() if form in answers]
            found += [str(path) for path in temporary.rglob("*") if path.is_file() and _holds(path, secrets_typed)]
            return found
            await _envelopes_go_when_they_are_spent_or_expired(database, records)
            await _the_search_finds_what_is_planted(stack, database)
        assert core_files(stack.data_dir, temporary, Path.cwd(), Path("/tmp")) == []
        for part in ("api", "signing", "worker"):
            limits = Path(f"/proc/{stack.pid(part)}/limits").read_text()
            [core] = [line.split() for line in limits.splitlines() if line.startswith("Max core file size")]
            assert core[4:6] == ["0", "0"], part
            assert Path(f"/proc/{stack.pid(part)}/environ").stat().st_uid == 0, f"{part} can be read by its own user"
        assert all(sinks.searched.get(kind) for kind in SEARCHED), sinks.searched


async def _envelopes_go_when_they_are_spent_or_expired(database: Database, records: Any) -> None:
    async with database.engine.begin() as connection:
        held = (await connection.execute(text("select count(*) from activations where envelope is not null"))).scalar()
        made = (await connection.execute(text("select count(*) from activations"))).scalar()
        assert (made, held) == (4, 0), "each was spent, whether it signed or failed"
        wishes = (
            await connection.execute(text("select count(*) from passkey_requests where envelope is not null"))
        ).scalar()
        assert wishes == 0
        again = "update activations set envelope = 'x', deleted_at = null, expires_at = now()"
        await connection.execute(text(again))
    assert await records.delete_expired_envelopes(datetime.now(UTC)) == 4


async def _the_search_finds_what_is_planted(stack: Stack, database: Database) -> None:
    """A search that finds nothing proves nothing until it has found something, in every kind of place."""
    planted = f"tanaman-{secrets.token_hex(8)}"
    async with database.engine.begin() as connection:
        await connection.execute(text("update outbox set subject = :it"), {"it": planted})
    with (stack.data_dir / "log" / "api.log").open("a") as log:
        log.write(planted.encode().hex())
    values = stack.environment()
    client = await connect(values["TEMPORAL_ADDRESS"], values["TEMPORAL_NAMESPACE"], values["PAYLOAD_KEYS"])
    await run_errand(client, Errand(kind="passkey", subject_id="tanaman", order_key=planted), _PATIENCE)
    s3 = boto3.client(
        "s3",
        endpoint_url=values["S3_ENDPOINT_URL"],
        aws_access_key_id=values["S3_ACCESS_KEY_ID"],
        aws_secret_access_key=values["S3_SECRET_ACCESS_KEY"],
        region_name="us-east-1",
    )
    s3.put_object(Bucket=values["S3_BUCKET"], Key="tanaman", Body=planted.encode())
    kinds = {place.partition(":")[0] for place, _ in await Sinks(stack, database).find([planted])}
    assert kinds >= {"table", "postgres", "log", "history", "temporal", "object", "s3"}


def _seal_key_anew(path: Path) -> None:
    """The head's key under a passphrase that stands in no file of ours."""
    old = load_pkcs12(path.read_bytes(), PASSPHRASE.encode())
    assert old.cert is not None
    others = [one.certificate for one in old.additional_certs]
    sealed = serialize_key_and_certificates(
        b"kepala", old.key, old.cert.certificate, others, BestAvailableEncryption(GOOD.encode())
    )
    path.write_bytes(sealed)


def _holds(path: Path, typed: list[str]) -> bool:
    content = path.read_bytes()
    return any(form in content for one in typed for form in forms(one).values())
