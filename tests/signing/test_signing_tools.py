"""Other programs agree on our sound letters: poppler's pdfsig, OpenSSL's CMS, and qpdf's reading of the structure."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from signing.accounting import read_node
from signing.pipeline import Pipeline
from signing.timestamps import TsaClient
from signing.verdict import Verdict
from signing.verify import verify_pdf
from tests.signing.workshop import Workshop


@pytest.fixture
async def letters(workshop: Workshop, signed: bytes) -> dict[str, bytes]:
    """A letter as our provider signed it, and the same after a renewal of its archive."""
    pipeline = Pipeline(workshop.material(), TsaClient(workshop.tsa_url))
    return {"signed": signed, "renewed": await pipeline.renew_archive(signed, workshop.policy())}


def ran(*command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)


def parts_of(found: EmbeddedPdfSignature, pdf: bytes, folder: Path) -> tuple[Path, Path]:
    """The container and the bytes it signs, by its ByteRange, as files."""
    first, second, third, length = map(int, found.byte_range)
    container, content = folder / "tanda-tangan.der", folder / "isi.bin"
    container.write_bytes(read_node(bytes.fromhex(pdf[second + 1 : third - 1].decode())).raw)
    content.write_bytes(pdf[first:second] + pdf[third : third + length])
    return container, content


async def test_qpdf_finds_nothing_to_complain_about(letters: dict[str, bytes], tmp_path: Path) -> None:
    for name, pdf in letters.items():
        path = tmp_path / f"{name}.pdf"
        path.write_bytes(pdf)
        checked = ran("qpdf", "--check", path)
        assert (checked.returncode, checked.stderr) == (0, ""), checked.stdout
        assert "No syntax or stream encoding errors found" in checked.stdout


async def test_openssl_verifies_signature_and_chain_of_every_letter(
    workshop: Workshop, letters: dict[str, bytes], tmp_path: Path
) -> None:
    folder = workshop.pki.folder
    for pdf in letters.values():
        (found,) = PdfFileReader(io.BytesIO(pdf)).embedded_regular_signatures
        container, content = parts_of(found, pdf, tmp_path)
        common = ("-inform", "DER", "-in", container, "-content", content, "-binary", "-purpose", "any")
        trust = ("-CAfile", folder / "root.pem", "-certfile", folder / "intermediates.pem")
        verified = ran("openssl", "cms", "-verify", "-cades", *common, *trust, "-out", tmp_path / "keluar.bin")
        assert verified.returncode == 0, verified.stderr
        assert "CAdES Verification successful" in verified.stderr
        assert (tmp_path / "keluar.bin").read_bytes() == content.read_bytes()
        content.write_bytes(content.read_bytes()[:-1] + b"x")
        assert ran("openssl", "cms", "-verify", "-cades", *common, *trust, "-out", "/dev/null").returncode != 0


async def test_openssl_verifies_every_document_timestamp(
    workshop: Workshop, letters: dict[str, bytes], tmp_path: Path
) -> None:
    folder = workshop.pki.folder
    stamps = 0
    for pdf in letters.values():
        for found in PdfFileReader(io.BytesIO(pdf)).embedded_timestamp_signatures:
            token, content = parts_of(found, pdf, tmp_path)
            asked = ("-data", content, "-in", token, "-token_in", "-CAfile", folder / "root.pem")
            verified = ran("openssl", "ts", "-verify", *asked, "-untrusted", folder / "intermediates.pem")
            assert verified.returncode == 0 and "Verification: OK" in verified.stdout, verified.stderr
            stamps += 1
    assert stamps == 3


async def test_pdfsig_calls_the_signature_valid_and_sees_that_the_last_timestamp_covers_the_file(
    letters: dict[str, bytes], tmp_path: Path
) -> None:
    """Poppler knows no document timestamps and leaves them unverified; OpenSSL verifies those above."""
    for name, pdf in letters.items():
        path = tmp_path / f"{name}.pdf"
        path.write_bytes(pdf)
        said = ran("pdfsig", "-nocert", path).stdout
        signatures = said.split("Signature #")[1:]
        assert len(signatures) == {"signed": 2, "renewed": 3}[name], said
        assert "Signature Validation: Signature is Valid." in signatures[0], said
        assert "Field Name: Kepala" in signatures[0] and "ETSI.CAdES.detached" in signatures[0]
        assert "- Total document signed" in signatures[-1]
        assert not any("Signature is Invalid" in one or "Mismatch" in one for one in signatures), said


async def test_all_agree_that_a_changed_letter_is_not_valid(
    workshop: Workshop, letters: dict[str, bytes], tmp_path: Path
) -> None:
    pdf = letters["signed"]
    at = pdf.index(b"/Location") + 12
    path = tmp_path / "diubah.pdf"
    path.write_bytes(pdf[:at] + bytes([pdf[at] ^ 1]) + pdf[at + 1 :])
    assert "Signature Validation: Signature is Valid." not in ran("pdfsig", "-nocert", path).stdout.split("#2")[0]
    assert verify_pdf(path.read_bytes(), workshop.policy()).verdict is Verdict.TIDAK_SAH
