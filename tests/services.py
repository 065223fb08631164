"""What tests need from the machine: Chromium, Redis, PostgreSQL, pgvector, Compose. A pytest plugin, and a command.

Found: the tests marked `browser`, `redis`, `postgres`, `pgvector`, `compose` run. Not found: they are skipped with the one
line that installs it; with CI=true they fail with it, because CI must not skip.

`python -m tests.services COMMAND …` runs COMMAND with DATABASE_URL and CELERY_BROKER_URL pointing at a
fresh PostgreSQL and a fresh Redis on loopback, and stops both afterwards.
"""

from __future__ import annotations

import atexit
import glob
import importlib.util
import os
import pwd
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

import pytest

# Settings are read after plugins are loaded: no test ever sees the data of the product that runs from here.
os.environ["VPM_DATA_DIR"] = tempfile.mkdtemp(prefix="vpm-tests-")
atexit.register(shutil.rmtree, os.environ["VPM_DATA_DIR"], ignore_errors=True)

HERE = Path(__file__).resolve().parent
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_APPS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
POSTGRES_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
)


class Missing(Exception):
    """A program is not on this machine; the text says what installs it."""


def chromium() -> str:
    """The path of a Chromium; raises Missing."""
    found = [path for name in CHROMIUMS if (path := shutil.which(name))]
    found += [path for path in CHROMIUM_APPS if os.path.exists(path)]
    if not found:
        raise Missing(
            "needs Chromium: apt-get install chromium (Debian) or brew install --cask chromium (macOS)"
        )
    return found[0]


def redis_server() -> str:
    """The path of redis-server; raises Missing."""
    if not (path := shutil.which("redis-server")):
        raise Missing("needs Redis: apt-get install redis-server (Debian) or brew install redis (macOS)")
    return path


def postgres_bin() -> Path:
    """The folder that holds initdb and pg_ctl, newest version first; raises Missing."""
    folders = [path for pattern in POSTGRES_FOLDERS for path in glob.glob(pattern)]
    found = [path for path in folders if os.access(f"{path}/initdb", os.X_OK)]
    if on_path := shutil.which("initdb"):
        found.append(os.path.dirname(os.path.realpath(on_path)))
    if not found:
        raise Missing(
            "needs PostgreSQL: apt-get install postgresql (Debian) or brew install postgresql (macOS)"
        )
    return Path(max(found, key=lambda path: [int(part) for part in path.split("/") if part.isdecimal()]))


def pgvector_bin() -> Path:
    """The folder of a PostgreSQL that brings the extension vector; raises Missing."""
    found = importlib.util.find_spec("pgserver")
    if found is None or not found.submodule_search_locations:
        raise Missing("needs PostgreSQL with pgvector: pip install pgserver, where it has a wheel")
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin"


def compose() -> list[str]:
    """The command that reads docker-compose.yml, as a plugin or on its own; raises Missing."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if (
            shutil.which(command[0])
            and not subprocess.run([*command, "version"], capture_output=True).returncode
        ):
            return command
    raise Missing(
        "needs Docker Compose: apt-get install docker-compose (Debian) or brew install docker-compose"
    )


NEEDS: dict[str, Callable[[], object]] = {
    "browser": chromium,
    "redis": redis_server,
    "postgres": postgres_bin,
    "pgvector": pgvector_bin,
    "compose": compose,
}


def identity(user: str) -> dict[str, Any]:
    """Popen options that give root's rights away: PostgreSQL refuses root, and Redis does not need it."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam(user)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_port(port: int, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"nothing listens on port {port} after {seconds:.0f} s")


@contextmanager
def folder_of(user: str) -> Iterator[Path]:
    """A temporary folder that `user` may write to when we are root."""
    with tempfile.TemporaryDirectory(prefix="vpm-") as name:
        if os.geteuid() == 0:
            shutil.chown(name, user)
        yield Path(name)


@contextmanager
def redis() -> Iterator[str]:
    """A Redis of our own that saves nothing; yields its URL."""
    server, port = redis_server(), a_free_port()
    with folder_of("redis") as folder:
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
        process = subprocess.Popen([server, *options], stdout=subprocess.DEVNULL, **identity("redis"))
        try:
            wait_for_port(port)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.wait(10)


@contextmanager
def postgres(tools: Path | None = None) -> Iterator[str]:
    """A PostgreSQL of our own, its data gone afterwards; yields the URL of an empty database."""
    tools, port = tools or postgres_bin(), a_free_port()
    with folder_of("postgres") as folder:
        data = folder / "data"

        def run(tool: str, *arguments: str) -> None:
            command = [str(tools / tool), *arguments]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder, **identity("postgres"))

        options = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder} -c fsync=off"
        run("initdb", "-D", str(data), "-U", "vpm", "-A", "trust", "-E", "UTF8", "--locale=C")
        run("pg_ctl", "-D", str(data), "-l", str(folder / "log"), "-o", options, "-w", "start")
        try:
            run("createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "vpm", "vpm")
            yield f"postgres://vpm@127.0.0.1:{port}/vpm"
        finally:
            run("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")


def pytest_addoption(parser: pytest.Parser) -> None:
    about = "only tests that a database or a broker makes a difference to: not the pure ones, nor those in a browser"
    parser.addoption("--stored", action="store_true", help=about)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests in tests/browser and tests/real carry the mark of their folder; with --stored some are left out."""
    for item in items:
        for name in {"browser", "real"} & set(item.path.parts[len(HERE.parts) :]):
            item.add_marker(name)
    # The benchmarks are tried when they are wanted: `-m bench`.
    if "bench" not in config.getoption("-m"):
        items[:] = [item for item in items if not any(item.iter_markers("bench"))]
    if config.getoption("--stored"):
        items[:] = [item for item in items if _is_stored(item)]


# Where the database itself settles something: races, constraints, triggers, SQL of our own, what an index finds. What
# only reads and writes rows is the same on both and runs once.
STORED = re.compile(
    r"test_(survival|under_fire|desk|reviews|landing|inbox|audit|asks_stored|learning|outside|vectors|nearest|order|consent"
    r"|github_hooks|verdicts|bulk)\w*\.py"
)


def _is_stored(item: pytest.Item) -> bool:
    uses = {"db", "transactional_db", "live_server"} & set(getattr(item, "fixturenames", ()))
    stored = bool(uses) or any(item.iter_markers("django_db")) or item.path.name.startswith("test_survival")
    browsed = any(item.iter_markers("browser"))
    return stored and not browsed and STORED.fullmatch(item.path.name) is not None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test that this machine cannot run; in CI, fail it."""
    try:
        for name, find in NEEDS.items():
            if item.get_closest_marker(name):
                find()
    except Missing as missing:
        lack(str(missing))


def lack(what: str) -> NoReturn:
    """Skip the running test for want of `what`; in CI, fail it."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI must not skip this: {what}", pytrace=False)
    pytest.skip(what)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    return chromium()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with redis() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture(scope="session")
def pgvector_url() -> Iterator[str]:
    with postgres(pgvector_bin()) as url:
        yield url


def main(command: Sequence[str]) -> int:
    """Run `command` between a PostgreSQL and a Redis; returns its exit code."""
    with ExitStack() as services:
        urls = {
            "DATABASE_URL": services.enter_context(postgres()),
            "CELERY_BROKER_URL": services.enter_context(redis()),
        }
        return subprocess.run(command, env=os.environ | urls).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
