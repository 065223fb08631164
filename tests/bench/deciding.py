"""From the click to the commit, against `git commit` of the same one-file change in a work tree."""

from __future__ import annotations

import subprocess
from pathlib import Path

from cells.models import Patch
from cells.patches import landing, life, reviews
from cells.patches.verdicts import fingerprint
from cells.permissions import REVIEWER
from cells.repositories import known_as
from tests.bench.reading import sync
from tests.bench.timing import Ratio, Work, by_turns
from tests.factories import a_user, source_of

NOTE = "docs/bench/note-{}.md"
TEXT = "# Note {}\n\nWritten to be landed.\n"
AUTHOR = ("-c", "user.name=Bench", "-c", "user.email=bench@example.org")


def deciding(source: Path, room: Path, turns: int) -> list[Ratio]:
    """Each turn approves and lands a patch of its own; the job queue's own delay is not in it."""
    repository = known_as("decides", str(source))
    for number in range(turns + 1):
        source_of(repository).propose(f"ask/bench-{number}", {NOTE.format(number): TEXT.format(number)})
    sync(repository)
    reviewer = a_user("bench-reviewer", REVIEWER)
    patches = [repository.patches.get(branch=f"ask/bench-{number}") for number in range(turns + 1)]
    tree = room / "work-tree"
    subprocess.run(
        ["git", "clone", "--quiet", "--branch", repository.branch, repository.mirror, tree], check=True
    )
    written = iter(range(turns + 1))

    def approve() -> None:
        patch = patches.pop(0)
        reviews.approve(patch=patch, by=reviewer, digest=patch.digest, verdict=fingerprint(patch.verdict))
        landing.land(Patch.objects.select_related("repository").get(pk=patch.pk))
        if Patch.objects.get(pk=patch.pk).state != life.LANDED:
            raise RuntimeError(f"{patch} did not land")

    def write() -> None:
        number = next(written)
        note = tree / NOTE.format(number)
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(TEXT.format(number))
        subprocess.run(["git", "-C", tree, "add", note], check=True)

    def commit() -> None:
        subprocess.run(["git", *AUTHOR, "-C", tree, "commit", "--quiet", "--message", "Note"], check=True)

    return by_turns(Work("git commit", commit, before=write), Work("approve to commit", approve), turns=turns)
