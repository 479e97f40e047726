"""Files from strangers: bounded while they stream, judged by their own bytes, never trusted by name."""

import io
import struct
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pikepdf import Array, Dictionary, Name, Pdf, String
from PIL import Image

from api.file_rules import FileRefused, judge
from api.uploads import clean_filename
from tests.api.conftest import Api
from tests.api.filing import a_draft, a_pdf, a_picture, definition, upload

REQUIREMENT = definition().requirements[0].code


def _open_action(make: Callable[[], Dictionary]) -> Callable[[Pdf], None]:
    def change(pdf: Pdf) -> None:
        pdf.Root.OpenAction = pdf.make_indirect(make())

    return change


def _names_tree(pdf: Pdf) -> None:
    action = Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))
    pdf.Root.Names = Dictionary(JavaScript=Dictionary(Names=Array([String("a"), action])))


def _page_action(pdf: Pdf) -> None:
    pdf.pages[0].obj.AA = Dictionary(O=Dictionary(S=Name.URI, URI=String("http://contoh.invalid")))


def _attached(pdf: Pdf) -> None:
    pdf.attachments["a.exe"] = b"MZ"


def _form(pdf: Pdf) -> None:
    pdf.Root.AcroForm = Dictionary(Fields=Array([]), XFA=pdf.make_stream(b"<xdp/>"))


def _rich_media(pdf: Pdf) -> None:
    annotation = Dictionary(Type=Name.Annot, Subtype=Name.RichMedia, Rect=Array([0, 0, 1, 1]))
    pdf.pages[0].obj.Annots = Array([pdf.make_indirect(annotation)])


def _stream(**entries: Any) -> Callable[[Pdf], None]:
    def change(pdf: Pdf) -> None:
        stream = pdf.make_stream(b"x")
        for key, value in entries.items():
            stream[f"/{key}"] = value
        pdf.pages[0].obj.Outside = stream

    return change


DANGEROUS = {
    "javascript on opening": _open_action(lambda: Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))),
    "javascript in the names": _names_tree,
    "a program to launch": _open_action(lambda: Dictionary(S=Name.Launch, F=String("cmd.exe"))),
    "a chained launch": _open_action(
        lambda: Dictionary(S=Name.GoTo, Next=Array([Dictionary(S=Name.Launch, F=String("a"))]))
    ),
    "a form that sends itself": _open_action(lambda: Dictionary(S=Name.SubmitForm, F=String("http://contoh.invalid"))),
    "an action of a page": _page_action,
    "a jump into another file": _open_action(
        lambda: Dictionary(S=Name.GoToR, F=String("a.pdf"), D=Array([0, Name.Fit]))
    ),
    "a thread of another file": _open_action(lambda: Dictionary(S=Name.Thread, F=String("a.pdf"), D=0)),
    "a form that is filled from a file": _open_action(lambda: Dictionary(S=Name.ImportData, F=String("a.fdf"))),
    "a file behind an address": _open_action(lambda: Dictionary(S=Name.URI, URI=String("file:///etc/passwd"))),
    "a network share behind an address": _open_action(lambda: Dictionary(S=Name.URI, URI=String("\\\\a\\b"))),
    "a script behind an address": _open_action(lambda: Dictionary(S=Name.URI, URI=String("JavaScript:app.alert(1)"))),
    "an address that is no text": _open_action(lambda: Dictionary(S=Name.URI, URI=Name("/http://contoh.invalid"))),
    "an address of a file": _open_action(
        lambda: Dictionary(S=Name.GoTo, F=Dictionary(FS=Name.URL, F=String("http://a")))
    ),
    "a page of another file": _stream(Type=Name.XObject, Subtype=Name.Form, Ref=Dictionary(F=String("a.pdf"), Page=0)),
    "a stream of another file": _stream(F=String("a.bin")),
    "a picture of another file": _stream(Subtype=Name.Image, OPI=Dictionary(F=String("a.tif"))),
    "an attached file": _attached,
    "an XFA form": _form,
    "rich media": _rich_media,
}


@pytest.mark.parametrize("change", DANGEROUS.values(), ids=DANGEROUS.keys())
@pytest.mark.parametrize("streams", list(pikepdf.ObjectStreamMode)[1:], ids=["plain", "packed"])
def test_a_pdf_that_can_act_is_dangerous(change: Callable[[Pdf], None], streams: pikepdf.ObjectStreamMode) -> None:
    with pytest.raises(FileRefused) as refused:
        judge(a_pdf(change, object_stream_mode=streams), ["pdf"])
    assert refused.value.code == "file-dangerous"


def written_by_hand(catalogue: bytes) -> bytes:
    objects = (catalogue, b"<</Type/Pages/Kids[3 0 R]/Count 1>>", b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>")
    content, offsets = b"%PDF-1.7\n", []
    for number, item in enumerate(objects, start=1):
        offsets.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, item)
    entries = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    table = b"xref\n0 4\n0000000000 65535 f \n" + entries
    return content + table + b"trailer<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(content)


def test_a_name_in_disguise_is_still_javascript() -> None:
    judge(written_by_hand(b"<</Type/Catalog/Pages 2 0 R>>"), ["pdf"])
    for action in (b"<</S/J#61vaScript/#4aS(x)>>", b"<</S/#4caunch/F(cmd.exe)>>"):
        with pytest.raises(FileRefused, match="file-dangerous"):
            judge(written_by_hand(b"<</Type/Catalog/Pages 2 0 R/OpenAction" + action + b">>"), ["pdf"])


def _packed(raw: bytes, *filters: str, **entries: Any) -> bytes:
    """A PDF with a stream as it is, told to be packed by these filters."""

    def change(pdf: Pdf) -> None:
        stream = pdf.make_stream(raw)
        stream.Filter = Array([Name(one) for one in filters])
        for key, value in entries.items():
            stream[f"/{key}"] = value
        pdf.pages[0].obj.Packed = stream

    return a_pdf(change, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)


ZEROS = zlib.compress(bytes(160_000_000), 9)


@pytest.mark.parametrize(
    ("raw", "filters"),
    [
        (ZEROS, ("/FlateDecode",)),
        (zlib.compress(ZEROS), ("/FlateDecode", "/FlateDecode")),
        (ZEROS, ("/FlateDecode", "/DCTDecode")),
        (ZEROS, ("/FlateDecode", "/JBIG2Decode")),
        (ZEROS.hex().encode() + b">", ("/ASCIIHexDecode", "/FlateDecode")),
        (b"\x81\0" * 1_250_000 + b"\x80", ("/RunLengthDecode",)),
    ],
    ids=["flate", "flate in flate", "before a jpeg", "before a fax", "in hexadecimal", "run length"],
)
def test_a_stream_that_unfolds_is_dangerous(raw: bytes, filters: tuple[str, ...]) -> None:
    content = _packed(raw, *filters)
    assert len(content) < 3_000_000
    with pytest.raises(FileRefused, match="file-dangerous: stream-too-large"):
        judge(content, ["pdf"])


def test_streams_that_unfold_together_are_dangerous() -> None:
    packed = zlib.compress(bytes(100_000_000), 9)

    def change(pdf: Pdf) -> None:
        streams = [pdf.make_stream(packed) for _ in range(5)]
        for stream in streams:
            stream.Filter = Name.FlateDecode
        pdf.pages[0].obj.Packed = Array(streams)

    content = a_pdf(change, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    with pytest.raises(FileRefused, match="file-dangerous: streams-too-large"):
        judge(content, ["pdf"])


def test_a_pdf_around_pictures_of_ordinary_size_is_taken() -> None:
    size = {"Subtype": Name.Image, "Width": 40, "Height": 30}
    assert judge(_packed(a_picture(), "/DCTDecode", **size), ["pdf"]) == "pdf"
    assert judge(_packed(zlib.compress(a_picture()), "/FlateDecode", "/DCTDecode", **size), ["pdf"]) == "pdf"
    assert judge(_packed(zlib.compress(bytes(3600)), "/FlateDecode", **size), ["pdf"]) == "pdf"
    drawing = {"Subtype": Name.Image, "Width": 9921, "Height": 14031, "BitsPerComponent": 1}
    assert judge(_packed(b"x", "/CCITTFaxDecode", **drawing), ["pdf"]) == "pdf"


def test_a_pdf_around_a_picture_of_too_many_pixels_is_dangerous() -> None:
    large = a_picture(size=(9000, 9000))
    for told in (40, 9000):
        size = {"Subtype": Name.Image, "Width": told, "Height": told}
        with pytest.raises(FileRefused, match="too-many-pixels"):
            judge(_packed(large, "/DCTDecode", **size), ["pdf"])


def test_a_stream_packed_in_an_unknown_way_is_unreadable() -> None:
    for filters in (("/BuatanSendiri",), ("/DCTDecode", "/FlateDecode")):
        with pytest.raises(FileRefused, match="file-unreadable"):
            judge(_packed(b"x", *filters), ["pdf"])


@pytest.mark.parametrize("address", ["http://contoh.invalid", "HTTPS://contoh.invalid", "mailto:a@contoh.invalid"])
def test_a_link_to_the_web_is_taken(address: str) -> None:
    def change(pdf: Pdf) -> None:
        action = Dictionary(Type=Name.Action, S=Name.URI, URI=String(address))
        link = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 1, 1]), F=4, A=action)
        pdf.pages[0].obj.Annots = Array([pdf.make_indirect(link)])

    assert judge(a_pdf(change), ["pdf"]) == "pdf"


@pytest.mark.parametrize("whole", [a_pdf(), a_picture(), a_picture("PNG")], ids=["pdf", "jpg", "png"])
@pytest.mark.parametrize("behind", [b"x", b"PK\x03\x04", b"\n<script>", a_picture("PNG")])
def test_nothing_rides_behind_the_end_of_a_file(whole: bytes, behind: bytes) -> None:
    judge(whole, ["pdf", "jpg", "png"])
    with pytest.raises(FileRefused, match="file-dangerous: data-after-end"):
        judge(whole + behind, ["pdf", "jpg", "png"])


def test_white_space_behind_a_pdf_and_zeros_behind_a_picture_are_nothing() -> None:
    assert judge(a_pdf() + b"\r\n \0\n", ["pdf"]) == "pdf"
    assert judge(a_picture() + bytes(100), ["jpg"]) == "jpg"


def test_an_end_mark_of_its_own_hides_nothing() -> None:
    with pytest.raises(FileRefused, match="file-dangerous: data-after-end"):
        judge(a_pdf() + b"PK\x03\x04 muatan %%EOF\n", ["pdf"])
    with pytest.raises(FileRefused, match="file-dangerous: data-after-end"):
        judge(a_picture() + b"\xff\xd9", ["jpg"])
    with pytest.raises(FileRefused, match="file-dangerous: data-after-end"):
        judge(a_picture() + a_picture(), ["jpg"])


def test_a_jpeg_in_several_scans_is_taken() -> None:
    kept = io.BytesIO()
    Image.effect_noise((200, 200), 80).save(kept, "JPEG", progressive=True, restart_marker_blocks=4)
    assert judge(kept.getvalue(), ["jpg"]) == "jpg"


def test_a_picture_of_a_stereo_phone_is_a_jpeg() -> None:
    kept = io.BytesIO()
    first, second = Image.new("RGB", (20, 20)), Image.new("RGB", (20, 20), "teal")
    first.save(kept, "MPO", save_all=True, append_images=[second])
    assert judge(kept.getvalue(), ["jpg"]) == "jpg"


def test_a_locked_pdf_is_dangerous() -> None:
    for user in ("", "rahasia"):
        locked = a_pdf(encryption=pikepdf.Encryption(owner="pemilik", user=user))
        with pytest.raises(FileRefused, match="file-dangerous: encrypted"):
            judge(locked, ["pdf"])


def test_an_ordinary_pdf_with_a_start_page_is_taken() -> None:
    def change(pdf: Pdf) -> None:
        pdf.Root.OpenAction = Array([pdf.pages[0].obj, Name.Fit])

    assert judge(a_pdf(change), ["pdf"]) == "pdf"


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_an_ordinary_picture_is_taken(kind: str) -> None:
    assert judge(a_picture(kind), ["jpg", "png"]) == {"JPEG": "jpg", "PNG": "png"}[kind]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file-empty"),
        (b"MZ\x90\x00" + b"\0" * 200, "file-type-not-accepted"),
        (b"MZ" + b"%PDF-1.7\n", "file-type-not-accepted"),
        (b"<html>%PDF-1.7", "file-type-not-accepted"),
        (b"%PDF-1.7\nbukan pdf", "file-unreadable"),
        (a_pdf()[:300], "file-unreadable"),
        (a_picture()[:200], "file-type-not-accepted"),
    ],
)
def test_what_is_no_pdf_is_told_apart(content: bytes, code: str) -> None:
    with pytest.raises(FileRefused) as refused:
        judge(content, ["pdf"])
    assert refused.value.code == code


def test_a_cut_off_picture_is_unreadable() -> None:
    with pytest.raises(FileRefused, match="file-unreadable"):
        judge(a_picture("PNG", (400, 400))[:300], ["png"])


def a_bomb() -> bytes:
    """A PNG of a few hundred kilobytes that unfolds into 10 gigapixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(300_000))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def test_a_picture_that_unfolds_is_dangerous() -> None:
    with pytest.raises(FileRefused, match="too-many-pixels"):
        judge(a_bomb(), ["png"])


@given(st.binary(max_size=400))
def test_no_bytes_make_the_rules_fail_otherwise_than_by_refusing(noise: bytes) -> None:
    for head in (b"", b"%PDF-1.7\n", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"):
        with pytest.raises(FileRefused):
            judge(head + noise, ["pdf", "jpg", "png"])


@given(st.text(max_size=300))
def test_a_cleaned_name_is_never_a_path(name: str) -> None:
    cleaned = clean_filename(name)
    assert 0 < len(cleaned) <= 100
    assert not set(cleaned) & set('/\\\0\n\r"')
    assert cleaned not in (".", "..")


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"MZ\x90\x00" + b"\0" * 500, 415, "file-type-not-accepted"),
        (a_pdf(_names_tree), 422, "file-dangerous"),
        (b"%PDF-1.7\nrusak", 422, "file-unreadable"),
    ],
    ids=["a renamed program", "javascript", "a broken file"],
)
async def test_a_bad_upload_is_refused_and_changes_nothing(api: Api, content: bytes, status: int, code: str) -> None:
    client = await api.as_("pemohon")
    number = await a_draft(client)
    answer = await upload(client, number, REQUIREMENT, content)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await client.get(f"/api/v1/applications/{number}")).json()["documents"] == []


async def test_an_empty_upload_is_refused(api: Api) -> None:
    client = await api.as_("pemohon")
    number = await a_draft(client)
    files = {"file": ("kosong.pdf", b"", "application/pdf")}
    answer = await client.put(f"/api/v1/applications/{number}/documents/{REQUIREMENT}", files=files)
    assert (answer.status_code, answer.json()["code"]) == (422, "file-empty")


async def test_a_form_without_its_file_is_refused(api: Api) -> None:
    client = await api.as_("pemohon")
    number = await a_draft(client)
    for sent in ({"data": {"file": "teks"}}, {"json": {}}, {"files": {"lain": ("a.pdf", a_pdf())}}):
        answer = await client.put(f"/api/v1/applications/{number}/documents/{REQUIREMENT}", **sent)
        assert (answer.status_code, answer.json()["code"]) == (422, "file-missing")


async def test_a_hundred_megabytes_are_refused_without_being_kept_in_memory(api: Api) -> None:
    client = await api.as_("pemohon")
    number = await a_draft(client)
    sent = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
        for _ in range(1600):
            sent += 65_536
            yield bytes(65_536)

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    tracemalloc.start()
    answer = await client.put(f"/api/v1/applications/{number}/documents/{REQUIREMENT}", content=body(), headers=headers)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (answer.status_code, answer.json()["code"]) == (413, "file-too-large")
    assert answer.json()["limit_bytes"] == 10_000_000
    assert "10 MB" in answer.json()["detail"]
    assert peak < 40 * 1024 * 1024


async def test_a_declared_size_over_the_limit_is_refused_before_anything_is_read(api: Api) -> None:
    client = await api.as_("pemohon")
    number = await a_draft(client)
    headers = {"Content-Type": "multipart/form-data; boundary=x", "Content-Length": str(100 * 1024 * 1024)}
    answer = await client.put(
        f"/api/v1/applications/{number}/documents/{REQUIREMENT}", content=b"--x--", headers=headers
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "file-too-large")


async def test_a_second_upload_stands_beside_the_first(api: Api) -> None:
    client = await api.as_("pemohon")
    number = await a_draft(client)
    first, second = a_pdf(text="satu"), a_pdf(text="dua")
    assert (await upload(client, number, REQUIREMENT, first)).json()["version"] == 1
    assert (await upload(client, number, REQUIREMENT, second)).json()["version"] == 2
    address = f"/api/v1/applications/{number}/documents/{REQUIREMENT}"
    assert (await client.get(address)).content == second
    assert (await client.get(address, params={"version": 1})).content == first
    assert (await client.get(address, params={"version": 3})).json()["code"] == "document-not-found"


async def test_a_download_cannot_act_in_our_origin(api: Api) -> None:
    client = await api.as_("pemohon")
    number = await a_draft(client)
    files = {"file": ('../../<script>".html', a_pdf(), "text/html")}
    await client.put(f"/api/v1/applications/{number}/documents/{REQUIREMENT}", files=files)
    answer = await client.get(f"/api/v1/applications/{number}/documents/{REQUIREMENT}")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == f'attachment; filename="{number}-{REQUIREMENT}-v1.pdf"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "sandbox" in answer.headers["content-security-policy"]


async def test_nobody_else_reads_an_applicants_documents(api: Api) -> None:
    client = await api.as_("pemohon")
    number = await a_draft(client)
    await upload(client, number, REQUIREMENT)
    address = f"/api/v1/applications/{number}/documents/{REQUIREMENT}"
    assert (await (await api.as_("tetangga")).get(address)).status_code == 404
    assert (await (await api.as_("tetangga")).put(address, files={"file": ("a.pdf", a_pdf())})).status_code == 404
    assert (await (await api.as_("ops")).get(address)).status_code == 404


async def test_a_child_that_dies_costs_one_file_and_not_the_next(api: Api) -> None:
    scanner = api.services.scanner
    assert (await scanner.check(a_pdf(), ["pdf"])).kind == "pdf"
    assert scanner._child._process is not None
    scanner._child._process.kill()
    await scanner._child._process.wait()
    assert (await scanner.check(a_picture(), ["jpg"])).kind == "jpg"


async def test_a_key_that_was_used_for_another_file_is_refused(api: Api) -> None:
    client = await api.as_("pemohon")
    number = await a_draft(client)
    address = f"/api/v1/applications/{number}/documents/{REQUIREMENT}"
    headers = {"Idempotency-Key": "berkas-1"}
    first, second = io.BytesIO(a_pdf(text="satu")), io.BytesIO(a_pdf(text="dua"))
    assert (await client.put(address, files={"file": first}, headers=headers)).status_code == 200
    refused = await client.put(address, files={"file": second}, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency-key-reused")
