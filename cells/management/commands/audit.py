"""`manage.py audit`: the trail, newest last. `audit verify` proves it, `audit export` writes it out, `audit seal` links it."""

from __future__ import annotations

import json
import time
from argparse import SUPPRESS, ArgumentParser
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from ninja.responses import NinjaJSONEncoder

from cells.api import shown
from cells.chain import proof, seal
from cells.chain.exports import exported, read
from cells.chain.landings import Until
from cells.chain.links import Broken
from cells.chain.whole import Chain, whole
from cells.models import AuditEvent, Repository
from cells.refusals import Refused, say
from cells.sentences import Sentence


class Command(BaseCommand):
    help = "Prints who did what to which, newest last; with --json one event a line, as the API shows it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--repo", default="", help="only this repository's events")
        parser.add_argument("--json", action="store_true", help="one JSON object a line")
        parser.add_argument("--limit", type=int, help="only the newest so many (without it: all)")
        verbs = parser.add_subparsers(dest="verb")
        verify = verbs.add_parser(
            "verify", help="check every link, and that git agrees; 1 when something does not"
        )
        verify.add_argument(
            "--repo", default=SUPPRESS, help="only this repository: its key, or the path of a clone"
        )
        verify.add_argument("--export", type=Path, help="check this export instead; needs no database")
        verify.add_argument(
            "--head", default="", help="a hash you kept elsewhere, or its beginning: has to be in the chain"
        )
        verify.add_argument("--since", default="", help="with --repo: look at git after this commit only")
        verbs.add_parser("export", help="write all events with their links as JSON lines")
        verbs.add_parser(
            "seal", help="link what was not linked yet (beat and worker do it every five seconds)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["limit"] is not None and options["limit"] < 1:
            raise CommandError("--limit has to be a whole number above zero.")
        for line in self.lines(options):
            self.stdout.write(line)

    def lines(self, options: dict[str, Any]) -> Iterator[str]:
        match options["verb"]:
            case "verify":
                yield from map(say, verified(options))
            case "export":
                seal.seal(everything=True)
                yield from exported(seal.links())
            case "seal":
                yield str(seal.seal(everything=True))
            case _:
                for event in events(options["repo"], options["limit"]):
                    yield as_json(event) if options["json"] else in_words(event)


def verified(options: dict[str, Any]) -> list[Sentence]:
    """What holds, in sentences; what does not hold is the command's error, so its exit status is 1."""
    if options["since"] and not options["repo"]:
        raise CommandError("--since is a commit of one repository; name it with --repo.")
    try:
        return of_export(options) if options["export"] else of_database(options)
    except (Broken, Refused) as no:
        raise CommandError(say(no.why)) from no
    except OSError as error:
        raise CommandError(f"{options['export']} cannot be read: {error.strerror}.") from error


def of_export(options: dict[str, Any]) -> list[Sentence]:
    """Without the database: a file, and a clone if one is given."""
    with options["export"].open("rb") as lines:
        chain = checked(whole(read(lines)), options)
    if not options["repo"]:
        return list(proof.told(chain, None))
    until = Until(datetime.fromisoformat(chain.last_at).timestamp() if chain.last_at else 0, is_open=True)
    branch = proof.branch_of(options["repo"], chain)
    return list(proof.told(chain, [proof.beside(chain, branch, until, options["since"])]))


def of_database(options: dict[str, Any]) -> list[Sentence]:
    """The rows, and the mirror of every repository, or of the one that is asked for."""
    with closing(seal.links()) as links:
        chain = checked(whole(links), options)
    waiting = seal.check_sealed()
    rows = Repository.objects.filter(key=options["repo"]) if options["repo"] else Repository.objects.all()
    branches = [proof.Branch(row.key, row.mirror, f"refs/heads/{row.branch}") for row in rows]
    if options["repo"] and not branches:
        branches = [proof.branch_of(options["repo"], chain)]
    until = Until(time.time())
    agreed = [proof.beside(chain, branch, until, options["since"]) for branch in branches]
    return list(proof.told(chain, agreed, waiting))


def checked(chain: Chain, options: dict[str, Any]) -> Chain:
    """The chain, if it holds the head that somebody kept."""
    if options["head"]:
        proof.check_kept(chain, options["head"])
    return chain


def events(repo: str, limit: int | None) -> Iterable[AuditEvent]:
    """Oldest first; the newest `limit` of them."""
    rows = AuditEvent.objects.select_related("link")
    rows = rows.filter(repository=repo) if repo else rows
    return reversed(rows[:limit]) if limit else rows.order_by("pk").iterator()


def as_json(event: AuditEvent) -> str:
    """The event in one line, to the letter what the API answers."""
    return json.dumps(shown.event(event).dict(), cls=NinjaJSONEncoder, ensure_ascii=False)


def in_words(event: AuditEvent) -> str:
    """One line: when, who, what, to which, and what became different; control characters never reach the terminal."""
    where = f" in {event.repository}" if event.repository else ""
    changes = ", ".join(
        f"{name}: {event.before.get(name, '–')} → {value}" for name, value in event.after.items()
    )
    line = f"{timezone.localtime(event.at):%Y-%m-%d %H:%M:%S} {event.actor} {event.verb} {event.subject_type} {event.subject}{where}"
    line += f" ({changes})" if changes else ""
    line += f" “{event.reason}”" if event.reason else ""
    return "".join(char if char.isprintable() else " " for char in line)
