"""Who has to agree to a patch: how many people, and whose word has to be among theirs. Nobody approves their own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from cells.hosts.github.places import by_pull
from cells.models import Patch, Repository, Review
from cells.patches import earlier, life, pulled, reach, verdicts
from cells.patches.governing import governs
from cells.patches.moves import lock
from cells.patches.reach import Asking
from cells.people import wrote
from cells.permissions import REVIEWER, may, require
from cells.refusals import Forbidden, Refused
from cells.sentences import Sentence, sentence

CHANGED = sentence("It was about an earlier version.")


@dataclass(frozen=True, slots=True)
class Need:
    """So many people; of each tuple of `owners` one; `why` says who asks for more than one person.

    `absent` are the owners who may not approve it: they lack the right, or proposed it.
    """

    people: int = 1
    owners: tuple[tuple[str, ...], ...] = ()
    why: Sentence | None = None
    absent: frozenset[str] = frozenset()

    def missing(self, approved: Iterable[str]) -> Sentence | None:
        """What is still wanted beside the people of these names; None when they suffice."""
        names = set(approved)
        unheard = [owners for owners in self.owners if not names & set(owners)]
        # What nobody can give is said first: no approval of anybody else helps.
        for owners in unheard:
            if set(owners) <= self.absent:
                return sentence(
                    "One of its owners has to approve it, and none of them may: %(names)s. Give one of them the right "
                    "“reviewer”, or have swarm.toml name somebody else.",
                    names=", ".join(owners),
                )
        if unheard:
            return sentence("One of its owners has to approve it: %(names)s.", names=", ".join(unheard[0]))
        if self.people > len(names):
            return sentence(
                "%(done)s of %(people)s approvals; somebody else has to agree too.", done=len(names), people=self.people
            )  # fmt: skip
        return None

    @property
    def more(self) -> bool:
        """Whether it asks for more than any one person."""
        return self.people > 1 or bool(self.owners)


def needed(patch: Patch) -> Need:
    """By the swarm as main describes it: of all lanes and cells it touches the strictest, and the owners of each.

    What changes the description itself needs as many as the strictest of all, and the owners of what it describes.
    """
    rows = _who_ask(patch.repository)
    if not rows:
        return Need()
    reached = set(reach.touched(patch))
    touched = [row for row in rows if row in reached]
    need = strictest(touched, goal=any(row.goal_approvals for row in touched) and reach.changes_goal(patch))
    if any(governs(path) for path in reach.paths_of(patch)):
        why = sentence("It changes who has to agree, or what the contract says.")
        owned = [row for row in rows if row.owners]
        owners = strictest([*touched, *(reach.redescribed(patch, owned) if owned else ())], goal=False).owners
        need = Need(max(max(row.approvals, row.goal_approvals) for row in rows), owners, why)
    return replace(need, absent=_absent(patch, need.owners))


def _who_ask(repository: Repository) -> list[Asking]:
    """The lanes and cells that ask for more than any one person."""
    asks = Q(approvals__gt=1) | Q(goal_approvals__gt=1) | ~Q(owners=[])
    return [*repository.lanes.filter(asks), *repository.cells.filter(asks)]


def strictest(asking: Iterable[Asking], *, goal: bool) -> Need:
    """Of these lanes and cells; a goal can ask for more people than a fact."""
    people, why = 1, None
    owners: dict[tuple[str, ...], None] = {}
    for row in asking:
        wants = max(row.approvals, row.goal_approvals if goal else 0)
        if wants > people:
            people, why = wants, _why(row, wants, goal and row.goal_approvals > row.approvals)
        if row.owners:
            owners[tuple(row.owners)] = None
    return Need(people, tuple(owners), why)


def _why(row: Asking, people: int, goal: bool) -> Sentence:
    if goal:
        return sentence(
            "It changes a goal, and %(name)s wants %(people)s people for that.", name=row.key, people=people
        )
    return sentence("%(name)s wants %(people)s people to agree.", name=row.key, people=people)


def _absent(patch: Patch, owners: tuple[tuple[str, ...], ...]) -> frozenset[str]:
    names = {name for group in owners for name in group}
    users = User.objects.filter(username__in=names) if names else ()
    able = {user.username for user in users if may(user, REVIEWER) and not proposed_by(patch, user)}
    return frozenset(names - able)


def counted(patch: Patch) -> list[Review]:
    """The approvals that stand: of exactly what waits now and has waited since, by people who still may."""
    return [row for row in _given(patch) if lapsed(patch, row) is None]


def _given(patch: Patch) -> list[Review]:
    rows = patch.reviews.filter(decision=Review.APPROVE, void__isnull=True)
    return list(rows.select_related("by").order_by("pk"))


def lapsed(patch: Patch, review: Review) -> Sentence | None:
    """Why an approval does not stand any more. What was something else meanwhile is not approved by becoming the same."""
    since = earlier.since(patch, review.at)
    if review.digest != patch.digest or since is None:
        return CHANGED
    for one in (*since, {"digest": patch.digest, "verdict": patch.verdict}):
        if one["digest"] != review.digest or _words(one) != _words({"verdict": review.verdict}):
            return CHANGED
        if more := stricter(patch, review, one["verdict"]):
            return sentence(
                "The contract asked for more after it was given: %(rules)s.", rules=", ".join(more)
            )
    return may_not(patch, review)


def stricter(patch: Patch, review: Review, now: dict[str, Any] | None) -> list[str]:
    """The rules for which the contract asks for more than when it was given. Where GitHub merges, it answers for the
    checks: what a person approved waits there until they pass.
    """
    if not now or not review.verdict:
        return []
    more = verdicts.stricter(now, review.verdict)
    if more and review.by_id and verdicts.only_checks(now, review.verdict) and by_pull(patch.repository):
        return []
    return more


def _words(seen: dict[str, Any]) -> str:
    """Names the words that land with it, see verdicts.words."""
    return str((seen["verdict"] or {}).get("words", ""))


def may_not(patch: Patch, review: Review) -> Sentence | None:
    """Why its author may not approve this patch with the rights they have today."""
    if review.by_id is None:
        return None
    try:
        check_person(patch, User.objects.get(pk=review.by_id))  # not the rights of a row read before
    except Refused as refused:
        return no_longer(review, refused.why)
    return None


def no_longer(review: Review, why: Sentence) -> Sentence:
    return sentence("The approval by %(name)s no longer counts: %(why)s", name=review.who, why=why)


def void_lapsed(patch: Patch) -> None:
    """Write down, where it is read, why an approval does not stand any more."""
    for review in _given(patch):
        if why := lapsed(patch, review):
            Review.objects.filter(pk=review.pk).update(void=why.as_json())


def void_all_lapsed(repository: Repository) -> None:
    """So that nobody's inbox hides what they would have to approve again."""
    given = Review.objects.filter(decision=Review.APPROVE, void__isnull=True)
    rows = Patch.objects.filter(repository=repository, state=life.PROPOSED, pk__in=given.values("patch"))
    for patch in rows:
        with transaction.atomic():
            lock(patch)
            if patch.state == life.PROPOSED:
                void_lapsed(patch)


def proposed_by(patch: Patch, user: User) -> bool:
    """Whether the user is a proposer: by account, by the mail address of a commit (theirs, or what GitHub gives to their
    login), by having edited it, or by having opened its pull request."""
    if patch.proposer_id == user.pk or patch.editors.filter(pk=user.pk).exists():
        return True
    if pulled.opened_by(patch, user):
        return True
    authors = reach.authors(patch)
    return user.email.lower() in authors or wrote(user, authors)


def check_person(patch: Patch, by: User) -> None:
    """Refuse whoever may not approve this patch, whatever state it is in. Raises Forbidden."""
    require(by, REVIEWER)
    if proposed_by(patch, by):
        if patch.editors.filter(pk=by.pk).exists():
            raise Forbidden(sentence("You edited this version; someone else has to approve it."))
        raise Forbidden(sentence("You proposed this patch; someone else has to approve it."))
