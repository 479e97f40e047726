"""The machine: versions, which user runs which process, and whether their memory stays private."""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil  # type: ignore[import-untyped]
from pydantic import ValidationError
from pydantic_settings import BaseSettings

from sakpore.doctor.findings import Finding, Patient, fault, ok, unknown, warning
from sakpore.stack.processes import is_alive

PACKAGES = ("temporalio", "pyhanko", "cryptography", "fido2", "fastapi", "sqlmodel", "typst")
OURS = {"api": ("api.main",), "worker": ("worker.main", "--queue main"), "signing": ("worker.main", "--queue signing")}


@dataclass(frozen=True)
class Running:
    """One process of ours."""

    part: str
    pid: int
    user: int


def versions(patient: Patient) -> Finding:
    """What is installed."""
    found = [f"Python {platform.python_version()}"]
    for name in ("sakpore", *PACKAGES):
        with suppress(PackageNotFoundError):
            found.append(f"{name} {version(name)}")
    return ok("versions", ", ".join(found) + ".")


def settings(patient: Patient) -> list[Finding]:
    """Every process that is known here would start with these variables."""
    from api.settings import ApiSettings
    from store.errors import StoreError
    from store.settings import StoreSettings
    from worker.settings import MainSettings, SigningSettings

    wanted: list[tuple[str, type[BaseSettings]]] = [("store", StoreSettings)]
    if patient.values.get("QR_KEY"):
        wanted += [("api", ApiSettings), ("worker", MainSettings)]
    if patient.values.get("SIGNING_SEAL_KEY"):
        wanted.append(("signing", SigningSettings))
    values = {name.lower(): value for name, value in patient.values.items()}
    found = []
    for name, kind in wanted:
        try:
            kind.model_validate({key: value for key, value in values.items() if key in _names(kind)})
        except ValidationError as wrong:
            errors = wrong.errors(include_input=False, include_url=False)
            which = sorted({".".join(map(str, one["loc"])).upper() or one["msg"] for one in errors})
            found.append(fault("settings", f"The settings of `{name}` do not allow a start: {', '.join(which)}."))
        except StoreError as wrong:
            found.append(fault("settings", f"The settings of `{name}` do not allow a start: {wrong}."))
    names = ", ".join(name for name, _ in wanted)
    return found or [ok("settings", f"The settings of {names} allow a start.")]


def _names(kind: type[BaseSettings]) -> set[str]:
    return {*kind.model_fields, "signing_pki_dir"}


def processes(patient: Patient) -> list[Running]:
    """Our processes that can be seen from here."""
    if patient.record is not None:
        parts = {name: one for name, one in patient.record.parts.items() if is_alive(one)}
        return [Running(name, one.pid, _user(one.pid)) for name, one in parts.items()]
    found = []
    for process in psutil.process_iter(["cmdline", "uids"]):
        line = " ".join(process.info["cmdline"] or ())
        for name, words in OURS.items():
            if all(word in line for word in words) and process.info["uids"]:
                found.append(Running(name, process.pid, process.info["uids"].real))
    return found


def parts(patient: Patient, running: list[Running]) -> Finding:
    """Every part that was started still runs."""
    if patient.record is None:
        return unknown("parts", "No `sakpore up` keeps this installation; parts are counted by whoever does.")
    missing = sorted(set(patient.record.parts) - {one.part for one in running})
    if missing:
        return fault("parts", f"These parts do not run: {', '.join(missing)}.")
    ports = ", ".join(f"{name} {number}" for name, number in sorted(patient.record.ports.items()))
    return ok("parts", f"All {len(running)} parts run. Ports: {ports}.")


def signing_user(patient: Patient, running: list[Running]) -> Finding:
    """Whether the process with the keys runs as a user of its own."""
    signing = [one for one in running if one.part == "signing"]
    others = [one for one in running if one.part in ("api", "worker")]
    if not signing:
        if patient.values.get("SIGNING_SEAL_KEY"):
            return unknown("signing user", "No signing process can be seen from here.")
        return ok("signing user", "The signing process cannot be seen from here, as it should be in its own container.")
    user = signing[0].user
    shared = sorted({one.part for one in others if one.user == user})
    if shared:
        say = fault if patient.is_production else warning
        return say(
            "signing user",
            f"The signing process runs as the same user ({user}) as {' and '.join(shared)}: whoever takes over those"
            " can read its keys. `make run` is like that; deploy/compose.yaml keeps them apart.",
        )
    if not others:
        return unknown(
            "signing user", f"The signing process runs as user {user}; no other process can be seen from here."
        )
    return ok("signing user", f"The signing process runs as a user of its own ({user}).")


def memory(running: list[Running]) -> list[Finding]:
    """No core files of the processes that hold secrets, and nobody of their own user reads their memory."""
    found = []
    for one in running:
        if one.part not in OURS:
            continue
        core = _core_limit(one.pid)
        if core is None:
            found.append(unknown("memory", f"The limits of `{one.part}` cannot be read here."))
        elif core != "0":
            found.append(fault("memory", f"`{one.part}` may write core files (limit {core}), with passphrases."))
        elif one.user and not _is_private(one.pid):
            found.append(warning("memory", f"The memory of `{one.part}` can be read by other processes of its user."))
        else:
            found.append(ok("memory", f"`{one.part}` writes no core file, and its memory is private."))
    return found


def _core_limit(pid: int) -> str | None:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/limits").read_text().splitlines():
            if line.startswith("Max core file size"):
                return line.split()[4]
    return None


def _is_private(pid: int) -> bool:
    """The system gives the files of such a process to root (proc(5), PR_SET_DUMPABLE)."""
    with suppress(OSError):
        return os.stat(f"/proc/{pid}/environ").st_uid == 0
    return False


def _user(pid: int) -> int:
    with suppress(psutil.Error):
        return int(psutil.Process(pid).uids().real)
    return -1
