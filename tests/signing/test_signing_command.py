"""`sakpore verify` answers on stdout, whatever the files hold; stderr stays empty for files that were judged."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from sakpore.judging import judge_files
from tests.signing.test_signing_tails import appended, self_signed
from tests.signing.workshop import Workshop, write_policy


def hostile_files(folder: Path, signed: bytes) -> list[Path]:
    middle = len(signed) // 3
    at = signed.rindex(b"/Certs")
    contents = {
        "utuh": signed,
        "balik": signed[:middle] + bytes([signed[middle] ^ 1]) + signed[middle + 1 :],
        "ekor": appended(signed, certs=[self_signed()]),
        "arsip": signed[:at] + b"/Cerss" + signed[at + 6 :],
        "metadata": signed.replace(b"<rdf:RDF", b"<rdf:RDX", 1),
        "potong": signed[: len(signed) - 4000],
        "sampah": b"%PDF-1.7\n1 0 obj\n" + b"[" * 5000 + b"\nstartxref\n9\n%%EOF",
        "kosong": b"",
    }
    for name, content in contents.items():
        (folder / f"{name}.pdf").write_bytes(content)
    return [folder / f"{name}.pdf" for name in contents]


def test_the_command_says_nothing_beside_its_verdicts(workshop: Workshop, signed: bytes, tmp_path: Path) -> None:
    policy = write_policy(workshop, tmp_path / "kebijakan")
    files = hostile_files(tmp_path, signed)
    files.append(tmp_path / "tidak-ada.pdf")
    command = [sys.executable, "-m", "sakpore", "verify", "--policy", str(policy), "--json", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["verdict"] == "SAH" for line in lines] == [True] + [False] * (len(files) - 1)
    assert (done.returncode, done.stderr) == (1, "")


def test_judging_leaves_the_loggers_as_they_were(
    workshop: Workshop, signed: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = write_policy(workshop, tmp_path / "kebijakan")
    assert judge_files(hostile_files(tmp_path, signed)[:1], policy, as_json=False) == 0
    assert capsys.readouterr().out.startswith("SAH")
    for name in ("pyhanko", "pyhanko_certvalidator", "signing"):
        logger = logging.getLogger(name)
        assert logger.propagate and not any(isinstance(one, logging.NullHandler) for one in logger.handlers)
