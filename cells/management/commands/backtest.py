"""`manage.py backtest KEY [--source R] [--history FILE] [--contract FILE] [--assume-green] [--json]`: replay the contract."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping, Set
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from cells.backtest.history import History, parse
from cells.backtest.replay import replay
from cells.contract import policy
from cells.models import Repository, SyncRun
from cells.patches.governing import contract_of
from cells.refusals import say
from cells.repositories import known_as
from cells.sentences import sentence
from cells.ssot.mirror import Mirror
from cells.sync import runs

MOST_SHOWN = 20
EVERYWHERE = {"category", "checks"}


class Command(BaseCommand):
    help = (
        "Judges every pull request found in history and every side branch by the contract. Changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("key", help="the repository's name here")
        parser.add_argument("--source", help="path or URL of the repository; it is read first")
        parser.add_argument(
            "--history", type=Path, help="JSON lines: what git does not hold of pull requests"
        )
        parser.add_argument("--contract", type=Path, help="judge by this contract, and list what would flip")
        parser.add_argument(
            "--assume-green", action="store_true", help="as if all checks had passed (git does not know)"
        )
        parser.add_argument(
            "--json", action="store_true", help="print {counts, flips, cases} as one JSON object"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        history = _history(options["history"])
        other = _contract(options["contract"])
        repository = _repository(options["key"], options["source"])
        mirror, ref = Mirror(repository.mirror), f"refs/heads/{repository.branch}"
        governing = contract_of(mirror, mirror.tip(ref))
        quiet = options["json"] or not sys.stderr.isatty()
        with Progress(console=Console(stderr=True), transient=True, disable=quiet) as bar:
            task = bar.add_task(gettext("Cases judged"), total=None)
            result = replay(
                mirror, ref, other or governing, history, options["assume_green"], governing if other else None,
                lambda done, total: bar.update(task, completed=done, total=total),
            )  # fmt: skip
        if options["json"]:
            self.stdout.write(json.dumps(result, ensure_ascii=False))
        else:
            console = Console(highlight=False)
            with console.capture() as text:
                console.print(*tables(result, flips=other is not None), sep="\n")
            self.stdout.write(text.get())


def _repository(key: str, source: str | None) -> Repository:
    """Known under the key, and read at least once; read anew when its place is given."""
    if source and Path(source).exists():
        source = str(Path(source).resolve())
    try:
        repository = known_as(key, source)
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from error
    except Repository.DoesNotExist:
        why = sentence("No repository is known as %(key)s; give its place with --source.", key=key)
        raise CommandError(say(why)) from None
    if source or not repository.head:
        run = runs.execute_now(repository, "command line")
        if run.state == SyncRun.FAILED:
            raise CommandError(say(run.error))
        repository.refresh_from_db()
    return repository


def _history(path: Path | None) -> History | None:
    if path is None:
        return None
    try:
        with path.open("rb") as lines:
            return parse(lines)
    except OSError as error:
        raise _unreadable(path, error) from None


def _contract(path: Path | None) -> policy.Contract | None:
    if path is None:
        return None
    try:
        return policy.parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from None
    except policy.ContractBroken as broken:
        raise CommandError(say(broken.sentence)) from None


def _unreadable(path: Path, error: Exception) -> CommandError:
    why = error.strerror if isinstance(error, OSError) else str(error)
    return CommandError(
        say(
            sentence(
                "The file %(path)s cannot be read (%(error)s). Check its path.",
                path=str(path),
                error=why or "",
            )
        )
    )


def tables(result: Mapping[str, Any], flips: bool) -> Iterator[Table | Text]:
    """What a person reads: counts, then what flips, then the merged cases that a rule would have held."""
    counts = result["counts"]
    yield from (Text(problem) for problem in counts["problems"][:MOST_SHOWN])
    yield _counted(gettext("Verdict"), counts["decisions"])
    yield _counted(gettext("Rule"), counts["rules"])
    if flips:
        yield _flipped(result["flips"])
    # What most cases are asked for says little about any of them.
    most = max(len(result["cases"]) // 2, MOST_SHOWN)
    usual = EVERYWHERE | {rule for rule, number in counts["rules"].items() if number > most}
    notable = [(case, _why(case, usual)) for case in result["cases"] if case["merged"]]
    yield _held([(case, why) for case, why in notable if why])


def _counted(title: str, numbers: Mapping[str, int]) -> Table:
    table = Table(title, gettext("Cases"))
    for name, number in numbers.items():
        table.add_row(name, str(number))
    return table


def _flipped(flips: list[dict[str, Any]]) -> Table:
    table = Table(gettext("Would flip"), gettext("From"), gettext("To"), gettext("Rules"))
    for flip in flips:
        table.add_row(_plain(_name(flip)), flip["before"], flip["after"], ", ".join(flip["rules"]))
    return table


def _held(notable: list[tuple[dict[str, Any], str]]) -> Table:
    """Riskiest first, then newest."""
    notable.sort(key=lambda row: (row[0]["verdict"]["risk"] != "HIGH", -(row[0]["pr"] or 0)))
    table = Table(
        gettext("Merged, and now asked about"), gettext("Risk"), gettext("Why"),
        caption=gettext("%(shown)s of %(all)s; --json lists every case.")
        % {"shown": min(len(notable), MOST_SHOWN), "all": len(notable)},
    )  # fmt: skip
    for case, why in notable[:MOST_SHOWN]:
        table.add_row(_plain(f"{_name(case)} {case['title']}"), case["verdict"]["risk"], _plain(why))
    return table


def _why(case: Mapping[str, Any], usual: Set[str]) -> str:
    """The first sentence that is about this case and not about most of them."""
    told = (r for r in case["verdict"]["reasons"] if r["rule"] not in usual)
    return next((reason["sentence"] for reason in told), "")


def _name(case: Mapping[str, Any]) -> str:
    return f"#{case['pr']}" if case["pr"] else case["ref"]


def _plain(words: str) -> Text:
    """Control characters never reach the terminal, and nothing in it is markup."""
    return Text("".join(char if char.isprintable() else " " for char in words))
