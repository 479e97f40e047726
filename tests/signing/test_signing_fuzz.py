"""Damage of every kind, for a bounded number of tries: a verdict each time, never an exception, and never SAH."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from signing.limited import LimitedVerifier
from signing.verdict import Report, Verdict
from signing.verify import verify_pdf
from tests.signing.test_signing_attacks import assembled, updated
from tests.signing.workshop import Workshop, write_policy

BOUNDED = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
PIECES = st.sampled_from(
    [
        *(b"", b"%%EOF", b"startxref\n0\n%%EOF", b"endobj", b" obj", b"<<", b">>", b"[", b"]", b"(", b")", b"<", b"R"),
        *(b"null", b"stream\n", b"endstream", b"/Type", b"/Kids", b"/Prev 0", b"/Length -1", b"\0" * 9, b"9" * 40),
    ]
)


@given(at=st.floats(0, 1, exclude_max=True), cut=st.integers(0, 200), piece=PIECES)
@BOUNDED
def test_any_damage_gets_a_verdict_and_none_is_sah(
    workshop: Workshop, signed: bytes, at: float, cut: int, piece: bytes
) -> None:
    place = int(at * len(signed))
    damaged = signed[:place] + piece + signed[place + cut :]
    if damaged == signed:
        return
    report = verify_pdf(damaged, workshop.policy())
    assert report.verdict is not Verdict.SAH and report.reasons
    assert "verification_failed" not in {one.code for one in report.reasons}
    assert Report.from_dict(report.as_dict()) == report


@given(data=st.data())
@BOUNDED
def test_bytes_set_anywhere_get_a_verdict_and_none_is_sah(
    workshop: Workshop, signed: bytes, data: st.DataObject
) -> None:
    changed = bytearray(signed)
    for _ in range(data.draw(st.integers(1, 5))):
        changed[data.draw(st.integers(0, len(signed) - 1))] = data.draw(st.integers(0, 255))
    if bytes(changed) != signed:
        assert verify_pdf(bytes(changed), workshop.policy()).verdict in (Verdict.TIDAK_SAH, Verdict.RUSAK)


@given(rubbish=st.binary(max_size=400))
@BOUNDED
def test_rubbish_after_a_header_gets_a_verdict(workshop: Workshop, rubbish: bytes) -> None:
    report = verify_pdf(b"%PDF-1.7\n" + rubbish + b"\nstartxref\n9\n%%EOF", workshop.policy())
    assert report.verdict in (Verdict.RUSAK, Verdict.TIDAK_BERTANDA_TANGAN)


def stream(data: bytes, entries: bytes = b"") -> bytes:
    return b"<</Length %d%s>>\nstream\n" % (len(data), entries) + data + b"\nendstream"


def of_page(content: bytes, *more: bytes) -> bytes:
    return assembled(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>",
        content,
        *more,
    )


def hostile(signed: bytes) -> dict[str, bytes]:
    bomb = zlib.compress(b"\0" * 200_000_000, 9)

    def archive(writer: IncrementalPdfFileWriter) -> None:
        packed = generic.StreamObject(
            {generic.pdf_name("/Filter"): generic.pdf_name("/FlateDecode")}, encoded_data=bomb
        )
        lists = generic.ArrayObject([writer.add_object(packed)])
        writer.root["/DSS"] = writer.add_object(generic.DictionaryObject({generic.pdf_name("/CRLs"): lists}))
        writer.update_root()

    def laughs(writer: IncrementalPdfFileWriter) -> None:
        entities = b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(12))
        text = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + entities + b"]><x>&m;</x>"
        writer.root["/Metadata"] = writer.add_object(generic.StreamObject(stream_data=text))
        writer.update_root()

    return {
        "a bomb in the page": of_page(stream(bomb, b"/Filter/FlateDecode")),
        "a bomb in the archive": updated(signed, archive),
        "entities of entities": updated(signed, laughs),
        "a deep array": of_page(stream(b""), b"[" * 200_000 + b"]" * 200_000),
        "an open string": b"%PDF-1.7\n1 0 obj\n" + b"(" * 5_000_000 + b"\nstartxref\n9\n%%EOF",
        "nothing, for long": b"%PDF-1.7\n" + bytes(30_000_000) + b"%%EOF",
        "ends without end": signed + b"%%EOF\n" * 100_000,
        "tables without end": signed + b"startxref\n5\n%%EOF\n" * 100_000,
        "ranges without end": signed + b"/ByteRange [0 1 2 3]" * 200_000 + b"\n%%EOF",
    }


async def test_hostile_files_end_within_the_bounds(workshop: Workshop, signed: bytes, tmp_path: Path) -> None:
    verifier = LimitedVerifier(write_policy(workshop, tmp_path), wall_seconds=200)
    try:
        for name, pdf in hostile(signed).items():
            report = await verifier.verify(pdf)
            assert report.verdict is not Verdict.SAH, name
            assert "verifier_stopped" not in {one.code for one in report.reasons}, name
        assert (await verifier.verify(signed)).verdict is Verdict.SAH
    finally:
        await verifier.aclose()


@pytest.mark.parametrize("kind", ["folder", "missing", "pipe"])
def test_what_is_no_file_is_said_to_be_broken(workshop: Workshop, tmp_path: Path, kind: str) -> None:
    import os

    from sakpore.judging import judge_files

    path = tmp_path / kind
    if kind == "folder":
        path.mkdir()
    if kind == "pipe":
        os.mkfifo(path)
    assert judge_files([path], write_policy(workshop, tmp_path / "kebijakan"), as_json=True) == 1
