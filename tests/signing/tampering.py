"""The tools of an attacker: containers opened and closed again, holes filled, attributes changed and signed anew."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

from asn1crypto import cms
from certomancer.services import generic_sign
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.signers.pdf_signer import PdfTimeStamper

from tests.signing.forge import Forge

HOLE = re.compile(rb"/Contents (<[0-9a-fA-F]{400,}>)")
BYTE_RANGE = rb"/ByteRange \[[^]]*\]"

Attributes = list[cms.CMSAttribute]


def holes(pdf: bytes) -> list[tuple[int, int]]:
    """Where the /Contents strings of signatures lie, delimiters included."""
    return [match.span(1) for match in HOLE.finditer(pdf)]


def container(pdf: bytes, n: int = 0) -> cms.ContentInfo:
    """The n-th CMS container."""
    start, end = holes(pdf)[n]
    return cms.ContentInfo.load(bytes.fromhex(pdf[start + 1 : end - 1].decode()))


def filled(pdf: bytes, content: bytes, n: int = 0) -> bytes:
    """`pdf` with other bytes in its n-th hole, padded as before."""
    start, end = holes(pdf)[n]
    digits = content.hex().encode()
    assert len(digits) <= end - start - 2, "the hole is too small"
    return pdf[: start + 1] + digits.ljust(end - start - 2, b"0") + pdf[end - 1 :]


def changed(pdf: bytes, change: Callable[[cms.SignedData], None], n: int = 0) -> bytes:
    """`pdf` with its n-th container changed."""
    content = container(pdf, n)
    change(content["content"])
    return filled(pdf, content.dump(force=True), n)


def resigned(pdf: bytes, forge: Forge, label: str, change: Callable[[Attributes], Attributes]) -> bytes:
    """`pdf` whose first signature has other signed attributes, signed with the officer's own key, and no timestamp."""

    def sign(data: cms.SignedData) -> None:
        signer = data["signer_infos"][0]
        attributes = cms.CMSAttributes(change([cms.CMSAttribute.load(one.dump()) for one in signer["signed_attrs"]]))
        signer["signed_attrs"] = attributes
        signer["signature"] = generic_sign(
            forge.key(label), b"\x31" + attributes.dump(force=True)[1:], signer["signature_algorithm"]
        )
        signer["unsigned_attrs"] = None

    return changed(pdf, sign)


def without(kind: str) -> Callable[[Attributes], Attributes]:
    """Takes one attribute away."""
    return lambda attributes: [one for one in attributes if one["type"].native != kind]


def in_place(pdf: bytes, pattern: bytes, text: bytes, n: int = 0) -> bytes:
    """`pdf` with the n-th match replaced by something no longer, padded with blanks."""
    match = list(re.finditer(pattern, pdf))[n]
    assert len(text) <= match.end() - match.start()
    return pdf[: match.start()] + text.ljust(match.end() - match.start()) + pdf[match.end() :]


async def stamped(pdf: bytes, forge: Forge, tsa: str = "tsa") -> bytes:
    """`pdf` with a document timestamp and nothing else."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    made = await PdfTimeStamper(forge.stamper(tsa)).async_timestamp_pdf(writer, "sha256")
    return made.getvalue()  # type: ignore[no-any-return, attr-defined]


def wrapped(pdf: bytes) -> bytes:
    """Signature wrapping: the signed end moves away, and a table of the attacker's stands where the old one was found.

    The signed bytes, and the place at which readers look for the table, are as they were; a second signature dictionary
    with a wider hole takes the place of the first.
    """
    match = next(re.finditer(rb"/ByteRange \[0 (\d+) (\d+) (\d+)\]", pdf))
    first, second, length = map(int, match.groups())
    number, dictionary = _signature_object(pdf)
    old_table = int(pdf[pdf.rindex(b"startxref") + 9 :].split()[0])
    previous, size = (int(re.findall(key + rb" (\d+)", pdf)[-1]) for key in (rb"/Prev", rb"/Size"))
    root = re.findall(rb"/Root (\d+ \d+ R)", pdf)[-1]
    trailer = b"trailer\n<</Size %d/Root %s/Prev %d>>\n" % (size, root, previous)
    wider = b"/ByteRange [0 %d %08d %d]"
    body = b"%d 0 obj\n%s\nendobj\n" % (number, re.sub(BYTE_RANGE, wider % (first, 0, length), dictionary))
    entries = _entries(pdf, old_table)
    blank = b" " * (old_table - second)
    shift = len(blank) + len(_table(entries)) + len(trailer) + len(body)
    places = {one: at if at < second else at + shift for one, at in entries.items()}
    places[number] = old_table + len(_table(entries)) + len(trailer)
    body = body.replace(wider % (first, 0, length), wider % (first, second + shift, length))
    evil = blank + _table(places) + trailer + body
    assert len(evil) == shift
    return pdf[:second] + evil + pdf[second:]


def _entries(pdf: bytes, table: int) -> dict[int, int]:
    """Where the objects of a cross-reference table lie."""
    found: dict[int, int] = {}
    lines = pdf[table : pdf.index(b"trailer", table)].split(b"\n")[1:]
    number = 0
    for line in filter(None, lines):
        parts = line.split()
        if len(parts) == 2:
            number = int(parts[0])
            continue
        if parts[2] == b"n":
            found[number] = int(parts[0])
        number += 1
    return found


def _table(places: dict[int, int]) -> bytes:
    return b"xref\n" + b"".join(b"%d 1\n%010d 00000 n \n" % place for place in sorted(places.items()))


def _signature_object(pdf: bytes) -> tuple[int, bytes]:
    start = max(match.start() for match in re.finditer(rb"\n\d+ 0 obj", pdf[: holes(pdf)[0][0]])) + 1
    number = int(pdf[start:].split()[0])
    body = pdf[pdf.index(b"<<", start) : pdf.index(b"endobj", start)]
    return number, body.rstrip()
