"""What leaves nothing to decide, or to land: its branch is gone or somewhere else, or main holds it already."""

from __future__ import annotations

from cells.hosts.source import PULL_REFS, SOURCE_REFS
from cells.models import Patch
from cells.patches import change
from cells.patches.pulled import FORK
from cells.sentences import Sentence, sentence
from cells.ssot.mirror import Mirror

CONTAINED = sentence("Main already contains this change.")
GONE = sentence("Its branch was deleted at the source.")
MOVED_ON = sentence("Its branch has new commits; the newer version waits instead.")


def moved_away(patch: Patch, mirror: Mirror) -> Sentence | None:
    """What its proposer did with the branch since; None while it stands at this version, or there never was one."""
    if not patch.branch or mirror.tip(SOURCE_REFS + patch.branch) == patch.tip:
        return None
    if FORK.fullmatch(patch.branch):
        there = mirror.tip(PULL_REFS + patch.branch.partition("/")[2])
        return None if there == patch.tip else MOVED_ON if there else GONE
    # A row holds a branch's name as far as a database can; the source's own name may hold other bytes.
    named = {change.clean(name): tip for name, tip in mirror.branches(SOURCE_REFS).items()}
    if named.get(patch.branch) == patch.tip:
        return None
    return MOVED_ON if patch.branch in named else GONE
