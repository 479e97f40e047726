"""The foreground command says in one sentence why it cannot start, and Ctrl-C ends it whenever it comes."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from sakpore.stack import ALREADY_RUNNING, BAD_ADDRESS, PORT_TAKEN, Stack
from sakpore.stack.display import account_rows, without_password
from tests.stack_fixture import data_folder, system_environment

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def data(request: pytest.FixtureRequest) -> Iterator[Path]:
    with data_folder(request.session) as made:
        yield made


def command(folder: Path, verb: str = "up", **environment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "sakpore.stack", verb, "--data", str(folder)],
        cwd=ROOT,
        env={**system_environment(), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def refusal(running: "subprocess.Popen[str]") -> tuple[int, str]:
    _, complaint = running.communicate(timeout=120)
    return running.returncode, complaint


def processes_on(folder: Path) -> list[str]:
    return [
        " ".join(process.info["cmdline"])
        for process in psutil.process_iter(["cmdline"])
        if str(folder) in " ".join(process.info["cmdline"] or ())
    ]


def test_a_taken_port_is_one_sentence_and_exit_2(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        code, complaint = refusal(command(tmp_path, API_PORT=str(other.getsockname()[1])))
    assert code == PORT_TAKEN
    assert complaint.count("\n") == 1 and "set API_PORT to another port" in complaint


async def test_a_second_start_on_the_same_folder_is_one_sentence_and_exit_3(tmp_path: Path) -> None:
    async with Stack(tmp_path, only=(), environment=system_environment()):
        code, complaint = refusal(command(tmp_path))
    assert code == ALREADY_RUNNING
    assert complaint.count("\n") == 1 and str(os.getpid()) in complaint


def test_an_unusable_data_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, complaint = refusal(command(tmp_path / "file" / "var"))
    assert code == 1
    assert complaint.count("\n") == 1 and "cannot be used" in complaint


def test_damaged_secrets_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text("{}")
    code, complaint = refusal(command(tmp_path))
    assert code == 1
    assert complaint.count("\n") == 1 and "restore it from a backup" in complaint


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_the_start_stops_everything(tmp_path: Path, number: signal.Signals) -> None:
    running = command(tmp_path)
    assert running.stdout is not None
    assert running.stdout.readline()
    running.send_signal(number)
    running.communicate(timeout=120)
    assert running.returncode == 0
    assert processes_on(tmp_path) == []


def test_a_password_in_a_database_address_is_not_shown() -> None:
    assert without_password("postgresql+psycopg://budi:rahasia@db/sakpore") == "postgresql+psycopg://budi@db/sakpore"
    assert without_password("postgresql+psycopg://sakpore@/sakpore?host=x").startswith("postgresql+psycopg://sakpore@/")


def test_accounts_are_shown_with_a_heading() -> None:
    rows = account_rows([{"login": "fo", "peran": "front_office"}, {"login": "kepala", "peran": "head_of_office"}])
    assert rows == [["login", "peran"], ["fo", "front_office"], ["kepala", "head_of_office"]]
    assert account_rows(None) == []


async def test_a_step_that_fails_is_one_sentence_with_its_log(tmp_path: Path, data: Path) -> None:
    async with Stack(data, only=("postgres",), environment=system_environment()) as stack:
        read_only = stack.environment()["DATABASE_URL"] + "&options=-c%20default_transaction_read_only%3Don"
        code, complaint = await asyncio.to_thread(lambda: refusal(command(tmp_path, DATABASE_URL=read_only)))
    assert code == 1
    assert complaint.count("\n") == 1 and "Migrations failed" in complaint and "migrate.log" in complaint
    assert "read-only transaction" in complaint, "the words of the failure, not of what wraps it"
    assert processes_on(tmp_path) == []


@pytest.mark.parametrize("verb", ["up", "migrate"])
def test_a_database_that_is_away_is_one_sentence_and_exit_2(tmp_path: Path, verb: str) -> None:
    address = "postgresql+psycopg://budi:rahasia@127.0.0.1:1/sakpore"
    code, complaint = refusal(command(tmp_path, verb, DATABASE_URL=address))
    assert code == BAD_ADDRESS
    assert complaint.count("\n") == 1 and complaint.startswith("DATABASE_URL: ") and "rahasia" not in complaint
    assert processes_on(tmp_path) == []
