"""The workshop, once per run: making an authority and a signed letter is the slow part."""

from __future__ import annotations

import asyncio
import json
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from signing.double import DemoOfficer, DemoPki, tsa_url
from signing.seal import DEMO_SEAL_ID, DEMO_SEAL_NAME
from tests.signing.bench import OFFICERS as OFFICERS_ON_TOKEN
from tests.signing.bench import TOKEN
from tests.signing.forge import NOW, Forge, Wanted
from tests.signing.softhsm import SoftHsm
from tests.signing.workshop import PASSPHRASE, Workshop, letter

SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(days=2)
OFFICERS = [
    DemoOfficer("kepala", "Kepala Contoh"),
    DemoOfficer("lain", "Kepala Contoh"),
    DemoOfficer("kabid", "Kabid Contoh"),
    DemoOfficer("sebentar", "Pejabat Sebentar Contoh", valid_to=SOON),
    DemoOfficer("usang", "Pejabat Usang Contoh", valid_to=datetime.now(UTC) - timedelta(hours=1)),
    DemoOfficer("dicabut", "Pejabat Dicabut Contoh"),
    DemoOfficer("curang", "Pejabat Curang Contoh"),
    DemoOfficer("batal", "Pejabat Batal Contoh"),
    DemoOfficer(DEMO_SEAL_ID, DEMO_SEAL_NAME),
]


@contextmanager
def _served(pki: DemoPki) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, pki.wsgi(), threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield tsa_url(server.server_port)
    server.shutdown()
    thread.join()
    server.server_close()


def _made(folder: Path, officers: list[DemoOfficer], installation: str | None = None) -> DemoPki:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        passphrases = {officer.signer_id: PASSPHRASE for officer in officers}
        return DemoPki.create(folder, officers, passphrases, installation=installation)


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    pki = _made(tmp_path_factory.mktemp("pki"), OFFICERS)
    with _served(pki) as url:
        yield Workshop(pki, url, letter())


@pytest.fixture(scope="session")
def strangers(tmp_path_factory: pytest.TempPathFactory, workshop: Workshop) -> Iterator[Workshop]:
    """Another authority whose certificates carry the very same names."""
    name = json.loads((workshop.pki.folder / "authority.json").read_text())["installation"]
    pki = _made(tmp_path_factory.mktemp("strangers"), OFFICERS[:2], name)
    with _served(pki) as url:
        yield Workshop(pki, url, letter())


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """An authority whose officers stand as the provider contract needs them."""
    now = datetime.now(UTC).replace(microsecond=0)
    pki = _made(
        tmp_path_factory.mktemp("office"),
        [
            DemoOfficer("kepala", "Kepala Contoh"),
            DemoOfficer("lain", "Pejabat Lain Contoh"),
            DemoOfficer("usang", "Pejabat Usang Contoh", valid_to=now - timedelta(hours=1)),
            DemoOfficer("dicabut", "Pejabat Dicabut Contoh"),
            DemoOfficer("segera", "Pejabat Segera Habis Contoh", valid_to=now + timedelta(days=10)),
        ],
    )
    pki.revoke("dicabut")
    with _served(pki) as url:
        yield Workshop(pki, url, letter())


@pytest.fixture(scope="session")
def hsm(tmp_path_factory: pytest.TempPathFactory, office: Workshop) -> SoftHsm:
    """SoftHSM2 with one token that holds the keys of all officers."""
    found = SoftHsm.install(tmp_path_factory.mktemp("softhsm"))
    found.add_token(TOKEN, PASSPHRASE, office, OFFICERS_ON_TOKEN)
    return found


@pytest.fixture(scope="session")
def signed(workshop: Workshop) -> bytes:
    """A letter signed by our own provider: B-LTA, certified."""
    return asyncio.run(workshop.provider().sign(workshop.plain, workshop.order()))


DAYS = timedelta(days=1)
CERTIFICATES = {
    "root": Wanted("root", kind="authority"),
    "inter": Wanted("root", kind="authority"),
    "kepala": Wanted("inter", "rsa2048"),
    "lain": Wanted("inter"),
    "kabid": Wanted("inter"),
    "tsa": Wanted("inter", kind="stamper"),
    "p256": Wanted("inter"),
    "p384": Wanted("inter", "p384"),
    "ed25519": Wanted("inter", "ed25519"),
    "ed448": Wanted("inter", "ed448"),
    "bebas": Wanted("inter", kind="bare"),
    "sub1": Wanted("inter", kind="authority"),
    "sub2": Wanted("sub1", kind="authority"),
    "dalam": Wanted("sub2"),
    "ocsp": Wanted("inter", kind="responder"),
    "ocspinduk": Wanted("root", kind="responder"),
    "tsaroot": Wanted("tsaroot", kind="authority"),
    "tsalain": Wanted("tsaroot", kind="stamper"),
    "rsa1024": Wanted("inter", "rsa1024"),
    "sha1": Wanted("inter", digest="sha1"),
    "usang": Wanted("inter", begins=NOW - 300 * DAYS, ends=NOW - 100 * DAYS),
    "nanti": Wanted("inter", begins=NOW + 100 * DAYS, ends=NOW + 300 * DAYS),
    "tsabiasa": Wanted("inter"),
    "tsa1024": Wanted("inter", "rsa1024", kind="stamper"),
    "palsuroot": Wanted("palsuroot", kind="authority", name="Contoh root"),
    "palsuinter": Wanted("palsuroot", kind="authority", name="Contoh inter"),
    "palsukepala": Wanted("palsuinter", name="Contoh kepala"),
    "palsutsa": Wanted("palsuinter", kind="stamper", name="Contoh tsa"),
    "palsuocsp": Wanted("palsuinter", kind="responder", name="Contoh ocsp"),
}


@pytest.fixture(scope="session")
def forge(tmp_path_factory: pytest.TempPathFactory) -> Forge:
    """Certificates of every kind, sound and unsound."""
    return Forge(tmp_path_factory.mktemp("rimba"), CERTIFICATES)
