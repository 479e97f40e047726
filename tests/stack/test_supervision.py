"""The supervisor keeps processes alive, stops them all, and reaps what a killed supervisor left."""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import psutil
import pytest

from sakpore.stack import ALREADY_RUNNING, PORT_TAKEN, Event, Stack, StackError, readiness
from sakpore.stack.background import BackgroundStack
from sakpore.stack.parts import Part
from sakpore.stack.processes import identify, is_alive
from tests.stack_fixture import system_environment

SLEEP = "import time; time.sleep(600)"
STUBBORN = f"import signal; [signal.signal(s, signal.SIG_IGN) for s in (2, 15)]; print('deaf', flush=True); {SLEEP}"
PARENT = (
    f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {SLEEP!r}]); print('two', flush=True); {SLEEP}"
)

EARLY_PART = """
import socket, sys, time
print("loaded", flush=True)

def main():
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    print("begun", flush=True)
    time.sleep(600)
"""


def part(name: str, code: str, **more: object) -> Part:
    made = Part(name=name, title=name.capitalize(), command=(sys.executable, "-c", code), environment={})
    return replace(made, **more)  # type: ignore[arg-type]


def stack_of(folder: Path, *parts: Part, on_event: Callable[[Event], None] | None = None) -> Stack:
    return Stack(
        folder, ports={"api": 0}, only=(), environment=system_environment(), extra_parts=parts, on_event=on_event
    )


def pid_of(stack: Stack, name: str) -> int:
    pid = stack.pid(name)
    assert pid is not None
    return pid


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.02)


async def test_a_killed_part_comes_back_as_a_new_process(tmp_path: Path) -> None:
    async with stack_of(tmp_path, part("one", SLEEP)) as stack:
        before = pid_of(stack, "one")
        await stack.kill("one")
        await stack.wait_ready("one")
        assert pid_of(stack, "one") != before


async def test_a_part_that_dies_by_itself_comes_back(tmp_path: Path) -> None:
    async with stack_of(tmp_path, part("one", SLEEP)) as stack:
        before = pid_of(stack, "one")
        os.kill(before, signal.SIGKILL)
        await eventually(lambda: stack.pid("one") not in (None, before))
        assert pid_of(stack, "one") != before


async def test_killing_a_part_kills_its_children_too(tmp_path: Path) -> None:
    parent = part("parent", PARENT, ready=readiness.log_line("two"))
    async with stack_of(tmp_path, parent) as stack:
        (child,) = psutil.Process(pid_of(stack, "parent")).children()
        identity = identify(child.pid)
        assert identity is not None
        await stack.kill("parent")
        await eventually(lambda: not is_alive(identity))


async def test_stopping_leaves_no_process_not_even_a_deaf_one(tmp_path: Path) -> None:
    deaf = part("deaf", STUBBORN, grace_seconds=0.3, ready=readiness.log_line("deaf"))
    parent = part("parent", PARENT, ready=readiness.log_line("two"))
    stack = stack_of(tmp_path, deaf, parent)
    await stack.start()
    pids = [pid_of(stack, "deaf"), *(p.pid for p in psutil.Process(pid_of(stack, "parent")).children())]
    identities = [identify(pid) for pid in [*pids, pid_of(stack, "parent")]]
    await stack.stop()
    assert not any(is_alive(identity) for identity in identities if identity)
    assert json.loads((tmp_path / "run.json").read_text())["parts"] == []


async def test_dependents_start_later_and_stop_earlier(tmp_path: Path) -> None:
    seen: list[tuple[str, str]] = []
    first, second = part("first", SLEEP), part("second", SLEEP, depends_on=("first",))

    def note(event: Event) -> None:
        seen.append((event.kind, event.part))

    async with stack_of(tmp_path, second, first, on_event=note) as stack:
        assert seen.index(("ready", "first")) < seen.index(("starting", "second"))
        older, younger = identify(pid_of(stack, "first")), identify(pid_of(stack, "second"))
        assert older and younger and older.start_time <= younger.start_time


async def test_a_held_part_stays_down_until_it_is_resumed(tmp_path: Path) -> None:
    async with stack_of(tmp_path, part("one", SLEEP)) as stack:
        await stack.hold("one")
        await asyncio.sleep(0.3)
        assert stack.pid("one") is None
        await stack.resume("one")
        assert stack.pid("one") is not None


async def test_a_variable_given_for_one_life_is_gone_in_the_next(tmp_path: Path) -> None:
    telling = part("one", f"import os; print(os.environ.get('SAKPORE_FAILPOINT'), flush=True); {SLEEP}")
    log = tmp_path / "log" / "one.log"
    async with stack_of(tmp_path, telling) as stack:
        await eventually(lambda: log.read_text().split() == ["None"])
        await stack.restart("one", once={"SAKPORE_FAILPOINT": "before-signing"})
        await eventually(lambda: log.read_text().split() == ["None", "before-signing"])
        await stack.kill("one")
        await eventually(lambda: len(log.read_text().split()) == 3)
        assert log.read_text().split() == ["None", "before-signing", "None"]


async def test_a_part_that_never_starts_is_reported_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="Broken does not start: exit 7, last words: no such key") as refusal:
        await stack_of(
            tmp_path, part("broken", "print('no such key'); raise SystemExit(7)", ready=readiness.alive(5))
        ).start()
    assert refusal.value.exit_code == 1


async def test_a_part_ended_by_a_signal_is_told_without_an_unrelated_line_of_its_log(tmp_path: Path) -> None:
    dying = part("dying", "import os; print('all is well', flush=True); os.kill(os.getpid(), 9)", ready=never)
    with pytest.raises(StackError, match=r"does not start: ended by signal 9 \(SIGKILL\) \(log: "):
        await stack_of(tmp_path, dying).start()


@pytest.mark.parametrize("probe", [readiness.tcp, partial(readiness.http, path="/")])
async def test_another_program_on_the_port_is_not_taken_for_a_ready_part(
    tmp_path: Path, probe: Callable[[str, int], readiness.Probe]
) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as foreign:
        ready = probe("127.0.0.1", foreign.sockets[0].getsockname()[1])
        with pytest.raises(StackError, match="not ready within"):
            await stack_of(tmp_path, part("one", SLEEP, ready=ready, ready_seconds=0.3)).start()


async def test_an_early_part_loads_its_code_first_and_takes_its_port_when_it_may_begin(tmp_path: Path) -> None:
    (tmp_path / "contoh_part.py").write_text(EARLY_PART)
    port = free_port()
    early = replace(
        part("early", "", depends_on=("first",), is_early=True, ports=("api",)),
        command=(sys.executable, "-m", "sakpore.early", "contoh_part", str(port)),
        environment={"PYTHONPATH": str(tmp_path)},
        ready=readiness.tcp("127.0.0.1", port),
    )
    first = part("first", SLEEP, ready=readiness.log_line("go"))
    data, log = tmp_path / "data", tmp_path / "data" / "log"
    stack = Stack(data, ports={"api": port}, only=(), environment=system_environment(), extra_parts=(first, early))
    starting = asyncio.create_task(stack.start())
    try:
        await eventually(lambda: says(log / "early.log", "loaded"))
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", port))
        assert not says(log / "early.log", "begun") and not starting.done()
        (log / "first.log").write_text("go")
        await starting
        assert (log / "early.log").read_text().split() == ["loaded", "begun"]
        await stack.kill("early")
        await stack.wait_ready("early")
    finally:
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        await stack.stop()


def says(log: Path, word: str) -> bool:
    return log.exists() and word in log.read_text()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


async def test_a_program_that_is_missing_is_named(tmp_path: Path) -> None:
    absent = replace(part("absent", ""), command=(str(tmp_path / "no-program"),))
    with pytest.raises(StackError, match="no-program"):
        await stack_of(tmp_path, absent).start()


async def test_a_failed_start_stops_what_was_started(tmp_path: Path) -> None:
    bad = part("bad", "raise SystemExit(1)", depends_on=("good",), ready=readiness.alive(5))
    stack = stack_of(tmp_path, part("good", SLEEP), bad)
    with pytest.raises(StackError):
        await stack.start()
    assert stack.pid("good") is None
    async with stack_of(tmp_path, part("good", SLEEP)) as again:
        assert again.pid("good") is not None


async def test_a_second_supervisor_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    async with stack_of(tmp_path, part("one", SLEEP)) as stack:
        with pytest.raises(StackError, match="already runs") as refusal:
            await stack_of(tmp_path, part("one", SLEEP)).start()
        assert refusal.value.exit_code == ALREADY_RUNNING
        assert stack.pid("one") is not None


async def test_a_port_the_user_fixed_and_another_program_has_is_refused(tmp_path: Path) -> None:
    async with stack_of(tmp_path / "one", part("one", SLEEP)) as stack:
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            environment = {**system_environment(), "API_PORT": str(other.getsockname()[1])}
            with pytest.raises(StackError, match="is used by another program") as refusal:
                await Stack(tmp_path / "two", only=(), environment=environment).start()
        assert refusal.value.exit_code == PORT_TAKEN
        assert stack.pid("one") is not None


async def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StackError, match="cannot be used"):
        await stack_of(tmp_path / "file" / "var", part("one", SLEEP)).start()


def killed_supervisor(folder: Path, code: str) -> dict[str, int]:
    """Run a supervisor in a process of its own, kill it, and return the pids it had recorded."""
    program = f"""
import asyncio, sys
from pathlib import Path
from sakpore.stack import Stack, readiness
from sakpore.stack.parts import Part

async def main():
    ready = readiness.log_line("deaf")
    one = Part(name="one", title="One", command=(sys.executable, "-c", {code!r}), ready=ready)
    async with Stack(Path({str(folder)!r}), ports={{"api": 0}}, only=(), environment={{}}, extra_parts=[one]):
        print("up", flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""
    root = Path(__file__).parent.parent.parent
    supervisor = subprocess.Popen([sys.executable, "-c", program], cwd=root, stdout=subprocess.PIPE)
    assert supervisor.stdout is not None and supervisor.stdout.readline() == b"up\n"
    supervisor.kill()
    supervisor.wait()
    return {each["name"]: each["pid"] for each in json.loads((folder / "run.json").read_text())["parts"]}


async def test_the_next_start_reaps_what_a_killed_supervisor_left(tmp_path: Path) -> None:
    left = killed_supervisor(tmp_path, STUBBORN)
    identity = identify(left["one"])
    assert identity is not None, "a deaf part outlives its supervisor"
    seen: list[Event] = []
    async with stack_of(tmp_path, part("other", SLEEP), on_event=seen.append):
        assert not is_alive(identity)
    assert any(event.kind == "reaped" and "one" in event.detail for event in seen)


def test_a_part_that_listens_dies_with_its_supervisor(tmp_path: Path) -> None:
    left = killed_supervisor(tmp_path, f"print('deaf', flush=True); {SLEEP}")
    deadline = time.monotonic() + 60
    while identify(left["one"]) is not None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert identify(left["one"]) is None


async def test_a_process_that_only_has_the_recorded_pid_is_left_alone(tmp_path: Path) -> None:
    async with stack_of(tmp_path, part("one", SLEEP)):
        pass
    bystander = subprocess.Popen([sys.executable, "-c", SLEEP])
    try:
        record = json.loads((tmp_path / "run.json").read_text())
        record["parts"] = [{"name": "one", "pid": bystander.pid, "start_time": 1.0}]
        (tmp_path / "run.json").write_text(json.dumps(record))
        async with stack_of(tmp_path, part("one", SLEEP)):
            assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


async def test_a_damaged_record_of_the_last_run_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"parts": [')
    async with stack_of(tmp_path, part("one", SLEEP)) as stack:
        assert stack.pid("one") is not None


async def test_a_full_disk_is_said_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage._replace(free=1024))
    with pytest.raises(StackError, match="make room there"):
        await stack_of(tmp_path, part("one", SLEEP)).start()
    assert not (tmp_path / "secrets.json").exists()


@pytest.fixture
def interruptible() -> Iterator[None]:
    """SIGINT interrupts, even where the test run began in a shell's background and inherited an ignored one."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupted_start_in_the_background_leaves_nothing(tmp_path: Path) -> None:
    stack = stack_of(tmp_path, part("good", SLEEP), part("late", SLEEP, depends_on=("good",), ready=never))
    main = threading.main_thread()

    def interrupt() -> None:
        while stack.pid("late") is None:
            time.sleep(0.02)
        signal.pthread_kill(main.ident or 0, signal.SIGINT)

    watching = threading.Thread(target=interrupt, daemon=True)
    watching.start()
    with pytest.raises(KeyboardInterrupt):
        BackgroundStack(stack).start()
    watching.join()
    assert stack.pid("good") is None and stack.pid("late") is None


async def never(life: readiness.Life) -> bool:
    return False
