"""How long a letter's archive lasts, and what evidence the next renewal has to bring.

A B-LTA letter is as strong as its youngest document timestamp (ETSI EN 319 142-1, 5.5): it has to be renewed before the
certificate behind that timestamp ends, and before the algorithms in it are no longer relied on. What older timestamps
prove is settled; their certificates, and the officer's, may have ended long ago.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from asn1crypto import tsp, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.dss import collect_validation_info
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.path import ValidationPath

from signing.errors import DocumentRefused

AGEING: dict[str, datetime] = {
    "md5": datetime(2009, 1, 1, tzinfo=UTC),
    "sha1": datetime(2014, 1, 1, tzinfo=UTC),
    "sha224": datetime(2026, 1, 1, tzinfo=UTC),
    "rsa-1024": datetime(2014, 1, 1, tzinfo=UTC),
    "rsa-2048": datetime(2031, 1, 1, tzinfo=UTC),
}
"""Until when a timestamp made with an algorithm is relied on: NIST SP 800-57 part 1 rev. 5, table 4 (112 bits of
strength end with 2030) and ETSI TS 119 312. An algorithm that is not named has no end in sight."""


@dataclass(frozen=True)
class ArchiveLife:
    """What the youngest document timestamp of a letter rests on."""

    until: datetime  # aware UTC: when the first certificate of its chain ends, the anchor's apart
    algorithms: tuple[str, ...]  # such as ("sha256", "ec-256"), sorted

    @property
    def due(self) -> datetime:
        """When the timestamp stops to prove anything: its certificate's end, or an algorithm's, whichever is first."""
        return min([self.until, *(AGEING[name] for name in self.algorithms if name in AGEING)])


def ageing_before(moment: datetime) -> tuple[str, ...]:
    """The algorithms that are no longer relied on at `moment`."""
    return tuple(sorted(name for name, end in AGEING.items() if end <= moment))


def archive_life(pdf: bytes, authorities: Collection[x509.Certificate]) -> ArchiveLife | None:
    """How long the archive of a letter of ours lasts; None for a letter without document timestamp.

    `authorities`: anchors and intermediates by which the chain is followed, beside those the timestamp brings.
    Raises DocumentRefused when `pdf` cannot be read. For our own letters alone: it checks no signature.
    """
    try:
        stamps = PdfFileReader(io.BytesIO(pdf), strict=True).embedded_timestamp_signatures
        if not stamps:
            return None
        youngest = max(stamps, key=lambda found: found.signed_revision)
        bundled = [youngest.signer_cert, *youngest.other_embedded_certs]
        chain = _chain(youngest.signer_cert, [*authorities, *bundled])
        return ArchiveLife(min(one.not_valid_after for one in chain), _algorithms(youngest, chain))
    except Exception as failure:  # what the library makes of a broken file is not foreseeable
        raise DocumentRefused("Arsip surat tidak terbaca.") from failure


async def paths_to_archive(
    signatures: Sequence[EmbeddedPdfSignature], context: ValidationContext
) -> list[ValidationPath]:
    """The chains whose evidence the next document timestamp has to cover, validated now.

    Of a signature or timestamp that a later timestamp covers, the evidence of its own time is covered with it; now its
    certificate may have ended or been revoked, and that changes nothing. What nothing covers has to be provable today.
    Raises what the library raises for a chain that is not.
    """
    stamped = max((one.signed_revision for one in signatures if _is_stamp(one)), default=-1)
    found: list[ValidationPath] = []
    for one in signatures:
        try:
            found += await collect_validation_info(one, context)
        except Exception:
            if one.signed_revision >= stamped:
                raise
    return found


def _is_stamp(embedded: EmbeddedPdfSignature) -> bool:
    return embedded.sig_object_type == "/DocTimeStamp"


def _chain(leaf: x509.Certificate, candidates: Iterable[x509.Certificate]) -> list[x509.Certificate]:
    """The certificate and those above it, without a self-signed one: anchors are trusted as long as they are listed."""
    by_subject = {one.subject.dump(): one for one in candidates}
    found = [leaf]
    while (above := by_subject.get(found[-1].issuer.dump())) is not None and above.self_signed == "no":
        if above in found:
            break
        found.append(above)
    return found


def _algorithms(stamp: EmbeddedPdfSignature, chain: Iterable[x509.Certificate]) -> tuple[str, ...]:
    token: tsp.TSTInfo = stamp.signed_data["encap_content_info"]["content"].parsed
    names = {
        token["message_imprint"]["hash_algorithm"]["algorithm"].native,
        stamp.signer_info["digest_algorithm"]["algorithm"].native,
    }
    for one in chain:
        key = one.public_key
        names.add(f"{key.algorithm}-{key.bit_size}" if key.algorithm in ("rsa", "ec", "dsa") else key.algorithm)
        names.update(_digest_of(one))
    return tuple(sorted(names))


def _digest_of(certificate: x509.Certificate) -> set[str]:
    try:
        return {certificate["signature_algorithm"].hash_algo}
    except ValueError:  # such as Ed25519, which has its digest within
        return set()
