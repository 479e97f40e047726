"""Verification in a bounded process, policies on disk, and the demonstration authority as a server."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import crl, ocsp, pem, x509

from signing.double import DemoOfficer, DemoPki, DemoPkiWarning
from signing.errors import DemoPkiError, PolicyUnreadable
from signing.limited import LimitedVerifier
from signing.policy import Policy
from signing.report import judge_file
from signing.verdict import Level, Verdict
from tests.signing.workshop import PASSPHRASE, Workshop, list_that_revokes, write_policy


async def test_one_warm_process_judges_file_after_file(workshop: Workshop, signed: bytes, tmp_path: Path) -> None:
    verifier = LimitedVerifier(write_policy(workshop, tmp_path))
    try:
        await verifier.start()
        assert verifier._process is not None
        pid = verifier._process.pid
        reports = [await verifier.verify(pdf) for pdf in (signed, workshop.plain, b"", signed[:-9], signed)]
        assert [report.verdict for report in reports][:3] == [
            Verdict.SAH,
            Verdict.TIDAK_BERTANDA_TANGAN,
            Verdict.RUSAK,
        ]
        assert reports[0] == reports[4] and reports[0].level is Level.B_LTA
        assert verifier._process.pid == pid
        environment = Path(f"/proc/{pid}/environ").read_bytes()
        assert {item.split(b"=")[0] for item in environment.split(b"\0") if item} == {b"PATH", b"PYTHONPATH", b"LANG"}
    finally:
        await verifier.aclose()


async def test_many_callers_get_their_own_answers(workshop: Workshop, signed: bytes, tmp_path: Path) -> None:
    verifier = LimitedVerifier(write_policy(workshop, tmp_path))
    try:
        files = [signed, workshop.plain, b"x", signed + b"x"]
        reports = await asyncio.gather(*(verifier.verify(pdf) for pdf in files))
        assert [report.verdict for report in reports] == [
            Verdict.SAH,
            Verdict.TIDAK_BERTANDA_TANGAN,
            Verdict.RUSAK,
            Verdict.TIDAK_SAH,
        ]
    finally:
        await verifier.aclose()


async def test_a_file_that_takes_too_long_or_kills_the_process_is_broken_and_the_next_is_judged(
    workshop: Workshop, signed: bytes, tmp_path: Path
) -> None:
    verifier = LimitedVerifier(write_policy(workshop, tmp_path), wall_seconds=0.001)
    try:
        report = await verifier.verify(signed)
        assert (report.verdict, report.reasons[0].code) == (Verdict.RUSAK, "verifier_stopped")
        verifier._wall_seconds = 20
        assert (await verifier.verify(signed)).verdict is Verdict.SAH
        assert verifier._process is not None
        os.kill(verifier._process.pid, signal.SIGKILL)
        answer = await verifier.verify(signed)
        assert answer.verdict in (Verdict.RUSAK, Verdict.SAH)
        assert (await verifier.verify(signed)).verdict is Verdict.SAH
    finally:
        await verifier.aclose()


async def test_memory_is_bounded(workshop: Workshop, signed: bytes, tmp_path: Path) -> None:
    verifier = LimitedVerifier(write_policy(workshop, tmp_path), address_space_bytes=400 * 1024 * 1024)
    try:
        await verifier.start()
        assert verifier._process is not None
        limits = Path(f"/proc/{verifier._process.pid}/limits").read_text()
        assert f"{400 * 1024 * 1024}" in limits
        assert (await verifier.verify(signed)).verdict is Verdict.SAH
    finally:
        await verifier.aclose()


async def test_an_abandoned_question_does_not_answer_the_next(
    workshop: Workshop, signed: bytes, tmp_path: Path
) -> None:
    verifier = LimitedVerifier(write_policy(workshop, tmp_path))
    try:
        await verifier.start()
        asked = asyncio.create_task(verifier.verify(signed))
        await asyncio.sleep(0.005)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert (await verifier.verify(b"")).verdict is Verdict.RUSAK
    finally:
        await verifier.aclose()


async def test_a_missing_policy_is_said_and_the_process_lives_on(workshop: Workshop, tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    verifier = LimitedVerifier(lambda: path)
    try:
        with pytest.raises(PolicyUnreadable):
            await verifier.verify(workshop.plain)
        write_policy(workshop, tmp_path)
        assert (await verifier.verify(workshop.plain)).verdict is Verdict.TIDAK_BERTANDA_TANGAN
    finally:
        await verifier.aclose()


def test_an_exported_policy_judges_letters_from_any_folder(
    workshop: Workshop, signed: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_policy(workshop, tmp_path / "kebijakan")
    named = json.loads(path.read_text())
    assert not any(Path(name).is_absolute() for key in ("trust", "intermediates", "crls") for name in named[key])
    (tmp_path / "surat.pdf").write_bytes(signed)
    moved = tmp_path / "pindah"
    path.parent.rename(moved)
    monkeypatch.chdir("/")
    answer = judge_file(tmp_path / "surat.pdf", Policy.from_file(moved / "policy.json"))
    assert answer == {"file": str(tmp_path / "surat.pdf"), "verdict": "SAH", "level": "B-LTA", "reasons": []}
    json.dumps(answer)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"trust":["tidak-ada.pem"]}',
        '{"trust":[]}',
        '{"trust":["root.pem"],"signers":{"Kepala":"bukan hex"}}',
        '{"trust":["root.pem"],"min_level":"B-XX"}',
        '{"trust":["root.pem"],"asing":1}',
        '{"trust":["policy.json"]}',
    ],
)
def test_a_policy_that_cannot_be_read_is_said_in_one_sentence(workshop: Workshop, tmp_path: Path, text: str) -> None:
    path = write_policy(workshop, tmp_path)
    path.write_text(text)
    with pytest.raises(PolicyUnreadable) as caught:
        Policy.from_file(path)
    assert "\n" not in str(caught.value)


def test_the_stand_in_says_so_wherever_it_can(tmp_path: Path) -> None:
    with pytest.warns(DemoPkiWarning, match="bukan BSrE"):
        pki = DemoPki.create(tmp_path, [DemoOfficer("kepala", "Kepala Contoh")], {"kepala": PASSPHRASE})
    for path in (tmp_path / "certs").glob("*.pem"):
        certificate = x509.Certificate.load(pem.unarmor(path.read_bytes())[2])
        assert certificate.subject.native["organization_name"] == "CONTOH - bukan BSrE"
        assert certificate.crl_distribution_points == [] and certificate.ocsp_urls == []
    for path in [*(tmp_path / "keys").iterdir(), *(tmp_path / "p12").iterdir()]:
        if not path.name.endswith(".pub.pem"):
            assert path.stat().st_mode & 0o077 == 0, path.name
    assert not list((tmp_path / "keys").glob("*.fresh"))
    assert pki.certificate("kepala")


def test_revocation_lists_last_and_are_renewed_before_their_end(workshop: Workshop, tmp_path: Path) -> None:
    with pytest.warns(DemoPkiWarning):
        pki = DemoPki.create(tmp_path, [], {})
    lists = [crl.CertificateList.load(der) for _, _, der in pem.unarmor((tmp_path / "crls.pem").read_bytes(), True)]
    ends = [one["tbs_cert_list"]["next_update"].native for one in lists]
    assert len(lists) == 2 and min(ends) > datetime.now(UTC) + timedelta(days=400)
    old = pki._crl("root", 1, datetime.now(UTC) - timedelta(days=500))
    (tmp_path / "crls.pem").write_bytes(pem.armor("X509 CRL", old.dump()))
    DemoPki.load(tmp_path)
    assert len(list(pem.unarmor((tmp_path / "crls.pem").read_bytes(), True))) == 2


def test_the_authority_refuses_what_it_cannot_make(tmp_path: Path) -> None:
    with pytest.raises(DemoPkiError), pytest.warns(DemoPkiWarning):
        DemoPki.create(tmp_path, [DemoOfficer("kepala", "Kepala Contoh")], {})
    for name in ("", "../x", "a/b", "root", "tsa"):
        with pytest.raises(DemoPkiError), pytest.warns(DemoPkiWarning):
            DemoPki.create(tmp_path, [DemoOfficer(name, "Contoh")], {name: PASSPHRASE})
    with pytest.raises(DemoPkiError):
        DemoPki.load(tmp_path / "kosong")


def test_the_services_answer_over_http_and_stop_on_request(workshop: Workshop) -> None:
    root = Path(__file__).resolve().parents[2]
    server = subprocess.Popen(
        [sys.executable, "-m", "signing.double", "serve", "--dir", str(workshop.pki.folder), "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=root,
    )
    try:
        assert server.stdout is not None
        word, url, *rest = server.stdout.readline().split()
        assert word == "ready" and "bukan" in " ".join(rest)
        base = url.removesuffix("/tsa/tsa")
        with urllib.request.urlopen(f"{base}/crls/intermediate/latest.crl") as answer:
            listed = crl.CertificateList.load(answer.read())
        assert listed.issuer.native["common_name"] == "Otoritas Penerbit Contoh"
        assert _ocsp_status(f"{base}/ocsp/intermediate", workshop, "kepala") == "good"
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=10) == 0


def _ocsp_status(url: str, workshop: Workshop, signer_id: str) -> str:
    certificate = x509.Certificate.load(workshop.pki.certificate(signer_id))
    issuer = workshop.material().intermediates[0]
    asked = ocsp.OCSPRequest(
        {
            "tbs_request": {
                "request_list": [
                    {
                        "req_cert": {
                            "hash_algorithm": {"algorithm": "sha1"},
                            "issuer_name_hash": issuer.subject.sha1,
                            "issuer_key_hash": issuer.public_key.sha1,
                            "serial_number": certificate.serial_number,
                        }
                    }
                ]
            }
        }
    )
    request = urllib.request.Request(url, asked.dump(), {"Content-Type": "application/ocsp-request"})
    with urllib.request.urlopen(request) as answer:
        response = ocsp.OCSPResponse.load(answer.read())
    return str(response.response_data["responses"][0]["cert_status"].name)


async def test_a_renewed_revocation_list_counts_for_the_next_file(
    workshop: Workshop, signed: bytes, tmp_path: Path
) -> None:
    path = write_policy(workshop, tmp_path)
    verifier = LimitedVerifier(path)
    try:
        assert (await verifier.verify(signed)).verdict is Verdict.SAH
        serial = x509.Certificate.load(workshop.pki.certificate("kepala")).serial_number
        listed = list_that_revokes(workshop, serial, datetime.now(UTC) - timedelta(days=1), "key_compromise")
        (tmp_path / "crls.pem").write_bytes(pem.armor("X509 CRL", listed.dump()))
        report = await verifier.verify(signed)
        assert report.verdict is Verdict.TIDAK_SAH
        assert "revoked" in {reason.code for reason in report.reasons}
    finally:
        await verifier.aclose()


def test_the_child_reaches_no_network_and_starts_no_program() -> None:
    root = Path(__file__).resolve().parents[2]
    script = (
        "import sys, socket, subprocess\n"
        "from signing.limited_child import _refuse_the_world\n"
        "sys.addaudithook(_refuse_the_world)\n"
        "for act in (lambda: socket.create_connection(('127.0.0.1', 9)), lambda: subprocess.run(['true'])):\n"
        "    try:\n"
        "        act()\n"
        "    except PermissionError:\n"
        "        continue\n"
        "    raise SystemExit(1)\n"
    )
    assert subprocess.run([sys.executable, "-c", script], cwd=root, check=False).returncode == 0
