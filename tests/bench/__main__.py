"""`make bench` (ARGS="--json --large"): what VPM costs, as ratios to what git, numpy, an empty view or another library
costs in the same run. --large measures swarms of 10,000 cells, inboxes and timelines of 100,000 entries too.

Runs on a data folder and an SQLite file of its own, which it removes. Reads the real repository where the
machine has it, else the demo, and says which.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import django
from rich.console import Console

if TYPE_CHECKING:
    from cells.models import Repository
    from tests.bench.clicking import Weight
    from tests.bench.timing import Ratio

DEMO_NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SWARMS, LARGE = (30, 1000), 10_000
MANY, VERY_MANY = 1_000, 100_000  # waiting patches, pieces of evidence, events
DRAWN = 300  # in a browser, besides: as many as are drawn one by one


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m tests.bench", description=(__doc__ or "").split("\n")[0])
    asked.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    asked.add_argument(
        "--large", action="store_true", help="10,000 cells, 100,000 patches and events: many minutes more"
    )
    given = asked.parse_args()
    room = Path(tempfile.mkdtemp(prefix="vpm-bench-"))
    try:
        begin(room)
        measured(room, as_json=given.json, large=given.large)
    finally:
        shutil.rmtree(room, ignore_errors=True)


def begin(room: Path) -> None:
    """Django on a data folder of our own, its database migrated."""
    for name in ("DATABASE_URL", "CELERY_BROKER_URL", "VPM_PRODUCTION", "VPM_DEBUG"):
        os.environ.pop(name, None)
    (room / "data" / "static").mkdir(parents=True)
    os.environ |= {"VPM_DATA_DIR": str(room / "data"), "DJANGO_SETTINGS_MODULE": "vpm.settings"}
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def measured(room: Path, *, as_json: bool, large: bool) -> None:
    """Every case, printed. Imports stand here because models need `begin`."""
    from cells.demo.write import write_demo
    from cells.repositories import known_as
    from tests.bench import asking, deciding, judging, meaning, pages, reading, table
    from tests.real.conftest import DATA
    from tests.services import Missing

    say = Console(stderr=True).print
    demo = write_demo(room / "demo.git", DEMO_NOW)
    bundle = DATA / "vpm-mini.bundle"
    source = bundle if bundle.exists() else demo
    if source is demo:
        say(f"{bundle.name} is not beside this checkout; the demo is read in its place.")
    copy = reading.copy(source, room)
    say(f"Syncs of {source.name} …")
    ratios = reading.reading(copy, turns=3) + reading.nothing_new(source, turns=20)
    say("Landings …")
    ratios += deciding.deciding(copy, room, turns=20)
    say("Verdicts …")
    judged = reading.sync(known_as("judged", str(copy)))
    loop = judging.judging(judged, turns=10)
    if source is bundle:
        say("Back-tests …")
        loop += judging.replaying(judged, DATA / "pr_history.jsonl", turns=3)
    say("Asks …")
    try:
        loop += asking.asking(demo, room, turns=5)
    except Missing as missing:
        say(f"Asks were not measured: {missing}")
    say(table.rates(loop))
    ratios += loop
    say("Pages of the demo …")
    ratios += pages.pages(reading.sync(known_as("demo", str(demo))), turns=30)
    say("The map of meaning …")
    ratios += meaning.reckoning(100_000, turns=20)
    ratios += meaning.embedding(copy, turns=3) + meaning.one_commit(copy, turns=3)
    many = VERY_MANY if large else MANY
    crowds = in_crowds(known_as("crowded", str(copy)), known_as("past", str(demo)), say, many)
    more, drawn = in_swarms(room, say, (*SWARMS, LARGE) if large else SWARMS)
    ratios += more
    clicks, weights = in_browser(room, known_as("crowded", str(copy)), say)
    if as_json:
        told = {"source": source.name, "ratios": table.as_json(ratios + crowds + clicks + drawn)}
        json.dump(told | {"bytes": [asdict(one) for one in weights]}, sys.stdout, indent=1)
        print()
    else:
        title = f"Syncs, landings and verdicts of {source.name}, asks and pages of the demo. Times in ms; a ratio is of medians."
        Console().print(table.table(ratios, title))
        Console().print(
            table.table(crowds, f"Server times with {many} waiting patches, pieces of evidence and events.")
        )
        Console().print(
            table.table(clicks, "From a key to what it does, in Chromium."), table.weights(weights)
        )
        Console().print(table.table(drawn, "The map of made-up swarms in Chromium, without a graphics card."))


def in_crowds(crowded: Repository, past: Repository, say: Callable[[str], None], many: int) -> list[Ratio]:
    """Server times of long lists."""
    from tests.bench import inbox, reading, trail

    say(f"An inbox of {many} …")
    ratios = inbox.crowded(reading.sync(crowded), many, turns=5)
    say(f"A timeline of {many} …")
    return ratios + trail.long_past(reading.sync(past), many, turns=5)


def in_browser(
    room: Path, crowded: Repository, say: Callable[[str], None]
) -> tuple[list[Ratio], list[Weight]]:
    """What a reviewer waits for, and what the pages load; after the map, which collected the static files."""
    from tests.bench import clicking
    from tests.services import Missing
    from tests.workers import environment, manage

    say("Clicks in a browser …")
    ours = environment(room, 14)
    try:
        manage(ours, "collectstatic", "--noinput", "-v0")
        return clicking.clicking(ours, clicking.pages(crowded), turns=8)
    except Missing as missing:
        say(f"Clicks were not measured: {missing}")
        return [], []


def in_swarms(
    room: Path, say: Callable[[str], None], sizes: tuple[int, ...]
) -> tuple[list[Ratio], list[Ratio]]:
    """Server times of made-up swarms, and what a browser sees of them."""
    from tests.bench import drawing, swarms
    from tests.services import Missing
    from tests.workers import environment

    ratios, held = [], []
    for cells in sorted({*sizes, DRAWN}):
        say(f"A swarm of {cells} cells …")
        repository, once = swarms.made(cells, room)
        held.append((repository.key, cells))
        ratios += once
        if cells in sizes:
            ratios += swarms.pages(repository, turns=10 if cells < LARGE else 5)
    say("The map in a browser …")
    try:
        libraries = drawing.installed(room / "rivals")
        return ratios, drawing.drawing(environment(room, 14), libraries, held, turns=3)
    except Missing as missing:
        say(f"Drawing was not measured: {missing}")
        return ratios, []


if __name__ == "__main__":
    main()
