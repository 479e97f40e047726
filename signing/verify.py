"""Judges the bytes of a PDF against a policy, offline: is this the letter the head signed, whole and unchanged?

ETSI EN 319 102-1 in the part we need: digest and signature value, trust and hard-fail revocation at the proven time,
what was added after signing (only archive updates), coverage of whole revisions, mandated signers by field, and the
PAdES level. Time: the last document timestamp is judged now, each earlier one and each signature timestamp at the
moment the next later one proves, each signature at its own timestamp; so an officer's expired certificate does not
spoil what was signed in time.

Every outcome is a verdict. For files from outside use `limited.LimitedVerifier`, which runs this in a bounded process.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from asn1crypto import x509
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign.diff_analysis import DiffResult, ModificationLevel
from pyhanko.sign.general import SignedDataCerts
from pyhanko.sign.validation import async_validate_pdf_signature, async_validate_pdf_timestamp
from pyhanko.sign.validation.generic_cms import (
    collect_timing_info,
    extract_tst_data_iter,
    get_signing_cert_attr,
)
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel

from signing.accounting import Pool, Unaccounted, Unreadable, account_for_cms, der_in_hole
from signing.document import Damaged, Document, has_damaged_page, open_document
from signing.levels import level_of, proves_timestamp
from signing.policy import Policy
from signing.revisions import (
    ARCHIVE_ONLY,
    fields_added_since,
    has_idle_update,
    signatures_removed,
)
from signing.tail import Tail, bundled_certificates, lacks_vri
from signing.trust import Archive, Evidence, signer_usage, trust_problem
from signing.verdict import FoundSignature, Level, Reason, Report, Verdict

TIMESTAMP_ORDER_TOLERANCE = timedelta(minutes=5)

log = logging.getLogger(__name__)


def verify_pdf(pdf: bytes, policy: Policy, now: datetime | None = None) -> Report:
    """Judge `pdf` by `policy`, at `now` (aware; default the present). Never raises for anything the bytes hold."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(verify_pdf_async(pdf, policy, now))
    answer: list[Report] = []
    thread = threading.Thread(target=lambda: answer.append(asyncio.run(verify_pdf_async(pdf, policy, now))))
    thread.start()
    thread.join()
    return answer[0] if answer else Report.plain(Verdict.TIDAK_SAH, "verification_failed")


async def verify_pdf_async(pdf: bytes, policy: Policy, now: datetime | None = None) -> Report:
    """The same for callers inside an event loop."""
    try:
        document = open_document(pdf)
    except Damaged as damage:
        return Report.plain(damage.verdict, damage.code)
    except (Exception, RecursionError, MemoryError):
        return Report.plain(Verdict.RUSAK, "unparsable")
    try:
        return await _Judgement(document, policy, now or datetime.now(UTC)).reached()
    except Damaged as damage:
        return Report.plain(damage.verdict, damage.code)
    except (Exception, RecursionError, MemoryError) as failure:
        log.warning("Verification stopped by an unexpected error", exc_info=failure)
        return Report.plain(Verdict.TIDAK_SAH, "verification_failed")


@dataclass
class _Found:
    """One signature under judgement."""

    embedded: EmbeddedPdfSignature
    name: str
    is_timestamp: bool
    time: datetime | None = None
    time_is_trusted: bool = False
    level: Level | None = None
    good: bool = True


def _only_claimed_time(embedded: EmbeddedPdfSignature) -> datetime | None:
    """What the signature's one timestamp claims, not judged yet; None where there is none, several, or rubbish."""
    try:
        tokens = list(extract_tst_data_iter(embedded.signer_info, signed=False))
        claimed = tokens[0]["encap_content_info"]["content"].parsed["gen_time"].native if len(tokens) == 1 else None
    except Exception:
        return None
    return claimed if isinstance(claimed, datetime) and claimed.tzinfo is not None else None


def _end_of_coverage(found: _Found) -> int:
    numbers = found.embedded.byte_range
    return int(numbers[2]) + int(numbers[3])


def _names_its_certificate(embedded: EmbeddedPdfSignature) -> bool:
    """True when the signed attributes bind the signer's certificate (ESS), as CAdES and timestamps must.

    Without it another certificate for the same key could be put in its place. Signatures of the older form
    (adbe.pkcs7.detached, ISO 32000-1, 12.8.3.3) need not have it.
    """
    if embedded.sig_object.get("/SubFilter") == "/adbe.pkcs7.detached":
        return True
    return get_signing_cert_attr(embedded.signer_info["signed_attrs"]) is not None


class _Judgement:
    def __init__(self, document: Document, policy: Policy, now: datetime) -> None:
        self.document = document
        self.now = now
        self.reasons: list[Reason] = []
        self.found = [
            _Found(embedded, embedded.field_name, embedded.sig_object_type == "/DocTimeStamp")
            for embedded in document.signatures
        ]
        self.policy = policy.for_fields([found.name for found in self.found if not found.is_timestamp])
        self.archive = Archive.read(document.reader)

    async def reached(self) -> Report:
        signatures = [found for found in self.found if not found.is_timestamp]
        if not signatures:
            return self._without_signature()
        if self.document.trailing:
            self._blame("trailing_bytes")
        if self.document.irregular:
            self._blame("irregular_structure")
        if self.document.hides_signature or signatures_removed(self.document.reader):
            self._blame("signature_removed")
        if has_damaged_page(self.document.reader):
            self._blame("page_damaged")
        if self.archive.broken:
            self._blame("unaccounted_bytes")
        self._check_updates(signatures)
        self._check_fields(signatures)
        await self._judge_timestamps()
        for found in signatures:
            await self._judge_signature(found)
        await self._check_tail()
        return self._conclude(signatures)

    def _without_signature(self) -> Report:
        if self.document.hides_signature or signatures_removed(self.document.reader):
            return Report.plain(Verdict.TIDAK_SAH, "signature_removed")
        if self.document.trailing_looks_cut:
            return Report.plain(Verdict.RUSAK, "cut_off")
        return Report.plain(Verdict.TIDAK_BERTANDA_TANGAN, "no_signature")

    def _conclude(self, signatures: list[_Found]) -> Report:
        head = next((found for found in signatures if found.name == self.policy.head_field), None)
        if head is not None and head.level is not None and head.level.rank < self.policy.min_level.rank:
            self._blame("level_too_low", head)
        listed = tuple(self._describe(found) for found in self.found)
        level = head.level if head is not None else None
        if self.reasons:
            only_too_low = {reason.code for reason in self.reasons} <= {"level_too_low", "timestamp_missing"}
            return Report(
                Verdict.TIDAK_SAH, level if only_too_low else None, tuple(dict.fromkeys(self.reasons)), listed
            )
        if head is None:
            return Report(Verdict.BELUM_TERBIT, None, (Reason.of("head_unsigned"),), listed)
        return Report(Verdict.SAH, level, (), listed)

    def _blame(self, code: str, found: _Found | None = None) -> None:
        self.reasons.append(Reason.of(code, found.name if found else ""))
        if found is not None and code != "level_too_low":
            found.good, found.level = False, None

    def _check_fields(self, signatures: list[_Found]) -> None:
        names = [found.name for found in self.found]
        for found in self.found:
            if names.count(found.name) > 1 or (found.is_timestamp and found.name in self.policy.signers):
                self._blame("unknown_field", found)
        for found in signatures:
            allowed = self.policy.signers.get(found.name)
            if allowed is None:
                self._blame("unknown_field", found)
                continue
            certs = self._certificates(found)
            if certs is not None and certs.signer_cert.sha256.hex() not in allowed:
                self._blame("wrong_signer", found)

    def _certificates(self, found: _Found) -> SignedDataCerts | None:
        try:
            return found.embedded._init_cert_info()
        except Exception:
            self._blame("signer_certificate_missing", found)
            return None

    async def _judge_timestamps(self) -> None:
        """Document timestamps, last first: each is judged at the moment the next later one proves."""
        moment = self.now
        for found in reversed([found for found in self.found if found.is_timestamp]):
            if self._certificates(found) is None:
                continue
            evidence = Evidence(self.policy, self.archive, moment)
            try:
                status = await async_validate_pdf_timestamp(
                    found.embedded, evidence.timestamp_context(), skip_diff=True
                )
            except Exception:
                self._blame("timestamp_invalid", found)
                continue
            if not (status.intact and status.valid):
                self._blame("timestamp_invalid", found)
                continue
            if not _names_its_certificate(found.embedded):
                self._blame("signer_not_named", found)
            if problem := trust_problem(
                status, evidence, status.timestamp, is_authority=True, proven=self._proof(moment)
            ):
                self._blame(problem, found)
                continue
            if status.timestamp > moment + TIMESTAMP_ORDER_TOLERANCE:
                self._blame("timestamp_order", found)
            self._check_changes(found)
            self._check_hole(found)
            found.time, found.time_is_trusted = status.timestamp, True
            moment = min(moment, status.timestamp)

    async def _judge_signature(self, found: _Found) -> None:
        certificates = self._certificates(found)
        if certificates is None:
            return
        proof = self._proof_after(found)
        stamping = Evidence(self.policy, self.archive, proof)
        # One token is judged together with the signature, at the time that it claims; of several, one is chosen first.
        claimed = _only_claimed_time(found.embedded)
        moment = claimed or await self._signature_time(found, stamping)
        archive = self.archive.with_signed_evidence(found.embedded.signer_info["signed_attrs"])
        evidence = Evidence(self.policy, archive, moment or self.now)
        try:
            status = await async_validate_pdf_signature(
                found.embedded,
                signer_validation_context=evidence.signer_context(),
                ts_validation_context=stamping.timestamp_context(),
                skip_diff=True,
                key_usage_settings=signer_usage(found.embedded.signer_cert),
            )
        except Exception:
            if claimed:
                await self._signature_time(found, stamping)  # says whether the token is to blame
            self._blame("signature_invalid", found)
            return
        if claimed:
            moment = self._time_of(found, status.timestamp_validity, stamping)
        if moment is None and self.policy.min_level is not Level.B_B:
            self.reasons.append(Reason.of("timestamp_missing", found.name))
        if not status.intact:
            self._blame("digest_mismatch", found)
        if not status.valid:
            self._blame("signature_invalid", found)
        if not _names_its_certificate(found.embedded):
            self._blame("signer_not_named", found)
        if status.intact and status.valid and (problem := await self._signer_problem(found, status, evidence)):
            self._blame(problem, found)
        self._check_changes(found)
        self._check_hole(found)
        found.time = moment or status.signer_reported_dt
        found.time_is_trusted = moment is not None
        if found.good:
            covered = self._covered_by_timestamp(found)
            trusted_by = evidence if status.trust_problem_indic is None and status.validation_path is not None else None
            found.level = await level_of(
                found.embedded, certificates, moment, self.policy, self.archive, covered, trusted_by
            )

    async def _signer_problem(self, found: _Found, status: Any, evidence: Evidence) -> str | None:
        problem = trust_problem(status, evidence, evidence.moment)
        if problem is None and await evidence.revoked_by_answer(status.validation_path):
            return "revoked"
        if problem not in ("untrusted", "revocation_unknown"):
            return problem
        again = await async_validate_pdf_signature(
            found.embedded,
            signer_validation_context=evidence.declared_context(),
            ts_validation_context=evidence.declared_context(),
            skip_diff=True,
            key_usage_settings=signer_usage(found.embedded.signer_cert),
        )
        path = again.validation_path
        if again.trust_problem_indic is not None or path is None:
            return problem
        if not await evidence.covers(path):
            return "revoked" if await evidence.revoked_by_answer(path) else "revocation_unknown"
        return trust_problem(again, evidence, evidence.moment)

    def _proof(self, moment: datetime) -> datetime | None:
        """The moment, where a later timestamp proves it and it is not merely the present."""
        return None if moment is self.now else moment

    def _proof_after(self, found: _Found) -> datetime:
        """The earliest moment proven by a good document timestamp over this signature; now, when there is none."""
        later = [
            other.time
            for other in self.found
            if other.is_timestamp
            and other.good
            and other.time
            and other.embedded.signed_revision > found.embedded.signed_revision
        ]
        return min(later, default=self.now)

    async def _signature_time(self, found: _Found, evidence: Evidence) -> datetime | None:
        """The trusted time of a signature: its own timestamp's, else that of a document timestamp over it."""
        try:
            timing = await collect_timing_info(
                found.embedded.signer_info, evidence.timestamp_context(), raw_digest=found.embedded.compute_digest
            )
        except Exception:
            self._blame("timestamp_invalid", found)
            return None
        return self._time_of(found, timing.get("timestamp_validity"), evidence)

    def _time_of(self, found: _Found, token: Any, evidence: Evidence) -> datetime | None:
        """The time of a token that was judged by `evidence`; of a signature without one, what its moment proves."""
        proof = evidence.moment
        if token is None:
            return proof if proof is not self.now else None
        if not (token.intact and token.valid):
            self._blame("timestamp_invalid", found)
            return None
        if problem := trust_problem(
            token, evidence, token.timestamp, is_authority=True, proven=self._proof(proof)
        ):
            self._blame(problem, found)
            return None
        if token.timestamp > proof + TIMESTAMP_ORDER_TOLERANCE:
            self._blame("timestamp_order", found)
        return token.timestamp  # type: ignore[no-any-return]

    def _covered_by_timestamp(self, found: _Found) -> Archive | None:
        """The DSS as the last good document timestamp over this signature covers it."""
        revisions = [other.embedded.signed_revision for other in self.found if other.is_timestamp and other.good]
        if not revisions or revisions[-1] <= found.embedded.signed_revision:
            return None
        return Archive.read(self.document.reader.get_historical_resolver(revisions[-1]))

    def _check_changes(self, found: _Found) -> None:
        """Coverage of the whole revision, and nothing later but archive updates (or other mandated signatures)."""
        embedded = found.embedded
        if embedded.coverage is None or embedded.coverage < SignatureCoverageLevel.ENTIRE_REVISION:
            self._blame("not_whole_revision", found)
            return
        try:
            result = embedded.evaluate_modifications(ARCHIVE_ONLY)
            added = fields_added_since(self.document.reader, embedded.signed_revision) - self._timestamp_fields()
        except Exception as failure:
            log.info("Difference analysis stopped", extra={"error": type(failure).__name__})
            self._blame("changed_after_signing", found)
            return
        is_head = found.name == self.policy.head_field
        if not isinstance(result, DiffResult) or (is_head and added):
            self._blame("changed_after_signing", found)
            return
        if embedded.docmdp_level is not None and result.modification_level.value > embedded.docmdp_level.value:
            self._blame("certification_broken", found)
        if result.modification_level > ModificationLevel.LTA_UPDATES:
            filled = result.changed_form_fields - self._timestamp_fields()
            if is_head or filled - set(self.policy.signers):
                self._blame("changed_after_signing", found)

    def _check_updates(self, signatures: list[_Found]) -> None:
        """Behind the head's signature (or the last one of an unfinished letter) every update is an archive update."""
        heads = [found for found in signatures if found.name == self.policy.head_field]
        last = max(found.embedded.signed_revision for found in heads or signatures)
        stamped = {found.embedded.signed_revision for found in self.found if found.is_timestamp}
        try:
            idle = has_idle_update(self.document.reader, last, stamped)
        except (PdfError, ValueError, TypeError, KeyError, AttributeError, IndexError):
            idle = True
        if idle:
            self._blame("changed_after_signing")

    def _timestamp_fields(self) -> set[str]:
        return {found.name for found in self.found if found.is_timestamp}

    def _check_hole(self, found: _Found) -> None:
        """Every byte in the hole of the ByteRange has the one value it may have."""
        numbers = [int(number) for number in found.embedded.byte_range]
        if len(numbers) != 4:
            self._blame("not_whole_revision", found)
            return
        hole = self.document.pdf[numbers[1] : numbers[2]]
        try:
            der = der_in_hole(hole, found.embedded.pkcs7_content)
            account_for_cms(der, self._pool, timestamp=found.is_timestamp)
        except Unreadable as failure:
            raise Damaged("signature_unparsable") from failure
        except (Unaccounted, ValueError, TypeError, KeyError, IndexError):
            self._blame("unaccounted_bytes", found)

    @cached_property
    def _bundled(self) -> list[x509.Certificate]:
        """The certificates that the signatures and timestamps bring."""
        return [certificate for found in self.found for certificate in bundled_certificates(found.embedded)]

    @cached_property
    def _pool(self) -> Pool:
        candidates = [*self.policy.others, *self.archive.certificates, *self._bundled]
        return Pool.rooted(self.policy.anchors, candidates)

    async def _check_tail(self) -> None:
        """What lies behind the last good signature or timestamp must account for itself, and be needed."""
        last = max((found for found in self.found if found.good), key=_end_of_coverage, default=None)
        if last is None:
            return
        covered = _end_of_coverage(last)
        if self.document.pdf[covered:] in (b"", b"\n", b"\r", b"\r\n"):
            return
        signers = frozenset(certificate.dump() for certificate in self._bundled)
        contents = tuple(found.embedded.pkcs7_content for found in self.found)
        try:
            Tail(self.document.reader, self.document.pdf, covered, self._pool, signers, contents).account()
            needed = not last.is_timestamp or await self._lacks_its_archive(last)
        except (PdfError, Unaccounted, ValueError, TypeError, KeyError, IndexError, AttributeError):
            needed = False
        if not needed:
            self._blame("unaccounted_bytes")

    async def _lacks_its_archive(self, last: _Found) -> bool:
        """True when what the last timestamp covers lacks the timestamp's own evidence, and what follows brings it.

        Some software writes that evidence only behind the timestamp. Behind any other nothing may follow unsigned.
        """
        before = self.document.reader.get_historical_resolver(last.embedded.signed_revision)
        if lacks_vri(before, last.embedded.pkcs7_content):
            return not lacks_vri(self.document.reader, last.embedded.pkcs7_content)
        certificates = self._certificates(last)
        if certificates is None or last.time is None:
            return False
        for archive, wanted in ((Archive.read(before), False), (self.archive, True)):
            if await proves_timestamp(certificates, last.time, self.policy, archive) is not wanted:
                return False
        return True

    def _describe(self, found: _Found) -> FoundSignature:
        try:
            certificate = found.embedded.signer_cert
        except Exception:
            certificate = None
        names = certificate.subject.native if certificate is not None else {}
        common = names.get("common_name")
        return FoundSignature(
            kind="document-timestamp" if found.is_timestamp else "signature",
            field=found.name,
            signer=common if isinstance(common, str) else None,
            certificate_sha256=certificate.sha256.hex() if certificate is not None else None,
            signed_at=found.time.astimezone(UTC) if found.time else None,
            time_is_trusted=found.time_is_trusted,
            level=found.level,
            good=found.good,
        )
