"""The built files come from the lock alone and carry nothing that is not ours to use."""

import json
import re
import shutil
from pathlib import Path

import pytest

from sakpore.assets import AssetsNotBuilt, build


def test_the_lock_carries_exact_versions_and_no_registry_addresses(web: Path) -> None:
    lock = json.loads((web / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    assert all("integrity" in entry and "resolved" not in entry for entry in packages.values())
    assert all(re.fullmatch(r"[\d.]+", version) for version in lock["packages"][""]["dependencies"].values())


def test_every_built_file_is_named_by_its_content(web: Path) -> None:
    manifest = build(web)
    assert {"sakpore.css", "htmx.min.js", "jlamprang.svg", "star.svg"} <= set(manifest)
    for plain, built in manifest.items():
        stem, suffix = plain.rsplit(".", 1)
        assert re.fullmatch(rf"{re.escape(stem)}\.[0-9a-f]{{12}}\.{suffix}", built)
        assert (web / "dist" / built).stat().st_size > 0


def test_the_style_sheet_has_no_licensed_font_no_crest_and_no_broken_address(web: Path) -> None:
    manifest = build(web)
    sheet = (web / "dist" / manifest["sakpore.css"]).read_text()
    assert not re.search("gds transport|crest", sheet, re.IGNORECASE)
    assert sheet.count('font-family: "Noto Sans"') >= 4
    addresses = set(re.findall(r"url\(([^)]*)\)", sheet))
    assert {address.strip('"') for address in addresses} <= set(manifest.values())


def test_the_second_build_touches_nothing(web: Path) -> None:
    build(web)
    before = {path.name: path.stat().st_mtime_ns for path in (web / "dist").iterdir()}
    build(web)
    assert {path.name: path.stat().st_mtime_ns for path in (web / "dist").iterdir()} == before


@pytest.fixture
def copied_web(web: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "web"
    shutil.copytree(web, copy, ignore=shutil.ignore_patterns("node_modules", "dist"))
    (copy / "node_modules").symlink_to(web / "node_modules")
    return copy


def test_a_changed_style_gets_a_new_name_and_the_old_file_stays_for_running_pages(copied_web: Path) -> None:
    before = build(copied_web)["sakpore.css"]
    with (copied_web / "static" / "sakpore.css").open("a") as sheet:
        sheet.write("p { color: inherit; }\n")
    after = build(copied_web)["sakpore.css"]
    assert after != before
    assert (copied_web / "dist" / before).is_file()
    assert (copied_web / "dist" / after).is_file()


def test_a_deleted_file_is_built_again(copied_web: Path) -> None:
    manifest = build(copied_web)
    (copied_web / "dist" / manifest["star.svg"]).unlink()
    assert (copied_web / "dist" / build(copied_web)["star.svg"]).is_file()


def test_a_missing_source_is_one_sentence(copied_web: Path) -> None:
    (copied_web / "package-lock.json").unlink()
    with pytest.raises(AssetsNotBuilt, match=r"package-lock\.json tidak ada"):
        build(copied_web)


def test_a_style_that_names_an_unknown_drawing_is_refused(copied_web: Path) -> None:
    (copied_web / "static" / "sakpore.css").write_text('p { background: url("hilang.svg"); }')
    with pytest.raises(AssetsNotBuilt, match=r"hilang\.svg"):
        build(copied_web)
