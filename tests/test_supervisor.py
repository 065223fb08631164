"""The supervisor with small stand-in processes: it starts, restarts, stops, and leaves nothing running."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

VPM = Path(__file__).resolve().parent.parent / "vpm"
# A child that ignores nothing, one with a worker of its own, and one that will not go.
OBEDIENT = "import time; time.sleep(600)"
WITH_WORKER = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)', sys.argv[1]])"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
SHORT_LIVED = "print('my last words', flush=True); raise SystemExit(3)"

DRIVER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from supervisor import Child, Supervisor
logs, mark, sources = Path(sys.argv[2]), sys.argv[3], sys.argv[4:]
children = [Child(f"child{n}", [sys.executable, "-c", s, mark]) for n, s in enumerate(sources)]
say = lambda line: print(line, flush=True)
Supervisor(children, logs, say=say, grace=1).run(ready=lambda: True, announce=lambda: say("announced"))
say("stopped")
"""

Start = Callable[..., subprocess.Popen[str]]


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return condition()


def running(mark: str) -> list[int]:
    """Pids of live processes whose command line carries `mark`, however they were started."""
    listing = subprocess.run(
        ["ps", "-axwwo", "pid=,stat=,command="], capture_output=True, text=True, check=True
    )
    rows = [line.split(None, 2) for line in listing.stdout.splitlines() if mark in line]
    return [int(pid) for pid, state, _ in rows if not state.startswith("Z")]


@pytest.fixture
def mark() -> Iterator[str]:
    value = f"mark-{uuid.uuid4().hex}"
    yield value
    for pid in running(value):
        os.kill(pid, signal.SIGKILL)


@pytest.fixture
def start(mark: str, tmp_path: Path) -> Start:
    def start(*sources: str) -> subprocess.Popen[str]:
        driver = [sys.executable, "-c", DRIVER, str(VPM), str(tmp_path), mark, *sources]
        return subprocess.Popen(driver, stdout=subprocess.PIPE, text=True)

    return start


# Supervisor, keepers and children all carry the mark: one driver, and two processes per child.
def test_everything_runs_and_ctrl_c_leaves_nothing(start: Start, mark: str) -> None:
    supervisor = start(OBEDIENT, OBEDIENT, OBEDIENT)
    assert wait_for(lambda: len(running(mark)) == 7)
    supervisor.send_signal(signal.SIGINT)
    said, _ = supervisor.communicate(timeout=20)
    assert said.splitlines() == ["announced", "stopped"]
    assert supervisor.returncode == 0
    assert running(mark) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_polite_signals_stop_it_too(start: Start, mark: str, number: signal.Signals) -> None:
    supervisor = start(OBEDIENT)
    assert wait_for(lambda: len(running(mark)) == 3)
    supervisor.send_signal(number)
    assert supervisor.wait(20) == 0
    assert running(mark) == []


def test_a_killed_supervisor_leaves_nothing(start: Start, mark: str) -> None:
    supervisor = start(OBEDIENT, WITH_WORKER, STUBBORN)
    assert wait_for(lambda: len(running(mark)) == 8)
    supervisor.kill()
    assert wait_for(lambda: running(mark) == [])


def test_a_child_that_will_not_go_is_killed_after_the_grace(start: Start, mark: str, tmp_path: Path) -> None:
    supervisor = start(STUBBORN)
    assert wait_for(
        lambda: (tmp_path / "child0.log").exists() and "up" in (tmp_path / "child0.log").read_text()
    )
    began = time.monotonic()
    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(20) == 0
    assert time.monotonic() - began >= 1
    assert running(mark) == []


def test_only_the_main_process_gets_sigterm(start: Start, tmp_path: Path) -> None:
    worker = (
        "import signal, time; signal.signal(15, lambda *_: print('worker hit', flush=True)); time.sleep(600)"
    )
    main = (
        f"import signal, subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {worker!r}, sys.argv[1]])\n"
        "def stop(*_): print('main asked', flush=True); p.kill(); sys.exit(0)\n"
        "signal.signal(15, stop); print('up', flush=True); p.wait()"
    )
    supervisor, log = start(main), tmp_path / "child0.log"
    assert wait_for(lambda: log.exists() and "up" in log.read_text())
    supervisor.send_signal(signal.SIGINT)
    supervisor.wait(20)
    assert log.read_text().splitlines() == ["up", "main asked"]


def test_a_child_that_dies_is_explained_and_started_again(start: Start, tmp_path: Path) -> None:
    supervisor, log = start(SHORT_LIVED), tmp_path / "child0.log"
    assert wait_for(lambda: log.exists() and log.read_text().count("my last words") >= 2)
    supervisor.send_signal(signal.SIGINT)
    said, _ = supervisor.communicate(timeout=20)
    assert "The child0 stopped (exit 3); starting it again in 1 s." in said
    assert "  my last words" in said


def test_a_killed_keeper_takes_its_child_along(start: Start, mark: str) -> None:
    supervisor = start(WITH_WORKER)
    assert wait_for(lambda: len(running(mark)) == 4)
    before = set(running(mark))
    keeper = next(pid for pid in before if pid != supervisor.pid and os.getsid(pid) == pid)
    os.kill(keeper, signal.SIGKILL)
    assert wait_for(lambda: not (before - {supervisor.pid}) & set(running(mark)))
    assert wait_for(lambda: len(running(mark)) == 4), "a new one takes its place"
    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(20) == 0
    assert running(mark) == []


def test_errors_in_a_log_reach_the_terminal_and_the_rest_does_not(start: Start) -> None:
    supervisor = start("import time; print('INFO fine'); print('ERROR broken', flush=True); time.sleep(600)")
    lines = [supervisor.stdout.readline().strip() for _ in range(2)]
    supervisor.send_signal(signal.SIGINT)
    rest, _ = supervisor.communicate(timeout=20)
    assert "child0: ERROR broken" in lines
    assert "INFO fine" not in [*lines, rest]


def test_the_log_of_the_run_before_is_kept(start: Start, tmp_path: Path) -> None:
    (tmp_path / "child0.log").write_text("yesterday")
    supervisor = start(OBEDIENT)
    assert wait_for(lambda: (tmp_path / "child0.log.1").exists())
    supervisor.send_signal(signal.SIGINT)
    supervisor.wait(20)
    assert (tmp_path / "child0.log.1").read_text() == "yesterday"
