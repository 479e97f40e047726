"""The office's seal vouches for origin and integrity, and never counts as the head's signature."""

from __future__ import annotations

from pathlib import Path

import pytest

from signing.errors import CertificateNotFound, DocumentRefused, ProviderUnavailable, WrongPassphrase
from signing.pipeline import HeldKeySigner, Pipeline
from signing.pkcs12 import Pkcs12Provider
from signing.port import SEAL_FIELD
from signing.seal import DEMO_SEAL_ID, OfficeSeal
from signing.timestamps import TsaClient
from signing.verdict import Level, Verdict
from signing.verify import verify_pdf_async
from tests.signing.workshop import PASSPHRASE, Workshop


def a_seal(workshop: Workshop, folder: Path, passphrase: str = PASSPHRASE, signer_id: str = DEMO_SEAL_ID) -> OfficeSeal:
    secret = folder / "office-seal.secret"
    secret.write_text(passphrase + "\n")
    secret.chmod(0o600)
    pipeline = Pipeline(workshop.material(), TsaClient(workshop.tsa_url))
    return OfficeSeal.from_key_file(workshop.pki.folder / "p12", signer_id, secret, pipeline)


async def test_a_sealed_pdf_is_archived_and_bears_the_office_alone(workshop: Workshop, tmp_path: Path) -> None:
    sealed = await a_seal(workshop, tmp_path).seal(workshop.plain, "Segel surat contoh")
    assert sealed.pdf.startswith(workshop.plain)
    assert sealed.certificate_sha256 == workshop.fingerprint(DEMO_SEAL_ID)
    policy = workshop.policy(Level.B_LTA, head_field=SEAL_FIELD, Segel=workshop.fingerprint(DEMO_SEAL_ID))
    report = await verify_pdf_async(sealed.pdf, policy)
    assert (report.verdict, report.level) == (Verdict.SAH, Level.B_LTA)
    assert [found.signer for found in report.signatures if found.kind == "signature"] == [
        "Segel Elektronik Kantor Contoh"
    ]


async def test_a_sealed_letter_without_the_head_is_not_issued(workshop: Workshop, tmp_path: Path) -> None:
    sealed = await a_seal(workshop, tmp_path).seal(workshop.plain, "Segel")
    head, office = workshop.fingerprint("kepala"), workshop.fingerprint(DEMO_SEAL_ID)
    knows_the_seal = await verify_pdf_async(sealed.pdf, workshop.policy(Kepala=head, Segel=office))
    assert knows_the_seal.verdict is Verdict.BELUM_TERBIT
    knows_the_head_alone = await verify_pdf_async(sealed.pdf, workshop.policy(Kepala=head))
    assert knows_the_head_alone.verdict is Verdict.TIDAK_SAH


async def test_the_office_key_in_the_heads_field_is_the_wrong_signer(workshop: Workshop) -> None:
    forged = await workshop.sign(workshop.plain, Level.B_LTA, signer_id=DEMO_SEAL_ID, field_name="Kepala")
    head, office = workshop.fingerprint("kepala"), workshop.fingerprint(DEMO_SEAL_ID)
    report = await verify_pdf_async(forged, workshop.policy(Kepala=head, Segel=office))
    assert report.verdict is Verdict.TIDAK_SAH
    assert "wrong_signer" in {reason.code for reason in report.reasons}


async def test_the_head_in_the_field_of_the_seal_is_the_wrong_signer(workshop: Workshop) -> None:
    signed = await workshop.sign(workshop.plain, Level.B_LTA, signer_id="kepala", field_name=SEAL_FIELD)
    head, office = workshop.fingerprint("kepala"), workshop.fingerprint(DEMO_SEAL_ID)
    report = await verify_pdf_async(signed, workshop.policy(Kepala=head, Segel=office))
    assert "wrong_signer" in {reason.code for reason in report.reasons}


async def test_the_key_is_opened_once_and_held(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    really = Pkcs12Provider.open_signer

    def counted(self: Pkcs12Provider, signer_id: str, secret: object) -> HeldKeySigner:
        opened.append(signer_id)
        return really(self, signer_id, secret)  # type: ignore[arg-type]

    monkeypatch.setattr(Pkcs12Provider, "open_signer", counted)
    seal = a_seal(workshop, tmp_path)
    for _ in range(2):
        await seal.seal(workshop.plain, "Segel")
    assert opened == [DEMO_SEAL_ID]


async def test_what_is_sealed_is_not_sealed_again(workshop: Workshop, tmp_path: Path) -> None:
    seal = a_seal(workshop, tmp_path)
    once = await seal.seal(workshop.plain, "Segel")
    with pytest.raises(DocumentRefused):
        await seal.seal(once.pdf, "Segel")


async def test_a_secret_that_others_can_read_opens_nothing(workshop: Workshop, tmp_path: Path) -> None:
    seal = a_seal(workshop, tmp_path)
    (tmp_path / "office-seal.secret").chmod(0o644)
    with pytest.raises(ProviderUnavailable):
        await seal.seal(workshop.plain, "Segel")


async def test_a_wrong_secret_and_a_missing_key_are_told_apart(workshop: Workshop, tmp_path: Path) -> None:
    with pytest.raises(WrongPassphrase) as wrong:
        await a_seal(workshop, tmp_path, "frasa-yang-salah").seal(workshop.plain, "Segel")
    assert "frasa-yang-salah" not in str(wrong.value)
    with pytest.raises(CertificateNotFound):
        await a_seal(workshop, tmp_path, signer_id="tidak-ada").seal(workshop.plain, "Segel")
