"""Proposing: files on top of a commit become a waiting patch, held in the mirror like any other proposal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pygit2
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from cells import audit
from cells.models import Cell, Lane, Patch, Repository
from cells.patches import change, life, paths
from cells.ssot import commit as commits
from cells.ssot.commands import git
from cells.ssot.mirror import Mirror

KEEP = "refs/vpm/patches/"
NOBODY = "vpm@localhost"  # the address of what no person wrote


@dataclass(frozen=True, slots=True)
class Proposed:
    """What to propose: path to new bytes (None deletes), and whose it is. The same value makes the same commit."""

    files: Mapping[str, bytes | None]
    title: str
    rationale: str
    kind: str
    author: str
    at: datetime
    cells: tuple[Cell, ...] = ()
    lane: Lane | None = None
    edits: list[dict[str, Any]] = field(default_factory=list)
    mark: str = ""  # a line of the commit that tells proposals of one second and content apart
    email: str = NOBODY
    tree: str = ""  # the tree that `files` are put into, where it is not the base's own
    editors: tuple[User, ...] = ()
    row: Mapping[str, Any] = field(default_factory=dict)  # what else its row says, and says otherwise


def propose(
    repository: Repository,
    base: str,
    what: Proposed,
    *,
    actor: User | str,
    claim: Callable[[Patch], None] = lambda patch: None,
) -> Patch:
    """The waiting patch with this change on top of the commit `base`; the one that waits already, if one does.

    Nothing is written to the branch. Called twice with the same value it makes one patch. `claim` is called with
    it in the same transaction: what it raises undoes the patch.
    """
    mirror = Mirror(repository.mirror)
    tip = commit_of(mirror, base, what)
    main = mirror.tip(f"refs/heads/{repository.branch}")
    proposal = change.compute(mirror, main, tip)
    with transaction.atomic():
        # Two workers with one change: the second waits here and finds the row of the first.
        Repository.objects.select_for_update().get(pk=repository.pk)
        if patch := _known(repository, tip, proposal.digest):
            claim(patch)
            return patch
        patch = Patch.objects.create(**_row(repository, tip, proposal, what))
        patch.cells.add(*what.cells)
        patch.editors.add(*what.editors)
        paths.remember(patch, proposal.files)
        audit.record(
            actor=actor, verb="propose", subject=patch, repository=repository.key,
            after={"state": life.PROPOSED, "tip": tip},
        )  # fmt: skip
        claim(patch)
    git(mirror.path, "update-ref", f"{KEEP}{patch.pk}", tip)
    return patch


def _row(repository: Repository, tip: str, proposal: change.Proposal, what: Proposed) -> dict[str, Any]:
    return {
        "repository": repository, "tip": tip, **proposal.as_fields(), "kind": what.kind, "title": what.title[:300],
        "rationale": what.rationale, "author_name": what.author[:200], "authored_at": what.at,
        "state_at": timezone.now(), "lane": what.lane, "edits": what.edits, **what.row,
    }  # fmt: skip


def _known(repository: Repository, tip: str, digest: str) -> Patch | None:
    rows = Patch.objects.filter(repository=repository)
    same = rows.filter(branch="", tip=tip).first()
    # A test proposal stands in nobody's place.
    waiting = rows.filter(digest=digest, state=life.PROPOSED, planted_by=None)
    return same or waiting.order_by("pk").first()


def commit_of(mirror: Mirror, base: str, what: Proposed) -> str:
    """The commit that proposes this; no ref points to it yet."""
    index = pygit2.Index()
    tree = mirror.repo[what.tree].peel(pygit2.Tree) if what.tree else mirror.commit(base).tree
    index.read_tree(tree)
    for path, content in what.files.items():
        put(mirror, index, tree, path, content)
    seconds = int(what.at.timestamp())
    author = commits.Author(what.author, what.email, seconds, 0)
    return commits.build(
        mirror, tree=str(index.write_tree(mirror.repo)), parent=base, author=author,
        message=f"{what.title}\n\n{what.rationale}\n\n{what.mark}".strip() + "\n", now=seconds,
    )  # fmt: skip


def put(mirror: Mirror, index: pygit2.Index, tree: pygit2.Tree, path: str, content: bytes | None) -> None:
    """A document into the index, or out of it; one that is executable in `tree` stays so."""
    if content is not None:
        index.add(pygit2.IndexEntry(path, mirror.repo.create_blob(content), _mode(tree, path)))
    elif path in index:
        index.remove(path)


def _mode(tree: pygit2.Tree, path: str) -> pygit2.enums.FileMode:
    try:
        mode = tree[path].filemode
    except KeyError:
        return pygit2.enums.FileMode.BLOB
    executable = pygit2.enums.FileMode.BLOB_EXECUTABLE
    return executable if mode == executable else pygit2.enums.FileMode.BLOB
