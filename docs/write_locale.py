"""`python -m docs.write_locale`: bring the English catalogues up to what the pages say.

Each folder of pages has its own catalogue: `web/pages/officers/*.html` and `api/pages/officers/*.py` are translated in
`web/locale/en/officers.po`; what lies in no folder is in `frame.po`. A sentence that another catalogue has translated
is taken from there and stands once. What is new stands there without a translation, and the run names it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

from api.pages.language import LOCALE, Forms

ROOT = Path(__file__).resolve().parents[1]
FRAME = "frame"
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2)}
HEADER = r"""msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"

"""
OPTIONS = {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"}


def messages_of() -> dict[str, tuple[str, str | tuple[str, str]]]:
    """Every sentence that pages ask for: its first form -> (folder, all its forms)."""
    found: dict[str, tuple[str, str | tuple[str, str]]] = {}
    for folder, path, method in _sources():
        with path.open("rb") as file:
            for _line, words, _comments, _context in extract(method, file, keywords=KEYWORDS, options=OPTIONS):
                forms = words if isinstance(words, str) else (words[0], words[1])
                one = forms if isinstance(forms, str) else forms[0]
                if one and (one not in found or not isinstance(forms, str)):
                    found[one] = (found.get(one, (folder, ""))[0], forms)
    return found


def _sources() -> Iterator[tuple[str, Path, str]]:
    for base, pattern, method in (
        (ROOT / "web" / "pages", "*.html", "jinja2.ext:babel_extract"),
        (ROOT / "api", "*.py", "python"),
    ):
        for path in sorted(base.rglob(pattern)):
            yield _folder_of(path), path, method


def _folder_of(path: Path) -> str:
    parts = path.relative_to(ROOT).parts
    return parts[2] if parts[1] == "pages" and len(parts) > 3 else FRAME


def used_in(path: Path) -> Mapping[str, Forms]:
    """What one catalogue translates."""
    with path.open("rb") as file:
        read = read_po(file, locale="en")
    found: dict[str, Forms] = {}
    for message in read:
        one = message.id if isinstance(message.id, str) else message.id[0]
        forms = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
        if one and forms and all(forms):
            found[one] = forms
    return found


def main() -> int:
    """Write the catalogues; exit code 1 while a sentence has no translation."""
    folder = LOCALE / "en"
    folder.mkdir(parents=True, exist_ok=True)
    known: dict[str, Forms] = {}
    for path in sorted(folder.glob("*.po")):
        for one, forms in used_in(path).items():
            known.setdefault(one, forms)
    catalogues: dict[str, Catalog] = {}
    missing: list[str] = []
    for one, (area, forms) in sorted(messages_of().items()):
        catalog = catalogues.setdefault(area, Catalog(locale="en", fuzzy=False))
        translated = known.get(one)
        if translated is None:
            missing.append(f"{area}: {one}")
        if isinstance(forms, str):
            catalog.add(forms, translated[0] if translated else "")
        else:
            catalog.add(forms, (translated[0], translated[-1]) if translated else ("", ""))
    for path in folder.glob("*.po"):
        if path.stem not in catalogues:
            path.unlink()
    for area, catalog in catalogues.items():
        (folder / f"{area}.po").write_bytes(_plain(catalog))
    for line in missing:
        print(line, file=sys.stderr)  # noqa: T201
    return 1 if missing else 0


def _plain(catalog: Catalog) -> bytes:
    """The file without what changes from run to run."""
    buffer = BytesIO()
    write_po(buffer, catalog, width=110, omit_header=True, sort_output=True)
    return HEADER.encode() + buffer.getvalue()


if __name__ == "__main__":
    sys.exit(main())
