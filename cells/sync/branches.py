"""What a reading brings from the source: its branches, and our own moved to where the source's is."""

from __future__ import annotations

from collections.abc import Callable

from cells.hosts.source import SOURCE_REFS, fetch
from cells.models import Repository
from cells.patches import pushing
from cells.patches.following import follow
from cells.sentences import Sentence, sentence
from cells.ssot.mirror import Mirror


def bring(repository: Repository, alive: Callable[[], None]) -> tuple[Mirror, list[Sentence]]:
    """Fetch, then move our branch to where the source's is, landings on top; and remarks. Raises SourceUnreadable."""
    branch = fetch(repository, alive)
    if branch and branch != repository.branch and not repository.head:
        repository.branch = branch
        repository.save(update_fields=["branch"])
    mirror = Mirror(repository.mirror)
    follow(repository, mirror)
    pushing.notice(repository, mirror)
    return mirror, _remarks(repository, mirror, branch)


def _remarks(repository: Repository, mirror: Mirror, branch: str) -> list[Sentence]:
    """What a person should know about the source's branches."""
    if not branch or branch == repository.branch:
        return []
    here = mirror.tip(SOURCE_REFS + repository.branch)
    if here:
        return [
            sentence(
                "The source's default branch is %(theirs)s; VPM follows %(ours)s.",
                theirs=branch,
                ours=repository.branch,
            )
        ]
    return [
        sentence(
            "The source has no branch %(ours)s any more (its default is %(theirs)s), so nothing is pushed there.",
            theirs=branch,
            ours=repository.branch,
        )
    ]
