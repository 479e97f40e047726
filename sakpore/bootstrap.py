"""Sets up the virtual environment from the hashed locks, and the system packages of the tests. Standard library only.

Run by `make` as `python -I sakpore/bootstrap.py run|test`: isolated, since this folder holds a module called `secrets`.
A stamp with the lock's sha256 makes a repeated set-up cost nothing. `uv` installs; where it cannot, plain `pip` does.
"""

import ast
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(os.path.abspath(__file__)).parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCKS = ROOT / "requirements"
# What the tests need from the system: any one of the programs, and the Debian package that has it.
TEST_PROGRAMS = (
    (("chromium", "chromium-browser", "google-chrome"), "chromium"),
    (("pdfsig",), "poppler-utils"),
    (("qpdf",), "qpdf"),
    (("softhsm2-util",), "softhsm2"),
    (("openssl",), "openssl"),
    (("zbarimg",), "zbar-tools"),
)
# pip's settings under uv's names, so that a private index or a proxy's certificate is used by both.
UV_NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "cert": "SSL_CERT_FILE",
}
STARTED = time.monotonic()


class SetupError(Exception):
    """What is wrong and what to do, in one sentence."""


def main() -> int:
    """Entry point; returns the exit code."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else "run"
    if wanted not in ("run", "test"):
        sys.stderr.write("usage: bootstrap.py run|test\n")
        return 2
    try:
        set_up(wanted)
    except SetupError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def set_up(wanted: str) -> None:
    """Make the environment fit the lock `wanted`. Raises SetupError."""
    guard = os.open(LOCKS, os.O_RDONLY)
    try:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not is_current(wanted):
            make_venv()
            install(wanted)
            write_commands()
            stamp(wanted)
            say("environment is ready")
    finally:
        os.close(guard)
    if wanted == "test":
        install_system_packages()
    build_assets()


def is_current(wanted: str) -> bool:
    """Whether the environment was made from this very lock."""
    if not PYTHON.exists():
        return False
    try:
        return stamp_file(wanted).read_text() == fingerprint(wanted)
    except OSError:
        return False


def fingerprint(wanted: str) -> str:
    """Names the lock and this project's place (the environment's scripts carry absolute paths)."""
    lock = (LOCKS / f"{wanted}.lock").read_bytes()
    return hashlib.sha256(lock + b"\0" + os.fsencode(ROOT)).hexdigest()


def stamp_file(wanted: str) -> Path:
    """Where the fingerprint of the last good set-up lies."""
    return VENV / f".sakpore-{wanted}"


def stamp(wanted: str) -> None:
    """Remember a good set-up; the test lock holds everything of the run lock."""
    for name in {wanted, "run"}:
        stamp_file(name).write_text(fingerprint(name))


def make_venv() -> None:
    """Make `.venv` with pip when there is none that works."""
    if PYTHON.exists() and (VENV / "bin" / "pip").exists():
        return
    say("making .venv")
    shutil.rmtree(VENV, ignore_errors=True)
    done = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False)
    if done.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise SetupError(
            "Python has no usable venv module; install it with: "
            f"apt-get install -y python3-venv (or python{version}-venv), then run the same command again."
        )


def install(wanted: str) -> None:
    """Install uv, then the lock with it; with pip when uv cannot."""
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    lock = LOCKS / f"{wanted}.lock"
    say("installing the installer (uv)")
    if run([*pip, "-r", str(LOCKS / "bootstrap.lock")]):
        say(f"installing packages of {lock.name}")
        uv = [str(VENV / "bin" / "uv"), "pip", "install", "--python", str(PYTHON), "--require-hashes", "-r", str(lock)]
        uv += ["--index-strategy", "unsafe-best-match"]  # safe here: the hashes say which file, whoever brings it
        quiet = [] if sys.stderr.isatty() else ["--quiet"]
        if run([*uv, *quiet], environment=uv_environment()):
            return
    say("uv could not; installing with pip, which takes longer")
    if not run([*pip, "-r", str(lock)]):
        raise SetupError(
            "The packages could not be installed (see above); check the network and pip's settings, then retry."
        )


def uv_environment() -> "dict[str, str]":
    """Our environment with pip's own settings added for uv; what is set for uv already stays."""
    environment = dict(os.environ)
    listed = subprocess.run(
        [str(PYTHON), "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    ).stdout
    for line in listed.splitlines():
        key, _, value = line.partition("=")
        name = UV_NAMES.get(key.rpartition(".")[2])
        if name is not None and name not in environment:
            try:
                environment[name] = " ".join(str(ast.literal_eval(value)).split())
            except (ValueError, SyntaxError):
                continue
    return environment


def write_commands() -> None:
    """Put the `sakpore` command and the project's own packages into the environment."""
    for packages in VENV.glob("lib/python3*/site-packages"):
        (packages / "sakpore.pth").write_text(f"{ROOT}\n")
    command = VENV / "bin" / "sakpore"
    command.write_text('#!/bin/sh\nexec "$(dirname "$(readlink -f "$0")")/python" -P -m sakpore "$@"\n')
    command.chmod(0o755)


def install_system_packages() -> None:
    """Install what the tests call from the system, as root; otherwise say the one line to run."""
    missing = [package for programs, package in TEST_PROGRAMS if not any(map(shutil.which, programs))]
    if not missing:
        return
    line = f"apt-get update && apt-get install -y --no-install-recommends {' '.join(missing)}"
    if shutil.which("apt-get") is None:
        raise SetupError(f"The tests need {', '.join(missing)}; install them with this system's package manager.")
    if os.geteuid() != 0:
        raise SetupError(f"The tests need {', '.join(missing)}; run as root: {line}")
    say(f"installing Debian packages: {', '.join(missing)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    update = ["apt-get", "update", "-qq"]
    get = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing]
    if not (run(update, environment, quiet=True) and run(get, environment, quiet=True)):
        raise SetupError(f"Debian packages could not be installed; run: {line}")


def build_assets() -> None:
    """Build what the pages need from the npm lock; that module keeps its own stamp."""
    if (ROOT / "sakpore" / "assets.py").exists() and not run([str(PYTHON), "-m", "sakpore.assets"]):
        raise SetupError("The web assets could not be built (see above); check the network, then retry.")


def run(command: "list[str]", environment: "dict[str, str] | None" = None, quiet: bool = False) -> bool:
    """Run a command in the project; whether it went well. A quiet one speaks only when it fails."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if quiet else None,
        stderr=subprocess.STDOUT if quiet else None,
        text=True,
        errors="replace",
        check=False,
    )
    if quiet and done.returncode:
        sys.stderr.write("\n".join(done.stdout.splitlines()[-15:]) + "\n")
    return done.returncode == 0


def say(words: str) -> None:
    """One line of progress with the seconds since the start."""
    sys.stderr.write(f"[{time.monotonic() - STARTED:5.1f} s] {words}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
