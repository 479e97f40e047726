"""The daily run over the archive: what ends soon is renewed once, what fails is counted and told, nothing is lost."""

from __future__ import annotations

import asyncio
import hashlib
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import tsp, x509
from certomancer.services import TimeStamper as CertomancerStamper
from cryptography import x509 as pyca_x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pydantic import SecretStr
from pyhanko.keys import load_private_key_from_pemder_data
from pyhanko.sign.timestamps.api import TimeStamper

from activities.archive import REPEATEDLY, ArchiveDesk, RenewLetter, TellArchive
from permits.authority import Role
from permits.events import Tag
from permits.steps import SignedLetter
from sakpore.archive import list_due, refresh
from sakpore.definitions import CannotDo
from sakpore.people import HEAD, PASSPHRASE
from signing.judging import judge_signed
from signing.material import TrustMaterial
from signing.pipeline import Pipeline
from signing.pkcs12 import Pkcs12Provider
from signing.port import SigningOrder
from signing.timestamps import TsaClient
from signing.verdict import Level, Verdict
from store.queries.verification import letter_by_signed_sha256, newest_signed_version
from store.tables import LetterVersionRow, OutboxRow
from tests.signing.workshop import LETTER
from tests.store.builders import a_freezing, an_event, an_opening
from tests.workflows.builders import a_definition
from tests.workflows.office import Office
from worker.schedules import ARCHIVE_REFRESH, ensure_schedules
from workflows.archive_order import ARCHIVE_REFRESH_WORKFLOW, ArchiveRefreshOrder, ArchiveRefreshReport
from workflows.messages import QueueNames

pytestmark = pytest.mark.asyncio(loop_scope="session")
YEAR = timedelta(days=365)


class ShortLived(TimeStamper):
    """A timestamp authority of the same house whose certificate ends soon."""

    def __init__(self, folder: Path, days: int) -> None:
        super().__init__()
        authority = load_pem_private_key((folder / "keys" / "intermediate.pem").read_bytes(), None)
        issuer = pyca_x509.load_pem_x509_certificate((folder / "certs" / "intermediate.pem").read_bytes())
        key = ec.generate_private_key(ec.SECP256R1())
        name = pyca_x509.Name([pyca_x509.NameAttribute(NameOID.COMMON_NAME, f"Segel Waktu {days} Hari Contoh")])
        now = datetime.now(UTC)
        made = (
            pyca_x509.CertificateBuilder(issuer.subject, name, key.public_key(), pyca_x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(pyca_x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True)
            .sign(authority, SHA256())  # type: ignore[arg-type]
        )
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self._inner = CertomancerStamper(
            x509.Certificate.load(made.public_bytes(Encoding.DER)), load_private_key_from_pemder_data(pem, None)
        )

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        return self._inner.request_tsa_response(req)


class Archive:
    """Signed letters of the office, and a desk that renews them."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.folder = Path(office.environment["SIGNING_PKI_DIR"])
        self.material = TrustMaterial(self.folder)

    def desk(self, tsa: str | None = None, records: Any = None) -> ArchiveDesk:
        stamper = TsaClient(tsa or self.office.environment["SIGNING_TSA_URL"], timeout_seconds=2)
        pipeline = Pipeline(self.material, stamper)
        return ArchiveDesk(records or self.office.records, self.office.documents, self.material, pipeline)

    async def letter(self, days: int | None, *, stored: bool = True) -> SignedLetter:
        """A registered letter whose timestamp's certificate lasts so many days; without, as long as the office's."""
        import typst

        submission = await self.office.submit(a_definition())
        text = LETTER.replace("Satu", submission.number)
        plain = typst.compile(text.encode(), pdf_standards="a-2b")
        stamper = ShortLived(self.folder, days) if days else TsaClient(self.office.environment["SIGNING_TSA_URL"])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            provider = Pkcs12Provider(self.folder / "p12", Pipeline(self.material, stamper))
        pdf = await provider.sign(plain, SigningOrder(HEAD.id, SecretStr(PASSPHRASE)))
        certificate = provider.open_signer(HEAD.id, SecretStr(PASSPHRASE)).signing_cert
        records, frozen = self.office.records, hashlib.sha256(plain).hexdigest()
        await records.open_letter(an_opening(submission.number))
        await records.freeze_letter(a_freezing(submission.number, frozen))
        signed = SignedLetter(
            letter_sha256=frozen,
            number=submission.number,
            purpose="permit",
            signed_sha256=await self.office.documents.put_signed(pdf) if stored else hashlib.sha256(pdf).hexdigest(),
            level="B-LTA",
            signer_id=HEAD.id,
            certificate_sha256=hashlib.sha256(certificate.dump()).hexdigest(),
            signed_at=datetime.now(UTC),
            activation_id="uji-arsip",
        )
        return await records.register_signed(signed, an_event("signed", Tag.SIGNATURE_REGISTERED))

    async def run(self, before: datetime | None = None, page: int = 50) -> ArchiveRefreshReport:
        return await self.office.client.execute_workflow(
            ARCHIVE_REFRESH_WORKFLOW,
            ArchiveRefreshOrder(before=before, page=page),
            id=f"uji-arsip-{datetime.now(UTC).timestamp()}",
            task_queue=QueueNames.MAIN,
            result_type=ArchiveRefreshReport,
        )

    async def versions(self, letter: SignedLetter) -> list[LetterVersionRow]:
        async with self.office.db.transaction() as session:
            found = [await session.get(LetterVersionRow, (letter.letter_sha256, n)) for n in (1, 2, 3)]
        return [row for row in found if row is not None]


@pytest.fixture
def archive(office: Office) -> Archive:
    return Archive(office)


async def test_the_run_stands_by_night_and_its_pause_outlives_a_new_worker(office: Office) -> None:
    await ensure_schedules(office.client)
    described = await office.client.get_schedule_handle(ARCHIVE_REFRESH.id).describe()
    first, second = described.info.next_action_times[:2]
    assert first.astimezone(UTC).strftime("%H:%M") == "18:30"
    assert second - first == timedelta(days=1)


async def test_a_run_renews_what_ends_soon_leaves_the_rest_and_changes_nothing_twice(archive: Archive) -> None:
    soon, late = await archive.letter(200), await archive.letter(None)
    report = await archive.run(page=1)
    assert report.counts.renewed >= 1 and not report.counts.stopped
    old, new = await archive.versions(soon)
    (lasting,) = await archive.versions(late)
    now = datetime.now(UTC)
    assert old.timestamp_until is not None and new.timestamp_until is not None and lasting.timestamp_until is not None
    assert old.timestamp_until < now + timedelta(days=201) < now + 14 * YEAR < new.timestamp_until
    assert (old.superseded_at, new.superseded_at, new.level) == (new.created_at, None, "B-LTA")
    assert new.timestamp_algorithms is not None and " sha256 " in new.timestamp_algorithms
    assert (await archive.run(page=1)).counts.renewed == 0
    assert len(await archive.versions(soon)) == 2 and len(await archive.versions(late)) == 1


async def test_a_renewed_letter_begins_with_the_old_one_is_sah_and_every_version_is_known(archive: Archive) -> None:
    letter = await archive.letter(100)
    await archive.run()
    old, new = await archive.versions(letter)
    before, after = [await archive.office.documents.get_signed(row.sha256) for row in (old, new)]
    assert after.startswith(before) and len(after) > len(before)
    verdict = await judge_signed(archive.material, after, letter.certificate_sha256)
    assert (verdict.verdict, verdict.level) == (Verdict.SAH, Level.B_LTA)
    today = datetime.now(UTC).date()
    async with archive.office.db.transaction() as session:
        assert await newest_signed_version(session, letter.letter_sha256) == new.sha256
        found = [await letter_by_signed_sha256(session, row.sha256, today) for row in (old, new)]
    assert [one.application for one in found if one] == [letter.number] * 2
    events = [one for one in await archive.office.records.events_of(letter.number) if one.tag == Tag.ARCHIVE_RENEWED]
    assert [(one.facts["version"], one.facts["sha256"]) for one in events] == [(2, new.sha256)]


async def test_no_version_is_made_while_the_authoritys_own_certificate_lasts_no_longer(archive: Archive) -> None:
    letter = await archive.letter(None)
    desk, far = archive.desk(), datetime.now(UTC) + 20 * YEAR
    first = await desk.renew_letter(RenewLetter(letter_sha256=letter.letter_sha256, before=far))
    again = await desk.renew_letter(RenewLetter(letter_sha256=letter.letter_sha256, before=far, offered=first.offered))
    assert [first.outcome, again.outcome] == ["waiting", "waiting"]
    assert first.offered is not None and len(await archive.versions(letter)) == 1


async def test_two_runs_at_once_register_one_version(archive: Archive) -> None:
    letter = await archive.letter(100)
    order = RenewLetter(letter_sha256=letter.letter_sha256, before=datetime.now(UTC) + YEAR)
    results = await asyncio.gather(archive.desk().renew_letter(order), archive.desk().renew_letter(order))
    assert {one.outcome for one in results} <= {"renewed", "lasting"}
    assert len(await archive.versions(letter)) == 2
    assert (await archive.desk().renew_letter(order)).outcome == "lasting"


async def test_a_run_cut_off_between_the_object_and_the_register_is_simply_repeated(archive: Archive) -> None:
    class Dying:
        def __getattr__(self, name: str) -> Any:
            return getattr(archive.office.records, name)

        async def register_renewal(self, *_: Any) -> None:
            raise ConnectionError("killed here")

    letter = await archive.letter(100)
    order = RenewLetter(letter_sha256=letter.letter_sha256, before=datetime.now(UTC) + YEAR)
    with pytest.raises(ConnectionError):
        await archive.desk(records=Dying()).renew_letter(order)
    assert len(await archive.versions(letter)) == 1
    assert (await archive.desk().renew_letter(order)).outcome == "renewed"
    assert len(await archive.versions(letter)) == 2


async def test_what_fails_is_counted_and_operators_are_told_once_a_day(archive: Archive) -> None:
    lost, kept = await archive.letter(20, stored=False), await archive.letter(20)
    now = datetime.now(UTC)
    desk, dead = archive.desk(), archive.desk(tsa="http://127.0.0.1:9/tsa")
    for _ in range(REPEATEDLY):
        missing = await desk.renew_letter(RenewLetter(letter_sha256=lost.letter_sha256, before=now + YEAR))
        away = await dead.renew_letter(RenewLetter(letter_sha256=kept.letter_sha256, before=now + YEAR))
    assert (missing.outcome, missing.code, missing.away) == ("failed", "object-missing", False)
    assert (away.outcome, away.code, away.away) == ("failed", "timestamp_unavailable", True)
    order = TellArchive(now=now, day=f"uji-{now.timestamp()}", stopped="timestamp_unavailable")
    state = await desk.tell_archive(order)
    assert await desk.tell_archive(order) == state
    assert state.urgent >= 2 and {"object-missing", "timestamp_unavailable"} <= set(state.failing)
    operators = [one for one in await archive.office.records.accounts() if one.role == Role.OPS and one.active]
    async with archive.office.db.transaction() as session:
        told = [await session.get(OutboxRow, f"archive-trouble:{order.day}:{one.id}") for one in operators]
    assert operators and all(told)
    assert (await desk.renew_letter(RenewLetter(letter_sha256=kept.letter_sha256, before=now + YEAR))).outcome == (
        "renewed"
    )
    assert (await archive.office.records.archived_letter(kept.letter_sha256)).failures == 0  # type: ignore[union-attr]


async def test_a_run_ends_early_while_the_timestamp_authority_is_away(archive: Archive) -> None:
    office = archive.office
    letters = [await archive.letter(50) for _ in range(4)]
    await office.stop_workers()
    address = office.environment["SIGNING_TSA_URL"]
    office.environment["SIGNING_TSA_URL"] = "http://127.0.0.1:9/tsa"
    try:
        await office.start_workers()
        report = await archive.run(before=datetime.now(UTC) + timedelta(days=60))
        assert report.counts.stopped == "timestamp_unavailable"
        assert report.counts.failed["timestamp_unavailable"] == 3
    finally:
        await office.stop_workers()
        office.environment["SIGNING_TSA_URL"] = address
        await office.start_workers()
    assert (await archive.run(before=datetime.now(UTC) + timedelta(days=60))).counts.renewed >= len(letters)


async def test_operators_list_and_renew_by_command(archive: Archive, tmp_path: Path) -> None:
    letter, lost = await archive.letter(90), await archive.letter(90, stored=False)
    day = (datetime.now(UTC) + timedelta(days=95)).date().isoformat()
    environment = archive.office.environment
    lines = await asyncio.to_thread(list_due, day, tmp_path, environment)
    assert any(letter.number in line and "not measured" in line for line in lines)
    told, sound = await asyncio.to_thread(refresh, day, tmp_path, environment)
    assert not sound and "1 renewed" in told and "object-missing: " in told
    after = "\n".join(await asyncio.to_thread(list_due, day, tmp_path, environment))
    assert letter.number not in after
    assert any(lost.number in line and "failed 1 times: object-missing" in line for line in after.splitlines())
    with pytest.raises(CannotDo):
        await asyncio.to_thread(list_due, "besok", tmp_path, environment)
