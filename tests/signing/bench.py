"""Every provider on one bench: the same officers, the same authority, the fakes behind the remote ones."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pydantic import SecretStr

from signing.bsre import BsreProvider, BsreV1Provider, BsreV2Provider
from signing.csc import CscLogin, CscProvider
from signing.pipeline import Pipeline
from signing.pkcs11 import Pkcs11Provider
from signing.pkcs12 import Pkcs12Provider
from signing.port import ProviderKind, SignatureProvider, SigningOrder
from signing.remote import RemoteService
from signing.timestamps import TsaClient
from tests.signing import fake_bsre, fake_csc
from tests.signing.fake_bsre import FakeBsre
from tests.signing.fake_csc import FakeCsc
from tests.signing.served import served
from tests.signing.softhsm import SoftHsm
from tests.signing.workshop import PASSPHRASE, Workshop

TOKEN = "kantor-contoh"
NIKS = {
    "kepala": "3375010101800001",
    "lain": "3375010101800002",
    "usang": "3375010101800003",
    "dicabut": "3375010101800004",
    "segera": "3375010101800005",
    "asing": "3375010101800006",  # nobody knows this one
}
OFFICERS = tuple(NIKS)[:-1]


@dataclass
class Bench:
    """A provider and what stands behind it."""

    kind: ProviderKind
    office: Workshop
    provider: SignatureProvider
    bsre: FakeBsre | None = None
    csc: FakeCsc | None = None

    def name(self, officer: str) -> str:
        """The officer's id with the provider."""
        return NIKS[officer] if self.kind in (ProviderKind.BSRE_V1, ProviderKind.BSRE_V2) else officer

    def order(self, officer: str = "kepala", secret: str = PASSPHRASE, **more: str) -> SigningOrder:
        order = SigningOrder(self.name(officer), SecretStr(secret), location="Kota Contoh")
        return dataclasses.replace(order, **more)

    def fingerprint(self, officer: str) -> str:
        return self.office.fingerprint(officer)


def pipeline(office: Workshop, tsa_url: str | None = None) -> Pipeline:
    return Pipeline(office.material(), TsaClient(tsa_url or office.tsa_url))


def build_bsre(
    kind: ProviderKind, office: Workshop, url: str, timeout_seconds: float = 30.0, tsa_url: str | None = None
) -> BsreProvider:
    provider = BsreV1Provider if kind is ProviderKind.BSRE_V1 else BsreV2Provider
    service = RemoteService(url, timeout_seconds)
    return provider(service, fake_bsre.USERNAME, SecretStr(fake_bsre.PASSWORD), pipeline(office, tsa_url))


def build_csc(
    kind: ProviderKind, office: Workshop, url: str, timeout_seconds: float = 30.0, tsa_url: str | None = None
) -> CscProvider:
    service = RemoteService(f"{url}/csc/{kind.value.removeprefix('csc-')}", timeout_seconds)
    login = CscLogin(client_id=fake_csc.CLIENT_ID, client_secret=SecretStr(fake_csc.CLIENT_SECRET))
    return CscProvider(kind, service, login, pipeline(office, tsa_url))


@contextmanager
def bench(kind: ProviderKind, office: Workshop, hsm: SoftHsm, tsa_url: str | None = None) -> Iterator[Bench]:
    """The provider of this kind, ready to sign for the officers; `tsa_url` instead of the office's own service."""
    if kind is ProviderKind.PKCS12:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            key_files = Pkcs12Provider(office.pki.folder / "p12", pipeline(office, tsa_url))
        yield Bench(kind, office, key_files)
    elif kind is ProviderKind.PKCS11:
        yield Bench(kind, office, Pkcs11Provider(hsm.module, pipeline(office, tsa_url), TOKEN))
    elif kind in (ProviderKind.CSC_V1, ProviderKind.CSC_V2):
        csc = FakeCsc(office, {officer: officer for officer in OFFICERS}, PASSPHRASE)
        csc.cert_status = {"usang": "expired", "dicabut": "revoked"}
        with served(csc.application()) as url:
            yield Bench(kind, office, build_csc(kind, office, url, tsa_url=tsa_url), csc=csc)
    else:
        bsre = FakeBsre(office, {NIKS[officer]: officer for officer in OFFICERS}, PASSPHRASE)
        bsre.status = {NIKS["usang"]: "EXPIRED", NIKS["dicabut"]: "REVOKE"}
        with served(bsre.application()) as url:
            yield Bench(kind, office, build_bsre(kind, office, url, tsa_url=tsa_url), bsre=bsre)
