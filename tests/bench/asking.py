"""Asks with `rules`, from the press to the ending, against Celery tasks that do nothing: one Redis, one worker.

`python -m tests.bench.asking TURNS` measures in a process of its own, because Celery knows one broker; what
DATABASE_URL names is used. It prints {"times", "against"} in seconds a piece.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path

import django

from tests.bench.timing import Ratio, Work, by_turns
from tests.workers import ROOT, environment, killed, manage, worker

NOTHINGS, ASKS, THREADS = 400, 60, 4
MODE = "update_north_star"


def asking(source: Path, room: Path, turns: int) -> list[Ratio]:
    """The cells of `source` are asked in turn, each time anew. Raises tests.services.Missing without a redis-server."""
    from tests.services import redis  # takes VPM_DATA_DIR away, which the process that measures must keep

    with redis() as url:
        ours = environment(room / "asking", 15, CELERY_BROKER_URL=url)
        manage(ours, "migrate", "-v0")
        manage(ours, "sync", "asked", "--source", str(source))
        command = [sys.executable, "-m", "tests.bench.asking", str(turns)]
        with killed([worker(ours, "--include", "tests.bench.noop", concurrency=THREADS)]):
            done = subprocess.run(command, cwd=ROOT, env=ours, check=True, stdout=subprocess.PIPE)
    said = json.loads(done.stdout)
    return [Ratio("ask with rules", "no-op task", tuple(said["times"]), tuple(said["against"]))]


def measured(turns: int) -> Ratio:
    """With the worker running; imports stand here because models need Django to be set up."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vpm.settings")
    django.setup()
    from redis import Redis

    from cells.asks import asking, life
    from cells.models import Ask, Cell
    from tests.bench.noop import nothing
    from vpm.celery import app

    broker = Redis.from_url(app.conf.broker_url)
    rows = Cell.objects.filter(stage=Cell.ACTIVE).select_related("repository", "lane", "project")
    cells = cycle([cell for cell in rows if not cell.ask_modes or MODE in cell.ask_modes])

    def drained() -> bool:
        return not broker.llen("celery") and not broker.hlen("unacked")

    def ended() -> bool:
        return not Ask.objects.filter(state__in=life.OPEN).exists()

    def send() -> None:
        for _ in range(NOTHINGS):
            nothing.delay()
        until(drained)

    def ask() -> None:
        for cell in islice(cells, ASKS):
            asking.start(cell=cell, mode=MODE, by=None, door="command", provider="rules", forced=True)
        until(ended)
        if failed := Ask.objects.filter(state=life.FAILED).first():
            raise RuntimeError(failed.error)

    tasks, asks = Work("no-op task", send, things=NOTHINGS), Work("ask with rules", ask, things=ASKS)
    return by_turns(tasks, asks, turns=turns)[0]


def until(done: Callable[[], bool], seconds: float = 120) -> None:
    """Looks a hundred times a second, which costs the worker little."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise TimeoutError("the worker does not get done with it")
        time.sleep(0.01)


if __name__ == "__main__":
    found = measured(int(sys.argv[1]))
    json.dump({"times": found.times, "against": found.against}, sys.stdout)
