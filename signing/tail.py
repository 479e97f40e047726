"""Accounts for an update that stands behind the last signature and that no digest covers.

Anyone may append such an update, so it is accepted only as what PAdES needs there (ETSI EN 319 142-1, 5.4): revisions
of a document security store (DSS) whose every new part is signed by an authority that ends at the policy's anchors.
Around it, nothing may differ from what is covered but what every writing program renews: dates that agree with each
other, and the second half of the file's identifier.
"""

from __future__ import annotations

import hashlib
import io
import re
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from asn1crypto import ocsp, x509
from lxml import etree  # type: ignore[import-untyped]
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader
from pyhanko.pdf_utils.rw_common import PdfHandler
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from signing.accounting import Pool, Unaccounted, account_for_certificate, account_for_crl, read_node
from signing.revisions import info_of, reached
from signing.trust import entries

END_OF_LINE = re.compile(rb"[ \r\n]{0,2}")
OF_A_TABLE_IN_A_STREAM = {"/Type", "/W", "/Index", "/Length", "/Filter", "/DecodeParms"}
ROOM_AROUND = 64  # bytes an object may take beyond twice its plain form
WRITING = timedelta(seconds=1)  # programs ask the clock anew for each date of one update
ROOM_AROUND_STREAM = 32  # keywords and ends of lines about a stream's data
_CHARACTER = rb"\\.|[^\\()]"
_TOKEN = re.compile(
    rb"<<|>>|[][ \r\n]|/[\w.:+#-]*|[+-]?\d+(?:\.\d*)?|\b(?:R|obj|endobj|true|false|null|trailer)\b|<[0-9A-Fa-f]*>"
    rb"|\((?:" + _CHARACTER + rb"|\((?:" + _CHARACTER + rb")*\))*\)",
    re.DOTALL,
)
_ENTRY = rb"\d{10} 00000 n(?: \n| \r|\r\n)"
_XREF = re.compile(
    rb"xref\r?\n(0 \d+\r?\n0000000000 65535 f(?: \n| \r|\r\n)(" + _ENTRY + rb")*)?"
    rb"(\d+ \d+\r?\n(" + _ENTRY + rb")+)*trailer\b"
)
_START = re.compile(rb"[ \r\n]{1,2}[1-9]\d*[ \r\n]{1,2}")
_PDF_DATE = re.compile(r"D:(\d{14})(Z|[+-]\d{2}'\d{2}'?)")
_XMP_DATES = re.compile(
    r"(xmp:(?:ModifyDate|MetadataDate)(?:>|=\"))(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(Z|[+-]\d\d:\d\d)(?=[<\"])"
)
_OBJECT = re.compile(rb"\d+ \d+ obj\b")


@dataclass(frozen=True)
class Tail:
    """The bytes of `pdf` from `covered` on."""

    reader: PdfFileReader
    pdf: bytes
    covered: int  # where the coverage of the last good signature ends
    pool: Pool  # authorities that end at the policy's anchors
    signers: frozenset[bytes]  # DER of the certificates that the signatures and timestamps of the file bring
    contents: tuple[bytes, ...]  # /Contents of the signatures of the file

    def account(self) -> None:
        """Raises Unaccounted for anything an archive update does not need."""
        starts = self.reader.xrefs.get_startxref_for_revision
        revisions = range(self.reader.xrefs.total_revisions)
        updates = [number for number in revisions if starts(number) >= self.covered]
        if not updates or updates != list(revisions)[updates[0] :]:
            raise Unaccounted("no update in order")
        at = self.covered
        for number in updates:
            before, after = self.reader.get_historical_resolver(number - 1), self.reader.get_historical_resolver(number)
            at = self._check_tiles(number, after, at)
            self._check_places(number, after)
            _check_catalog(before, after)
            _check_metadata(before, after)
            self._check_trailer(before, after, number)
            self._check_store(before, after, number)
        if not END_OF_LINE.fullmatch(self.pdf[at:]):
            raise Unaccounted("bytes behind the last update")

    def _check_tiles(self, revision: int, handler: HistoricalResolver, begin: int) -> int:
        """Objects, cross-reference section and end marker follow each other with at most an end of line between.

        Returns where the update that begins at `begin` ends.
        """
        container = self.reader.xrefs.get_xref_container_info(revision)
        places = self._places(revision, begin)
        start_of_table = container.declared_startxref
        starts = sorted({*places, start_of_table})
        if not END_OF_LINE.fullmatch(self.pdf[begin : starts[0]]):
            raise Unaccounted("bytes before the first object of an update")
        for start, end in pairwise(starts):
            _check_object(handler.get_object(places[start]), self.pdf[start:end])
        marker = self.pdf.find(b"%%EOF", container.end_location)
        section, _, ending = self.pdf[start_of_table : max(marker, 0)].rpartition(b"startxref")
        if not _START.fullmatch(ending) or int(ending) != start_of_table:
            raise Unaccounted("end of an update")
        if container.stream_ref is not None:
            _check_object(handler.get_object(container.stream_ref), section)
        elif not (table := _XREF.match(section)):
            raise Unaccounted("cross-reference table")
        else:
            _check_syntax(_bare(handler.trailer_view), section[table.end() :])
        return marker + len(b"%%EOF")

    def _places(self, revision: int, begin: int) -> dict[int, Any]:
        """Where the objects of the update begin."""
        found = {}
        for reference in self.reader.xrefs.explicit_refs_in_revision(revision):
            marker = self.reader.xrefs.get_historical_ref(reference, revision)
            if not isinstance(marker, int) or marker < begin:
                raise Unaccounted("object in a stream, or outside its update")
            found[marker] = reference
        return found

    def _check_places(self, revision: int, handler: HistoricalResolver) -> None:
        """The update brings the store, and of the rest only the catalog and the metadata it has to write anew."""
        allowed = reached(handler, [handler.root.raw_get("/DSS")])
        allowed |= {self.reader.xrefs.get_xref_container_info(revision).stream_ref}
        for holder, key in (
            (handler.trailer_view, "/Root"),
            (handler.trailer_view, "/Info"),
            (handler.root, "/Metadata"),
        ):
            found = holder.raw_get(key) if key in holder else None
            if isinstance(found, generic.IndirectObject):
                allowed.add(found.reference)
        if set(self.reader.xrefs.explicit_refs_in_revision(revision)) - allowed:
            raise Unaccounted("object that is not the archive's")

    def _check_trailer(self, before: HistoricalResolver, after: HistoricalResolver, revision: int) -> None:
        old, new = before.trailer_view, after.trailer_view
        numbers = [reference.idnum for reference in self.reader.xrefs.explicit_refs_in_revision(revision)]
        if set(new) - set(old) - {"/Info", "/ID", "/Prev"} - OF_A_TABLE_IN_A_STREAM:
            raise Unaccounted("trailer")
        if int(new["/Size"]) != max(int(old["/Size"]), *(number + 1 for number in numbers)):
            raise Unaccounted("size")
        if ("/ID" in old) != ("/ID" in new):
            raise Unaccounted("identifier")
        if "/ID" in new and (len(new["/ID"]) != 2 or new["/ID"][0] != old["/ID"][0] or len(new["/ID"][1]) > 32):
            raise Unaccounted("identifier")

    def _check_store(self, before: HistoricalResolver, after: HistoricalResolver, revision: int) -> None:
        store = after.root["/DSS"]
        brought = set(self.reader.xrefs.explicit_refs_in_revision(revision))
        if set(store) - {"/Type", "/Certs", "/CRLs", "/OCSPs", "/VRI"} or store.get("/Type", "/DSS") != "/DSS":
            raise Unaccounted("keys of the DSS")
        checks = {"/Certs": self._check_certificate, "/CRLs": self._check_crl, "/OCSPs": self._check_ocsp}
        listed, seen = set(), set()
        for key, check in checks.items():
            for item in entries(store, key):
                listed.add(item.reference)
                if item.reference not in brought:
                    continue
                der = _der_of(item.get_object())
                if der in seen:
                    raise Unaccounted("the same evidence twice")
                seen.add(der)
                check(der)
        self._check_vri(before, entries(store, "/VRI"), listed)

    def _check_vri(self, before: HistoricalResolver, stored: Any, listed: set[Any]) -> None:
        old = entries(before.root["/DSS"], "/VRI") if "/DSS" in before.root else ()
        known = {key for one in self.contents for key in _vri_keys(one)}
        for key in set(stored) - set(old):
            entry = stored[key]
            if key not in known or set(entry) - {"/Type", "/Cert", "/CRL", "/OCSP"}:
                raise Unaccounted("VRI")
            if entry.get("/Type", "/VRI") != "/VRI":
                raise Unaccounted("type of a VRI")
            for kind in ("/Cert", "/CRL", "/OCSP"):
                if {item.reference for item in entries(entry, kind)} - listed:
                    raise Unaccounted("VRI with evidence of its own")

    def _check_certificate(self, der: bytes) -> None:
        certificate = x509.Certificate.load(der, strict=True)
        if self.pool.is_anchor(certificate):
            return
        account_for_certificate(der, self.pool)
        if not certificate.ca and der not in self.signers and not _answers_ocsp(certificate):
            raise Unaccounted("certificate of nobody who signed here")

    def _check_crl(self, der: bytes) -> None:
        account_for_crl(der, self.pool)

    def _check_ocsp(self, der: bytes) -> None:
        answer = ocsp.OCSPResponse.load(der, strict=True)
        if answer["response_status"].native != "successful" or answer.dump(force=True) != der:
            raise Unaccounted("OCSP answer")
        basic = answer.basic_ocsp_response
        own = list(basic["certs"] or ())
        for certificate in own:
            self._check_certificate(certificate.dump())
        responders = [certificate for certificate in own if certificate.ca or _answers_ocsp(certificate)]
        names = [certificate.subject for certificate in responders]
        responder = basic["tbs_response_data"]["responder_id"]
        names += [responder.chosen] if responder.name == "by_name" else []
        names += self.pool.names_by_key_hash(responder.chosen.native) if responder.name == "by_key" else []
        extended = self.pool.extended(responders)
        body, signature = basic["tbs_response_data"].dump(), basic["signature"].native
        if not any(extended.vouches(name, body, basic["signature_algorithm"], signature) for name in names):
            raise Unaccounted("OCSP answer without a checked signature")


def bundled_certificates(embedded: EmbeddedPdfSignature) -> list[x509.Certificate]:
    """The certificates in a signature's container and in that of its timestamp."""
    try:
        tokens = list(extract_tst_data_iter(embedded.signer_info, signed=False))
        bundles = [bundle["certificates"] or () for bundle in (embedded.signed_data, *tokens)]
        return [choice.chosen for bundle in bundles for choice in bundle if choice.name == "certificate"]
    except (ValueError, TypeError, KeyError, AttributeError):
        return []


def lacks_vri(handler: PdfHandler, contents: bytes) -> bool:
    """True when a DSS that names what belongs to which signature (VRI) does not name this one."""
    if "/DSS" not in handler.root or not (stored := entries(handler.root["/DSS"], "/VRI")):
        return False
    return not _vri_keys(contents) & set(stored)


def _vri_keys(contents: bytes) -> set[str]:
    """The names a signature may have in the VRI: programs hash its bytes with or without padding, or their digits."""
    try:
        forms = [contents, read_node(contents).raw]
    except Unaccounted:
        forms = [contents]
    forms += [spelled.encode() for form in forms for spelled in (form.hex(), form.hex().upper())]
    return {"/" + hashlib.sha1(form, usedforsecurity=False).hexdigest().upper() for form in forms}


def _answers_ocsp(certificate: x509.Certificate) -> bool:
    usage = certificate.extended_key_usage_value
    return usage is not None and "ocsp_signing" in usage.native


def _check_object(found: Any, piece: bytes) -> None:
    """One object takes no more room than it needs, and has nothing about it."""
    body = piece.rstrip(b" \r\n")
    if not END_OF_LINE.fullmatch(piece[len(body) :]) or not _OBJECT.match(body) or not body.endswith(b"endobj"):
        raise Unaccounted("bytes between the objects of an update")
    if isinstance(found, generic.StreamObject):
        syntax, _, rest = body.partition(b"stream")
        if len(rest) > len(found.encoded_data) + ROOM_AROUND_STREAM:
            raise Unaccounted("bytes about a stream")
        _check_syntax(_bare(found), syntax)
    else:
        _check_syntax(found, body)


def _bare(found: Any) -> generic.DictionaryObject:
    return generic.DictionaryObject(found)  # type: ignore[no-untyped-call]


def _check_syntax(found: generic.PdfObject, syntax: bytes) -> None:
    """Comments, stray characters and wide spacing are bytes that mean nothing."""
    if _TOKEN.sub(b"", syntax):
        raise Unaccounted("comment or stray character in an update")
    plain = io.BytesIO()
    found.write_to_stream(plain, None)
    if len(syntax) > 2 * len(plain.getvalue()) + ROOM_AROUND:
        raise Unaccounted("more room than an object needs")


def _der_of(stream: Any) -> bytes:
    if set(stream) - {"/Length", "/Filter", "/Type"} or stream.get("/Filter", "/FlateDecode") != "/FlateDecode":
        raise Unaccounted("stream of the DSS")
    if "/Filter" in stream:
        inflating = zlib.decompressobj()
        try:
            whole = inflating.decompress(stream.encoded_data, len(stream.data)) == stream.data
        except zlib.error as failure:
            raise Unaccounted("compressed data") from failure
        bound = len(stream.data) + ROOM_AROUND
        if not whole or inflating.unused_data or len(stream.encoded_data) > bound:
            raise Unaccounted("compressed data")
    return bytes(stream.data)


def _check_catalog(before: HistoricalResolver, after: HistoricalResolver) -> None:
    """The catalog differs from the covered one in its DSS alone (and in where its metadata lie)."""
    for key in set(before.root) | set(after.root):
        if key == "/DSS":
            continue
        if key not in before.root or key not in after.root:
            raise Unaccounted("catalog")
        if key != "/Metadata" and before.root.raw_get(key) != after.root.raw_get(key):
            raise Unaccounted("catalog")


def _check_metadata(before: HistoricalResolver, after: HistoricalResolver) -> None:
    """Metadata that nothing signs are the covered ones but for their dates, and these are one and the same."""
    old, new = info_of(before), info_of(after)
    if {**old, "/ModDate": None} != {**new, "/ModDate": None}:
        raise Unaccounted("information dictionary")
    redated = new.get("/ModDate") != old.get("/ModDate")
    if redated and _info_date(new) is None:
        raise Unaccounted("date in the information dictionary")
    if "/Metadata" not in after.root:
        return
    old_packet, new_packet = (handler.root.raw_get("/Metadata").get_object() for handler in (before, after))
    if any(old_packet.get(key) != new_packet.get(key) for key in (set(old_packet) | set(new_packet)) - {"/Length"}):
        raise Unaccounted("stream of the metadata")
    rewritten = old_packet.data != new_packet.data
    if rewritten and _undated(old_packet.data) != _undated(new_packet.data):
        raise Unaccounted("metadata")
    if (rewritten or (redated and _agree(old, old_packet.data))) and not _agree(new, new_packet.data):
        raise Unaccounted("dates that differ")


def _info_date(info: dict[str, Any]) -> datetime | None:
    parts = _PDF_DATE.fullmatch(str(info.get("/ModDate", "")))
    return _moment(*parts.groups()) if parts else None


def _agree(info: dict[str, Any], packet: bytes) -> bool:
    """True when the information dictionary and the XMP packet name one moment of writing, in one time zone."""
    first = _info_date(info)
    named = [_moment(day, zone) for _, day, zone in _XMP_DATES.findall(packet.decode())]
    return bool(named) and first is not None and all(_soon(first, later) for later in named)


def _soon(first: datetime, later: datetime | None) -> bool:
    """Whether `later` was asked for within one writing that asked for `first` before."""
    if later is None or later.utcoffset() != first.utcoffset():
        return False
    return timedelta() <= later - first <= WRITING


def _moment(day: str, zone: str) -> datetime | None:
    """A date as PDF and XMP both write it, less their punctuation; None for a day that does not exist."""
    try:
        digits, offset = re.sub(r"\D", "", day), re.sub(r"[:']", "", zone).replace("Z", "+0000")
        return datetime.strptime(digits + offset, "%Y%m%d%H%M%S%z")
    except ValueError:
        return None


def _undated(packet: bytes) -> tuple[bytes, bytes, bytes]:
    """The XMP packet's header, content in canonical form (C14N) without the dates of writing, and trailer."""
    bare = _XMP_DATES.sub(r"\1", packet.decode()).encode()
    try:
        root = etree.fromstring(bare, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as failure:
        raise Unaccounted("metadata are no XML") from failure
    canonical = etree.tostring(root, method="c14n")
    if len(bare) > 2 * len(canonical) + ROOM_AROUND:
        raise Unaccounted("more room than the metadata need")
    return bare.partition(b"?>")[0], canonical, bare.rpartition(b">\n<?")[2].strip()
