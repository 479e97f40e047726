"""What verification says of sound letters, of unfinished ones, and of ones it must refuse."""

from __future__ import annotations

import asyncio
import io
import re
from datetime import UTC, datetime, timedelta

import pikepdf
import pytest
from asn1crypto import ocsp, x509
from certomancer.registry import ServiceLabel
from cryptography import x509 as pyca_x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID
from pydantic import SecretStr
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.signers.pdf_cms import SimpleSigner
from pyhanko.sign.signers.pdf_signer import PdfTimeStamper
from pyhanko.sign.validation.dss import DocumentSecurityStore

from signing.errors import DocumentRefused, SignatureNotProven
from signing.pipeline import HeldKeySigner, Pipeline
from signing.port import SigningOrder
from signing.timestamps import TsaClient
from signing.verdict import Level, Report, Verdict
from signing.verify import verify_pdf
from tests.signing.workshop import PASSPHRASE, Workshop, letter, list_that_revokes, with_empty_field


def codes(report: Report) -> set[str]:
    return {reason.code for reason in report.reasons}


def test_our_own_letter_is_sah_at_b_lta_with_one_signature_and_one_document_timestamp(
    workshop: Workshop, signed: bytes
) -> None:
    report = verify_pdf(signed, workshop.policy(Level.B_LTA))
    assert (report.verdict, report.level, codes(report)) == (Verdict.SAH, Level.B_LTA, set())
    assert [(found.kind, found.good) for found in report.signatures] == [
        ("signature", True),
        ("document-timestamp", True),
    ]
    head = report.signatures[0]
    assert (head.field, head.signer) == ("Kepala", "Kepala Contoh")
    assert head.certificate_sha256 == workshop.fingerprint("kepala")
    assert head.time_is_trusted and head.signed_at is not None
    assert abs(datetime.now(UTC) - head.signed_at) < timedelta(hours=1)


@pytest.mark.parametrize("level", [Level.B_T, Level.B_LT, Level.B_LTA])
@pytest.mark.parametrize("certify", [True, False])
async def test_a_letter_signed_by_common_software_is_sah_at_its_level(
    workshop: Workshop, level: Level, certify: bool
) -> None:
    pdf = await workshop.sign(workshop.plain, level, certify=certify)
    report = verify_pdf(pdf, workshop.policy())
    assert (report.verdict, report.level, codes(report)) == (Verdict.SAH, level, set())


async def test_a_letter_below_the_minimum_level_is_refused(workshop: Workshop) -> None:
    pdf = await workshop.sign(workshop.plain, Level.B_LT)
    report = verify_pdf(pdf, workshop.policy(Level.B_LTA))
    assert (report.verdict, report.level, codes(report)) == (Verdict.TIDAK_SAH, Level.B_LT, {"level_too_low"})


async def test_a_signature_without_trusted_time_is_refused_unless_the_policy_asks_for_none(workshop: Workshop) -> None:
    pdf = await workshop.sign(workshop.plain, Level.B_B)
    refused = verify_pdf(pdf, workshop.policy(Level.B_T))
    assert (refused.verdict, refused.level) == (Verdict.TIDAK_SAH, Level.B_B)
    assert {"timestamp_missing", "level_too_low"} <= codes(refused)
    assert verify_pdf(pdf, workshop.policy(Level.B_B)).verdict is Verdict.SAH


def test_a_letter_without_signature_says_so(workshop: Workshop) -> None:
    assert verify_pdf(workshop.plain, workshop.policy()).verdict is Verdict.TIDAK_BERTANDA_TANGAN
    assert verify_pdf(with_empty_field(workshop.plain, "Kepala"), workshop.policy()).verdict is (
        Verdict.TIDAK_BERTANDA_TANGAN
    )


async def test_a_letter_signed_only_below_the_head_is_not_yet_issued(workshop: Workshop) -> None:
    policy = workshop.policy(Kepala=workshop.fingerprint("kepala"), Kabid=workshop.fingerprint("kabid"))
    pdf = await workshop.sign(workshop.plain, signer_id="kabid", field_name="Kabid")
    report = verify_pdf(pdf, policy)
    assert (report.verdict, report.level, codes(report)) == (Verdict.BELUM_TERBIT, None, {"head_unsigned"})
    prepared = await workshop.sign(with_empty_field(workshop.plain, "Kepala"), signer_id="kabid", field_name="Kabid")
    assert verify_pdf(prepared, policy).verdict is Verdict.BELUM_TERBIT


async def test_a_bad_signature_below_the_head_is_refused_rather_than_not_yet_issued(workshop: Workshop) -> None:
    policy = workshop.policy(Kepala=workshop.fingerprint("kepala"), Kabid=workshop.fingerprint("kabid"))
    wrong = await workshop.sign(workshop.plain, signer_id="lain", field_name="Kabid")
    assert codes(verify_pdf(wrong, policy)) == {"wrong_signer"}


@pytest.mark.parametrize("prepared", [True, False])
async def test_desks_may_sign_before_the_head_in_fields_the_policy_names(workshop: Workshop, prepared: bool) -> None:
    policy = workshop.policy(Kepala=workshop.fingerprint("kepala"), Kabid=workshop.fingerprint("kabid"))
    start = with_empty_field(workshop.plain, "Kepala") if prepared else workshop.plain
    pdf = await workshop.sign(start, signer_id="kabid", field_name="Kabid")
    pdf = await workshop.sign(pdf, Level.B_LTA)
    report = verify_pdf(pdf, policy)
    assert (report.verdict, report.level, codes(report)) == (Verdict.SAH, Level.B_LTA, set())


async def test_nobody_signs_after_the_head(workshop: Workshop) -> None:
    policy = workshop.policy(Kepala=workshop.fingerprint("kepala"), Kabid=workshop.fingerprint("kabid"))
    pdf = await workshop.sign(workshop.plain)
    pdf = await workshop.sign(pdf, signer_id="kabid", field_name="Kabid")
    report = verify_pdf(pdf, policy)
    assert report.verdict is Verdict.TIDAK_SAH
    assert "changed_after_signing" in codes(report)


async def test_an_empty_field_added_after_the_head_is_a_change(workshop: Workshop, signed: bytes) -> None:
    report = verify_pdf(with_empty_field(signed, "Sisipan"), workshop.policy())
    assert report.verdict is Verdict.TIDAK_SAH
    assert "changed_after_signing" in codes(report)


async def test_another_signer_with_the_same_name_in_the_heads_field_is_refused(workshop: Workshop) -> None:
    pdf = await workshop.sign(workshop.plain, Level.B_LTA, signer_id="lain")
    report = verify_pdf(pdf, workshop.policy())
    assert (report.verdict, report.level, codes(report)) == (Verdict.TIDAK_SAH, None, {"wrong_signer"})


async def test_several_certificates_may_be_named_for_one_field(workshop: Workshop) -> None:
    pdf = await workshop.sign(workshop.plain, signer_id="lain")
    policy = workshop.policy(Kepala=[workshop.fingerprint("kepala"), workshop.fingerprint("lain").upper()])
    assert verify_pdf(pdf, policy).verdict is Verdict.SAH


async def test_a_signature_in_a_field_nobody_named_is_refused(workshop: Workshop) -> None:
    pdf = await workshop.sign(workshop.plain, field_name="Tamu")
    report = verify_pdf(pdf, workshop.policy())
    assert (report.verdict, codes(report)) == (Verdict.TIDAK_SAH, {"unknown_field"})


async def test_an_authority_with_the_same_names_is_not_trusted(workshop: Workshop, strangers: Workshop) -> None:
    pdf = await strangers.provider().sign(strangers.plain, strangers.order())
    policy = workshop.policy(Kepala=[workshop.fingerprint("kepala"), strangers.fingerprint("kepala")])
    report = verify_pdf(pdf, policy)
    assert report.verdict is Verdict.TIDAK_SAH
    assert "untrusted" in codes(report)


async def test_a_timestamp_of_a_strange_authority_proves_no_time(workshop: Workshop, strangers: Workshop) -> None:
    mixed = Workshop(workshop.pki, strangers.tsa_url, workshop.plain, workshop.signers)
    pdf = await mixed.sign(workshop.plain, Level.B_T)
    report = verify_pdf(pdf, workshop.policy())
    assert report.verdict is Verdict.TIDAK_SAH
    assert "untrusted" in codes(report)


async def test_an_expired_certificate_is_judged_at_the_proven_time(workshop: Workshop) -> None:
    policy = workshop.policy(Kepala=workshop.fingerprint("sebentar"))
    later = datetime.now(UTC) + timedelta(days=30)
    timed = await workshop.sign(workshop.plain, Level.B_T, signer_id="sebentar")
    assert verify_pdf(timed, policy, later).verdict is Verdict.SAH
    claimed = await workshop.sign(workshop.plain, Level.B_B, signer_id="sebentar")
    untimed = verify_pdf(claimed, workshop.policy(Level.B_B, Kepala=workshop.fingerprint("sebentar")), later)
    assert (untimed.verdict, codes(untimed)) == (Verdict.TIDAK_SAH, {"certificate_expired"})


async def test_a_certificate_that_had_expired_when_it_signed_is_refused(workshop: Workshop) -> None:
    pdf = await workshop.sign(workshop.plain, Level.B_T, signer_id="usang")
    report = verify_pdf(pdf, workshop.policy(Kepala=workshop.fingerprint("usang")))
    assert (report.verdict, codes(report)) == (Verdict.TIDAK_SAH, {"certificate_expired"})


async def test_revocation_counts_from_its_date(workshop: Workshop) -> None:
    pdf = await workshop.sign(workshop.plain, Level.B_LTA, signer_id="dicabut")
    named = {"Kepala": workshop.fingerprint("dicabut")}
    assert verify_pdf(pdf, workshop.policy(**named)).verdict is Verdict.SAH
    now = datetime.now(UTC)
    workshop.pki.revoke("dicabut", now + timedelta(hours=1))
    assert verify_pdf(pdf, workshop.policy(**named)).verdict is Verdict.SAH
    workshop.pki.revoke("dicabut", now - timedelta(hours=1))
    report = verify_pdf(pdf, workshop.policy(**named))
    assert (report.verdict, codes(report)) == (Verdict.TIDAK_SAH, {"revoked"})


async def test_without_revocation_information_nothing_is_sah(workshop: Workshop) -> None:
    pdf = await workshop.sign(workshop.plain, Level.B_T)
    policy = workshop.policy()
    policy._crls = []
    report = verify_pdf(pdf, policy)
    assert (report.verdict, codes(report)) == (Verdict.TIDAK_SAH, {"revocation_unknown"})


async def test_a_letter_that_carries_its_revocation_information_needs_none_from_the_policy(
    workshop: Workshop, signed: bytes
) -> None:
    policy = workshop.policy(Level.B_LTA)
    policy._crls = []
    assert verify_pdf(signed, policy).verdict is Verdict.SAH


def test_verification_works_inside_an_event_loop_too(workshop: Workshop, signed: bytes) -> None:
    async def inside() -> Report:
        return verify_pdf(signed, workshop.policy())

    assert asyncio.run(inside()).verdict is Verdict.SAH


def test_a_report_survives_its_dictionary_form(workshop: Workshop, signed: bytes) -> None:
    for pdf in (signed, letter(), b"", signed + b"x"):
        report = verify_pdf(pdf, workshop.policy())
        assert Report.from_dict(report.as_dict()) == report


def test_the_order_does_not_show_its_secret() -> None:
    assert "rahasia" not in repr(SigningOrder("kepala", SecretStr("rahasia")))


@pytest.mark.parametrize("level", [Level.B_T, Level.B_LT, Level.B_LTA])
async def test_a_letter_with_compressed_cross_references_is_judged_the_same(workshop: Workshop, level: Level) -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(workshop.plain)) as opened:
        opened.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    pdf = await workshop.sign(out.getvalue(), level, certify=True)
    report = verify_pdf(pdf, workshop.policy())
    assert (report.verdict, report.level, codes(report)) == (Verdict.SAH, level, set())
    assert verify_pdf(pdf + b"%", workshop.policy()).verdict is Verdict.TIDAK_SAH


async def test_an_archive_refreshed_with_another_timestamp_stays_sah(workshop: Workshop, signed: bytes) -> None:
    timestamper = TsaClient(workshop.tsa_url)
    refreshed = await PdfTimeStamper(timestamper).async_update_archival_timestamp_chain(
        PdfFileReader(io.BytesIO(signed)), workshop.context()
    )
    report = verify_pdf(refreshed.getvalue(), workshop.policy(Level.B_LTA))
    assert (report.verdict, report.level, codes(report)) == (Verdict.SAH, Level.B_LTA, set())
    assert len(report.signatures) == 3


async def test_a_letter_whose_signature_uses_elliptic_curves_or_pss_is_judged_the_same(workshop: Workshop) -> None:
    for signer in (elliptic_signer(workshop), pss_signer(workshop)):
        workshop.signers["sementara"] = signer
        for level in (Level.B_T, Level.B_LTA):
            pdf = await workshop.sign(workshop.plain, level, signer_id="sementara")
            policy = workshop.policy(Kepala=signer.signing_cert.sha256.hex())
            report = verify_pdf(pdf, policy)
            assert (report.verdict, report.level, codes(report)) == (Verdict.SAH, level, set())


async def test_lists_that_name_a_distribution_point_cover_certificates_that_name_none(workshop: Workshop) -> None:
    """Some authorities publish their lists so; the policy's author put the list there for these certificates."""
    pdf = await workshop.sign(workshop.plain, Level.B_T)
    services = workshop.pki._arch.service_registry
    lists = [services.get_crl(ServiceLabel(issuer), datetime.now(UTC)) for issuer in ("root", "intermediate")]
    assert all(one.issuing_distribution_point_value is not None for one in lists)
    policy = workshop.policy()
    policy._crls = lists
    assert verify_pdf(pdf, policy).verdict is Verdict.SAH
    policy._crls = lists[:1]
    assert verify_pdf(pdf, policy).verdict is Verdict.TIDAK_SAH


async def test_a_page_that_cannot_be_read_is_refused_although_it_was_signed_so(workshop: Workshop) -> None:
    start = workshop.plain.index(b"stream\n", workshop.plain.index(b"/Filter/FlateDecode")) + 7
    for match in re.finditer(rb"/Contents (\d+) 0 R", workshop.plain):
        start = workshop.plain.index(b"stream", workshop.plain.index(b"\n%s 0 obj" % match.group(1))) + 8
    broken = workshop.plain[:start] + b"\xff" * 20 + workshop.plain[start + 20 :]
    pdf = await workshop.sign(broken, Level.B_T)
    report = verify_pdf(pdf, workshop.policy())
    assert (report.verdict, codes(report)) == (Verdict.TIDAK_SAH, {"page_damaged"})


@pytest.mark.parametrize("level", [Level.B_B, Level.B_T, Level.B_LTA])
async def test_our_archive_lifts_any_letter_to_the_highest_level(workshop: Workshop, level: Level) -> None:
    pdf = await workshop.sign(workshop.plain, level)
    pipeline = Pipeline(workshop.material(), TsaClient(workshop.tsa_url))
    renewed = await pipeline.renew_archive(pdf, workshop.policy())
    report = verify_pdf(renewed, workshop.policy(Level.B_LTA))
    assert (report.verdict, report.level, codes(report)) == (Verdict.SAH, Level.B_LTA, set())
    assert renewed.startswith(pdf)
    with pytest.raises(DocumentRefused):
        await pipeline.renew_archive(workshop.plain, workshop.policy())
    with pytest.raises(SignatureNotProven):
        await pipeline.renew_archive(pdf, workshop.policy(Kepala=workshop.fingerprint("lain")))


def pss_signer(workshop: Workshop) -> HeldKeySigner:
    path = workshop.pki.folder / "p12" / "kepala.p12"
    signer = SimpleSigner.load_pkcs12(path, passphrase=PASSPHRASE.encode(), prefer_pss=True)
    assert signer is not None
    return signer  # type: ignore[return-value]


def elliptic_signer(workshop: Workshop) -> HeldKeySigner:
    """A P-256 certificate of the same authority."""
    folder = workshop.pki.folder
    authority = load_pem_private_key((folder / "keys" / "intermediate.pem").read_bytes(), None)
    issuer = pyca_x509.load_pem_x509_certificate((folder / "certs" / "intermediate.pem").read_bytes())
    key = ec.generate_private_key(ec.SECP256R1())
    name = pyca_x509.Name([pyca_x509.NameAttribute(NameOID.COMMON_NAME, "Kepala Contoh Kurva")])
    now = datetime.now(UTC)
    usage = {"digital_signature": True, "content_commitment": True}
    others = ("key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign")
    certificate = (
        pyca_x509.CertificateBuilder(issuer.subject, name, key.public_key(), pyca_x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(
            pyca_x509.KeyUsage(**usage, **dict.fromkeys((*others, "encipher_only", "decipher_only"), False)), True
        )
        .sign(authority, SHA256())
    )
    chain = workshop.material().intermediates
    return HeldKeySigner(x509.Certificate.load(certificate.public_bytes(Encoding.DER)), chain, key)


async def test_an_old_good_answer_in_the_file_does_not_hide_a_revocation_the_policy_knows(workshop: Workshop) -> None:
    """Whoever holds a letter chooses what lies in its DSS; the lists of the policy are newer."""
    pdf = await workshop.sign(workshop.plain, Level.B_T, signer_id="curang")
    material = workshop.material()
    signer = x509.Certificate.load(workshop.pki.certificate("curang"))
    now = datetime.now(UTC)
    answers = [
        ocsp_answer(workshop, "intermediate", signer, now),
        ocsp_answer(workshop, "root", material.intermediates[0], now),
    ]
    out = io.BytesIO(pdf)
    DocumentSecurityStore.add_dss(out, None, ocsps=answers, certs=[*material.intermediates, *material.roots])
    policy = workshop.policy(Kepala=workshop.fingerprint("curang"))
    assert verify_pdf(out.getvalue(), policy).verdict is Verdict.SAH
    workshop.pki.revoke("curang", now - timedelta(hours=2))
    report = verify_pdf(out.getvalue(), workshop.policy(Kepala=workshop.fingerprint("curang")))
    assert (report.verdict, codes(report)) == (Verdict.TIDAK_SAH, {"revoked"})


def ocsp_answer(workshop: Workshop, issuer: str, subject: x509.Certificate, now: datetime) -> ocsp.OCSPResponse:
    responder = workshop.pki._arch.service_registry.summon_responder(ServiceLabel(issuer), now)
    material = workshop.material()
    authority = material.intermediates[0] if issuer == "intermediate" else material.roots[0]
    return responder.build_ocsp_response(
        ocsp.OCSPRequest(
            {
                "tbs_request": {
                    "request_list": [
                        {
                            "req_cert": {
                                "hash_algorithm": {"algorithm": "sha1"},
                                "issuer_name_hash": authority.subject.sha1,
                                "issuer_key_hash": authority.public_key.sha1,
                                "serial_number": subject.serial_number,
                            }
                        }
                    ]
                }
            }
        )
    )


@pytest.mark.parametrize(
    ("reason", "days", "good"),
    [("superseded", 1, True), ("superseded", -1, False), ("key_compromise", 1, False), ("key_compromise", -1, False)],
)
async def test_a_revoked_timestamp_authority_proves_time_only_as_rfc_3161_says(
    workshop: Workshop, signed: bytes, reason: str, days: int, good: bool
) -> None:
    """After a compromise no token of the key is believed; after a harmless end those made before it are."""
    stamping = x509.Certificate.load(workshop.pki.certificate("tsa"))
    since = datetime.now(UTC) + timedelta(days=days)
    policy = workshop.policy()
    policy._crls.append(list_that_revokes(workshop, stamping.serial_number, since, reason))
    report = verify_pdf(signed, policy)
    assert (report.verdict is Verdict.SAH, "revoked" in codes(report)) == (good, not good)
