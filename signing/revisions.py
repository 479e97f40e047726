"""What may come after a signature: only archive updates (DSS and document timestamps, ETSI EN 319 142-1, 5.4 and 5.5).

Stricter than pyHanko's default policy: no change of the catalog beyond what a DSS and a signature field need, and of
the metadata only the date and the name of the program that wrote the update, which common archive software adds of its
own accord. Other signature fields may still be filled between two signatures of an unfinished letter; `verify` allows
that by name.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from asn1crypto import ocsp
from lxml import etree  # type: ignore[import-untyped]
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.decode_limits import DecodePurpose
from pyhanko.pdf_utils.metadata import xmp_xml
from pyhanko.pdf_utils.metadata.model import NS, ExpandedName
from pyhanko.pdf_utils.misc import PdfReadError
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel, StandardDiffPolicy, SuspiciousModification
from pyhanko.sign.diff_analysis.form_rules_api import FormUpdatingRule
from pyhanko.sign.diff_analysis.rules.file_structure_rules import (
    CatalogModificationRule,
    ObjectStreamRule,
    XrefStreamRule,
)
from pyhanko.sign.diff_analysis.rules.form_field_rules import (
    DSSCompareRule,
    SigFieldCreationRule,
    SigFieldModificationRule,
)
from pyhanko.sign.diff_analysis.rules.metadata_rules import DocInfoRule, MetadataUpdateRule
from pyhanko.sign.diff_analysis.rules_api import ReferenceUpdate
from pyhanko.sign.fields import enumerate_sig_fields

from signing.accounting import Pool, Unaccounted, account_for_certificate, account_for_crl
from signing.trust import entries

WRITERS_OWN_INFO = {"/ModDate", "/Producer"}
WRITERS_OWN_XMP = {
    ExpandedName(NS["xmp"], "ModifyDate"),
    ExpandedName(NS["xmp"], "MetadataDate"),
    ExpandedName(NS["pdf"], "Producer"),
}
WHITESPACE = b" \r\n"
_STRING = re.compile(rb"\((?:\\.|[^\\()])*\)", re.DOTALL)
_PLAIN = re.compile(rb"[\x20-\x7e\r\n]*")
_XREF = re.compile(
    rb"xref\r?\n(0 1\r?\n0000000000 65535 f[ \r]?\r?\n)?(\d+ \d+\r?\n(\d{10} 00000 n[ \r]?\r?\n)+)+trailer\b"
)
_PDF_DATE = re.compile(r"D:\d{4,14}(Z|[+-]\d{2}'\d{2}'?)?")
_XMP_DATE = re.compile(rb"(?<=[>\"])\d{4}-\d\d-\d\dT[0-9:.+Z-]+(?=[<\"])")
_OBJECT = re.compile(rb"\d+ \d+ obj\b")


class _DatedInfoRule(DocInfoRule):
    """The information dictionary may change its date and producer, and nothing else."""

    def apply(self, old: HistoricalResolver, new: HistoricalResolver) -> Iterable[ReferenceUpdate]:
        before, after = _info(old), _info(new)
        if after and {key: value for key, value in after.items() if key not in WRITERS_OWN_INFO} != {
            key: value for key, value in before.items() if key not in WRITERS_OWN_INFO
        }:
            raise SuspiciousModification("the information dictionary says something else")
        yield from super().apply(old, new)


class _DatedMetadataRule(MetadataUpdateRule):
    """The XMP packet may change its dates and producer, and nothing else."""

    def apply(self, old: HistoricalResolver, new: HistoricalResolver) -> Iterable[ReferenceUpdate]:
        if _xmp(old) != _xmp(new):
            raise SuspiciousModification("the metadata say something else")
        yield from super().apply(old, new)


ARCHIVE_ONLY = StandardDiffPolicy(
    global_rules=[
        CatalogModificationRule(  # type: ignore[no-untyped-call]
            ignored_keys={"/AcroForm", "/DSS", "/Extensions", "/Metadata"}
        ),
        XrefStreamRule().as_qualified(ModificationLevel.LTA_UPDATES),
        ObjectStreamRule().as_qualified(ModificationLevel.LTA_UPDATES),
        DSSCompareRule().as_qualified(ModificationLevel.LTA_UPDATES),
        _DatedInfoRule().as_qualified(ModificationLevel.LTA_UPDATES),
        _DatedMetadataRule().as_qualified(ModificationLevel.LTA_UPDATES),  # type: ignore[no-untyped-call]
    ],
    form_rule=FormUpdatingRule(
        field_rules=[SigFieldCreationRule(), SigFieldModificationRule()]  # type: ignore[no-untyped-call]
    ),
)


def _info(handler: HistoricalResolver) -> dict[str, Any]:
    found = handler.trailer_view.raw_get("/Info") if "/Info" in handler.trailer_view else None
    if isinstance(found, generic.IndirectObject):
        found = handler.get_object(found.reference)
    if found is not None and not isinstance(found, generic.DictionaryObject):
        raise SuspiciousModification("the information dictionary is no dictionary")
    return {str(key): found.raw_get(key) for key in found} if found is not None else {}


def _xmp(handler: HistoricalResolver) -> list[dict[Any, Any]]:
    if "/Metadata" not in handler.root:
        return []
    try:
        packet = handler.root.raw_get("/Metadata").get_object()
        roots = xmp_xml.parse_xmp(io.BytesIO(packet.read_data(DecodePurpose.XMP_METADATA)))
    except Exception as failure:
        raise SuspiciousModification("the metadata cannot be read") from failure
    return [{name: value for name, value in root if name not in WRITERS_OWN_XMP} for root in roots]


def signatures_removed(reader: PdfFileReader) -> bool:
    """True when an earlier revision had a filled signature field that the last one has not."""
    now = {name for name, _, _ in enumerate_sig_fields(reader, filled_status=True)}
    for revision in range(reader.xrefs.total_revisions - 1):
        handler = reader.get_historical_resolver(revision)
        if {name for name, _, _ in enumerate_sig_fields(handler, filled_status=True)} - now:
            return True
    return False


def fields_added_since(reader: PdfFileReader, revision: int) -> set[str]:
    """Signature fields of the last revision, filled or not, that `revision` did not have."""
    before = {name for name, _, _ in enumerate_sig_fields(reader.get_historical_resolver(revision))}
    return {name for name, _, _ in enumerate_sig_fields(reader)} - before


def has_idle_update(reader: PdfFileReader, after: int, stamped: set[int]) -> bool:
    """True when a revision later than `after` is no archive update, or brings objects that nothing refers to.

    `stamped` are the revisions that hold a document timestamp; any other has to add to the DSS.
    """
    for revision in range(after + 1, reader.xrefs.total_revisions):
        handler = reader.get_historical_resolver(revision)
        brought = set(reader.xrefs.explicit_refs_in_revision(revision))
        container = reader.xrefs.get_xref_container_info(revision)
        reached = _reached(handler, [handler.trailer_view]) | {container.stream_ref}
        reached |= set(handler.object_streams_used())  # type: ignore[no-untyped-call]
        if brought - reached:
            return True
        if revision not in stamped and not _grows_store(reader, revision, brought):
            return True
    return False


def _grows_store(reader: PdfFileReader, revision: int, brought: set[Any]) -> bool:
    handler = reader.get_historical_resolver(revision)
    if "/DSS" not in handler.root:
        return False
    before = reader.get_historical_resolver(revision - 1)
    known = _reached(before, [before.root["/DSS"]]) if "/DSS" in before.root else set()
    return bool((_reached(handler, [handler.root["/DSS"]]) - known) & brought)


def _reached(handler: HistoricalResolver, start: list[Any]) -> set[Any]:
    """Every reference that can be reached from these objects in one revision."""
    found: set[Any] = set()
    waiting = list(start)
    while waiting:
        item = waiting.pop()
        if isinstance(item, generic.IndirectObject):
            if item.reference not in found:
                found.add(item.reference)
                try:
                    waiting.append(handler.get_object(item.reference))
                except PdfReadError:
                    continue
        elif isinstance(item, generic.DictionaryObject):
            waiting.extend(item.raw_get(key) for key in item)
        elif isinstance(item, generic.ArrayObject):
            waiting.extend(item.raw_get(index) for index in range(len(item)))
    return found


def account_for_tail(reader: PdfFileReader, pdf: bytes, covered: int, pool: Pool, signed: list[bytes]) -> None:
    """Check updates that no digest covers: nothing but a DSS whose every part carries a signature of its own.

    `covered` is where the last good signature's coverage ends, `signed` the /Contents of the signatures of the file.
    Raises Unaccounted. That the changed objects are only those of an archive update is the difference policy's part.
    """
    revisions = [
        number
        for number in range(reader.xrefs.total_revisions)
        if reader.xrefs.get_startxref_for_revision(number) >= covered
    ]
    if not revisions:
        raise Unaccounted("bytes behind the last revision")
    _check_tiles(reader, pdf, covered, revisions)
    _check_catalog(reader, revisions[0])
    _check_metadata(reader, revisions[0])
    _check_store(reader.root["/DSS"], pool, signed)


def _check_tiles(reader: PdfFileReader, pdf: bytes, covered: int, revisions: list[int]) -> None:
    """Objects, cross-reference sections and end markers follow each other with white space between and nothing else."""
    at = covered
    for number in revisions:
        container = reader.xrefs.get_xref_container_info(number)
        starts = sorted(_offsets(reader, number, covered) | {container.declared_startxref})
        if pdf[at : starts[0]].strip(WHITESPACE):
            raise Unaccounted("bytes before the first object of an update")
        for start, end in pairwise(starts):
            piece = pdf[start:end].strip(WHITESPACE)
            if not _OBJECT.match(piece) or not piece.endswith(b"endobj"):
                raise Unaccounted("bytes between the objects of an update")
            _refuse_comments(piece.partition(b"stream")[0])
        marker = pdf.find(b"%%EOF", container.end_location)
        section = pdf[container.declared_startxref : marker]
        if marker < 0 or section.split()[-2:] != [b"startxref", str(container.declared_startxref).encode()]:
            raise Unaccounted("end of an update")
        if container.stream_ref is None:
            _refuse_comments(section)
            if not _XREF.match(section):
                raise Unaccounted("cross-reference table")
        elif not re.search(rb"endstream\s+endobj\s+startxref\s+\d+\s+$", section):
            raise Unaccounted("end of a cross-reference stream")
        at = marker + len(b"%%EOF")
    if pdf[at:].strip(WHITESPACE):
        raise Unaccounted("bytes behind the last update")


def _refuse_comments(syntax: bytes) -> None:
    """Comments are bytes that mean nothing; outside strings none is needed."""
    bare = _STRING.sub(b"", syntax)
    if b"%" in bare or not _PLAIN.fullmatch(bare):
        raise Unaccounted("comment or control character in an update")


def _offsets(reader: PdfFileReader, revision: int, covered: int) -> set[int]:
    found = set()
    for reference in reader.xrefs.explicit_refs_in_revision(revision):
        marker = reader.xrefs.get_historical_ref(reference, revision)
        if not isinstance(marker, int) or marker < covered:
            raise Unaccounted("object in a stream, or outside its update")
        found.add(marker)
    return found


def _check_catalog(reader: PdfFileReader, first: int) -> None:
    """The catalog differs from the covered one in its DSS alone (and in where its metadata lie)."""
    before = reader.get_historical_resolver(first - 1).root
    after = reader.root
    for key in set(before) | set(after):
        if key in ("/DSS", "/Metadata"):
            continue
        if key not in before or key not in after or before.raw_get(key) != after.raw_get(key):
            raise Unaccounted("catalog")


def _check_metadata(reader: PdfFileReader, first: int) -> None:
    """Metadata that nothing signs are the covered ones but for dates; the identifier keeps its first half."""
    before = reader.get_historical_resolver(first - 1)
    old, new = _info(before), _info(reader.get_historical_resolver(reader.xrefs.total_revisions - 1))
    if new.get("/Producer") != old.get("/Producer") or not _PDF_DATE.fullmatch(str(new.get("/ModDate", "D:2000"))):
        raise Unaccounted("information dictionary")
    roots = [root for root in (before.root, reader.root) if "/Metadata" in root]
    packets = [root.raw_get("/Metadata").get_object().data for root in roots]
    if len({_undated(packet) for packet in packets}) > 1:
        raise Unaccounted("metadata")
    if before.trailer_view["/ID"][0] != reader.trailer["/ID"][0]:
        raise Unaccounted("identifier")


def _undated(packet: bytes) -> tuple[bytes, bytes, bytes]:
    """The XMP packet's header, canonical content (exclusive C14N) without dates, and trailer."""
    try:
        root = etree.fromstring(packet, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as failure:
        raise Unaccounted("metadata are no XML") from failure
    canonical = etree.tostring(root, method="c14n", exclusive=True)
    return packet.partition(b"?>")[0], _XMP_DATE.sub(b"", canonical), packet.rpartition(b">\n<?")[2].strip()


def _check_store(store: Any, pool: Pool, signed: list[bytes]) -> None:
    if set(store) - {"/Type", "/Certs", "/CRLs", "/OCSPs", "/VRI"} or store.get("/Type", "/DSS") != "/DSS":
        raise Unaccounted("keys of the DSS")
    checks = {"/Certs": account_for_certificate, "/CRLs": account_for_crl, "/OCSPs": _account_for_ocsp}
    for key, check in checks.items():
        for reference in entries(store, key):
            stream = reference.get_object()
            if set(stream) - {"/Length", "/Filter", "/Type"} or stream.get("/Filter", "/FlateDecode") != "/FlateDecode":
                raise Unaccounted("stream of the DSS")
            check(stream.data, pool)
    stored = entries(store, "/VRI")
    if any(stored[key].get("/Type", "/VRI") != "/VRI" for key in stored):
        raise Unaccounted("VRI")
    known = {"/" + hashlib.sha1(contents, usedforsecurity=False).hexdigest().upper() for contents in signed}
    if set(stored) - known:
        raise Unaccounted("VRI of no signature here")


def _account_for_ocsp(der: bytes, pool: Pool) -> None:
    answer = ocsp.OCSPResponse.load(der, strict=True)
    basic = answer.basic_ocsp_response
    if answer["response_status"].native != "successful" or answer.dump(force=True) != der:
        raise Unaccounted("OCSP answer")
    own = [certificate for certificate in basic["certs"] or ()]
    for certificate in own:
        account_for_certificate(certificate.dump(), pool)
    names = [certificate.subject for certificate in own]
    responder = basic["tbs_response_data"]["responder_id"]
    names += [responder.chosen] if responder.name == "by_name" else []
    names += pool.names_by_key_hash(responder.chosen.native) if responder.name == "by_key" else []
    extended = pool.extended(own)
    body, signature = basic["tbs_response_data"].dump(), basic["signature"].native
    if not any(extended.vouches(name, body, basic["signature_algorithm"], signature) for name in names):
        raise Unaccounted("OCSP answer without a checked signature")
