"""A discovered swarm comes with a ready patch that declares it: adopting it is a person's first approval."""

from __future__ import annotations

import pygit2
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from cells import audit
from cells.models import Patch
from cells.patches import change, life
from cells.patches.reviews import shift
from cells.sentences import sentence
from cells.ssot import commit as commits
from cells.ssot.swarm import Swarm, write_swarm
from cells.sync.reading import Reading

FILE = "swarm.toml"
TITLE = gettext_noop("Declare the discovered swarm in swarm.toml")
AUTHOR = "VPM discovery"
RENEWED = sentence("The repository describes its cells differently now; a newer proposal waits instead.")


def offer(reading: Reading, swarm: Swarm) -> None:
    """Propose swarm.toml for a discovered swarm, once per content; a rejected offer is not repeated."""
    if not swarm.cells:
        return
    blob = reading.mirror.repo.create_blob(write_swarm(swarm).encode())
    offers = Patch.objects.filter(repository=reading.repository, branch="", author_name=AUTHOR)
    if any(file["new"] == str(blob) for offer in offers for file in offer.files):
        return
    for old in offers.filter(state=life.PROPOSED):
        shift(old, "supersede", actor="sync", note=RENEWED)
    if not offers.filter(state=life.REJECTED).exists():
        propose(reading, blob, swarm.path)


def propose(reading: Reading, blob: pygit2.Oid, where: str) -> Patch:
    """The offer's row, its commit held like any other proposal's."""
    mirror, now = reading.mirror, timezone.now()
    index = pygit2.Index()
    index.read_tree(mirror.commit(reading.head).tree)
    index.add(pygit2.IndexEntry(FILE, blob, pygit2.enums.FileMode.BLOB))
    seconds = int(now.timestamp())
    tip = commits.build(
        mirror, tree=str(index.write_tree(mirror.repo)), parent=reading.head,
        author=commits.Author(AUTHOR, "vpm@localhost", seconds, 0), message=TITLE + "\n", now=seconds,
    )  # fmt: skip
    proposal = change.compute(mirror, reading.head, tip)
    with transaction.atomic():
        patch = Patch.objects.create(
            repository=reading.repository, tip=tip, merge_base=proposal.merge_base, kind="swarm", title=TITLE,
            rationale=f"The cells were found in `{where}`. Declared in `{FILE}`, they can be changed like any document.",
            author_name=AUTHOR, authored_at=now, files=proposal.files, digest=proposal.digest, state_at=now,
        )  # fmt: skip
        audit.record(
            actor="sync", verb="propose", subject=patch, repository=reading.repository.key,
            after={"state": life.PROPOSED, "tip": tip},
        )  # fmt: skip
    reading.count("patches")
    return patch
