"""People who decide, for tests of deciding: each by name, about exactly what the patch is now."""

from __future__ import annotations

from django.contrib.auth.models import User

from cells.models import Patch, Repository, Review
from cells.patches import landing, reviews, traces
from cells.patches.verdicts import fingerprint
from cells.permissions import REVIEWER
from cells.refusals import say
from cells.ssot.mirror import Mirror
from tests.factories import FILES, SWARM, a_user, committed

# Two documents that contradict each other about the oven: a service that is ready, and no request that succeeds.
READY = 'apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata:\n  name: oven\nstatus:\n  conditions:\n  - status: "True"\n    type: Ready\n'
FAILING = "# SLI\n\n- measured at: 2026-03-02T09:00:00Z\n- success rate: 0%\n- requests: 20\n"


def described(*asked: tuple[str, str]) -> dict[str, str]:
    """The bakery's files; in its swarm.toml the lane or cell of each key says those lines too."""
    return FILES | {"swarm.toml": asking(*asked)}


def asking(*asked: tuple[str, str]) -> str:
    text = SWARM
    for key, lines in asked:
        here = f'key = "{key}"\n'
        assert here in text, f"nobody has the key {key}"
        text = text.replace(here, f"{here}{lines}\n", 1)
    return text


def the(repository: Repository, branch: str = "ask/warmer-oven") -> Patch:
    """The newest patch of a branch, as it is in the database now."""
    rows = Patch.objects.select_related("repository", "lane").filter(repository=repository, branch=branch)
    return rows.latest("pk")


def again(patch: Patch) -> Patch:
    return Patch.objects.select_related("repository", "lane").get(pk=patch.pk)


def approve(patch: Patch, by: str | User = "rin") -> Review:
    """Of what it is now, whatever the row in hand says."""
    now = again(patch)
    user = by if isinstance(by, User) else a_user(by, REVIEWER)
    return reviews.approve(patch=now, by=user, digest=now.digest, verdict=fingerprint(now.verdict))


def landed(patch: Patch) -> Patch:
    """As it is after its landing was tried."""
    with committed():
        landing.land(again(patch))
    return again(patch)


def commits_with(patch: Patch) -> list[str]:
    """The commits on main that say they landed this patch."""
    mirror = Mirror(patch.repository.mirror)
    walker = mirror.repo.walk(mirror.tip("refs/heads/main"))
    return [str(commit.id) for commit in walker if f"Patch-Id: {traces.patch_id(patch)}" in commit.message]


def void_of(patch: Patch, by: str) -> str:
    """The sentence that ended the newest decision of a person, "" while it stands."""
    row = Review.objects.filter(patch=patch, by__username=by).latest("pk")
    return say(row.void)


def note_of(patch: Patch) -> str:
    """Why it is in its state."""
    return say(again(patch).state_note)
