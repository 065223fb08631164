"""`manage.py sync KEY [--source PATH_OR_URL] [--json]`: read a repository into rows."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import Progress, TaskID

from cells.models import Repository, SyncRun
from cells.refusals import say
from cells.repositories import known_as
from cells.sync import runs


class Command(BaseCommand):
    help = "Reads a git repository (bare, work tree, bundle or URL) into the dashboard. Safe to repeat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("key", help="the repository's name here")
        parser.add_argument("--source", help="path or URL; needed the first time")
        parser.add_argument("--json", action="store_true", help="print the result as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        repository = self.repository(options["key"], options["source"])
        quiet = options["json"] or not sys.stderr.isatty()
        run = runs.execute_now(repository, "command line") if quiet else self.watched(repository)
        if options["json"]:
            self.stdout.write(json.dumps(as_json(run), ensure_ascii=False))
        if run.state == SyncRun.FAILED:
            raise CommandError(say(run.error))
        if not options["json"]:
            self.stdout.write(in_words(run))

    def repository(self, key: str, source: str | None) -> Repository:
        if source and Path(source).exists():
            source = str(Path(source).resolve())
        try:
            return known_as(key, source)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except Repository.DoesNotExist as error:
            raise CommandError(f"No repository is known as {key}; give its place with --source.") from error

    def watched(self, repository: Repository) -> SyncRun:
        with Progress(console=Console(stderr=True), transient=True) as bar:
            tasks: dict[str, TaskID] = {}

            def watch(step: str, done: int, total: int) -> None:
                if step not in tasks:
                    tasks[step] = bar.add_task(step, total=total)
                bar.update(tasks[step], completed=done, total=total)

            return runs.execute_now(repository, "command line", watch)


def as_json(run: SyncRun) -> dict[str, Any]:
    """{repository, state, result, error}: the shape that scripts read."""
    return {
        "repository": run.repository.key,
        "state": run.state,
        "result": run.result,
        "error": say(run.error) or None,
    }


def in_words(run: SyncRun) -> str:
    repository = run.repository
    if not run.result.get("changed"):
        return f"{repository.key}: nothing new at {repository.head[:12]} ({run.result['seconds']} s)."
    counts = ", ".join(
        f"{value} {name.replace('_', ' ')}"
        for name, value in run.result.items()
        if name not in ("head", "changed", "problems", "seconds")
    )
    lines = [
        f"{repository.key}: read to {run.result['head'][:12] or 'nothing'} in {run.result['seconds']} s: {counts or 'no rows'}."
    ]
    lines += [f"  {problem}" for problem in run.result["problems"][:20]]
    return "\n".join(lines)
