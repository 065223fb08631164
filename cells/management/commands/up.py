"""`manage.py up`: database, static files, demo, then web server, worker and beat under one supervisor."""

from __future__ import annotations

import fcntl
import hashlib
import http.client
import os
import socket
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from cells.accounts import sign_in_link
from cells.asks import asking
from cells.models import Cell, Repository
from vpm.supervisor import Child, Supervisor

HOST = "127.0.0.1"
PORTS_TRIED = 50
DEMO_ASKS = {"hello-s5": "update_north_star", "checkout": "update_north_star", "pr-groomer": "pr_groomer"}


class Command(BaseCommand):
    """Everything VPM needs on one machine, until Ctrl-C."""

    help = "Start VPM on this machine: web server, worker and beat, until Ctrl-C."
    requires_system_checks = []  # `make test` and the worker run them; here they cost a second

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="the next free one is taken (8000)")
        parser.add_argument("--no-demo", action="store_true", help="start empty on the first run")

    def handle(self, *, port: int, no_demo: bool, **options: Any) -> None:
        lock = claim(settings.VPM_DATA_DIR / "up.lock")
        if lock is None:
            self.point_to_the_running_one()
            return
        try:
            self.prepare(demo=not no_demo)
        except KeyboardInterrupt:
            raise CommandError("Stopped before it was ready; the next start goes on from here.") from None
        chosen = free_port(port)
        if chosen != port:
            self.say(f"Port {port} is in use, taking {chosen}.")
        base_url = f"http://{HOST}:{chosen}"
        lock.write(base_url)
        lock.flush()
        supervisor = Supervisor(children(chosen), settings.VPM_DATA_DIR / "logs", say=self.say)
        supervisor.run(ready=lambda: answers(chosen), announce=lambda: self.announce(base_url))
        self.say("VPM has stopped.")

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def point_to_the_running_one(self) -> None:
        """A second `up` on the same folder would fight over files; show the way to the first."""
        base_url = (settings.VPM_DATA_DIR / "up.lock").read_text()
        if not base_url:
            raise CommandError(f"VPM is just starting on {settings.VPM_DATA_DIR}; look at its terminal.")
        self.say(f"VPM already runs on {settings.VPM_DATA_DIR}. A new link to it:")
        self.say(f"  {sign_in_link(base_url)}")

    def prepare(self, *, demo: bool) -> None:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.say("Preparing the database …")
            call_command("migrate", verbosity=0, interactive=False)
        self.collect_static()
        if demo and not Repository.objects.exists():
            self.say("Writing the demo repository …")
            source = settings.VPM_DATA_DIR / "sources" / "demo.git"
            # A start that was interrupted may have left half of one.
            call_command("demo", source, force=True, stdout=self.stdout)
            self.say("Reading it …")
            call_command("sync", "demo", source=str(source), stdout=self.stdout)
            self.ask_a_few()

    def ask_a_few(self) -> None:
        """So that a newcomer sees how an ask ends: as a patch, and as a plan."""
        cells = Cell.objects.select_related("repository").filter(repository__key="demo", key__in=DEMO_ASKS)
        for cell in cells:
            asking.start(cell=cell, mode=DEMO_ASKS[cell.key], by=None, door="demo")

    def collect_static(self) -> None:
        """Collecting hashes and compresses megabytes: only when a source changed."""
        stamp, now = settings.STATIC_ROOT / "sources.stamp", static_sources()
        if stamp.exists() and stamp.read_text() == now:
            return
        self.say("Preparing static files …")
        call_command("collectstatic", verbosity=0, interactive=False)
        stamp.write_text(now)

    def announce(self, base_url: str) -> None:
        self.say("")
        self.say("VPM is running. Open this link to sign in as the owner (it works once):")
        self.say(f"  {sign_in_link(base_url)}")
        self.say("Ctrl-C stops it.")


def claim(path: Path) -> IO[str] | None:
    """The open and locked file at `path`, emptied; None when another process holds it."""
    file = path.open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return None
    file.truncate(0)
    return file


def free_port(first: int) -> int:
    """The first port from `first` on that nobody listens on; raises CommandError after fifty."""
    for port in range(first, first + PORTS_TRIED):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise CommandError(f"No free port between {first} and {first + PORTS_TRIED - 1}; choose one with --port.")


def static_sources() -> str:
    """A fingerprint of what collectstatic would read: our files, and the packages that bring theirs."""
    fingerprint = hashlib.sha256((settings.BASE_DIR / "requirements.txt").read_bytes())
    for path in sorted((settings.BASE_DIR / "static").rglob("*")):
        fingerprint.update(f"{path} {path.stat().st_mtime_ns} {path.stat().st_size}\n".encode())
    return fingerprint.hexdigest()


def children(port: int) -> list[Child]:
    """The web server, the worker and the beat, all in this Python."""
    python, beat_file = sys.executable, os.fspath(settings.CELERY_BEAT_SCHEDULE_FILENAME)
    web = [python, "-m", "gunicorn", "vpm.wsgi:application", "--bind", f"{HOST}:{port}"]
    web += ["--worker-class", "gthread", "--workers", "1", "--threads", "8"]
    web += ["--graceful-timeout", "5", "--no-control-socket", "--log-level", "warning"]
    worker = [python, "-m", "celery", "-A", "vpm", "worker", "--pool", "threads", "--concurrency", "4"]
    # One worker has nobody to gossip with, and the embedded broker cannot broadcast.
    worker += ["--without-gossip", "--without-mingle", "-l", "WARNING"]
    beat = [python, "-m", "celery", "-A", "vpm", "beat", "-l", "WARNING", "-s", beat_file, "--pidfile="]
    return [Child("web", web), Child("worker", worker), Child("beat", beat)]


def answers(port: int) -> bool:
    """Whether the web server answers at all; what it says about itself is the page's business."""
    asked = http.client.HTTPConnection(HOST, port, timeout=1)
    try:
        asked.request("GET", "/health")
        asked.getresponse()
        return True
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asked.close()
