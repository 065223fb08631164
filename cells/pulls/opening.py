"""The pull request that an approved patch lands by: the one that proposes it, or one of ours with its one commit.

A worker may die between the push, the opening and the row: the next one finds the branch by its commit, and the pull
request by its branch. GitHub itself refuses a second one from the same branch.
"""

from __future__ import annotations

import time
from datetime import timedelta

from django.conf import settings
from django.db.models import QuerySet

from cells.hosts import source
from cells.hosts.github import merging
from cells.hosts.github.merging import NotMerged
from cells.hosts.github.pull_payloads import Pull
from cells.models import Errand, GitHubConnection, Patch, PullRequest, Review
from cells.patches import landing
from cells.pulls import errands, wording
from cells.pulls.rows import fields_of
from cells.pulls.steps import Expected
from cells.sentences import Sentence, sentence
from cells.ssot.commands import git
from cells.ssot.mirror import Mirror

MADE = "refs/vpm/landings/"  # PATCH/COMMIT: which commits landing made, before there is a row for them
SKEW = timedelta(seconds=5)  # GitHub keeps whole seconds, and its clock is not ours


class Impossible(Exception):
    """A person has to do something first; the sentence says what."""

    def __init__(self, why: Sentence) -> None:
        super().__init__(str(why))
        self.why = why


class Later(Exception):
    """Not now; the sentence says why."""

    def __init__(self, why: Sentence, seconds: int) -> None:
        super().__init__(str(why))
        self.why, self.seconds = why, seconds


def branch_of(patch: Patch) -> str:
    return f"vpm/patch-{patch.pk}"


def pull_of(patch: Patch, connection: GitHubConnection) -> PullRequest:
    """The one that lands it, opened when there is none. Raises Stale, Unread, Later, Impossible, SourceUnreadable or
    Unanswered.
    """
    row = patch.pull
    if row and stands(patch, row):
        return row
    return open_for(patch, connection)


def stands(patch: Patch, row: PullRequest) -> bool:
    """Whether it is the approval's: what we closed ourselves is not, nor one of ours that ended before it."""
    if Errand.objects.filter(connection_id=row.connection_id, key=closing_key(patch, row)).exists():
        return False
    if row.state != PullRequest.CLOSED:
        return True
    if not row.ours:
        return not _closed_by_decision(patch, row)
    at = approved(patch).order_by("pk").values_list("at", flat=True).last()
    return at is None or row.closed_at is None or row.closed_at > at - SKEW


def _closed_by_decision(patch: Patch, row: PullRequest) -> bool:
    """Whether it was closed because of what was decided here about this patch, and not by its people."""
    errands_of = Errand.objects.filter(connection_id=row.connection_id, number=row.number, verb=Errand.CLOSE)
    # With a note it was not closed: somebody had pushed to it, or the decision was taken back first.
    decided = errands_of.filter(
        key__startswith=f"patch-{patch.pk}-review-", state=Errand.DONE, note__isnull=True
    )
    at = decided.order_by("done_at").values_list("done_at", flat=True).last()
    return at is not None and (row.closed_at is None or row.closed_at <= at + SKEW)


def closing_key(patch: Patch, row: PullRequest) -> str:
    """Of the errand that closes one of ours."""
    return f"patch-{patch.pk}-closes-{row.number}"


def approved(patch: Patch) -> QuerySet[Review]:
    """The approvals that count."""
    return patch.reviews.filter(decision=Review.APPROVE, void__isnull=True)


def open_for(patch: Patch, connection: GitHubConnection) -> PullRequest:
    """One of ours, from a branch that holds the one commit."""
    mirror, main = fresh(patch)
    reviews, made = commit(patch, mirror, main)
    pull = _found(connection, patch, reviews, made) or _open(connection, patch, reviews)
    row = remember(patch, connection, pull, made)
    category = str((patch.verdict or {}).get("category", ""))
    if category:
        said = {"add": [f"u_contract:{category}"], "drop": []}
        errands.order(
            connection, key=f"pull-{row.number}-category", verb=Errand.LABEL, number=row.number, said=said
        )
    return row


def fresh(patch: Patch) -> tuple[Mirror, str]:
    """The mirror as GitHub is now, and the tip of its main. Raises SourceUnreadable."""
    repository = patch.repository
    source.fetch(repository)
    mirror = Mirror(repository.mirror)
    main = mirror.tip(source.SOURCE_REFS + repository.branch)
    if not main:
        why = sentence("The source has no branch %(branch)s any more.", branch=repository.branch)
        raise source.SourceUnreadable(why)
    return mirror, main


def commit(patch: Patch, mirror: Mirror, main: str) -> tuple[list[Review], str]:
    """The approvals and the commit that the branch at GitHub holds now: found there, or made on main and pushed."""
    name, repository = branch_of(patch), patch.repository
    reviews, merged = landing.carried(patch, mirror, main, patch.tip)
    there = mirror.tip(source.SOURCE_REFS + name)
    if there and not made_here(mirror, patch, there):
        raise Later(
            sentence("The branch %(branch)s at GitHub holds something else; delete it there.", branch=name),
            600,
        )
    if there and names(mirror, there, reviews) and str(mirror.commit(there).parent_ids[0]) == main:
        return reviews, there
    made = landing.make_commit(mirror, patch, reviews, main, mirror.write(merged))
    git(mirror.path, "update-ref", f"{MADE}{patch.pk}/{made}", made)  # before anybody else can see it
    outcome = source.place(repository, name, made, there)
    if outcome.ok:
        return reviews, made
    if outcome.stale or outcome.away:
        raise Later(outcome.note or CHANGED, 5 if outcome.stale else 60)
    raise Impossible(sentence("%(why)s %(advice)s", why=outcome.note or CHANGED, advice=RIGHTS))


CHANGED = sentence("The branch at GitHub changed meanwhile.")
RIGHTS = sentence(
    "Let the token or App write Contents and Pull requests at GitHub (Workflows too where it changes those), and let rules for branches except vpm/*."
)


def made_here(mirror: Mirror, patch: Patch, tip: str) -> bool:
    """Whether landing this patch made the commit. Its trailers do not tell: anybody can write them."""
    if mirror.tip(f"{MADE}{patch.pk}/{tip}") == tip:
        return True
    return mirror.has_commit(tip) and PullRequest.objects.filter(patches=patch, made=tip).exists()


def names(mirror: Mirror, made: str, reviews: list[Review]) -> bool:
    """Whether it was made for these approvals, and not for ones that were taken back."""
    return bool(reviews) and mirror.commit(made).commit_time >= int(reviews[-1].at.timestamp())


def is_for(patch: Patch, row: PullRequest) -> bool:
    """Whether one of ours holds a commit that was made for the approvals that count today."""
    mirror = Mirror(patch.repository.mirror)
    return mirror.has_commit(row.made) and names(mirror, row.made, list(approved(patch).order_by("pk")))


def expected(patch: Patch, row: PullRequest) -> Expected:
    """What the approval was of, as its pull request has to show it."""
    return Expected(row.made or patch.tip, patch.repository.branch, row.ours, young(patch, row))


def young(patch: Patch, row: PullRequest) -> bool:
    """Whether ours was pushed so lately that GitHub may not know of its checks yet, and call it clean."""
    if not row.made:
        return False
    made = Mirror(patch.repository.mirror).commit(row.made).commit_time
    return time.time() - made < settings.VPM_CHECKS_BEGIN


def forget(patch: Patch) -> None:
    """What was made for it is not needed here any more; main, or nobody, holds it."""
    mirror = Mirror(patch.repository.mirror)
    refs = mirror.branches(f"{MADE}{patch.pk}/")
    if refs:
        orders = "".join(f"delete {MADE}{patch.pk}/{name}\n" for name in refs)
        git(mirror.path, "update-ref", "--stdin", stdin=orders)


def _found(connection: GitHubConnection, patch: Patch, reviews: list[Review], made: str) -> Pull | None:
    """One that is there already: open, and then it says what is true now, or with just this commit."""
    for one in merging.opened(connection, branch_of(patch)):
        if one.state == PullRequest.OPEN:
            body = wording.body(patch, reviews)
            if one.body != body:
                merging.describe(connection, one.number, body)
            return one
        if one.head == made:
            return one
    return None


def _open(connection: GitHubConnection, patch: Patch, reviews: list[Review]) -> Pull:
    title, body = wording.title(patch), wording.body(patch, reviews)
    try:
        return merging.open_pull(connection, branch_of(patch), patch.repository.branch, title, body)
    except NotMerged as refused:
        raise Later(refused.why, 30) from None


def remember(patch: Patch, connection: GitHubConnection, pull: Pull, made: str) -> PullRequest:
    """Its row, as ours, and the patch's. A reading may have made the row before."""
    told = fields_of(pull) | {"made": made, "head": made}
    row, _new = PullRequest.objects.update_or_create(connection=connection, number=pull.number, defaults=told)
    # It is needed again, if it was let go before: what was to close it does not.
    Errand.objects.filter(connection=connection, key=closing_key(patch, row)).delete()
    Patch.objects.filter(pk=patch.pk).update(pull=row)
    patch.pull = row
    return row
