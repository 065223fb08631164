"""The steps of the time slider: the commits a person can go through, and what happened at each of them."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from itertools import pairwise
from typing import Any

from django.utils import timezone
from django.utils.translation import ngettext

from cells.models import Evidence, Patch, Repository
from egspace.drawing.words import number
from egspace.past.commits import History, history, told

LONGEST = 80  # characters of a subject


def steps(repository: Repository) -> dict[str, Any]:
    """{commits: [[commit, ISO time, subject, evidence changed, described, landing patch or 0, proposals since the step
    before]], weeks: [index of the last commit of each week], now, showing}, oldest first.

    `described`: the repository names its cells itself, in swarm.toml or a table. A fixed number of queries.
    """
    read = history(repository)
    shown = read.shown()
    commits = _rows(repository, read, shown)
    place = {seq: index for index, seq in enumerate(shown)}
    weeks = [place[seq] for seq in read.weeks()]
    return {
        "commits": commits,
        "weeks": weeks,
        "now": repository.head,
        "showing": showing(len(shown), len(read.commits)),
    }


def showing(shown: int, total: int) -> str:
    return ngettext(
        "Showing %(shown)s of %(total)s commit", "Showing %(shown)s of %(total)s commits", total
    ) % {
        "shown": number(shown),
        "total": number(total),
    }


def _rows(repository: Repository, read: History, shown: tuple[int, ...]) -> list[list[Any]]:
    """What happened at commits that are not shown counts for the next one that is."""
    evidence = set(Evidence.objects.filter(repository=repository).values_list("path", flat=True).distinct())
    landed = _landed(repository, read)
    proposed = _proposed(repository, read)
    swarms = told(read).swarms
    rows = []
    for before, seq in pairwise((-1, *shown)):
        here = range(before + 1, seq + 1)
        one = read.commits[seq]
        changed = sum(_is_evidence(path, evidence) for at in here for path in read.commits[at].paths)
        rows.append(
            [
                one.commit, timezone.localtime(one.at).isoformat(), one.subject[:LONGEST], changed,
                bool(swarms[seq].cells and swarms[seq].path), max(landed.get(at, 0) for at in here),
                sum(proposed[at] for at in here),
            ]
        )  # fmt: skip
    return rows


def _is_evidence(path: str, known: set[str]) -> bool:
    return path.startswith("reports/") or path in known


def _landed(repository: Repository, read: History) -> dict[int, int]:
    """Commit number to the patch that landed as it."""
    rows = Patch.objects.filter(repository=repository).exclude(commit="").values_list("commit", "pk")
    return {read.seqs[commit]: pk for commit, pk in rows if commit in read.seqs}


def _proposed(repository: Repository, read: History) -> Counter[int]:
    """Commit number to how many proposals were written since the commit before; what came after the last is its own."""
    times = repository.patches.order_by().values_list("authored_at", flat=True)
    last = len(read.commits) - 1
    return Counter(min(last, bisect_left(read.latest, at)) for at in times)
