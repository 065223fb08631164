"""`make bench` (ARGS=--json): what VPM costs, as ratios to what git or an empty view costs in the same run.

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
from datetime import UTC, datetime
from pathlib import Path

import django
from rich.console import Console

DEMO_NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m tests.bench", description=(__doc__ or "").split("\n")[0])
    asked.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    as_json = asked.parse_args().json
    room = Path(tempfile.mkdtemp(prefix="vpm-bench-"))
    try:
        begin(room)
        measured(room, as_json)
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


def measured(room: Path, as_json: bool) -> None:
    """Every case, printed. Imports stand here because models need `begin`."""
    from cells.demo.write import write_demo
    from cells.repositories import known_as
    from tests.bench import asking, deciding, judging, pages, reading, table
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
    if as_json:
        json.dump({"source": source.name, "ratios": table.as_json(ratios)}, sys.stdout, indent=1)
        print()
    else:
        title = f"Syncs, landings and verdicts of {source.name}, asks and pages of the demo. Times in ms; a ratio is of medians."
        Console().print(table.table(ratios, title))


if __name__ == "__main__":
    main()
