"""The set-up knows when it has nothing to do, and says the one line to run when something is missing."""

from pathlib import Path

import pytest

from sakpore import bootstrap
from sakpore.bootstrap import SetupError


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project with two locks and an environment that looks made."""
    (tmp_path / "requirements").mkdir()
    for name in ("run", "test"):
        (tmp_path / "requirements" / f"{name}.lock").write_text(name)
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    places = {"ROOT": tmp_path, "VENV": tmp_path / ".venv", "PYTHON": python, "LOCKS": tmp_path / "requirements"}
    for name, value in places.items():
        monkeypatch.setattr(bootstrap, name, value)
    return tmp_path


def test_an_environment_is_current_until_its_lock_changes(project: Path) -> None:
    assert not bootstrap.is_current("run")
    bootstrap.stamp("run")
    assert bootstrap.is_current("run")
    (project / "requirements" / "run.lock").write_text("another")
    assert not bootstrap.is_current("run")


def test_the_environment_of_the_tests_serves_the_command_too(project: Path) -> None:
    bootstrap.stamp("test")
    assert bootstrap.is_current("run") and bootstrap.is_current("test")


def test_a_moved_project_is_set_up_again(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bootstrap.stamp("run")
    monkeypatch.setattr(bootstrap, "ROOT", project / "elsewhere")
    assert not bootstrap.is_current("run")


def test_a_python_without_venv_is_told_the_line_to_run(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(SetupError, match="apt-get install -y python3-venv"):
        bootstrap.make_venv()
    assert not (project / ".venv").exists(), "half an environment would be taken for a whole one"


def test_a_normal_user_without_chromium_is_told_the_line_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apt = tmp_path / "apt-get"
    apt.write_text("#!/bin/sh\nexit 99\n")
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(
        SetupError, match=r"run as root: apt-get update && apt-get install .* chromium poppler-utils qpdf"
    ):
        bootstrap.install_system_packages()


def test_settings_of_pip_are_given_to_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setattr(bootstrap, "PYTHON", Path(sys.executable))
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.example.invalid/simple")
    monkeypatch.setenv("UV_FIND_LINKS", "/own/choice")
    monkeypatch.setenv("PIP_FIND_LINKS", "/another")
    environment = bootstrap.uv_environment()
    assert environment["UV_DEFAULT_INDEX"] == "https://index.example.invalid/simple"
    assert environment["UV_FIND_LINKS"] == "/own/choice"
