"""Letter templates as things with a version: what each is made of, and how a letter of years ago is rendered again.

Every template has a number, kept in `web/letters/versions.json` beside the sha256 of its sources: a changed template
with an old number is a failed test. With each letter goes a bundle: all sources of its template and the renderer that
read them. Input and bundle make the same bytes again with the same renderer, whatever the templates have become.
"""

from __future__ import annotations

import hashlib
import json
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

from activities.letters import LETTERS_DIR

VERSIONS = "versions.json"
BUNDLE_FORM = 1
_NAMES = re.compile(r'(?:#import|#include|\bimage\()\s*"([^"]+)"')
_SAFE = re.compile(r"[a-z0-9-]+\.(typ|svg)")


class TemplateError(Exception):
    """A template or bundle that cannot be used; the message says which and why."""


def renderer() -> str:
    """The program that makes PDFs of templates, with its version."""
    return f"typst {version('typst')}"


def template_sources(template: str, letters_dir: Path = LETTERS_DIR) -> dict[str, str]:
    """Every file that a template is made of, by name: itself, what it imports, the drawings in them."""
    sources: dict[str, str] = {}
    queue = [f"{template}.typ"]
    while queue:
        name = queue.pop()
        if name in sources:
            continue
        if not _SAFE.fullmatch(name) or not (letters_dir / name).is_file():
            raise TemplateError(f"the template {template} names {name}, which is no file beside it")
        sources[name] = (letters_dir / name).read_text(encoding="utf-8")
        if name.endswith(".typ"):
            queue += _NAMES.findall(sources[name])
    return dict(sorted(sources.items()))


def sources_sha256(template: str, letters_dir: Path = LETTERS_DIR) -> str:
    """Names the sources of a template, all together."""
    return hashlib.sha256(_canonical(template_sources(template, letters_dir))).hexdigest()


def template_version(template: str, letters_dir: Path = LETTERS_DIR) -> int:
    """The number of a template as it is now. Raises TemplateError for a template without one."""
    try:
        return int(json.loads((letters_dir / VERSIONS).read_text())[template]["version"])
    except (OSError, ValueError, KeyError, TypeError) as failure:
        raise TemplateError(f"{VERSIONS} has no number for the template {template}") from failure


def bundle(template: str, letters_dir: Path = LETTERS_DIR) -> bytes:
    """Everything but the input that a letter of this template is rendered from; the same bytes for the same sources."""
    return _canonical(
        {
            "form": BUNDLE_FORM,
            "template": template,
            "version": template_version(template, letters_dir),
            "renderer": renderer(),
            "sources": template_sources(template, letters_dir),
        }
    )


def unpack(content: bytes, folder: Path) -> tuple[str, str]:
    """Writes a bundle's sources into an empty folder; its template and renderer. Raises TemplateError."""
    try:
        held = json.loads(content)
        if held["form"] != BUNDLE_FORM or not all(_SAFE.fullmatch(name) for name in held["sources"]):
            raise TemplateError("the bundle has another form than this release knows")
        for name, text in held["sources"].items():
            (folder / name).write_text(text, encoding="utf-8")
        return str(held["template"]), str(held["renderer"])
    except (ValueError, KeyError, TypeError, AttributeError) as failure:
        raise TemplateError("the bundle cannot be read") from failure


def _canonical(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
