"""One reading: from the source to rows, step by step, each of them idempotent."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db import transaction
from django.utils import timezone

from cells.contract.policy import default
from cells.hosts.source import SourceUnreadable
from cells.models import Repository
from cells.patches import landing
from cells.pulls import comments, linking, polling
from cells.pulls import evidence as happenings
from cells.pulls import mirror as pulls
from cells.sentences import Sentence, sentence
from cells.ssot.mirror import LINK, READ_LIMIT, SUBMODULE, Change, Mirror, Step

# Raise it when a reader learns something: every repository is then read anew.
READER = "2"
# Control characters, and what surrogateescape makes of bytes that are not UTF-8.
UNSPEAKABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass
class Reading:
    """What the steps of one run share. `old` is "" when all of history has to be read."""

    repository: Repository
    mirror: Mirror
    old: str
    head: str
    progress: Callable[[str, int, int], None]
    problems: list[Sentence] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    swarm_changed: bool = False

    @cached_property
    def steps(self) -> list[Step]:
        """What happened on the branch since the last reading, oldest first."""
        return list(self.mirror.history(self.old, self.head))

    @cached_property
    def files(self) -> dict[str, Change]:
        """What stands at the head; paths no person could type are left out, with a sentence."""
        files = {}
        for path, change in self.mirror.files(self.head).items():
            if why := unreadable(path, change):
                self.problems.append(why)
            else:
                files[path] = change
        return files

    def text(self, blob: str, most: int = READ_LIMIT) -> str | None:
        """A blob as text, None when it is larger than `most` bytes: too large to be a document."""
        if self.mirror.sizes([blob])[blob] > most:
            return None
        return self.mirror.data(blob).decode("utf-8-sig", "replace")

    def changes(self) -> Iterator[tuple[Step, Change]]:
        """Every readable change of every step."""
        for step in self.steps:
            for change in step.changes:
                if not unreadable(change.path, change):
                    yield step, change

    def count(self, name: str, number: int = 1) -> None:
        self.counts[name] = self.counts.get(name, 0) + number


def read(repository: Repository, progress: Callable[[str, int, int], None]) -> dict[str, Any]:
    """Fetch and read; returns the counts of what changed. Raises SourceUnreadable, and then nothing changed."""
    from cells.sync import branches, evidence, outside, proposals, state, swarm

    progress("fetch", 0, 1)
    try:
        mirror, remarks = branches.bring(repository, alive=lambda: progress("fetch", 0, 1))
    except SourceUnreadable as trouble:
        pulls.unread(repository, trouble.why)
        raise
    remarks += pulls.bring(repository, mirror, alive=lambda: progress("fetch", 0, 1))
    digest = _digest(mirror, linking.digest(repository))
    turn = pulls.turn(repository)
    if digest == repository.read_digest:
        polling.look(repository, alive=lambda: progress("checks", 0, 1))
        happenings.bring(repository, mirror, lambda: progress("evidence", 0, 1), turn=turn)
        if turn.mine:
            comments.bring(repository)
        Repository.objects.filter(pk=repository.pk).update(synced_at=timezone.now())
        return {"head": repository.head, "changed": False}
    head = mirror.tip(f"refs/heads/{repository.branch}")
    known = repository.read_digest.startswith(READER + ":") and mirror.is_ancestor(repository.head, head)
    landing.reconcile(repository, mirror, rewritten=not known)
    reading = Reading(repository, mirror, repository.head if known else "", head, progress, remarks)
    if not head:
        reading.problems.append(
            sentence("The repository is empty: it has no commit yet, so there is nothing to show.")
        )
    else:
        # `outside` after the swarm, whose cells it names; a run that dies before _record looks at the same commits again.
        for step in (swarm, outside, state, evidence, proposals):
            step.read(reading)
        reading.problems += polling.look(repository, alive=lambda: progress("checks", 0, 1))
        anew = reading.swarm_changed or not reading.old
        reading.problems += happenings.bring(
            repository, mirror, lambda: progress("evidence", 0, 1), turn=turn, anew=anew
        )
        reading.problems += comments.bring(repository) if turn.mine else []
    return _record(reading, digest)


def _record(reading: Reading, digest: str) -> dict[str, Any]:
    repository = reading.repository
    with transaction.atomic():
        repository.refresh_from_db(fields=["source"])
        repository.head = reading.head
        repository.head_at = reading.steps[-1].at if reading.head and reading.steps else repository.head_at
        repository.source_head = reading.mirror.tip(f"refs/source/{repository.branch}")
        repository.read_digest = digest
        repository.problems = [problem.as_json() for problem in reading.problems[:200]]
        repository.synced_at = timezone.now()
        repository.save()
    return {
        "head": reading.head,
        "changed": True,
        "problems": [str(p) for p in reading.problems[:200]],
        **reading.counts,
    }


def _digest(mirror: Mirror, pulls: str) -> str:
    """Names everything a reading depends on: our branch, the source's branches, what is known of its pull requests, the
    readers, the default contract."""
    refs = sorted(
        (
            mirror.branches("refs/source/") | {"": "|".join(sorted(mirror.branches("refs/heads/").values()))}
        ).items()
    )
    return READER + ":" + hashlib.sha256(repr((refs, default().version, pulls)).encode()).hexdigest()[:48]


def unreadable(path: str, change: Change) -> Sentence | None:
    """Why this path is not read, if it is not."""
    shown = path.encode("utf-8", "replace").decode()
    if UNSPEAKABLE.search(path):
        return sentence("%(path)r is skipped: its name holds control characters or is not UTF-8.", path=shown)
    if len(path) > 1000 or ".." in path.split("/"):
        return sentence("%(path)s is skipped: it is not a path a document can have.", path=shown[:200])
    if change.mode == SUBMODULE:
        return sentence("%(path)s is a submodule: another repository, which is not read here.", path=shown)
    if change.mode == LINK:
        return sentence("%(path)s is a symbolic link: links are not followed.", path=shown)
    return None
