"""The contract over every pull request found in history and every side branch, as if each were proposed now."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pygit2

from cells.backtest.found import Found, branches, pull_requests
from cells.backtest.history import History, Told
from cells.contract.case import DECISIONS, Case, Verdict
from cells.contract.judge import judge
from cells.contract.policy import Contract
from cells.evidence.assign import lane_of
from cells.patches.cases import of_change
from cells.patches.known import Known, Trees, past
from cells.refusals import say
from cells.sentences import Sentence, sentence
from cells.ssot.mirror import Mirror

DAY = 86_400
Progress = Callable[[int, int], None]
NOWHERE = Found(None, "", "", "", "", False, 0)


@dataclass(frozen=True, slots=True)
class Judged:
    """A proposal, what the contract was told, what it says, and what the contract in force says when they differ."""

    found: Found
    case: Case
    verdict: Verdict
    before: Verdict | None = None


def replay(
    mirror: Mirror,
    branch_ref: str,
    contract: Contract,
    history: History | None = None,
    assume_green: bool = False,
    against: Contract | None = None,
    progress: Progress = lambda done, total: None,
) -> dict[str, Any]:
    """{counts, flips, cases}: every case judged by `contract`; `flips` are those that `against`, now in force, judges otherwise.

    `branch_ref` is main's full name. A proposal that git cannot read is a problem in `counts`, and the others are judged.
    """
    began = time.monotonic()
    told = history or History()
    problems = list(told.problems)
    past_cases = Past(mirror, branch_ref, told)
    work = past_cases.work()
    judged = []
    for done, found in enumerate(work, start=1):
        try:
            case = past_cases.case(found)
        except (LookupError, ValueError, pygit2.GitError) as error:
            problems.append(_unreadable(found, error))
        else:
            case = replace(case, checks="green" if assume_green else "unknown")
            judged.append(
                Judged(found, case, judge(case, contract), judge(case, against) if against else None)
            )
        progress(done, len(work))
    return {
        "counts": _counts(judged, problems) | {"seconds": round(time.monotonic() - began, 3)},
        "flips": [flip for one in judged for flip in _flips(one)],
        "cases": [_shown(one) for one in judged],
    }


class Past:
    """The proposals of one repository, and what was known when each of them was made."""

    def __init__(self, mirror: Mirror, branch_ref: str, told: History) -> None:
        self.mirror = mirror
        self.main = branch_ref.removeprefix("refs/heads/")
        self.tip = mirror.tip(branch_ref)
        self.told = told
        said = past(mirror, self.tip)
        self.now = mirror.commit(self.tip).commit_time if self.tip else 0
        self.known = Known(
            Trees(mirror), "", said.pull_requests | told.by_number.keys(), said.folders, told.since
        )

    def work(self) -> list[Found]:
        """Merged ones in the order of main, then side branches by name, then those that only the record knows."""
        if not self.tip:
            return []
        found = pull_requests(self.mirror, self.main, self.tip)
        found += [self._numbered(one) for one in branches(self.mirror, self.main, self.tip)]
        here = {one.pr for one in found}
        return found + [
            replace(NOWHERE, pr=number, title=one.title, merged=one.merged)
            for number, one in sorted(self.told.by_number.items())
            if number not in here and one.paths
        ]

    def case(self, found: Found) -> Case:
        """Judged as of its merge, or as of main's tip while it waits."""
        told = self._told(found)
        if not found.commit:
            at = told.last_commit_at if told else None
            case = Case((), title=found.title, age_days=0.0 if found.merged or at is None else self._age(at))
        else:
            case = of_change(self.mirror, found.base, found.commit, self._known(found, told))
        unseen = _unseen(case, told)
        case = replace(
            case,
            title=found.title,
            branch=told.branch if told else "" if found.merged else found.ref,
            unseen=unseen,
            lane=next(filter(None, map(lane_of, _paths(case))), ""),
        )
        if found.commit and not found.merged:
            case = replace(
                case, age_days=self._age(found.at), on_main=not unseen and self._on_main(found, case)
            )
        return case

    def _known(self, found: Found, told: Told | None) -> Known:
        at = float(found.at if found.merged else self.now + 1)
        return replace(self.known, commit=found.base, at=at, own=frozenset(told.left if told else ()))

    def _numbered(self, found: Found) -> Found:
        told = self.told.by_branch.get(found.ref)
        return replace(found, pr=told.number) if told else found

    def _told(self, found: Found) -> Told | None:
        if found.commit and not found.merged:
            return self.told.by_branch.get(found.ref)
        return self.told.by_number.get(found.pr or 0)

    def _age(self, at: float) -> float:
        return max((self.now - at) / DAY, 0.0)

    def _on_main(self, found: Found, case: Case) -> bool:
        """Whether main holds, under each path, just what the branch does."""
        ours, theirs = self.mirror.commit(self.tip).tree, self.mirror.commit(found.commit).tree
        return bool(case.files) and all(_at(ours, path) == _at(theirs, path) for path in _paths(case))


def _at(tree: pygit2.Tree, path: str) -> pygit2.Oid | None:
    return tree[path].id if path in tree else None


def _unseen(case: Case, told: Told | None) -> tuple[str, ...]:
    """What the record lists and git's diff lacks."""
    seen = {file.path for file in case.files} | {file.old_path for file in case.files}
    return tuple(path for path in (told.paths if told else ()) if path not in seen)


def _paths(case: Case) -> list[str]:
    """Every path it touches, both ends of a move, once."""
    named = (path for file in case.files for path in (file.old_path, file.path) if path)
    return list(dict.fromkeys((*named, *case.unseen)))


def _counts(judged: list[Judged], problems: list[Sentence]) -> dict[str, Any]:
    """Cases per decision, per rule (once a case, however many reasons it gave) and per category."""
    decisions = Counter(one.verdict.decision for one in judged)
    return {
        "decisions": {decision: decisions[decision] for decision in DECISIONS},
        "rules": dict(Counter(rule for one in judged for rule in sorted(_rules(one.verdict))).most_common()),
        "categories": dict(Counter(one.verdict.category for one in judged).most_common()),
        "merged": sum(one.found.merged for one in judged),
        "branches": sum(bool(one.found.commit) and not one.found.merged for one in judged),
        "problems": [say(problem) for problem in problems],
    }


def _flips(one: Judged) -> Iterator[dict[str, Any]]:
    """With the rules that speak under one of the two contracts only."""
    if one.before is not None and one.before.decision != one.verdict.decision:
        yield {
            "pr": one.found.pr,
            "ref": one.found.ref,
            "before": one.before.decision,
            "after": one.verdict.decision,
            "rules": sorted(_rules(one.before) ^ _rules(one.verdict)),
        }


def _rules(verdict: Verdict) -> set[str]:
    return {reason.rule for reason in verdict.reasons}


def _shown(one: Judged) -> dict[str, Any]:
    found, verdict = one.found, one.verdict
    return {
        "pr": found.pr,
        "title": found.title,
        "ref": found.ref,
        "commit": found.commit,
        "paths": _paths(one.case),
        "merged": found.merged,
        "verdict": {
            "decision": verdict.decision,
            "category": verdict.category,
            "risk": verdict.risk,
            "reasons": [
                {"rule": reason.rule, "place": reason.place, "sentence": say(reason.sentence)}
                for reason in verdict.reasons
            ],
        },
    }


def _unreadable(found: Found, error: Exception) -> Sentence:
    return sentence(
        "%(name)s cannot be read from git (%(error)s), so it was not judged; the others were.",
        name=f"#{found.pr}" if found.merged else found.ref,
        error=str(error)[:200],
    )
