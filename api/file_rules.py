"""What a file must be to enter a dossier: one of the declared formats by its own bytes, readable, and without commands.

PDF by ISO 32000-1: encryption, JavaScript (12.6.4.16), Launch (12.6.4.5), form submission and import (12.7.5), embedded
files (7.11.4), rich media and XFA are refused wherever they hide, because an officer opens the file on an office
machine. Pictures are decoded whole within a limit of pixels, so that a small file cannot unfold into a large one.

Pure and slow; `api.scanner` runs it in a process with limits.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator

import pikepdf
from PIL import Image, UnidentifiedImageError

MAX_PIXELS = 64_000_000
MAX_PDF_PAGES = 500
MAX_PDF_OBJECTS = 200_000

_MAGIC = {"pdf": b"%PDF-", "jpg": b"\xff\xd8\xff", "png": b"\x89PNG\r\n\x1a\n"}
_PILLOW = {"jpg": "JPEG", "png": "PNG"}

_HARMFUL_ACTIONS = frozenset(
    {
        "/JavaScript",
        "/Launch",
        "/SubmitForm",
        "/ImportData",
        "/GoToE",
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


def _judge_picture(content: bytes, pillow_format: str) -> None:
    try:
        with Image.open(io.BytesIO(content), formats=(pillow_format,)) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise FileRefused("file-dangerous", "too-many-pixels")
            picture.load()
    except Image.DecompressionBombError:
        raise FileRefused("file-dangerous", "too-many-pixels") from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, MemoryError, EOFError) as cause:
        raise FileRefused("file-unreadable", type(cause).__name__) from None


def _judge_pdf(content: bytes) -> None:
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
    except pikepdf.PasswordError:
        raise FileRefused("file-dangerous", "encrypted") from None
    except FileRefused:
        raise
    except Exception as cause:  # a broken PDF fails in many ways, and each of them means the same here
        raise FileRefused("file-unreadable", type(cause).__name__) from None


def _judge_objects(pdf: pikepdf.Pdf) -> None:
    if len(pdf.objects) > MAX_PDF_OBJECTS:
        raise FileRefused("file-unreadable", "too-many-objects")
    for top in (pdf.trailer, *pdf.objects):
        for dictionary in _dictionaries(top):
            _judge_dictionary(dictionary)


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
    if _name(dictionary, "/S") in _HARMFUL_ACTIONS:
        raise FileRefused("file-dangerous", f"action {_name(dictionary, '/S')}")
    if _name(dictionary, "/Type") == "/EmbeddedFile":
        raise FileRefused("file-dangerous", "/EmbeddedFile")
    if _name(dictionary, "/Subtype") in _HARMFUL_SUBTYPES:
        raise FileRefused("file-dangerous", f"annotation {_name(dictionary, '/Subtype')}")


def _name(dictionary: pikepdf.Object, key: str) -> str | None:
    value = dictionary.get(key)
    return str(value) if isinstance(value, pikepdf.Name) else None
