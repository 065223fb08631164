"""Rows for tests, made along the real path: a git source, a sync, a decision, a landing.

    repository = a_repository(tmp_path)               a bare source with two proposals, synced
    patch = a_patch(repository, state=life.LANDED)    proposed, approved, landed
    rin = a_user("rin", REVIEWER)                     in the group of that name
    with committed(): ...                             what on_commit would start is done at its end

No factory writes a state the code cannot reach. `Source` gives more history: `source.commit({...})`,
`source.propose("branch", {...})`, then `sync(repository)`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pygit2
from django.contrib.auth.models import Group, User
from django.test import TestCase

from cells.models import GitHubConnection, Patch, Repository, SyncRun
from cells.patches import life, reviews
from cells.patches.moves import shift
from cells.patches.verdicts import fingerprint
from cells.permissions import REVIEWER
from cells.repositories import known_as
from cells.sync import runs
from tests import copies

BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ADA = ("Ada Proposer", "ada@example.org")

SWARM = """\
[[projects]]
key = "bread"
title = "Bread"
state = "STATE/bread/current_state.md"

[[lanes]]
key = "monitoring"
title = "Monitoring"

[[lanes]]
key = "sample"
title = "Samples"

[[cells]]
key = "oven"
lane = "monitoring"
project = "bread"
title = "Oven watch"
north_star = "Nobody burns a loaf without hearing about it."
state = "STATE/bread/current_state.md"
evidence = ["reports/oven/**"]
actions = { P3-1 = "Read the thermometer" }

[[cells]]
key = "dough"
lane = "sample"
project = "bread"
title = "Dough"
evidence = ["reports/dough/**"]

[[cells]]
key = "crumb"
lane = "sample"
stage = "shelved"
title = "Crumb"

[[relations]]
from = "dough"
to = "oven"
type = "feeds"
"""

STATE = """\
# Bread

## 現在地（C）
The oven holds 210 degrees, give or take thirty.

## ゴール（G）
- 短期：hold 230 degrees within five.
- 中期：bake without anyone watching.

## 差分（δ）
Twenty-five degrees of wobble.

## 優先タスク
- [ ] T-OVEN-1: calibrate the thermometer (owner: ada, deadline: 2026-04-01)
- [x] T-OVEN-2: buy a thermometer
"""

FILES = {
    "swarm.toml": SWARM,
    "STATE/bread/current_state.md": STATE,
    "reports/oven/heat_20260301T0700Z.md": "# Heat\n\nSteady at 210 degrees.\n",
    "reports/oven/heat_20260302T0700Z.md": "# Heat\n\nSteady at 214 degrees.\n",
    "reports/dough/rise_20260301T0600Z.md": "# Rise\n\nDoubled in an hour.\n",
}
PROPOSALS = {
    "ask/warmer-oven": {"STATE/bread/current_state.md": STATE.replace("210", "225")},
    "think/dough-notes": {"reports/dough/notes_20260302T0500Z.md": "# 生地の記録\n\n二倍になった。\n"},
}


class Source:
    """A bare repository that stands for somebody's; it takes pushes."""

    def __init__(self, path: Path, at: datetime = BEGAN) -> None:
        self.path = path
        self.repo = pygit2.init_repository(str(path), bare=True, initial_head="main")
        self.at = at

    def tip(self, branch: str = "main") -> pygit2.Oid:
        return self.repo.branches[branch].peel(pygit2.Commit).id

    def commit(
        self, changes: Mapping[str, str | bytes | None], branch: str = "main", message: str = "Write it down"
    ) -> str:
        """One commit an hour after the last one; None deletes a path."""
        parents = [self.tip(branch)] if branch in self.repo.branches else []
        self.at += timedelta(hours=1)
        who = pygit2.Signature(*ADA, int(self.at.timestamp()), 0)
        made = self.repo.create_commit(None, who, who, message, self._tree(parents, changes), parents)
        self.repo.references.create(f"refs/heads/{branch}", made, force=True)
        return str(made)

    def _tree(self, parents: list[pygit2.Oid], changes: Mapping[str, str | bytes | None]) -> pygit2.Oid:
        index = pygit2.Index()
        if parents:
            index.read_tree(self.repo[parents[0]].peel(pygit2.Tree))
        for path, content in changes.items():
            if content is None:
                index.remove(path)
            else:
                data = content.encode() if isinstance(content, str) else content
                index.add(pygit2.IndexEntry(path, self.repo.create_blob(data), pygit2.enums.FileMode.BLOB))
        return index.write_tree(self.repo)

    def propose(self, branch: str, changes: Mapping[str, str | bytes | None], message: str = "") -> str:
        """A side branch with one commit on top of main."""
        self.repo.references.create(f"refs/heads/{branch}", self.tip())
        return self.commit(
            changes, branch, message or f"Propose {branch.rpartition('/')[2]}\n\nBecause it is warm."
        )

    def withdraw(self, branch: str) -> None:
        self.repo.branches.delete(branch)


def a_source(
    path: Path,
    files: Mapping[str, str] = FILES,
    proposals: Mapping[str, Mapping[str, str]] = PROPOSALS,
    at: datetime = BEGAN,
) -> Source:
    """A bare repository at `path` with one commit of `files` on main and a side branch for each proposal."""
    source = Source(path, at)
    source.commit(files, message="Begin")
    for branch, changes in proposals.items():
        source.propose(branch, changes)
    return source


def a_repository(
    folder: Path,
    key: str = "bakery",
    files: Mapping[str, str] = FILES,
    proposals: Mapping[str, Mapping[str, str]] = PROPOSALS,
) -> Repository:
    """Known under `key` and read; its source is `source_of(repository)`. The one with nothing special is a copy."""
    if (key, files, proposals) == ("bakery", FILES, PROPOSALS) and copies.fits():
        return copies.put_back()
    return read_anew(folder / f"{key}-source.git", key, files, proposals)


def read_anew(
    path: Path,
    key: str = "bakery",
    files: Mapping[str, str] = FILES,
    proposals: Mapping[str, Mapping[str, str]] = PROPOSALS,
) -> Repository:
    """Known under `key` and read, with its source at `path`."""
    return sync(known_as(key, str(a_source(path, files, proposals).path)))


def source_of(repository: Repository) -> Source:
    """The source of a repository made here, to write more history into; its clock stands after the newest commit."""
    source = Source(Path(repository.source))
    times = [source.repo[source.tip(name)].peel(pygit2.Commit).author.time for name in source.repo.branches]
    source.at = datetime.fromtimestamp(max(times), UTC)
    return source


def sync(repository: Repository) -> Repository:
    """Read the source now, and ask GitHub everything; a failed reading fails the test with its sentence."""
    GitHubConnection.objects.filter(repository=repository).update(asked_at=None)
    run = runs.execute_now(repository, "test")
    assert run.state == SyncRun.DONE, run.error
    repository.refresh_from_db()
    return repository


def a_user(name: str, right: str = "") -> User:
    """An active user, in the group of the right if one is given; made once per name."""
    user, made = User.objects.get_or_create(username=name, defaults={"email": f"{name}@example.org"})
    if made and right:
        user.groups.add(Group.objects.get(name=right))
    return user


def committed() -> AbstractContextManager[object]:
    """At its end the jobs that a commit would have started are done, and theirs too (needs eager Celery)."""
    return TestCase.captureOnCommitCallbacks(execute=True)


def a_patch(repository: Repository, state: str = life.PROPOSED, branch: str = "ask/warmer-oven") -> Patch:
    """The newest proposal of `branch`, taken to `state` the way people and workers take it there.

    APPROVED and LANDING stay there only in a test that is one transaction (the `db` fixture).
    """
    patch = Patch.objects.get(repository=repository, branch=branch, state=life.PROPOSED)
    if state != life.PROPOSED:
        WAYS[state](patch)
        patch.refresh_from_db()
    assert patch.state == state, patch.state_note
    return patch


def _approve(patch: Patch) -> None:
    reviews.approve(
        patch=patch, by=a_user("reviewer", REVIEWER), digest=patch.digest, verdict=fingerprint(patch.verdict)
    )


def _reject(patch: Patch) -> None:
    reviews.reject(
        patch=patch, by=a_user("reviewer", REVIEWER), digest=patch.digest, reason="Too warm for rye."
    )


def _send_back(patch: Patch) -> None:
    reviews.send_back(
        patch=patch, by=a_user("reviewer", REVIEWER), digest=patch.digest, reason="Say where it was measured."
    )


def _archive(patch: Patch) -> None:
    reviews.archive(patch=patch, by=a_user("reviewer", REVIEWER), digest=patch.digest)


def _claim(patch: Patch) -> None:
    _approve(patch)
    shift(patch, "claim", actor="landing")


def _land(patch: Patch) -> None:
    with committed():
        _approve(patch)


def _fail(patch: Patch) -> None:
    """A lock that somebody left on the mirror's branch keeps landing out."""
    lock = patch.repository.mirror / "refs" / "heads" / f"{patch.repository.branch}.lock"
    lock.touch()
    try:
        _land(patch)
    finally:
        lock.unlink()


def _supersede(patch: Patch) -> None:
    source_of(patch.repository).withdraw(patch.branch)
    sync(patch.repository)


WAYS = {
    life.APPROVED: _approve,
    life.REJECTED: _reject,
    life.SENT_BACK: _send_back,
    life.ARCHIVED: _archive,
    life.LANDING: _claim,
    life.LANDED: _land,
    life.FAILED: _fail,
    life.SUPERSEDED: _supersede,
}
