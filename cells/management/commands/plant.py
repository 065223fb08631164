"""`manage.py plant REPO CELL KIND [--by USER] [--author NAME] [--lesson TEXT]`."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from cells import accounts
from cells.models import Cell
from cells.patches import mistakes, planting
from cells.refusals import Refused, say
from cells.views import plant as form


class Command(BaseCommand):
    help = "Plants a test proposal in a cell's document; it waits like any other, and never lands."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("repo", help="the repository's key")
        parser.add_argument("cell", help="the cell's key")
        parser.add_argument("kind", choices=list(mistakes.KINDS))
        parser.add_argument("--by", default="", help="the operator who plants it; else the owner")
        parser.add_argument("--author", default="", help="in whose name it is proposed")
        parser.add_argument("--lesson", default="", help="what it wants to be noticed for")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = Cell.objects.select_related("repository", "lane", "project")
        cell = rows.filter(repository__key=options["repo"], key=options["cell"]).first()
        if cell is None:
            raise CommandError(f"{options['repo']} has no cell {options['cell']}.")
        by = User.objects.filter(username=options["by"]).first() if options["by"] else accounts.owner()
        if by is None:
            raise CommandError(f"Nobody is known as {options['by']}.")
        found = form.document(cell)
        if found is None or mistakes.made(options["kind"], found) is None:
            possible = ", ".join(mistakes.possible(found)) if found else ""
            raise CommandError(
                f"Its document gives no occasion for that; possible are: {possible or 'none'}."
            )
        words: dict[str, Any] = form.suggested(found, options["kind"])
        words |= {name: options[name] for name in ("author", "lesson") if options[name]}
        try:
            what = form.seed(cell, found, words)
            patch = planting.plant(repository=cell.repository, by=by, seed=what)
        except Refused as refused:
            raise CommandError(say(refused.why)) from refused
        self.stdout.write(f"Planted as patch {patch.pk}; it wants to be noticed for: {patch.lesson}")
