"""The git command line, for what it does better than a library: fetch, push, compare-and-swap."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

# Only these may be spoken to; `ext::` and friends would run a command of the source's choosing.
PROTOCOLS = "file:git:http:https:ssh"


class GitFailed(Exception):
    """Git said no; `str()` is what it said, without our arguments."""


def git(
    mirror: Path,
    *arguments: str,
    stdin: str | None = None,
    timeout: int = 600,
    alive: Callable[[], None] = lambda: None,
    let_in: Mapping[str, str] = MappingProxyType({}),
    secret: str = "",
) -> str:
    """Run git in the mirror and return its standard output; raises GitFailed with git's own words, without `secret`.

    `timeout` is in seconds; `alive` is called every second while git works; `let_in` is in the environment of this
    one process alone.
    """
    environment = os.environ | {
        "GIT_DIR": str(mirror),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": PROTOCOLS,
        "GIT_SSH_COMMAND": os.environ.get("GIT_SSH_COMMAND", "ssh -o BatchMode=yes"),
        "LC_ALL": "C.UTF-8",
        **let_in,
    }
    process = subprocess.Popen(
        ["git", "-c", "gc.auto=0", *arguments],
        stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="surrogateescape",
        env=environment,
    )
    out, errors = _finished(process, stdin, arguments[0], timeout, alive)
    if process.returncode:
        said = errors.strip().encode("utf-8", "replace").decode()
        said = said.replace(secret, "…") if secret else said
        raise GitFailed(said or f"git {arguments[0]} failed")
    return out


def _finished(
    process: subprocess.Popen[str], stdin: str | None, name: str, timeout: int, alive: Callable[[], None]
) -> tuple[str, str]:
    """Wait for the process, saying every second that we do."""
    until = time.monotonic() + timeout
    while True:
        try:
            return process.communicate(stdin, timeout=1)
        except subprocess.TimeoutExpired:
            alive()
            if time.monotonic() > until:
                process.kill()
                process.communicate()
                raise GitFailed(f"git {name} took longer than {timeout} s") from None


def create_mirror(mirror: Path) -> None:
    """An empty bare repository; half-made ones from a killed run are simply completed."""
    mirror.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["git", "init", "--quiet", "--bare", str(mirror)], check=True, capture_output=True)


def swap(mirror: Path, ref: str, new: str, old: str) -> bool:
    """Compare-and-swap of one ref; False when it no longer stands at `old` ("" = must not exist)."""
    try:
        git(mirror, "update-ref", ref, new, old or "0" * 40)
    except GitFailed:
        return False
    return True
