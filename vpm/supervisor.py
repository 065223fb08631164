"""Keeps a few processes running together, and leaves none behind.

Plain Python, no Django: `Supervisor([Child("web", [...]), ...], logs=folder).run(ready, announce)` starts
every child in a session of its own behind a keeper (keeper.py), restarts what dies, passes errors from
the logs on to the terminal, and stops everything on SIGINT, SIGTERM or SIGHUP.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

GRACE = 10.0  # seconds a child has between SIGTERM and SIGKILL
TICK = 0.1  # seconds between two looks at the children
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds before a restart: 1, 2, 4 … 30
STEADY = 60.0  # seconds of life after which a child counts as healthy again
LAST_WORDS = 8  # lines of its log shown when a child dies
KEEPER = Path(__file__).with_name("keeper.py")
NOTEWORTHY = re.compile(r"\b(ERROR|CRITICAL)\b")


@dataclass(frozen=True, slots=True)
class Child:
    """One process to keep running: a short name for people, and its command."""

    name: str
    argv: Sequence[str]


@dataclass(slots=True)
class Watched:
    """A child as the supervisor sees it: its keeper, its log, and when it may start again."""

    child: Child
    log: Path
    keeper: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    start_at: float = 0.0
    pause: float = FIRST_PAUSE
    read_to: int = 0

    def start(self, now: float, grace: float) -> None:
        command = [sys.executable, "-IS", str(KEEPER), str(grace), *self.child.argv]
        with self.log.open("ab") as log:
            self.keeper = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True
            )
        self.started = now

    def close(self) -> None:
        """Tell the keeper to stop its child; returns at once."""
        if self.keeper and self.keeper.stdin:
            self.keeper.stdin.close()

    def sweep(self) -> None:
        """Kill what the child left in its session, for instance after its keeper was killed."""
        if self.keeper:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.keeper.pid, signal.SIGKILL)

    def news(self) -> list[str]:
        """The whole lines that the child wrote to its log since the last call."""
        with self.log.open("rb") as log:
            log.seek(self.read_to)
            written = log.read()
        whole = written[: written.rfind(b"\n") + 1]
        self.read_to += len(whole)
        return whole.decode(errors="replace").splitlines()


class Supervisor:
    """Runs `children` until a signal asks to stop; `say` shows one line to a person."""

    def __init__(
        self,
        children: Sequence[Child],
        logs: Path,
        say: Callable[[str], None] = print,
        grace: float = GRACE,
    ) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self.watched = [Watched(child, fresh_log(logs / f"{child.name}.log")) for child in children]
        self.say, self.grace = say, grace
        self.stopping = False

    def run(self, ready: Callable[[], bool], announce: Callable[[], None]) -> None:
        """Start the first child, the rest once `ready()` holds; returns when all has stopped.

        People wait for the first one, so it gets the processors for itself until then; `announce` is
        called at that moment.
        """
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.on_signal)
        announced = False
        try:
            while not self.stopping:
                for watched in self.watched if announced else self.watched[:1]:
                    self.look_after(watched, time.monotonic())
                if not announced and ready():
                    announced = True
                    announce()
                time.sleep(TICK)
        finally:
            self.stop()

    def on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def look_after(self, watched: Watched, now: float) -> None:
        """Start a child whose time has come, notice one that died, pass its errors on."""
        if watched.keeper is None:
            if now >= watched.start_at:
                watched.start(now, self.grace)
            return
        code = watched.keeper.poll()
        if code is not None:
            self.mourn(watched, code, now)
            return
        for line in filter(NOTEWORTHY.search, watched.news()):
            self.say(f"{watched.child.name}: {line}")

    def mourn(self, watched: Watched, code: int, now: float) -> None:
        """Say that a child died and with which words, and plan its restart."""
        watched.close()
        watched.sweep()
        watched.keeper = None
        watched.news()
        if now - watched.started > STEADY:
            watched.pause = FIRST_PAUSE
        self.say(
            f"The {watched.child.name} stopped (exit {code}); starting it again in {watched.pause:.0f} s."
        )
        for line in watched.log.read_text(errors="replace").splitlines()[-LAST_WORDS:]:
            self.say(f"  {line}")
        self.say(f"  (from {watched.log})")
        watched.start_at = now + watched.pause
        watched.pause = min(watched.pause * 2, LONGEST_PAUSE)

    def stop(self) -> None:
        """Stop all children at the same time; afterwards none of their processes is left."""
        for watched in self.watched:
            watched.close()
        for watched in self.watched:
            if watched.keeper:
                # The keeper kills after the grace; the margin is for a machine that is busy.
                with suppress(subprocess.TimeoutExpired):
                    watched.keeper.wait(self.grace + 5)
                watched.sweep()
                watched.keeper.wait()


def fresh_log(path: Path) -> Path:
    """An empty log at `path`; the one of the run before is kept beside it."""
    if path.exists():
        path.replace(path.with_suffix(".log.1"))
    path.touch()
    return path
