"""Which provider an installation gets, and what production refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr, ValidationError

from api.sentences import SENTENCES
from signing.bsre import BsreV1Provider, BsreV2Provider
from signing.csc import CscProvider
from signing.errors import SigningError
from signing.pkcs11 import Pkcs11Provider
from signing.pkcs12 import Pkcs12Provider
from signing.port import ProviderKind, SigningOrder
from signing.providers import ProviderSettings, build_provider
from tests.signing.bench import pipeline
from tests.signing.fake_bsre import PASSWORD, USERNAME
from tests.signing.softhsm import SoftHsm
from tests.signing.workshop import PASSPHRASE, Workshop
from worker.main import main
from worker.settings import SigningSettings

SHARED = {
    "temporal_address": "localhost:7233",
    "payload_keys": "k1:AAAA",
    "signing_seal_key": "/kunci/seal.key",
    "signing_pki_dir": "/pki",
    "signing_tsa_url": "https://tsa.contoh.test",
    "public_base_url": "https://izin.contoh.test",
}
BSRE = {
    "signing_bsre_url": "https://esign.contoh.test",
    "signing_bsre_username": USERNAME,
    "signing_bsre_password": PASSWORD,
}
CSC = {"signing_csc_url": "https://csc.contoh.test/csc/v2", "signing_csc_token": "token-contoh"}
COMPLETE: dict[str, dict[str, str]] = {
    "pkcs12": {},
    "pkcs11": {"signing_pkcs11_module": "/usr/lib/softhsm/libsofthsm2.so"},
    "csc-v1": CSC,
    "csc-v2": CSC,
    "bsre-v1": BSRE,
    "bsre-v2": BSRE,
}


def settings(kind: str, **more: Any) -> SigningSettings:
    return SigningSettings.model_validate({**SHARED, "signing_provider": kind, **COMPLETE[kind], **more})


@pytest.mark.parametrize(
    ("kind", "built"),
    [
        ("pkcs12", Pkcs12Provider),
        ("pkcs11", Pkcs11Provider),
        ("csc-v1", CscProvider),
        ("csc-v2", CscProvider),
        ("bsre-v1", BsreV1Provider),
        ("bsre-v2", BsreV2Provider),
    ],
)
def test_each_name_gives_its_provider(office: Workshop, kind: str, built: type) -> None:
    provider = build_provider(settings(kind), pipeline(office))
    assert type(provider) is built and provider.traits.kind is ProviderKind(kind)


def test_key_files_are_what_a_development_installation_signs_with() -> None:
    assert ProviderSettings(signing_pki_dir=Path("/pki")).signing_provider is ProviderKind.PKCS12


@pytest.mark.parametrize("kind", [kind for kind, needed in COMPLETE.items() if needed])
def test_a_provider_without_its_variables_does_not_start(kind: str) -> None:
    for name in COMPLETE[kind]:
        with pytest.raises(ValidationError, match=name.upper()):
            settings(kind, **{name: ""})


def test_key_files_sign_in_production_for_a_demonstration_alone() -> None:
    with pytest.raises(ValidationError, match="DEMO_AUTHORITY"):
        settings("pkcs12", sakpore_env="production")
    settings("pkcs12", sakpore_env="production", demo_authority=True)


@pytest.mark.parametrize(("kind", "variable"), [("csc-v2", "signing_csc_url"), ("bsre-v1", "signing_bsre_url")])
def test_secrets_leave_a_production_installation_over_https_alone(kind: str, variable: str) -> None:
    with pytest.raises(ValidationError, match="https"):
        settings(kind, sakpore_env="production", **{variable: "http://layanan.contoh.test"})
    settings(kind, sakpore_env="production")
    settings(kind, **{variable: "http://localhost:1"})


def test_settings_show_no_secret() -> None:
    for kind in COMPLETE:
        shown = repr(settings(kind)) + str(settings(kind).model_dump())
        assert PASSWORD not in shown and "token-contoh" not in shown


def test_a_refused_environment_says_why_without_showing_values(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {**SHARED, **BSRE, "signing_provider": "pkcs12", "sakpore_env": "production"}
    store = {"database_url": "postgresql://x", "s3_access_key_id": "x", "s3_secret_access_key": "x"}
    for name, value in {**given, **store}.items():
        monkeypatch.setenv(name.upper(), value)
    # In this process it would hold for all tests that come after.
    monkeypatch.setattr("worker.main.keep_memory_private", lambda: None)
    assert main(["--queue", "signing"]) == 2
    shown = capsys.readouterr()
    assert PASSWORD not in shown.out + shown.err


async def test_a_token_is_reached_by_its_settings(office: Workshop, hsm: SoftHsm) -> None:
    chosen = settings("pkcs11", signing_pkcs11_module=str(hsm.module), signing_pkcs11_token="kantor-contoh")
    signed = await build_provider(chosen, pipeline(office)).sign(
        office.plain, SigningOrder("kepala", SecretStr(PASSPHRASE))
    )
    assert signed.startswith(office.plain)


def test_every_failure_of_a_signature_has_words_for_people() -> None:
    def family(kind: type[SigningError]) -> list[type[SigningError]]:
        return [kind, *(child for direct in kind.__subclasses__() for child in family(direct))]

    words = yaml.safe_load(SENTENCES.read_text())["permit:signature:failed"]["words"]["code"]
    others = {"code_unreadable", "policy_unreadable", "demo_pki_failed"}  # of other work than a signature
    codes = {kind.code for kind in family(SigningError) if kind.__module__ == "signing.errors"}
    assert codes - others - set(words) == set()
