"""`sakpore definitions`: what an officer and a pipeline read."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from permits.definition_loader import DEFINITIONS
from sakpore.cli import app


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["definitions", *words])


def test_check_counts_types_and_versions_and_tells_confirmed_ones_apart() -> None:
    said = run("check")
    assert said.exit_code == 0
    lines = said.stdout.splitlines()
    assert int(lines[0].split(" types in ")[0]) >= 51
    assert lines[1].startswith("4 types confirmed") and "practice applications alone" in lines[2]


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("promise_working_days: 5", "promise_working_days: 2", "promise_working_days: its stages take 5 working days"),
        ("template: umum", "template: tidak-ada", "letter.template: no letter template has this name"),
        ("ladder: opd-one-day\n    agencies", "ladder: tangga\n    agencies", "stages.3.ladder: no ladder is called"),
    ],
)
def test_check_ends_with_1_and_names_file_line_and_field(tmp_path: Path, old: str, new: str, place: str) -> None:
    shutil.copytree(DEFINITIONS, tmp_path / "d")
    file = tmp_path / "d" / "ippt.yaml"
    content = file.read_text()
    assert old in content
    file.write_text(content.replace(old, new, 1))
    said = run("check", "--folder", str(tmp_path / "d"))
    assert said.exit_code == 1
    assert said.stderr.startswith("ippt.yaml, line ") and place in said.stderr


@pytest.mark.parametrize("folder", ["kosong", "tidak-ada"])
def test_check_of_nothing_is_no_success(tmp_path: Path, folder: str) -> None:
    (tmp_path / "kosong").mkdir()
    assert run("check", "--folder", str(tmp_path / folder)).exit_code == 1


def test_list_has_a_line_for_every_version() -> None:
    lines = run("list").stdout.splitlines()
    assert len(lines) == 1 + 72
    assert [line.split()[:3] for line in lines if line.startswith("sip-fisioterapis ")] == [
        ["sip-fisioterapis", "1", "published"],
        ["sip-fisioterapis", "2", "draft"],
    ]


def test_show_says_everything_an_officer_asks() -> None:
    said = run("show", "satuan-pendidikan-dasar").stdout
    for part in (
        "MENUNGGU KONFIRMASI DINAS",
        "Persyaratan Baru",
        "16. Keputusan pendirian lama",
        "Dinas Pendidikan: 15 hari kerja",
        "Jumlah: 5 hari kerja dinas, 15 hari kerja perangkat daerah di samping janji itu; dijanjikan 20 hari kerja.",
        "H+5 Inspektorat; sesudah itu tugas bagi Koordinator",
        "Dasar hukum",
        "Sumber: SOURCED",
    ):
        assert part in said
    assert "oss.go.id" in run("show", "siup").stdout
    assert "versi 2, rancangan" in run("show", "sip-fisioterapis", "--version", "2").stdout


@pytest.mark.parametrize("words", [("show", "izin-terbang"), ("show", "siup", "--version", "9")])
def test_show_of_what_is_not_there_says_what_there_is(words: tuple[str, ...]) -> None:
    said = run(*words)
    assert said.exit_code == 1 and said.stderr.count("\n") == 1


def test_publish_needs_two_people_one_draft_and_a_running_office(tmp_path: Path) -> None:
    file = str(DEFINITIONS / "sip-fisioterapis.yaml")
    data = ("--data", str(tmp_path))
    two = ("--author", "satu@contoh.test", "--publisher", "dua@contoh.test")
    one = ("--author", "satu@contoh.test", "--publisher", " SATU@contoh.test")
    assert "two people" in run("publish", file, *one, *data).stderr
    assert "0 drafts" in run("publish", str(DEFINITIONS / "ippt.yaml"), *two, *data).stderr
    assert "set DATABASE_URL" in run("publish", file, *two, *data).stderr
