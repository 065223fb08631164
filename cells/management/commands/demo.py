"""`manage.py demo [PATH]`: write the demo swarm."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from cells.demo.write import is_bare_repository, write_demo


class Command(BaseCommand):
    help = "Write the demo swarm, a small roastery with 30 cells and a year of history, as a bare git repository."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "path", nargs="?", type=Path, help="Where to write it (default: sources/demo.git)."
        )
        parser.add_argument(
            "--force", action="store_true", help="Replace a repository that is already there."
        )

    def handle(self, *args: Any, path: Path | None, force: bool, **options: Any) -> None:
        target = (path or Path(settings.VPM_DATA_DIR) / "sources" / "demo.git").resolve()
        if force and target.exists() and not is_bare_repository(target):
            raise CommandError(f"{target} is not a git repository of ours, so --force leaves it alone.")
        try:
            write_demo(target, timezone.now(), replace=force)
        except FileExistsError:
            raise CommandError(f"{target} is already there; --force writes a new one in its place.") from None
        self.stdout.write(f"Wrote the demo swarm, 30 cells and a year of history, to {target}.")
