"""`manage.py refresh_map KEY [--json]`: make the map of a repository now."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cells.models import Repository
from cells.refusals import say
from egspace import refresh
from egspace.models import Refresh


class Command(BaseCommand):
    help = "Makes the map of a repository: vectors, positions over its history, forecasts, figures. Safe to repeat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("key", help="the repository's name here")
        parser.add_argument("--json", action="store_true", help="print the result as one JSON object")

    def handle(self, *args: Any, key: str, **options: Any) -> None:
        repository = Repository.objects.filter(key=key).first()
        if repository is None:
            known = ", ".join(Repository.objects.values_list("key", flat=True)) or "none yet"
            raise CommandError(f"No repository is known as {key}; known: {known}.")
        row = refresh.execute_now(repository)
        if options["json"]:
            told = {
                "repository": key,
                "state": row.state,
                "result": row.result,
                "error": say(row.error) or None,
            }
            self.stdout.write(json.dumps(told, ensure_ascii=False))
        if row.state == Refresh.FAILED:
            raise CommandError(say(row.error))
        if not options["json"]:
            self.stdout.write(in_words(key, row.result))


def in_words(key: str, result: dict[str, Any]) -> str:
    if not result["changed"]:
        return f"{key}: the map is up to date at {result['head'][:12]} ({result['seconds']} s)."
    return (
        f"{key}: map made at {result['head'][:12]} with {result['model']} in {result['seconds']} s: "
        f"{result['vectors']} vectors, {result['positions']} positions, {result['new']} of them new."
    )
