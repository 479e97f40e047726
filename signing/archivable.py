"""Whether a signed letter is still what typst made it: PDF/A-2b, tagged, with its fonts inside (ISO 19005-2).

No independent PDF/A validator is packaged for Python. Typst checks the letter when it exports it; this module looks
again, at the bytes after signing, at what a provider could break: the identification in the XMP metadata (6.6.4), the
output intent (6.2.3), the fonts (6.2.11), encryption, scripts and embedded files (6.1.3, 6.5, 6.8), the appearance of
annotations (6.3.3), the tags. It is a check of our own letters, not a validator of any PDF.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pikepdf

from signing.errors import NotArchivable

FORBIDDEN_ACTIONS = frozenset(
    {"/Launch", "/Sound", "/Movie", "/ResetForm", "/ImportData", "/JavaScript", "/Hide", "/Rendition", "/Trans"}
)
_XMP = "{http://ns.adobe.com/xap/1.0/}"
REDATED = frozenset(
    {f"{_XMP}ModifyDate", f"{_XMP}MetadataDate", f"{_XMP}CreatorTool", "{http://ns.adobe.com/pdf/1.3/}Producer"}
)
_PRINT, _HIDDEN = 4, 1 | 2 | 32 | 256  # annotation flags: Print; Invisible, Hidden, NoView, ToggleNoView
_MOST_RESOURCES = 5000
_SUSPECT = re.compile(rb"/(?:" + b"|".join(name[1:].encode() for name in sorted(FORBIDDEN_ACTIONS | {"/JS"})) + rb")\b")


def check_archivable(pdf: bytes, letter: bytes | None = None) -> None:
    """Returns where nothing is wrong.

    Args:
        pdf: the signed letter.
        letter: the bytes that were given to be signed; their metadata and output intent must still hold.

    Raises NotArchivable, whose `faults` are stable codes.
    """
    faults = archival_faults(pdf, letter)
    if faults:
        raise NotArchivable(faults)


def archival_faults(pdf: bytes, letter: bytes | None = None) -> tuple[str, ...]:
    """Stable codes of all that is wrong: unreadable, encrypted, pdfa-identification, output-intent, font-not-embedded,
    script-or-action, embedded-file, annotation, untagged, metadata-changed, output-intent-changed, pages-changed."""
    try:
        with pikepdf.open(io.BytesIO(pdf)) as signed:
            found = [code for code, is_wrong in _CHECKS.items() if is_wrong(signed)]
            if letter is not None:
                with pikepdf.open(io.BytesIO(letter)) as before:
                    found += _changed(before, signed)
            return tuple(found)
    except (pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return ("unreadable",)


def _changed(before: pikepdf.Pdf, signed: pikepdf.Pdf) -> Iterator[str]:
    if _packet(before) != _packet(signed) and _described(before) != _described(signed):
        yield "metadata-changed"
    if _intents(before) != _intents(signed):
        yield "output-intent-changed"
    if len(before.pages) != len(signed.pages):
        yield "pages-changed"


def _packet(pdf: pikepdf.Pdf) -> bytes:
    return bytes(pdf.Root.Metadata.read_bytes()) if "/Metadata" in pdf.Root else b""


def _described(pdf: pikepdf.Pdf) -> dict[str, str]:
    """What the metadata says of the letter; when and with which program the file was last written may be new."""
    return {name: str(value) for name, value in _xmp(pdf).items() if name not in REDATED}


def _xmp(pdf: pikepdf.Pdf) -> pikepdf.models.PdfMetadata:
    return pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False)  # read only: not opened for a change


def _intents(pdf: pikepdf.Pdf) -> list[bytes]:
    return [bytes(intent.DestOutputProfile.read_bytes()) for intent in pdf.Root.OutputIntents]


def _is_misidentified(pdf: pikepdf.Pdf) -> bool:
    if "/Metadata" not in pdf.Root:
        return True
    xmp = _xmp(pdf)
    return (xmp.get("pdfaid:part"), xmp.get("pdfaid:conformance")) != ("2", "B")


def _has_no_output_intent(pdf: pikepdf.Pdf) -> bool:
    """One GTS_PDFA1 intent whose profile is an ICC profile of RGB, grey or CMYK (ICC.1, 7.2: `acsp` at byte 36)."""
    intents = list(pdf.Root.get("/OutputIntents", []))
    if len(intents) != 1 or intents[0].get("/S") != "/GTS_PDFA1" or "/DestOutputProfile" not in intents[0]:
        return True
    profile = intents[0].DestOutputProfile.read_bytes()
    return profile[36:40] != b"acsp" or profile[16:20] not in (b"RGB ", b"GRAY", b"CMYK")


def _has_a_font_outside(pdf: pikepdf.Pdf) -> bool:
    return any(not _is_embedded(font) for font in _fonts(pdf))


def _is_embedded(font: pikepdf.Object) -> bool:
    if font.get("/Subtype") == "/Type3":
        return "/CharProcs" in font  # its glyphs are drawings inside the file
    for one in font.get("/DescendantFonts", [font]):
        descriptor = one.get("/FontDescriptor")
        if descriptor is None or not any(f"/FontFile{n}" in descriptor for n in ("", "2", "3")):
            return False
    return True


def _fonts(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    """Every font that a page, a form or an annotation's appearance may use, each once."""
    queue = [page.obj.get("/Resources") for page in pdf.pages]
    queue += [stream.get("/Resources") for page in pdf.pages for stream in _appearances(page)]
    queue.append(pdf.Root.get("/AcroForm", pikepdf.Dictionary()).get("/DR"))
    seen: set[tuple[int, int]] = set()
    looked = 0
    while queue and looked < _MOST_RESOURCES:
        resources, looked = queue.pop(), looked + 1
        if resources is None:
            continue
        yield from resources.get("/Font", pikepdf.Dictionary()).values()
        for form in resources.get("/XObject", pikepdf.Dictionary()).values():
            if form.objgen not in seen:
                seen.add(form.objgen)
                queue.append(form.get("/Resources"))
        for pattern in resources.get("/Pattern", pikepdf.Dictionary()).values():
            if pattern.objgen not in seen:
                seen.add(pattern.objgen)
                queue.append(pattern.get("/Resources"))


def _appearances(page: pikepdf.Page) -> Iterator[pikepdf.Object]:
    for annotation in page.obj.get("/Annots", []):
        normal = annotation.get("/AP", pikepdf.Dictionary()).get("/N")
        if isinstance(normal, pikepdf.Stream):
            yield normal
        elif isinstance(normal, pikepdf.Dictionary):
            yield from (each for each in normal.values() if isinstance(each, pikepdf.Stream))


def _has_a_forbidden_action(pdf: pikepdf.Pdf) -> bool:
    if "/AA" in pdf.Root or "/JavaScript" in pdf.Root.get("/Names", pikepdf.Dictionary()):
        return True
    if not any(_SUSPECT.search(written) for written in _written(pdf)):
        return False
    return any(str(one.get("/S")) in FORBIDDEN_ACTIONS or "/JS" in one for one in _dictionaries(pdf))


def _written(pdf: pikepdf.Pdf) -> Iterator[bytes]:
    """Every indirect object as the library writes it: each name in its one plain spelling, however the file has it."""
    for thing in pdf.objects:
        yield (thing.stream_dict if isinstance(thing, pikepdf.Stream) else thing).unparse(resolved=True)


def _dictionaries(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    """Every dictionary of the file: each indirect object, and what lies in it directly."""
    queue = list(pdf.objects)
    while queue:
        thing = queue.pop()
        if isinstance(thing, pikepdf.Array):
            inner = list(thing)
        elif isinstance(thing, pikepdf.Dictionary | pikepdf.Stream):
            yield thing
            inner = [value for _, value in thing.items()]
        else:
            continue
        queue += [one for one in inner if isinstance(one, pikepdf.Object) and not one.is_indirect]


def _has_an_embedded_file(pdf: pikepdf.Pdf) -> bool:
    """PDF/A-2 allows PDF/A inside PDF/A; a letter has no file inside it at all."""
    return "/EmbeddedFiles" in pdf.Root.get("/Names", pikepdf.Dictionary()) or "/AF" in pdf.Root


def _has_a_hidden_annotation(pdf: pikepdf.Pdf) -> bool:
    return any(_is_wrong_annotation(one) for page in pdf.pages for one in page.obj.get("/Annots", []))


def _is_wrong_annotation(annotation: pikepdf.Object) -> bool:
    """Printed, not hidden, and drawn by the file itself: only links and boxes without size need no appearance."""
    flags = int(annotation.get("/F", 0))
    if not flags & _PRINT or flags & _HIDDEN:
        return True
    left, bottom, right, top = (float(number) for number in annotation.Rect)
    return annotation.Subtype != "/Link" and (left, bottom) != (right, top) and "/AP" not in annotation


def _is_untagged(pdf: pikepdf.Pdf) -> bool:
    marked = pdf.Root.get("/MarkInfo", pikepdf.Dictionary()).get("/Marked", False)
    return not bool(marked) or "/StructTreeRoot" not in pdf.Root


_CHECKS = {
    "encrypted": lambda pdf: pdf.is_encrypted,
    "pdfa-identification": _is_misidentified,
    "output-intent": _has_no_output_intent,
    "font-not-embedded": _has_a_font_outside,
    "script-or-action": _has_a_forbidden_action,
    "embedded-file": _has_an_embedded_file,
    "annotation": _has_a_hidden_annotation,
    "untagged": _is_untagged,
}
