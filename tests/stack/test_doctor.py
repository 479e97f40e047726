"""The doctor at a running office, and at one that has something wrong with it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sakpore.doctor import ILL, NOBODY, WELL, doctor, keys, machine
from sakpore.doctor.findings import Finding, Level, Patient
from sakpore.stack.background import BackgroundStack
from signing.activation import SealingKeyPair
from signing.material import read_crls
from tests.stack_fixture import system_environment


def looked_at(data: Path, environment: Mapping[str, str]) -> tuple[int, dict[str, list[Finding]]]:
    lines: list[str] = []
    code = doctor(data, environment, True, lines.append)
    findings = [Finding(one["check"], Level(one["level"]), one["sentence"]) for one in map(json.loads, lines)]
    by_check: dict[str, list[Finding]] = {}
    for one in findings:
        by_check.setdefault(one.check, []).append(one)
    return code, by_check


def test_a_running_office_is_well_and_says_what_it_is_not(stack: BackgroundStack) -> None:
    code, found = looked_at(stack.stack.data_dir, system_environment())
    faults = [one for each in found.values() for one in each if one.level is Level.FAULT]
    assert (code, [one.sentence for one in faults]) == (WELL, [])
    assert "newest" in found["database"][0].sentence
    assert "90 days" in found["engine"][0].sentence
    assert len(found["objects"]) == 2
    assert found["timestamps"][0].level is Level.OK
    assert found["provider"][0].level is Level.WARNING and "development" in found["provider"][0].sentence
    assert found["signing user"][0].level is Level.WARNING and "same user" in found["signing user"][0].sentence
    assert {one.level for one in found["memory"]} == {Level.OK} and len(found["memory"]) == 3
    assert "0600" in found["sealing key"][0].sentence
    assert {"queue main", "queue signing", "versions", "settings", "parts", "api", "trust", "revocation"} <= set(found)


def test_no_finding_tells_a_secret(stack: BackgroundStack) -> None:
    lines: list[str] = []
    doctor(stack.stack.data_dir, system_environment(), False, lines.append)
    values = stack.environment()
    for name in ("S3_SECRET_ACCESS_KEY", "DOCUMENT_KEYS", "PAYLOAD_KEYS", "QR_KEY"):
        assert values[name] not in "\n".join(lines)


def test_an_office_is_looked_at_by_its_environment_alone(stack: BackgroundStack, tmp_path: Path) -> None:
    names = ("DATABASE_URL", "TEMPORAL_ADDRESS", "S3_ENDPOINT_URL", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY")
    values = stack.environment()
    code, found = looked_at(tmp_path, {name: values[name] for name in names} | {"SIGNING_PKI_DIR": str(tmp_path)})
    assert code == ILL
    assert found["database"][0].level is Level.OK
    assert "root.pem" in found["trust"][0].sentence
    assert "DOCUMENT_KEYS" in found["settings"][0].sentence


def test_where_nothing_runs_the_doctor_says_so(tmp_path: Path) -> None:
    lines: list[str] = []
    assert doctor(tmp_path, {}, False, lines.append) == NOBODY
    assert "DATABASE_URL" in lines[0]


def test_a_database_that_does_not_answer_is_a_fault(tmp_path: Path) -> None:
    code, found = looked_at(tmp_path, {"DATABASE_URL": "postgresql+psycopg://x:rahasia@localhost:1/x"})
    assert code == ILL
    assert found["database"][0].level is Level.FAULT and "rahasia" not in found["database"][0].sentence
    assert found["engine"][0].sentence.startswith("TEMPORAL_ADDRESS is not set")


def a_patient(tmp_path: Path, production: bool = False, **values: str) -> Patient:
    return Patient(tmp_path, values, None, production)


def test_a_sealing_key_that_others_can_read_is_a_fault(tmp_path: Path) -> None:
    pair = SealingKeyPair.create(tmp_path / "seal.key")
    patient = a_patient(tmp_path, SIGNING_SEAL_KEY=str(pair.private_path))
    assert keys.sealing_key(patient).level is Level.OK
    pair.private_path.chmod(0o640)
    assert keys.sealing_key(patient).level is Level.FAULT
    assert "0640" in keys.sealing_key(patient).sentence


@pytest.mark.parametrize(
    ("address", "level"),
    [
        ("https://izin.contoh.test", Level.OK),
        ("http://localhost:8080", Level.OK),
        ("http://127.0.0.1:8080", Level.FAULT),
        ("http://izin.contoh.test", Level.FAULT),
        ("", Level.FAULT),
    ],
)
def test_passkeys_need_a_name_and_https(tmp_path: Path, address: str, level: Level) -> None:
    assert keys.passkey_address(a_patient(tmp_path, PUBLIC_BASE_URL=address)).level is level


def test_the_development_provider_is_a_fault_in_production(tmp_path: Path) -> None:
    assert keys.provider(a_patient(tmp_path, production=True)).level is Level.FAULT
    assert keys.provider(a_patient(tmp_path, production=True, SIGNING_PROVIDER="pkcs11")).level is Level.OK


def test_a_signing_process_of_its_own_user_is_well(tmp_path: Path) -> None:
    patient = a_patient(tmp_path, production=True)
    apart = [
        machine.Running("api", 1, 10001),
        machine.Running("worker", 2, 10001),
        machine.Running("signing", 3, 10002),
    ]
    together = [machine.Running("api", 1, 10001), machine.Running("signing", 3, 10001)]
    assert machine.signing_user(patient, apart).level is Level.OK
    assert machine.signing_user(patient, together).level is Level.FAULT


def test_a_revocation_list_that_has_ended_is_a_fault_and_one_that_ends_soon_is_said(stack: BackgroundStack) -> None:
    patient = a_patient(Path(), SIGNING_PKI_DIR=stack.environment()["SIGNING_PKI_DIR"])
    today = {one.check: one.level for one in keys.trust(patient)}
    assert today["revocation"] is Level.OK
    ends = min(one["tbs_cert_list"]["next_update"].native for one in _lists(patient))
    for moment, level in ((ends - timedelta(days=1), Level.WARNING), (ends, Level.FAULT)):
        found = [one.level for one in keys.trust(patient, moment.astimezone(UTC)) if one.check == "revocation"]
        assert found == [level]
    assert datetime.now(UTC) < ends


def _lists(patient: Patient) -> list[Any]:
    return list(read_crls([Path(patient.values["SIGNING_PKI_DIR"]) / "crls.pem"]))


def test_a_process_that_may_write_core_files_is_seen() -> None:
    with subprocess.Popen(["/bin/sh", "-c", "ulimit -S -c $(ulimit -H -c) && exec sleep 60"]) as careless:
        try:
            [found] = machine.memory([machine.Running("api", careless.pid, 1)])
            while found.level is not Level.FAULT and careless.poll() is None:  # until the shell has come to it
                [found] = machine.memory([machine.Running("api", careless.pid, 1)])
            assert "core files" in found.sentence
        finally:
            careless.kill()
