"""Signing itself: what comes out, and what each failure is called."""

from __future__ import annotations

import asyncio
import io
import shutil
import subprocess
import time
import traceback
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pikepdf
import pytest
from asn1crypto.x509 import Certificate
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from pydantic import SecretStr
from pyhanko.pdf_utils.reader import PdfFileReader

from signing.double import DemoPki
from signing.errors import (
    CertificateExpired,
    CertificateNotFound,
    CertificateRevoked,
    CertificateUnsuitable,
    CertificateUntrusted,
    DocumentRefused,
    ProviderUnavailable,
    Retry,
    SigningError,
    TimestampUnavailable,
    WrongPassphrase,
)
from signing.material import TrustMaterial
from signing.pipeline import HeldKeySigner, Pipeline
from signing.pkcs12 import DevelopmentProviderWarning, Pkcs12Provider
from signing.port import SignatureProvider, SigningOrder
from signing.timestamps import TsaClient
from tests.signing.workshop import PASSPHRASE, Workshop, with_empty_field


def test_the_result_begins_with_the_bytes_that_were_sent(workshop: Workshop, signed: bytes) -> None:
    assert signed.startswith(workshop.plain)
    assert signed.count(b"%%EOF") == workshop.plain.count(b"%%EOF") + 2


def test_the_head_certifies_that_nothing_may_change(signed: bytes) -> None:
    reader = PdfFileReader(io.BytesIO(signed))
    (head,) = reader.embedded_regular_signatures
    assert head.field_name == "Kepala"
    assert head.docmdp_level is not None and head.docmdp_level.value == 1
    assert reader.root["/Perms"]["/DocMDP"] == head.sig_object
    assert head.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    assert head.sig_object["/Location"] == "Kota Contoh"
    assert [float(number) for number in head.sig_field["/Rect"]] == [0, 0, 0, 0]


def test_the_letter_stays_pdf_a(workshop: Workshop, signed: bytes) -> None:
    """No metadata is rewritten, and the version of PDF/A-2 is kept; an invisible field needs no appearance."""
    before, after = PdfFileReader(io.BytesIO(workshop.plain)), PdfFileReader(io.BytesIO(signed))
    assert after.root["/Metadata"].data == before.root["/Metadata"].data
    assert b"<pdfaid:part>2</pdfaid:part>" in after.root["/Metadata"].data
    assert dict(after.trailer["/Info"]) == dict(before.trailer["/Info"])
    assert after.root.get("/Version", "/1.7") == "/1.7" and after.input_version == (1, 7)
    flags = [int(field.get_object()["/F"]) for field in after.root["/AcroForm"]["/Fields"]]
    assert all(flag & 4 and not flag & 2 for flag in flags), "printable and not hidden (ISO 19005-2, 6.3.2)"
    assert "/NeedAppearances" not in after.root["/AcroForm"]


@pytest.mark.parametrize(("tool", "arguments"), [("qpdf", ["--check"]), ("pdfsig", ["-nocert"])])
def test_other_programs_find_the_letter_sound(tmp_path: Path, signed: bytes, tool: str, arguments: list[str]) -> None:
    path = tmp_path / "surat.pdf"
    path.write_bytes(signed)
    if shutil.which(tool) is None:
        # The tools are Debian packages; without them the same structure is read by a second library.
        with pikepdf.open(path) as opened:
            assert opened.check_pdf_syntax() == []
        return
    ended = subprocess.run([tool, *arguments, str(path)], capture_output=True, text=True, check=False)
    if tool == "qpdf":
        assert ended.returncode == 0, ended.stdout + ended.stderr
    else:
        assert "Signature Validation: Signature is Valid." in ended.stdout


def test_the_provider_obeys_the_port_and_warns(workshop: Workshop) -> None:
    with pytest.warns(DevelopmentProviderWarning):
        provider: SignatureProvider = workshop.provider()
    assert provider is not None


async def test_a_wrong_passphrase_is_named_and_shown_nowhere(
    workshop: Workshop, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = "".join(["rahasia", "-yang-", "salah"])
    with pytest.raises(WrongPassphrase) as caught:
        await workshop.provider().sign(workshop.plain, workshop.order(passphrase=wrong))
    assert caught.value.code == "wrong_passphrase" and caught.value.retry is Retry.NEVER
    shown = "".join(traceback.format_exception(caught.value)) + repr(workshop.order(passphrase=wrong))
    assert wrong not in shown + caplog.text


@pytest.mark.parametrize("signer_id", ["tidak-ada", "../kepala", "sub/kepala", "", ".."])
async def test_an_unknown_signer_is_named(workshop: Workshop, signer_id: str) -> None:
    with pytest.raises(CertificateNotFound):
        await workshop.provider().sign(workshop.plain, workshop.order(signer_id))


async def test_an_expired_certificate_does_not_sign(workshop: Workshop) -> None:
    with pytest.raises(CertificateExpired):
        await workshop.provider().sign(workshop.plain, workshop.order("usang"))


async def test_a_revoked_certificate_does_not_sign(workshop: Workshop) -> None:
    workshop.pki.revoke("batal")
    with pytest.raises(CertificateRevoked):
        await workshop.provider().sign(workshop.plain, workshop.order("batal"))


async def test_a_certificate_of_another_authority_does_not_sign(workshop: Workshop, strangers: Workshop) -> None:
    pipeline = Pipeline(workshop.material(), TsaClient(workshop.tsa_url))
    provider = Pkcs12Provider(strangers.pki.folder / "p12", pipeline)
    with pytest.raises(CertificateUntrusted):
        await provider.sign(workshop.plain, workshop.order())


async def test_a_key_other_than_rsa_would_end_pdf_a(workshop: Workshop) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Kepala Contoh")])
    now = datetime.now(UTC)
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    dated = built.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    certificate = Certificate.load(dated.sign(key, SHA256()).public_bytes(Encoding.DER))
    pipeline = Pipeline(workshop.material(), TsaClient(workshop.tsa_url))
    with pytest.raises(CertificateUnsuitable):
        await pipeline.sign_letter(workshop.plain, HeldKeySigner(certificate, [], key), workshop.order())


async def test_a_silent_timestamp_service_may_be_asked_again(workshop: Workshop) -> None:
    for url in ("http://127.0.0.1:9/tsa", workshop.tsa_url + "-salah"):
        provider = Pkcs12Provider(workshop.pki.folder / "p12", Pipeline(workshop.material(), TsaClient(url)))
        with pytest.raises(TimestampUnavailable) as caught:
            await provider.sign(workshop.plain, workshop.order())
        assert caught.value.may_retry


async def test_missing_trust_material_is_the_providers_absence(workshop: Workshop, tmp_path: Path) -> None:
    pipeline = Pipeline(TrustMaterial(tmp_path), TsaClient(workshop.tsa_url))
    with pytest.raises(ProviderUnavailable):
        await Pkcs12Provider(workshop.pki.folder / "p12", pipeline).sign(workshop.plain, workshop.order())


async def test_a_signed_letter_is_not_signed_again(workshop: Workshop, signed: bytes) -> None:
    with pytest.raises(DocumentRefused):
        await workshop.provider().sign(signed, workshop.order())


@pytest.mark.parametrize("kind", ["empty", "text", "cut", "field", "encrypted"])
async def test_what_cannot_be_signed_is_refused(workshop: Workshop, kind: str) -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(workshop.plain)) as opened:
        opened.save(out, encryption=pikepdf.Encryption(owner="a", user=""))
    pdf = {
        "empty": b"",
        "text": b"bukan pdf",
        "cut": workshop.plain[:3000],
        "field": with_empty_field(workshop.plain, "Kepala"),
        "encrypted": out.getvalue(),
    }[kind]
    with pytest.raises(DocumentRefused):
        await workshop.provider().sign(pdf, workshop.order())


async def test_renewed_revocation_lists_are_noticed_without_a_restart(workshop: Workshop, tmp_path: Path) -> None:
    folder = tmp_path / "material"
    shutil.copytree(workshop.pki.folder, folder)
    material = TrustMaterial(folder)
    held = material.context()
    assert material.context() is held
    time.sleep(0.01)
    (folder / "crls.pem").write_bytes((folder / "crls.pem").read_bytes())
    assert material.context() is not held


async def test_letters_signed_at_once_do_not_disturb_each_other(workshop: Workshop) -> None:
    provider = workshop.provider()
    results = await asyncio.gather(*(provider.sign(workshop.plain, workshop.order()) for _ in range(3)))
    assert len(set(results)) == 3


def test_every_error_has_its_own_stable_code() -> None:
    def family(kind: type[SigningError]) -> list[type[SigningError]]:
        return [kind, *(child for direct in kind.__subclasses__() for child in family(direct))]

    codes = [kind.code for kind in family(SigningError)]
    assert len(codes) == len(set(codes))
    assert {"wrong_passphrase", "certificate_expired", "certificate_not_found", "timestamp_unavailable"} <= set(codes)


def test_an_authority_keeps_its_keys_and_certificates_over_restarts(workshop: Workshop) -> None:
    folder = workshop.pki.folder
    kept = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.suffix != ".json"}
    DemoPki.load(folder)
    assert {path: path.read_bytes() for path in kept} == kept
    assert PASSPHRASE.encode() not in b"".join(kept.values())


def test_an_order_names_the_heads_field_by_default() -> None:
    assert SigningOrder("kepala", SecretStr("x")).field_name == "Kepala"
