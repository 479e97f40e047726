"""What a fresh installation needs before it can work: definitions, and in development the fictional officers.

Safe to run at every start: what is there stays. The head's second factor is enrolled here too; its secret is sealed to
the signing worker, and kept beside the installation's other secrets so that the demonstration can show a code.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import warnings
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

from pydantic import SecretStr

from api.passwords import Passwords
from permits.definition_loader import load_definitions
from sakpore.people import AGENCY_SIGNER, APPLICANTS, HEAD, OFFICERS, PASSPHRASE, PASSWORD, Person
from sakpore.secrets import write_private
from signing.activation import load_private_key
from signing.double import DemoOfficer, DemoPki
from signing.enrolment import Notary
from signing.seal import DEMO_SEAL_ID, DEMO_SEAL_NAME, read_secret
from signing.totp import new_totp_secret
from store.crypto import Keyring
from store.database import Database, create_engine
from store.documents import DocumentStore
from store.records import Mandate, NewAccount, Records
from store.settings import StoreSettings

TOTP_FILE = "demo-totp.json"
SIGNERS = (HEAD, AGENCY_SIGNER)
COORDINATOR = "koordinator"
CONFIRMED_FOR_THE_DEMONSTRATION = (("izin-penelitian", 1),)
"""Types that wait for the office's confirmation; the fictional coordinator of the demonstration gives it."""


def seed(values: Mapping[str, str]) -> list[dict[str, str]]:
    """Loads definitions and, outside production, demonstration people; returns the accounts to be shown."""
    return asyncio.run(_seed(values))


async def _seed(values: Mapping[str, str]) -> list[dict[str, str]]:
    settings = StoreSettings.model_validate({name.lower(): value for name, value in values.items()})
    database = Database(create_engine(settings))
    try:
        records = Records(database)
        await DocumentStore(settings).ensure_buckets()
        await records.publish_definitions(load_definitions())
        if values.get("SAKPORE_ENV", "development") == "production":
            return []
        await _people(records, values, Keyring.parse(settings.document_keys.get_secret_value()))
        for code, version in CONFIRMED_FOR_THE_DEMONSTRATION:
            await records.confirm_definition(code, version, COORDINATOR, at=datetime.now(UTC))
    finally:
        await database.close()
    shown = [_shown(person) for person in (*APPLICANTS, *OFFICERS)]
    _write_demonstration(values, shown)
    return shown


def _write_demonstration(values: Mapping[str, str], people: list[dict[str, str]]) -> None:
    """What a visitor needs to try every role, for the page `/peragaan`; every one of them is fictional."""
    if not (file := values.get("DEMONSTRATION_FILE")):
        return
    codes = Path(file).with_name(TOTP_FILE)
    secrets = json.loads(codes.read_text()) if codes.exists() else {}
    by_email = {person.email: secrets[person.id] for person in SIGNERS if person.id in secrets}
    kept = {"people": people, "passphrase": PASSPHRASE, "codes": by_email}
    write_private(Path(file), json.dumps(kept, indent=1) + "\n")


async def _people(records: Records, values: Mapping[str, str], keyring: Keyring) -> None:
    known = {row.id for row in await records.accounts()}
    password_hash = Passwords().hash(PASSWORD) if len(known) < len(OFFICERS) + len(APPLICANTS) else ""
    sealed_totp = _enrol_signers(values)
    for person in (*OFFICERS, *APPLICANTS):
        if person.id not in known:
            await records.ensure_account(_account(person, password_hash, keyring, sealed_totp.get(person.id)))
    for account, totp in sealed_totp.items():
        if account in known:
            # An installation of before sealed it in a way that anybody could have; the same secret, sealed anew.
            await records.change_account(account, totp_sealed=totp)
    if pki_dir := values.get("SIGNING_PKI_DIR"):
        seal_secret = values.get("SIGNING_OFFICE_SEAL_SECRET")
        await _certificates(records, Path(pki_dir), Path(seal_secret) if seal_secret else None)


def _account(person: Person, password_hash: str, keyring: Keyring, totp: bytes | None) -> NewAccount:
    now = datetime.now(UTC)
    nik = person.nik.encode() if person.nik else None
    return NewAccount(
        id=person.id,
        email=person.email,
        name=person.name,
        password_hash=password_hash,
        role=person.role,
        field=person.field,
        opd=person.opd,
        is_head=person.is_head,
        title=person.title,
        rank=person.rank,
        nip=person.nip,
        address=person.address,
        birth_place=person.birth_place,
        birth_date=person.birth_date,
        nik_sealed=keyring.seal(nik, f"nik:{person.id}".encode()) if nik else None,
        nik_fingerprint=keyring.fingerprint(person.nik) if person.nik else None,
        totp_sealed=totp,
        email_confirmed_at=now,
        is_demo=True,
        created_at=now,
    )


def _enrol_signers(values: Mapping[str, str]) -> dict[str, bytes]:
    """One-time-code secrets by account, sealed with the signing worker's key; made once."""
    private = values.get("SIGNING_SEAL_KEY")
    if not private:
        return {}
    kept = Path(private).with_name(TOTP_FILE)
    known: dict[str, str] = json.loads(kept.read_text()) if kept.exists() else {}
    wanted = {person.id: known.get(person.id) or new_totp_secret().hex() for person in SIGNERS}
    if wanted != known:
        write_private(kept, json.dumps(known | wanted))
    notary = Notary(load_private_key(Path(private)))
    return {account: notary.seal_totp(bytes.fromhex(secret), account) for account, secret in wanted.items()}


async def _certificates(records: Records, pki_dir: Path, seal_secret: Path | None) -> None:
    """Certificates of those who sign, with their mandates, and of the office's seal."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the part that serves this authority has said that it is a stand-in
        officers = [DemoOfficer(person.id, person.name) for person in SIGNERS]
        passphrases = {person.id: SecretStr(PASSPHRASE) for person in SIGNERS}
        if seal_secret is not None:
            officers.append(DemoOfficer(DEMO_SEAL_ID, DEMO_SEAL_NAME))
            passphrases[DEMO_SEAL_ID] = read_secret(seal_secret)
        pki = DemoPki.create(pki_dir, officers, passphrases)
    for person in SIGNERS:
        head = person is HEAD
        await records.ensure_mandate(
            Mandate(
                id=f"{person.id}-{'definitif' if head else 'opd'}",
                account_id=person.id,
                capacity="definitive" if head else "opd",
                opd=person.opd,
                certificate_sha256=hashlib.sha256(pki.certificate(person.id)).hexdigest(),
                valid_from=date(2020, 1, 1),
                decree="Keputusan contoh, bukan keputusan nyata",
            )
        )


def _shown(person: Person) -> dict[str, str]:
    where = person.opd or person.field or ""
    return {"e-mail": person.email, "password": PASSWORD, "role": person.role.value, "for": where, "name": person.name}
