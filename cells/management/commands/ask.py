"""`manage.py ask CELL --mode M [--repo KEY] [--patch N] [--provider P] [--note TEXT] [--force] [--wait] [--json]`."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from ninja.responses import NinjaJSONEncoder

from cells.api import asks as shown
from cells.asks import asking, job, life
from cells.asks.parsing import storable
from cells.models import Ask, Cell, Patch, Repository
from cells.refusals import Refused, say


class Command(BaseCommand):
    help = "Asks a cell; ends as a patch, a plan or a failure that says why. With --wait it is answered here."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("cell", help="the cell's key")
        parser.add_argument("--mode", required=True, help="update_north_star, persist_report, …")
        parser.add_argument("--repo", help="the repository, when several are known")
        parser.add_argument("--patch", type=int, help="the waiting patch the question is about")
        parser.add_argument("--provider", default="", help="rules or openai; else as configured")
        parser.add_argument("--note", default="", help="what the answer should consider")
        parser.add_argument("--force", action="store_true", help="ask anew although an earlier answer fits")
        parser.add_argument(
            "--wait", action="store_true", help="answer it in this process, and print the ending"
        )
        parser.add_argument("--json", action="store_true", help="print the ask as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            ask = asking.start(
                cell=self.cell(options["cell"], options["repo"]), mode=options["mode"], by=None, door="command",
                notes=storable(options["note"]), provider=options["provider"], subject=self.patch(options["patch"]),
                forced=options["force"],
            )  # fmt: skip
        except Refused as refused:
            raise CommandError(say(refused.why)) from refused
        if options["wait"]:
            wait(ask)
        found = shown.ask(None, ask.pk) if options["json"] else None  # type: ignore[arg-type]
        self.stdout.write(
            json.dumps(found.dict(), cls=NinjaJSONEncoder, ensure_ascii=False) if found else in_words(ask)
        )
        if ask.state == life.FAILED:
            raise CommandError(say(ask.error))

    def cell(self, key: str, repo: str | None) -> Cell:
        repositories = Repository.objects.filter(key=repo) if repo else Repository.objects.all()
        if len(repositories) != 1:
            known = ", ".join(Repository.objects.values_list("key", flat=True)) or "none"
            raise CommandError(f"Say which repository with --repo; known are: {known}.")
        rows = Cell.objects.select_related("repository", "lane", "project")
        found = rows.filter(repository=repositories[0], key=key).first()
        if found is None:
            known = ", ".join(repositories[0].cells.values_list("key", flat=True)[:40]) or "none"
            raise CommandError(f"{repositories[0].key} has no cell {key}; its cells are: {known}.")
        return found

    def patch(self, pk: int | None) -> Patch | None:
        if pk is None:
            return None
        found = Patch.objects.filter(pk=pk).first()
        if found is None:
            raise CommandError(f"There is no patch {pk}.")
        return found


def wait(ask: Ask) -> None:
    """Answer it here, unless a worker was faster; then wait for that one."""
    while ask.state in life.OPEN:
        job.execute(ask)
        if ask.state in life.OPEN:
            time.sleep(0.2)
            job.settle()
            ask.refresh_from_db()


def in_words(ask: Ask) -> str:
    lines = [f"ask {ask.pk}: {ask.mode} of {ask.cell_key} by {ask.provider}: {ask.state.replace('_', '-')}"]
    if ask.patch:
        lines.append(f"  patch {ask.patch.pk}: {ask.patch.title} ({ask.patch.decision or 'not judged'})")
    lines += [f"  plan: {line}" for line in ask.plan]
    lines += [f"  warning: {line}" for line in ask.warnings]
    lines += [f"  needs: {say(need['sentence'])}" for need in ask.needs if isinstance(need["sentence"], dict)]
    return "\n".join(lines)
