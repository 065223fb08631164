"""Verdicts against hashing what they are about, and the back-test against `git log -p` of the same repository."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from cells.backtest.history import History, parse
from cells.backtest.replay import replay
from cells.contract.case import Case
from cells.contract.judge import judge
from cells.models import Patch, Repository
from cells.patches import life, verdicts
from cells.patches.cases import Builder
from cells.patches.governing import contract_of
from cells.ssot.mirror import Mirror
from tests.bench.reading import git
from tests.bench.timing import Ratio, Work, by_turns


def judging(repository: Repository, turns: int) -> list[Ratio]:
    """A verdict on every waiting proposal: the contract alone on cases that were built, then from rows and git."""
    mirror = Mirror(repository.mirror)
    main = mirror.tip(f"refs/heads/{repository.branch}")
    contract = contract_of(mirror, main)
    patches = list(Patch.objects.filter(repository=repository, state=life.PROPOSED))
    cases = [case for _, case in Builder(repository, mirror, main).cases(patches)]
    return by_turns(
        Work("hashing its bytes", lambda: digests(cases), things=len(cases)),
        Work("verdict", lambda: [judge(case, contract) for case in cases], things=len(cases)),
        Work(
            "verdict, case built",
            lambda: verdicts.judge_waiting(repository, mirror, patches),
            things=len(cases),
        ),
        turns=turns,
    )


def digests(cases: Iterable[Case]) -> list[str]:
    """SHA-256 of the bytes of each case's files, before and after."""
    return [
        hashlib.sha256(b"".join(part for file in case.files for part in (file.old or b"", file.new or b""))).hexdigest()
        for case in cases
    ]  # fmt: skip


def replaying(repository: Repository, history: Path | None, turns: int) -> list[Ratio]:
    """Every pull request and side branch of the mirror, with the project's own record of them if there is one."""
    mirror, told = Mirror(repository.mirror), _told(history)
    contract = contract_of(mirror, mirror.tip(f"refs/heads/{repository.branch}"))
    ref = f"refs/heads/{repository.branch}"
    return by_turns(
        Work("git log -p --all", lambda: git(repository, "log", "-p", "--all")),
        Work("back-test", lambda: replay(mirror, ref, contract, told)),
        turns=turns,
    )


def _told(history: Path | None) -> History | None:
    if history is None:
        return None
    with history.open("rb") as lines:
        return parse(lines)
