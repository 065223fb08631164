"""Runs one command for as long as somebody holds the other end of standard input.

`python keeper.py GRACE command …` is what the supervisor starts for each child, in a session of its
own. The supervisor holds a pipe to the keeper's standard input; when it closes, whether the supervisor
stops on purpose or is killed with SIGKILL, the keeper stops the command. So there is one way to
stop, it works on Linux and macOS alike, and nobody has to be alive to start it.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import IO

TICK = 0.1  # seconds between two looks at the command
PR_SET_PDEATHSIG = 1


def keep(grace: float, argv: Sequence[str], lifeline: IO[bytes]) -> int:
    """Run `argv`; returns its exit code, or does not return once `lifeline` has reached its end."""
    child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, preexec_fn=follow_parent)
    while child.poll() is None:
        if select.select([lifeline], [], [], TICK)[0]:
            end(child, grace)
    return child.returncode


def end(child: subprocess.Popen[bytes], grace: float) -> None:
    """SIGTERM to the main process only, which knows how to stop its own; then SIGKILL to what is left."""
    child.terminate()
    with suppress(subprocess.TimeoutExpired):
        child.wait(grace)
    os.killpg(0, signal.SIGKILL)


def follow_parent() -> None:
    """On Linux the kernel stops the command even when the keeper itself is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


if __name__ == "__main__":
    code = keep(float(sys.argv[1]), sys.argv[2:], sys.stdin.buffer)
    # Death by signal N is told the way a shell tells it.
    os._exit(code if code >= 0 else 128 - code)
