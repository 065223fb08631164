"""Who has to agree to a patch: how many people, and whose word has to be among theirs. Nobody approves their own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pygit2
from django.contrib.auth.models import User
from django.db.models import Max, Q

from cells.models import Cell, Lane, Patch, Repository, Review
from cells.patches import verdicts
from cells.patches.governing import governs
from cells.permissions import REVIEWER, require
from cells.placing import Placer
from cells.refusals import Forbidden
from cells.sentences import Sentence, sentence
from cells.ssot.mirror import Mirror
from cells.ssot.state import read_state

Asking = Lane | Cell


@dataclass(frozen=True, slots=True)
class Need:
    """So many people; of each tuple of `owners` one; `why` says who asks for more than one person."""

    people: int = 1
    owners: tuple[tuple[str, ...], ...] = ()
    why: Sentence | None = None

    def missing(self, approved: Iterable[str]) -> Sentence | None:
        """What is still wanted beside the people of these names; None when they suffice."""
        names = set(approved)
        unheard = [owners for owners in self.owners if not names & set(owners)]
        wanted = self.people - len(names)
        if unheard:
            return sentence("One of its owners has to approve it: %(names)s.", names=", ".join(unheard[0]))
        if wanted > 0:
            return sentence(
                "%(done)s of %(people)s approvals; somebody else has to agree too.", done=len(names), people=self.people
            )  # fmt: skip
        return None


def needed(patch: Patch) -> Need:
    """By the swarm as main describes it: of all lanes and cells it touches the strictest, and the owners of each."""
    asks = Q(approvals__gt=1) | Q(goal_approvals__gt=1) | ~Q(owners=[])
    lanes = {lane.pk: lane for lane in patch.repository.lanes.filter(asks)}
    cells = {cell.pk: cell for cell in patch.repository.cells.filter(asks)}
    if not lanes and not cells:
        return Need()
    if any(governs(path) for path in _paths(patch)):
        return Need(
            _most(patch.repository), (), sentence("It changes who has to agree, or what the contract says.")
        )
    touched = _touched(patch)
    lane_ids = {row.pk if isinstance(row, Lane) else row.lane_id for row in touched}
    asking: list[Asking] = [lane for pk, lane in lanes.items() if pk in lane_ids]
    asking += [cells[row.pk] for row in touched if isinstance(row, Cell) and row.pk in cells]
    return strictest(asking, goal=any(row.goal_approvals for row in asking) and changes_goal(patch))


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


def _most(repository: Repository) -> int:
    """What the strictest lane or cell asks for."""
    rows = [
        rows.aggregate(a=Max("approvals"), b=Max("goal_approvals"))
        for rows in (repository.lanes, repository.cells)
    ]
    return max(value or 1 for row in rows for value in row.values())


def _touched(patch: Patch) -> list[Asking]:
    """By its paths; the cells its words name are added, never taken instead."""
    placer = Placer(patch.repository)
    found: dict[Asking, None] = dict.fromkeys([*patch.cells.all(), *([patch.lane] if patch.lane else [])])
    for path in _paths(patch):
        cells, lanes = placer.at(path)
        found |= dict.fromkeys([*cells, *lanes])
    return list(found)


def _paths(patch: Patch) -> set[str]:
    return {file[name] for file in patch.files for name in ("path", "old_path")}


def changes_goal(patch: Patch) -> bool:
    """Whether what a STATE document says of its goals would be another text."""
    mirror = Mirror(patch.repository.mirror)
    states = set(patch.repository.cells.values_list("state_path", flat=True))
    states |= set(patch.repository.projects.values_list("state_path", flat=True))
    files = [file for file in patch.files if {file["path"], file["old_path"]} & states]
    return any(_goals(mirror, file["old"]) != _goals(mirror, file["new"]) for file in files)


def _goals(mirror: Mirror, blob: str) -> list[str]:
    """The goals a version of a document states; one that cannot be read states none."""
    try:
        found = mirror.repo[blob]
    except (KeyError, ValueError):
        return []
    if not isinstance(found, pygit2.Blob):
        return []
    facts = read_state(found.data.decode("utf-8", "replace")).facts
    return sorted(fact.text for fact in facts if fact.kind.startswith("goal"))


def counted(patch: Patch) -> list[Review]:
    """The approvals of exactly what waits now that no stricter verdict has overtaken."""
    rows = patch.reviews.filter(decision=Review.APPROVE, void__isnull=True, digest=patch.digest)
    now = patch.verdict
    return [
        row
        for row in rows.select_related("by")
        if not (now and row.verdict and verdicts.stricter(now, row.verdict))
    ]


def proposed_by(patch: Patch, user: User) -> bool:
    """Whether the user is a proposer: by account, by the author's mail address, or by having edited it."""
    own = patch.proposer_id == user.pk or bool(
        user.email and user.email.lower() == patch.author_email.lower()
    )
    return own or patch.editors.filter(pk=user.pk).exists()


def check_person(patch: Patch, by: User) -> None:
    """Refuse whoever may not approve this patch, whatever state it is in. Raises Forbidden."""
    require(by, REVIEWER)
    if proposed_by(patch, by):
        if patch.editors.filter(pk=by.pk).exists():
            raise Forbidden(sentence("You edited this version; someone else has to approve it."))
        raise Forbidden(sentence("You proposed this patch; someone else has to approve it."))
