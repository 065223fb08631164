"""Real workers: processes of their own with a data folder of their own, for tests that kill them and for the bench."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg.sql import SQL, Identifier

ROOT = Path(__file__).resolve().parents[1]
NOBODY = "redis://127.0.0.1:1/0"  # a broker that is away

Environment = dict[str, str]


def environment(folder: Path, number: int, **more: str) -> Environment:
    """For `manage` and `celery`: nothing is shared with tests that run meanwhile when each has a `number` (1 to 15).

    Given PostgreSQL and Redis, that is a database in each of them; else all of it stands in `folder`.
    """
    made = os.environ | {"VPM_DATA_DIR": str(folder / "data"), "VPM_SYNC_EVERY": "3600"} | more
    if url := made.get("DATABASE_URL"):
        made["DATABASE_URL"] = _empty_database(url, f"vpm_workers_{number}")
    if url := made.get("CELERY_BROKER_URL"):
        made["CELERY_BROKER_URL"] = urlsplit(url)._replace(path=f"/{number}").geturl()
    return made


def _empty_database(url: str, name: str) -> str:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def manage(environment: Environment, *arguments: str) -> str:
    """`manage.py` with these arguments; returns what it prints, raises when it fails."""
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def shell(environment: Environment, code: str) -> str:
    return manage(environment, "shell", "-v0", "-c", code)


def celery(environment: Environment, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "celery", "-A", "vpm", *arguments]
    silent = subprocess.DEVNULL
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=silent, stderr=silent, start_new_session=True
    )


def beat(environment: Environment) -> subprocess.Popen[bytes]:
    return celery(environment, "beat")


def worker(environment: Environment, *arguments: str, concurrency: int = 2) -> subprocess.Popen[bytes]:
    """With threads, as `manage.py up` starts it."""
    return celery(environment, "worker", "--pool", "threads", "--concurrency", str(concurrency), *arguments)


def kill(process: subprocess.Popen[bytes]) -> None:
    """kill -9 of the process and all it started."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextmanager
def killed(processes: list[subprocess.Popen[bytes]]) -> Iterator[None]:
    """Whatever the list holds at the end is killed."""
    try:
        yield
    finally:
        for process in processes:
            kill(process)
