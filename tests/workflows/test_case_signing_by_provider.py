"""A case is signed by whichever provider the installation chose, and is issued like any other."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from temporalio.testing import ActivityEnvironment

from activities.signatures import SignatureDesk
from activities.signing_orders import SignLetter
from permits.decisions import SignatureOrdered
from permits.events import Event, Tag
from sakpore.people import HEAD, PASSPHRASE
from signing.double import DemoPki
from signing.pipeline import Pipeline
from signing.pkcs12 import Pkcs12Provider
from signing.timestamps import TsaClient
from store.crypto import signer_context
from tests.signing.fake_bsre import PASSWORD, USERNAME, FakeBsre, Fault
from tests.signing.served import served
from tests.signing.softhsm import SoftHsm
from tests.signing.workshop import Workshop
from tests.workflows.office import Office, settings_from
from worker.settings import SigningSettings
from worker.signing_room import SigningRoom

AT_BSRE = "0000000000000001"

pytestmark = pytest.mark.asyncio(loop_scope="session")


def _workshop(office: Office) -> Workshop:
    """The office's own authority, with the head's key open for the fakes that sign with it."""
    folder = Path(office.environment["SIGNING_PKI_DIR"])
    workshop = Workshop(DemoPki.load(folder), office.environment["SIGNING_TSA_URL"], b"")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        keys = Pkcs12Provider(folder / "p12", Pipeline(workshop.material(), TsaClient(workshop.tsa_url)))
    workshop.signers[HEAD.id] = keys.open_signer(HEAD.id, SecretStr(PASSPHRASE))
    return workshop


@contextmanager
def _bsre(workshop: Workshop, kind: str) -> Iterator[tuple[dict[str, str], FakeBsre]]:
    fake = FakeBsre(workshop, {AT_BSRE: HEAD.id}, PASSPHRASE)
    with served(fake.application()) as url:
        yield (
            {
                "SIGNING_PROVIDER": kind,
                "SIGNING_BSRE_URL": url,
                "SIGNING_BSRE_USERNAME": USERNAME,
                "SIGNING_BSRE_PASSWORD": PASSWORD,
            },
            fake,
        )


@asynccontextmanager
async def _signing_by(office: Office, kind: str, folder: Path) -> AsyncIterator[dict[str, str]]:
    workshop = _workshop(office)
    if kind == "pkcs11":
        hsm = SoftHsm.install(folder)
        hsm.add_token("kantor-uji", PASSPHRASE, workshop, [HEAD.id])
        module = str(hsm.module)
        yield {"SIGNING_PROVIDER": kind, "SIGNING_PKCS11_MODULE": module, "SIGNING_PKCS11_TOKEN": "kantor-uji"}
    else:
        async with _known_at_bsre(office):
            with _bsre(workshop, kind) as (environment, _):
                yield environment


@asynccontextmanager
async def _known_at_bsre(office: Office) -> AsyncIterator[None]:
    """The head has an id with BSrE inside this block."""
    sealed = office.documents.keyring.seal(AT_BSRE.encode(), signer_context(HEAD.id))
    await office.records.change_account(HEAD.id, signer_id_sealed=sealed)
    try:
        yield
    finally:
        await office.records.change_account(HEAD.id, signer_id_sealed=None)


def _desk(office: Office, environment: dict[str, str]) -> SignatureDesk:
    settings = settings_from(SigningSettings, {**office.environment, **environment})
    known = {each.__name__: each for each in SigningRoom(settings, office.records, office.documents).activities}
    desk: SignatureDesk = known["sign_letter"].__self__  # type: ignore[attr-defined]
    return desk


def _order(number: str, letter_sha256: str, activation: str) -> SignLetter:
    now = datetime.now(UTC)
    return SignLetter(
        number=number,
        purpose="permit",
        letter_sha256=letter_sha256,
        activation_id=activation,
        officer_id=HEAD.id,
        office_date=now.date(),
        event=Event(key="uji-penyedia", tag=Tag.SIGNATURE_REGISTERED, at=now, office_at=now),
    )


@pytest.mark.parametrize("kind", ["pkcs11", "bsre-v1", "bsre-v2"])
async def test_a_case_is_issued_with_the_signature_of_the_chosen_provider(
    office: Office, tmp_path: Path, kind: str
) -> None:
    case = await office.begin()
    task = await case.go_on("signing")
    await case.at_rest()
    activation = await office.consent(task.subject_sha256)
    async with _signing_by(office, kind, tmp_path) as environment:
        desk = _desk(office, environment)
        order = _order(case.number, task.subject_sha256, activation)
        signed = await ActivityEnvironment().run(desk.sign_letter, order)
    assert signed.failure is None and signed.signed is not None

    await case.decide(task, SignatureOrdered(activation_id=activation))
    assert (await case.closed()).status == "issued"
    registered = await office.records.signed_letter_of(case.number, "permit")
    assert registered is not None and registered.signed_sha256 == signed.signed.signed_sha256
    assert registered.level == "B-LTA"


async def test_what_bsre_rewrote_is_not_registered(office: Office) -> None:
    case = await office.begin()
    task = await case.go_on("signing")
    await case.at_rest()
    activation = await office.consent(task.subject_sha256)
    async with _known_at_bsre(office):
        with _bsre(_workshop(office), "bsre-v2") as (environment, fake):
            fake.fault = Fault.REWRITTEN
            desk = _desk(office, environment)
            order = _order(case.number, task.subject_sha256, activation)
            refused = await ActivityEnvironment().run(desk.sign_letter, order)
    assert (refused.signed, refused.failure) == (None, "rewritten")
    assert await office.records.signed_letter_of(case.number, "permit") is None
    await case.decide(await case.task("signing"))
    assert (await case.closed()).status == "issued"
