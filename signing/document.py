"""Opens a PDF from outside: finds its end, reads its structure, and collects its signature dictionaries.

Decides between RUSAK (cannot be parsed) and what can be judged; it checks no signature. ISO 32000-1, 7.5 and 12.8.
"""

from __future__ import annotations

import contextlib
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from asn1crypto import cms, x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.decode_limits import DecodeLimits, DocumentDecodeBudget
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature, extract_contents

from signing.trust import parsed
from signing.verdict import Verdict

MAX_FILE_BYTES = 64 * 1024 * 1024
END_WINDOW = 1024  # readers look for the end-of-file marker in the last 1024 bytes (ISO 32000-1, annex H, note 18)
MOST_ENDS = 3  # how many earlier ends are tried when rubbish with an end of its own follows the file
MAX_PAGE_NODES = 20_000
MAX_SIGNATURES = 64
MAX_REVISIONS = 256  # an archive renewed every year for a century needs fewer
_LIMITS = DecodeLimits(document_budget=DocumentDecodeBudget(base_allowance=128 * 1024 * 1024, max_ratio=50))


class Damaged(Exception):
    """The file cannot be judged further: a verdict and a reason's code."""

    def __init__(self, code: str, verdict: Verdict = Verdict.RUSAK) -> None:
        super().__init__(code)
        self.code, self.verdict = code, verdict


@dataclass(frozen=True)
class Document:
    """A parsed PDF."""

    pdf: bytes  # up to and with the last end-of-file marker and at most one end of line
    trailing: bytes  # what follows; empty in a sound file
    irregular: bool  # readable only leniently, or not by all programs alike
    reader: PdfFileReader
    signatures: tuple[EmbeddedPdfSignature, ...]  # filled signature fields, by revision

    @property
    def trailing_looks_cut(self) -> bool:
        """True when the trailing bytes look like an update that was cut off, rather than like rubbish."""
        return _looks_cut(self.trailing)

    @property
    def hides_signature(self) -> bool:
        """True when the bytes hold a signature that the file's last revision does not show."""
        shown = {int(found.byte_range[1]) for found in self.signatures}
        return any(start not in shown for start in _holes(self.pdf + self.trailing))


def open_document(pdf: bytes) -> Document:
    """Parse `pdf`. Raises Damaged; other exceptions of the parser mean the same and are the caller's to catch."""
    if not pdf:
        raise Damaged("empty")
    if len(pdf) > MAX_FILE_BYTES:
        raise Damaged("too_large")
    if not pdf.startswith(b"%PDF-"):
        raise Damaged("not_a_pdf")
    body, trailing, reader, irregular = _read(pdf)
    if reader.encrypted:
        raise Damaged("encrypted")
    if reader.xrefs.total_revisions > MAX_REVISIONS:
        raise Damaged("unparsable")
    _walk_pages(reader)
    # A hybrid file shows old programs other objects than new ones (ISO 32000-1, 7.5.8.4): what was signed is not one.
    irregular |= reader.xrefs.hybrid_xrefs_present
    return Document(body, trailing, irregular, reader, _collect(reader))


def _read(pdf: bytes) -> tuple[bytes, bytes, PdfFileReader, bool]:
    """Body, what follows it, and a reader of the body, which is irregular when only a lenient one can read it."""
    ends = _ends(pdf)
    for end in ends:
        with contextlib.suppress(Exception, RecursionError, MemoryError):
            return pdf[:end], pdf[end:], _opened(pdf[:end], strict=True), False
    return pdf[: ends[0]], pdf[ends[0] :], _opened(pdf[: ends[0]], strict=False), True


def _ends(pdf: bytes) -> list[int]:
    """Where the file may end, likeliest first: at its last end-of-file marker, or before rubbish that has one too."""
    last = pdf.rfind(b"%%EOF")
    if last < 0 or (len(pdf) - last > END_WINDOW and _looks_cut(pdf[last:])):
        raise Damaged("cut_off")
    ends, at = [_end_of_line_after(pdf, last + len(b"%%EOF"))], last
    for _ in range(MOST_ENDS):
        at = pdf.rfind(b"%%EOF", 0, at)
        if at < 0 or _looks_cut(pdf[at:last]):
            break
        ends.append(_end_of_line_after(pdf, at + len(b"%%EOF")))
    # The parser looks for the table's place byte by byte, however far away it lies.
    sound = [end for end in ends if re.search(rb"startxref\s+\d+\s+%%EOF\s*$", pdf[max(0, end - END_WINDOW) : end])]
    if not sound:
        raise Damaged("unparsable")
    return sound


def _end_of_line_after(pdf: bytes, at: int) -> int:
    return next((at + len(eol) for eol in (b"\r\n", b"\n", b"\r") if pdf.startswith(eol, at)), at)


def _looks_cut(rest: bytes) -> bool:
    """True when bytes after the end look like an update that was cut off, rather than like rubbish."""
    return b" obj" in rest or b"/ByteRange" in rest


def _opened(body: bytes, *, strict: bool) -> PdfFileReader:
    reader = PdfFileReader(io.BytesIO(body), strict=strict, decode_limits=_LIMITS)
    if not reader.encrypted and not isinstance(reader.root["/Pages"], generic.DictionaryObject):
        raise Damaged("unparsable")
    return reader


def has_damaged_page(reader: PdfFileReader) -> bool:
    """True when the content of a page cannot be decoded: what was signed cannot be read."""
    for page in _walk_pages(reader):
        for stream in _content_of(page):
            try:
                if not isinstance(stream, generic.StreamObject):
                    return True
                stream.read_data()
            except NotImplementedError:
                continue
            except (PdfError, ValueError, zlib.error):
                return True
    return False


def _content_of(page: generic.DictionaryObject) -> list[generic.PdfObject]:
    """The content streams of a page; null, and a reference to nothing, are no content (ISO 32000-1, 7.3.9)."""
    content = _resolved(page.raw_get("/Contents")) if "/Contents" in page else generic.NullObject()
    parts = [content]
    if isinstance(content, generic.ArrayObject):
        parts = [_resolved(content.raw_get(at)) for at in range(len(content))]
    return [part for part in parts if not isinstance(part, generic.NullObject)]


def _resolved(item: Any) -> generic.PdfObject:
    if isinstance(item, generic.IndirectObject):
        return item.get_object()  # type: ignore[no-any-return, no-untyped-call]
    return item  # type: ignore[no-any-return]


def _walk_pages(reader: PdfFileReader) -> list[generic.DictionaryObject]:
    """The pages. A page tree that returns to itself, or has no end, is not a page tree."""
    pages: list[generic.DictionaryObject] = []
    seen: set[tuple[int, int]] = set()
    waiting = [reader.root.raw_get("/Pages")]
    while waiting:
        node = waiting.pop()
        if isinstance(node, generic.IndirectObject):
            key = (node.idnum, node.generation)
            if key in seen or len(seen) > MAX_PAGE_NODES:
                raise Damaged("unparsable")
            seen.add(key)
            node = node.get_object()  # type: ignore[no-untyped-call]
        if not isinstance(node, generic.DictionaryObject):
            raise Damaged("unparsable")
        if "/Kids" in node:
            kids = node["/Kids"]
            if not isinstance(kids, generic.ArrayObject) or len(kids) + len(waiting) > MAX_PAGE_NODES:
                raise Damaged("unparsable")
            waiting.extend(kids.raw_get(index) for index in range(len(kids)))
        else:
            pages.append(node)
    return pages


def _holes(pdf: bytes) -> Iterator[int]:
    """Where the holes of signatures lie, by the bytes alone: each ByteRange that is written where it says it is."""
    for match in re.finditer(rb"/ByteRange\s*\[\s*0\s+(\d{1,9})\s+(\d{1,9})\s+\d{1,9}\s*\]", pdf):
        start, end = int(match[1]), int(match[2])
        if start < end <= len(pdf) and pdf[start : start + 1] == b"<" and pdf[end - 1 : end] == b">":
            yield start


def _collect(reader: PdfFileReader) -> tuple[EmbeddedPdfSignature, ...]:
    fields = list(enumerate_sig_fields(reader, filled_status=True))
    if len(fields) > MAX_SIGNATURES:
        raise Damaged("unparsable")
    found = []
    for name, _, field in fields:
        try:
            embedded = EmbeddedPdfSignature(reader, field, name)
            _insist_on_byte_range(embedded)
        except (Exception, RecursionError, MemoryError) as failure:
            if _number_of_signers(field) not in (None, 1):
                raise Damaged("signature_unsupported", Verdict.TIDAK_SAH) from failure
            raise Damaged("signature_unparsable") from failure
        found.append(embedded)
    return tuple(sorted(found, key=lambda embedded: (embedded.signed_revision, embedded.fq_name)))


def _number_of_signers(field: generic.DictionaryObject) -> int | None:
    """How many signed the container of a field; None when it is no CMS SignedData."""
    try:
        content = cms.ContentInfo.load(extract_contents(field.get_object()["/V"]))  # type: ignore[no-untyped-call]
        return len(content["content"]["signer_infos"]) if content["content_type"].native == "signed_data" else None
    except (Exception, RecursionError, MemoryError):
        return None


def _insist_on_byte_range(embedded: EmbeddedPdfSignature) -> None:
    numbers = embedded.byte_range
    if (
        not isinstance(numbers, generic.ArrayObject)
        or not numbers
        or len(numbers) % 2
        or not all(isinstance(number, int) and number >= 0 for number in numbers)
    ):
        raise Damaged("signature_unparsable")
    # asn1crypto parses on access; a broken container has to break here.
    for part in ("version", "digest_algorithms", "encap_content_info", "certificates", "signer_infos"):
        embedded.signed_data[part]
    for certificate in embedded.signed_data["certificates"] or ():
        if certificate.name == "certificate":
            parsed(x509.Certificate, certificate.chosen.dump())
        else:
            certificate.chosen.native  # noqa: B018
