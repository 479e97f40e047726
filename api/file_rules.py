"""What a file must be to enter a dossier: one of the declared formats by its own bytes, readable, and without commands.

PDF by ISO 32000-1: encryption, JavaScript (12.6.4.16), Launch (12.6.4.5), form submission and import (12.7.5), embedded
files (7.11.4), rich media and XFA are refused wherever they hide, because an officer opens the file on an office
machine. So is whatever reaches for another file: remote go-to actions (12.6.4.3), threads (12.6.4.6), addresses that
are no web or mail address (12.6.4.7), external streams (7.3.8.1), reference XObjects (8.10.4), OPI. Streams and
pictures are decoded within limits, so that a small file cannot unfold into a large one, and a file ends where its
format ends, so that nothing rides behind it.

Pure and slow; `api.scanner` runs it in a process with limits.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterable, Iterator

import pikepdf
from PIL import Image, UnidentifiedImageError

MAX_PIXELS = 64_000_000
MAX_PDF_PAGES = 500
MAX_PDF_OBJECTS = 200_000
MAX_STREAM_BYTES = 150_000_000
"""Decoded size of one stream; an A4 page at 600 dpi in colour is 104 million bytes."""
MAX_STREAMS_BYTES = 450_000_000
"""Decoded size of all streams of a file."""

_MAGIC = {"pdf": b"%PDF-", "jpg": b"\xff\xd8\xff", "png": b"\x89PNG\r\n\x1a\n"}
_PILLOW = {"jpg": "JPEG", "png": "PNG"}

_HARMFUL_ACTIONS = frozenset(
    {
        "/JavaScript",
        "/Launch",
        "/SubmitForm",
        "/ImportData",
        "/GoToE",
        "/GoToR",
        "/RichMediaExecute",
        "/Rendition",
        "/Movie",
        "/Sound",
    }
)
_HARMFUL_KEYS = frozenset(
    {"/JS", "/JavaScript", "/EmbeddedFiles", "/EF", "/RichMediaContent", "/RichMediaSettings", "/XFA", "/AA"}
)
_HARMFUL_SUBTYPES = frozenset({"/RichMedia", "/FileAttachment", "/Screen", "/Movie", "/Sound", "/3D"})
_HARMFUL_TYPES = frozenset({"/EmbeddedFile", "/Filespec", "/OPI"})
_OUTSIDE_KEYS = frozenset({"/F", "/FFilter", "/FDecodeParms", "/Ref", "/OPI"})
"""Keys by which the content of a stream lies in another file."""
_ADDRESSES = (b"http://", b"https://", b"mailto:")
_PLAIN_FILTERS = frozenset(
    {
        "/FlateDecode",
        "/Fl",
        "/LZWDecode",
        "/LZW",
        "/ASCII85Decode",
        "/A85",
        "/ASCIIHexDecode",
        "/AHx",
        "/RunLengthDecode",
        "/RL",
    }
)
_PICTURE_FILTERS = {
    "/DCTDecode": "JPEG",
    "/DCT": "JPEG",
    "/JPXDecode": "JPEG2000",
    "/CCITTFaxDecode": "",
    "/CCF": "",
    "/JBIG2Decode": "",
}
"""Filters that end in pixels, and how Pillow calls what they read."""
_PDF_END = re.compile(rb"startxref[\0\t\n\f\r ]+[0-9]+[\0\t\n\f\r ]+%%EOF[\0\t\n\f\r ]*\Z")
_END_OF_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")


class FileRefused(Exception):
    """The file may not enter. `code` is one of the door's file codes; `why` is a stable word for the log."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(f"{code}: {why}")
        self.code = code
        self.why = why


def judge(content: bytes, allowed: Iterable[str]) -> str:
    """What `content` is (pdf, jpg or png), when it is one of the `allowed` formats and harmless.

    Raises FileRefused: file-empty, file-type-not-accepted, file-dangerous, file-unreadable.
    """
    if not content:
        raise FileRefused("file-empty", "empty")
    kind = next((kind for kind, magic in _MAGIC.items() if content.startswith(magic)), None)
    if kind is None or kind not in set(allowed):
        raise FileRefused("file-type-not-accepted", kind or "unknown")
    if kind == "pdf":
        _judge_pdf(content)
    else:
        _judge_picture(content, _PILLOW[kind])
    return kind


# Pictures ------------------------------------------------------------------------------------------------------------


def _judge_picture(content: bytes, pillow_format: str) -> None:
    try:
        with Image.open(io.BytesIO(content), formats=(pillow_format,)) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise FileRefused("file-dangerous", "too-many-pixels")
            picture.load()
        end = _end_of_jpeg(content) if pillow_format == "JPEG" else _end_of_png(content)
    except Image.DecompressionBombError:
        raise FileRefused("file-dangerous", "too-many-pixels") from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, MemoryError, EOFError, struct.error) as cause:
        raise FileRefused("file-unreadable", type(cause).__name__) from None
    if content[end:].strip(b"\0"):  # cameras fill up with zeros
        raise FileRefused("file-dangerous", "data-after-end")


def _end_of_png(content: bytes) -> int:
    """Where the IEND chunk ends. Raises struct.error where it never comes."""
    at: int = len(_MAGIC["png"])
    while True:
        length, kind = struct.unpack_from(">I4s", content, at)
        at += 12 + length
        if kind == b"IEND":
            return at


def _end_of_jpeg(content: bytes) -> int:
    """Where the picture ends; in a Multi-Picture file (CIPA DC-007), where its last picture does.

    Raises ValueError or struct.error for what is no JPEG throughout.
    """
    end, is_multi_picture = _end_of_one_jpeg(content, 0)
    while is_multi_picture:
        start = end + len(content[end:]) - len(content[end:].lstrip(b"\0"))
        if content[start : start + 3] != _MAGIC["jpg"]:
            break
        end, _ = _end_of_one_jpeg(content, start)
    return end


def _end_of_one_jpeg(content: bytes, start: int) -> tuple[int, bool]:
    at, is_multi_picture = start + 2, False
    while True:
        mark, kind = struct.unpack_from("BB", content, at)
        if mark != 0xFF:
            raise ValueError("no marker where one has to be")
        if kind == 0xFF:  # fill byte
            at += 1
        elif kind == 0xD9:
            return at + 2, is_multi_picture
        elif kind == 0x01 or 0xD0 <= kind <= 0xD7:
            at += 2
        else:
            (length,) = struct.unpack_from(">H", content, at + 2)
            is_multi_picture = is_multi_picture or (kind == 0xE2 and content[at + 4 : at + 8] == b"MPF\0")
            at += 2 + length
            if kind == 0xDA:
                found = _END_OF_SCAN.search(content, at)
                if found is None:
                    raise ValueError("a scan has no end")
                at = found.start()


# PDF -----------------------------------------------------------------------------------------------------------------


def _judge_pdf(content: bytes) -> None:
    # Process-wide, the same each time, and for object streams as well, which are decoded when the file is opened.
    pikepdf.settings.set_qpdf_limits(
        flate_max_memory=MAX_STREAM_BYTES, run_length_max_memory=MAX_STREAM_BYTES, png_max_memory=MAX_STREAM_BYTES
    )
    try:
        # Without repair: another reader would mend a broken file in another way, and show what was not judged.
        with pikepdf.open(
            io.BytesIO(content), suppress_warnings=True, attempt_recovery=False, inherit_page_attributes=False
        ) as pdf:
            if pdf.is_encrypted:
                raise FileRefused("file-dangerous", "encrypted")
            if not 1 <= len(pdf.pages) <= MAX_PDF_PAGES:
                raise FileRefused("file-unreadable", "pages")
            _judge_objects(pdf)
        if not _PDF_END.search(content[-2048:]):
            raise FileRefused("file-dangerous", "data-after-end")
    except pikepdf.PasswordError:
        raise FileRefused("file-dangerous", "encrypted") from None
    except FileRefused:
        raise
    except Exception as cause:  # a broken PDF fails in many ways, and each of them means the same here
        raise FileRefused("file-unreadable", type(cause).__name__) from None


def _judge_objects(pdf: pikepdf.Pdf) -> None:
    if len(pdf.objects) > MAX_PDF_OBJECTS:
        raise FileRefused("file-unreadable", "too-many-objects")
    unfolded = 0
    for top in (pdf.trailer, *pdf.objects):
        for dictionary in _dictionaries(top):
            _judge_dictionary(dictionary)
        if isinstance(top, pikepdf.Stream):
            unfolded += _judge_stream(top)
            if unfolded > MAX_STREAMS_BYTES:
                raise FileRefused("file-dangerous", "streams-too-large")


def _dictionaries(top: pikepdf.Object) -> Iterator[pikepdf.Object]:
    """Every dictionary that lies directly inside an object; what is referred to has its own turn."""
    waiting: list[tuple[object, bool]] = [(top, True)]
    seen = 0
    while waiting:
        item, is_top = waiting.pop()
        seen += 1
        if seen > MAX_PDF_OBJECTS:
            raise FileRefused("file-unreadable", "too-many-objects")
        if not isinstance(item, pikepdf.Object) or (item.is_indirect and not is_top):
            continue
        if isinstance(item, pikepdf.Dictionary | pikepdf.Stream):
            yield item
            waiting.extend((item.get(key), False) for key in item.keys())  # noqa: SIM118
        elif isinstance(item, pikepdf.Array):
            waiting.extend((part, False) for part in item)


def _judge_dictionary(dictionary: pikepdf.Object) -> None:
    keys = set(dictionary.keys())
    if harmful := keys & _HARMFUL_KEYS:
        raise FileRefused("file-dangerous", min(harmful))
    action = _name(dictionary, "/S")
    if action in _HARMFUL_ACTIONS or (action == "/Thread" and "/F" in keys):
        raise FileRefused("file-dangerous", f"action {action}")
    if action == "/URI" and not _is_address(dictionary.get("/URI")):
        raise FileRefused("file-dangerous", "action /URI")
    if _name(dictionary, "/Type") in _HARMFUL_TYPES or _name(dictionary, "/FS") is not None:
        raise FileRefused("file-dangerous", "another file")
    if _name(dictionary, "/Subtype") in _HARMFUL_SUBTYPES:
        raise FileRefused("file-dangerous", f"annotation {_name(dictionary, '/Subtype')}")


def _name(dictionary: pikepdf.Object, key: str) -> str | None:
    value = dictionary.get(key)
    return str(value) if isinstance(value, pikepdf.Name) else None


def _is_address(value: object) -> bool:
    return isinstance(value, pikepdf.String) and bytes(value).lower().startswith(_ADDRESSES)


def _judge_stream(stream: pikepdf.Stream) -> int:
    """How many bytes the stream unfolds into, pixels aside. Raises FileRefused for too many, or for outside content."""
    if outside := _OUTSIDE_KEYS & set(stream.keys()):
        raise FileRefused("file-dangerous", f"outside stream {min(outside)}")
    filters = _filters(stream)
    pixels = filters[-1] if filters and filters[-1] in _PICTURE_FILTERS else None
    plain = filters[:-1] if pixels else filters
    if not _PLAIN_FILTERS.issuperset(plain):
        raise FileRefused("file-unreadable", "filters")
    content = _unfolded(stream, plain, whole=pixels is None)
    if len(content) > MAX_STREAM_BYTES:
        raise FileRefused("file-dangerous", "stream-too-large")
    if _name(stream, "/Subtype") == "/Image":
        _check_pixels(stream, content, _PICTURE_FILTERS.get(pixels or ""))
    return len(content)


def _filters(stream: pikepdf.Stream) -> list[str]:
    value = stream.get("/Filter")
    if value is None:
        return []
    return [str(one) for one in value] if isinstance(value, pikepdf.Array) else [str(value)]


def _unfolded(stream: pikepdf.Stream, plain: list[str], whole: bool) -> bytes:
    """The content without its plain filters; a stream that ends in pixels keeps those as they are."""
    if not whole:
        if not plain:
            return bytes(stream.read_raw_bytes())
        scratch = pikepdf.new()
        shorter = pikepdf.Stream(scratch, stream.read_raw_bytes())
        shorter.Filter = pikepdf.Array([pikepdf.Name(one) for one in plain])
        stream = shorter
    try:
        return bytes(stream.read_bytes(pikepdf.StreamDecodeLevel.specialized))
    except (pikepdf.PdfError, RuntimeError) as cause:
        if "limit exceeded" in str(cause):
            raise FileRefused("file-dangerous", "stream-too-large") from None
        raise


def _check_pixels(image: pikepdf.Stream, content: bytes, pillow_format: str | None) -> None:
    """The declared size and that of the picture itself; dots of one bit count an eighth."""
    declared = int(image.get("/Width", 0)) * int(image.get("/Height", 0))
    is_line_art = int(image.get("/BitsPerComponent", 8)) == 1 or bool(image.get("/ImageMask", False))
    if declared > MAX_PIXELS * (8 if is_line_art else 1):
        raise FileRefused("file-dangerous", "too-many-pixels")
    if not pillow_format:
        return
    try:
        with Image.open(io.BytesIO(content), formats=(pillow_format,)) as picture:
            inside = picture.width * picture.height
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return  # a viewer shows nothing of it either
    except Image.DecompressionBombError:
        inside = MAX_PIXELS + 1
    if inside > MAX_PIXELS:
        raise FileRefused("file-dangerous", "too-many-pixels")
