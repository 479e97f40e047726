"""Who may sign what: the office's holder of the day, with the mandated certificate, the letter of the paraf alone."""

from __future__ import annotations

import hashlib
import secrets
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.signing_orders import SignedObject, SignLetter, SignResult
from permits.authority import Actor, Role
from permits.decisions import SignatureOrdered
from permits.events import Event, Tag
from permits.steps import LetterFrozen
from sakpore.people import HEAD, PASSPHRASE
from signing.activation import Activation, TotpProof, load_private_key, load_public_key, seal
from signing.double import DemoOfficer, DemoPki
from signing.enrolment import Notary
from signing.port import CertificateStanding, Standing
from signing.totp import new_totp_secret, totp_now
from store.crypto import signer_context
from store.records import Mandate, NewActivation
from store.tables import AccountRow, TaskRow
from tests.workflows.builders import a_definition, paraf
from tests.workflows.case_file import CaseFile, Refusal
from tests.workflows.office import Office, settings_from
from worker.settings import SigningSettings
from worker.signing_room import SigningRoom
from worker.standings import StandingWatch

pytestmark = pytest.mark.asyncio(loop_scope="session")
ACTING, PLH = "kabid.dua", "plh-kabid-dua"
TOTP = new_totp_secret()
OPS = "ops"


@asynccontextmanager
async def acting_head(office: Office, certificate_of: str = ACTING) -> AsyncIterator[Actor]:
    """A division head with a certificate holds the head's office for a week; afterwards the mandate is over."""
    settings = settings_from(SigningSettings, office.environment)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        officers = [DemoOfficer(ACTING, "Kepala Bidang Contoh Dua"), DemoOfficer(HEAD.id, HEAD.name)]
        pki = DemoPki.create(Path(settings.signing_pki_dir), officers, {ACTING: PASSPHRASE, HEAD.id: PASSPHRASE})
    notary = Notary(load_private_key(settings.signing_seal_key))
    await _write(office, ACTING, "totp_sealed", notary.seal_totp(TOTP, ACTING))
    await _give(office, hashlib.sha256(pki.certificate(certificate_of)).hexdigest(), days=7)
    try:
        yield Actor(id=ACTING, name="Kepala Bidang Contoh Dua", role=Role.HEAD_OF_OFFICE, on_behalf_of=HEAD.name)
    finally:
        await _give(office, "0" * 64, days=-1)


async def _give(office: Office, certificate: str, days: int) -> None:
    """The mandate from last week until `days` from today."""
    today = datetime.now(ZoneInfo("Asia/Jakarta")).date()
    await office.records.ensure_mandate(
        Mandate(
            id=PLH,
            account_id=ACTING,
            capacity="plh",
            certificate_sha256=certificate,
            valid_from=today - timedelta(days=7),
            valid_until=today + timedelta(days=days),
            decree="Surat perintah contoh",
        )
    )


async def test_an_acting_head_signs_in_the_period_of_the_mandate(office: Office) -> None:
    async with acting_head(office) as head:
        case, task = await a_waiting_letter(office)
        await case.decide(task, await consent_of_acting(office, task), by=head)
        assert (await case.closed()).status == "issued"
    signed = await office.records.signed_letter(task.subject_sha256)
    assert signed is not None and signed.signer_id == ACTING
    (registered,) = await case.events(Tag.SIGNATURE_REGISTERED)
    assert registered.facts["on_behalf_of"] == HEAD.name


async def test_an_acting_head_does_not_sign_on_the_day_after_the_mandate(office: Office) -> None:
    async with acting_head(office) as head:
        case, task = await a_waiting_letter(office)
        await _give(office, "0" * 64, days=-1)
        await case.decide(task, await consent_of_acting(office, task), by=head)
        await case.task("signing")
    (failed,) = await case.events(Tag.SIGNATURE_FAILED)
    assert failed.facts["code"] == "no-mandate"
    assert await office.records.signed_letter(task.subject_sha256) is None


async def test_a_key_of_another_certificate_than_the_mandated_one_signs_nothing(office: Office) -> None:
    async with acting_head(office, certificate_of=HEAD.id) as head:
        case, task = await a_waiting_letter(office)
        await case.decide(task, await consent_of_acting(office, task), by=head)
        again = await case.task("signing")
    assert (await case.event(Tag.SIGNATURE_FAILED)).facts["code"] == "wrong_signer"
    assert await case.events(Tag.SIGNATURE_QUARANTINED) == []
    assert "bukan dari sertifikat yang disebut dalam mandat" in again.instructions
    notices = await office.records.notices_of(case.number)
    assert OPS in {row.account_id for row in notices if row.template.startswith("signing-")}


async def test_the_workflow_refuses_a_signature_for_other_bytes_than_those_of_the_paraf(office: Office) -> None:
    case = await office.begin(a_definition(paraf()))
    task = await case.go_on("signing")
    for stale in ("e" * 64, ""):
        ordered = SignatureOrdered(activation_id=await office.consent(stale or task.subject_sha256))
        with pytest.raises(Refusal) as refused:
            await case.send(case.decision(task, ordered, seen=stale or "f" * 64))
        assert refused.value.code == "stale-version"


async def test_the_signing_worker_refuses_a_letter_that_was_changed_after_its_paraf(office: Office) -> None:
    case = await office.begin(a_definition(paraf()))
    task = await case.go_on("signing")
    changed = await changed_letter(office, case)

    old = await carried_out(office, an_order(case, task.subject_sha256, await office.consent(task.subject_sha256)))
    new = await carried_out(office, an_order(case, changed, await office.consent(changed)))

    assert (old.failure, new.failure) == ("letter-not-found", "paraf-missing")
    assert await office.records.signed_letter(changed) is None


async def test_operators_are_told_once_of_a_stored_letter_that_is_not_valid_any_more(office: Office) -> None:
    case = await office.begin()
    await case.finish()
    signed = await office.records.signed_letter_of(case.number, "permit")
    assert signed is not None
    judged = SignedObject(
        letter_sha256=signed.letter_sha256, signed_sha256=signed.signed_sha256, certificate_sha256="0" * 64
    )
    desk = SigningRoom(settings_from(SigningSettings, office.environment), office.records, office.documents).letters
    for _ in range(2):
        with pytest.raises(ApplicationError) as refused:
            await ActivityEnvironment().run(desk.judge_letter, judged)
        assert refused.value.type == "letter-not-valid"
    (lost,) = await case.events(Tag.SIGNATURE_LOST)
    assert lost.facts["verdict"] == "TIDAK_SAH" and "wrong_signer" in lost.facts["reasons"]
    notices = [row for row in await office.records.notices_of(case.number) if row.template == "signing-incident"]
    assert [row.account_id for row in notices] == [OPS]


async def test_officer_and_operators_are_told_once_that_a_certificate_will_end(office: Office) -> None:
    ends = datetime.now(UTC) + timedelta(days=20)
    said = [CertificateStanding(Standing.EXPIRING, valid_until=ends), CertificateStanding(Standing.UNKNOWN)]

    async def ask(officer: AccountRow) -> CertificateStanding:
        return said[0] if officer.id == HEAD.id else said[1]

    watch = StandingWatch(office.records, ask)
    await watch.look()
    said[0] = said[1]
    await watch.look()

    kept = await office.records.standing_of(HEAD.id)
    assert kept is not None and (kept.standing, kept.valid_until) == ("expiring", ends)
    async with office.db.engine.connect() as connection:
        rows = await connection.execute(
            text("select account_id from outbox where template = 'certificate-standing' and key like :key"),
            {"key": f"certificate:{HEAD.id}:expiring:%"},
        )
        assert sorted(rows.scalars()) == [HEAD.id, OPS]


async def test_a_provider_is_asked_by_the_officers_own_id_there(office: Office) -> None:
    desk = SigningRoom(settings_from(SigningSettings, office.environment), office.records, office.documents).letters
    officer = await office.records.account(ACTING)
    assert officer is not None
    assert desk._signer_ids.of(officer) == ACTING
    sealed = office.documents.keyring.seal(b"kepala", signer_context(ACTING))
    await _write(office, ACTING, "signer_id_sealed", sealed)
    try:
        officer = await office.records.account(ACTING)
        assert officer is not None and desk._signer_ids.of(officer) == "kepala"
    finally:
        await _write(office, ACTING, "signer_id_sealed", None)


async def a_waiting_letter(office: Office) -> tuple[CaseFile, TaskRow]:
    case = await office.begin()
    return case, await case.go_on("signing")


async def changed_letter(office: Office, case: CaseFile) -> str:
    """Somebody with access to the store writes another letter into the register."""
    letter = await case.letter()
    sha256 = await office.documents.put_document(b"%PDF-1.7 surat lain " + secrets.token_bytes(8))
    assert letter.input_sha256 is not None
    now = datetime.now(UTC)
    await office.records.freeze_letter(
        LetterFrozen(
            number=case.number,
            purpose="permit",
            sha256=sha256,
            input_sha256=letter.input_sha256,
            template="sip",
            template_version=1,
            event=Event(key=f"uji-{sha256[:8]}", tag=Tag.LETTER_DRAFTED, at=now, office_at=now),
        )
    )
    return sha256


def an_order(case: CaseFile, letter_sha256: str, activation_id: str) -> SignLetter:
    now = datetime.now(UTC)
    return SignLetter(
        number=case.number,
        purpose="permit",
        letter_sha256=letter_sha256,
        activation_id=activation_id,
        officer_id=HEAD.id,
        office_date=now.date(),
        event=Event(key="uji-tanda-tangan", tag=Tag.SIGNATURE_REGISTERED, at=now, office_at=now),
    )


async def carried_out(office: Office, order: SignLetter) -> SignResult:
    desk = SigningRoom(settings_from(SigningSettings, office.environment), office.records, office.documents).letters
    result: SignResult = await ActivityEnvironment().run(desk.sign_letter, order)
    return result


async def consent_of_acting(office: Office, task: TaskRow) -> SignatureOrdered:
    """As `Office.consent`, by the acting head."""
    await _write(office, ACTING, "totp_last_step", None)
    now = datetime.now(UTC)
    activation = Activation(
        officer_id=ACTING,
        letter_sha256s=(task.subject_sha256,),
        step_up=TotpProof(totp_now(TOTP, now)),
        passphrase=SecretStr(PASSPHRASE),
        expires_at=now + timedelta(minutes=5),
    )
    activation_id = secrets.token_hex(8)
    await office.records.create_activation(
        NewActivation(
            id=activation_id,
            officer_id=ACTING,
            envelope=seal(activation, _public(office), activation_id),
            letters=(task.subject_sha256,),
            created_at=now,
            expires_at=activation.expires_at,
        )
    )
    return SignatureOrdered(activation_id=activation_id, expires_at=activation.expires_at)


def _public(office: Office):  # type: ignore[no-untyped-def]
    return load_public_key(Path(office.environment["SIGNING_SEAL_PUBLIC_KEY"]))


async def _write(office: Office, account: str, column: str, value: object) -> None:
    async with office.db.transaction() as session:
        setattr(await session.get_one(AccountRow, account), column, value)
