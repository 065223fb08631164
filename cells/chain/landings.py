"""Whether git agrees with the chain: the landings of one branch beside the events that tell of them. No Django."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from cells.chain.links import Broken
from cells.chain.whole import Chain
from cells.sentences import Sentence, sentence
from cells.ssot.commands import git

UNRECORDED = 300  # seconds in which a worker that died after its commit is followed by one that records it
HEAD = re.compile(r"([1-9][0-9]{0,17}) ([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Claim:
    """A commit that says of itself that it landed a patch: the values of its trailers, and when it was made."""

    commit: str
    at: int
    patches: tuple[str, ...]
    heads: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Agreed:
    """How many landings agree; `older` of them are from before the first head in git, `newer` commits are not judged."""

    landings: int
    older: int
    newer: int


def claims(repository: Path, branch: str, since: str = "") -> list[Claim]:
    """Every commit of the branch with our trailers, oldest first. Raises GitFailed."""
    values = "%(trailers:key={},valueonly,unfold,separator=%x01)"
    out = git(
        repository,
        "log",
        "--topo-order",
        "--reverse",
        "--extended-regexp",
        "--regexp-ignore-case",
        "--grep=^(Patch-Id|Audit-Head):",
        f"--format=%H%x00%ct%x00{values.format('Patch-Id')}%x00{values.format('Audit-Head')}%x02",
        "--end-of-options",
        f"{since}..{branch}" if since else branch,
        "--",
    )
    rows = [row.lstrip("\n").split("\0") for row in out.split("\x02") if row.strip()]
    found = (
        Claim(commit, int(at or 0), _values(patches), _values(heads)) for commit, at, patches, heads in rows
    )
    return [claim for claim in found if claim.patches or claim.heads]


def _values(joined: str) -> tuple[str, ...]:
    return tuple(value.strip() for value in joined.split("\x01") if value.strip())


def ancestors(repository: Path, commit: str) -> set[str]:
    """The commit and everything before it. Raises GitFailed."""
    return set(git(repository, "rev-list", "--end-of-options", commit).split())


def parents_of(repository: Path, branch: str, commits: Container[str]) -> dict[str, list[str]]:
    """Those of the commits that the branch holds, each with its parents. Raises GitFailed."""
    rows = (
        line.split()
        for line in git(repository, "rev-list", "--parents", "--end-of-options", branch).splitlines()
    )
    return {commit: parents for commit, *parents in rows if commit in commits}


@dataclass(frozen=True, slots=True)
class Until:
    """Up to when the trail can know of a commit. An export is open: commits of later are not its business."""

    now: float
    is_open: bool = False

    def knows(self, at: int) -> bool:
        """Whether a landing committed then has to be in the trail by now."""
        return at < self.now - UNRECORDED or (at > self.now + UNRECORDED and not self.is_open)


def agree(
    chain: Chain,
    key: str,
    said: Sequence[Claim],
    until: Until,
    before: Container[str] = frozenset(),
    merged: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> Agreed:
    """Check every landing both ways; `before` are commits that nobody asked about, `merged` those of the branch that
    GitHub made of landings, with their parents: their own trailers may stand in the commit that was merged.

    Raises Broken at the first commit, else at the first event, whose other half is missing or different.
    """
    landings = chain.landings.get(key, {})
    known = {commit for commit, _ in landings.values()}
    within = {parents[1] for commit, parents in merged.items() if commit in known and len(parents) == 2}
    seen: set[str] = set()
    older, newer, begun = 0, 0, False
    for claim in said:
        begun = begun or bool(claim.heads)
        if claim.commit not in known and claim.commit not in within and not until.knows(claim.at):
            newer += 1
            continue
        if begun:
            _check_head(chain, claim)
        if claim.commit in within:
            continue
        if claim.commit not in known:
            raise Broken(_unknown(claim))
        older += not begun
        seen.add(claim.commit)
    for patch, (commit, seq) in landings.items():
        if commit not in seen and commit in merged:
            seen.add(commit)
        elif commit not in seen and commit not in before:
            raise Broken(_missing(key, patch, commit, seq))
    return Agreed(len(seen), older, newer)


def _missing(key: str, patch: str, commit: str, seq: int) -> Sentence:
    return sentence(
        "Link %(seq)s: patch %(patch)s landed in %(repository)s as commit %(commit)s, but the branch has no such landing; look at its source.",
        seq=seq,
        patch=patch,
        repository=key,
        commit=commit[:12],
    )


def _unknown(claim: Claim) -> Sentence:
    return sentence(
        "Commit %(commit)s says that it landed patch %(patch)s, but the trail knows no such landing; read what the commit changed.",
        commit=claim.commit[:12],
        patch=", ".join(claim.patches) or "–",
    )


def _check_head(chain: Chain, claim: Claim) -> None:
    """The head that a commit names is the chain's at that place."""
    short = claim.commit[:12]
    match = HEAD.fullmatch(claim.heads[0]) if len(claim.heads) == 1 else None
    if match is None:
        raise Broken(
            sentence(
                "Commit %(commit)s has no readable Audit-Head, though landings before it have one; read what the commit changed.",
                commit=short,
            )
        )
    seq = int(match[1])
    if seq > chain.head.seq:
        raise Broken(
            sentence(
                "Commit %(commit)s names link %(seq)s, but the chain ends with link %(last)s: its end is gone; look for a later export or backup.",
                commit=short,
                seq=seq,
                last=chain.head.seq,
            )
        )
    if chain.hash_at(seq) != match[2]:
        raise Broken(
            sentence(
                "Commit %(commit)s names link %(seq)s with another hash than the chain has: one of them was forged; compare with an earlier export or backup.",
                commit=short,
                seq=seq,
            )
        )
