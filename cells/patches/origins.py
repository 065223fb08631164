"""Where a version of a patch comes from, and what has become of it: who wrote it, which ask it answers, and the
sentences that lead from one version to the other."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import QuerySet

from cells.models import Ask, Patch
from cells.patches import life
from cells.sentences import Sentence, sentence

LONGEST_LINE = 100  # versions of versions that are walked back
OPEN_OR_LANDED = (life.PROPOSED, life.APPROVED, life.LANDING, life.FAILED, life.LANDED)
STUCK = sentence(
    "Later commits changed the same lines, so it cannot be taken back by itself. Edit this patch: say what should stand there now."
)


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence about `patch`, to be read on the page of another one."""

    sentence: Sentence
    patch: Patch


def written_by(user: User) -> tuple[str, str]:
    """Name and address of a person as git knows them."""
    return user.get_full_name() or user.get_username(), user.email or f"{user.get_username()}@localhost"


def first_version(patch: Patch) -> Patch:
    """What people edited until it was this one: a branch's or an ask's."""
    for _ in range(LONGEST_LINE):
        if patch.branch or patch.replaces is None or patch.replaces.state != life.SUPERSEDED:
            return patch
        patch = patch.replaces
    return patch


def asks_of(patch: Patch) -> QuerySet[Ask]:
    """The asks whose answer it is, edited or not; the first first."""
    return first_version(patch).asks.order_by("pk")


def remarks(patch: Patch) -> list[Remark]:
    """What a reader of this patch should know of other versions of it."""
    return [*_versions(patch), *_reverts(patch)]


def _versions(patch: Patch) -> list[Remark]:
    found: list[Remark] = []
    before = patch.replaces
    if before and not patch.branch and before.state == life.SUPERSEDED:
        names = ", ".join(editor.get_username() for editor in patch.editors.order_by("pk"))
        found.append(
            Remark(
                sentence("This is #%(before)s as edited by %(names)s.", before=before.pk, names=names), before
            )
        )
        found += _newer_of(first_version(patch))
    elif before and before.state == life.SENT_BACK:
        found.append(
            Remark(sentence("It follows #%(before)s, which was sent back.", before=before.pk), before)
        )
    if patch.state == life.SUPERSEDED and (after := patch.replaced_by.filter(branch="").last()):
        found.append(Remark(sentence("It was edited; #%(after)s is decided instead.", after=after.pk), after))
    if patch.branch and patch.state == life.PROPOSED:
        found += _edited_beside(patch)
    return found


def _newer_of(first: Patch) -> list[Remark]:
    """The branch of an edited patch has moved on."""
    rows = Patch.objects.filter(repository_id=first.repository_id, branch=first.branch, state=life.PROPOSED)
    newer = rows.exclude(pk=first.pk).order_by("pk").last() if first.branch else None
    if newer is None:
        return []
    said = sentence("The branch it was made from has newer commits; they wait as #%(newer)s.", newer=newer.pk)
    return [Remark(said, newer)]


def _edited_beside(patch: Patch) -> list[Remark]:
    """Edited versions of what the branch held before."""
    rows = Patch.objects.filter(repository_id=patch.repository_id, branch="", state=life.PROPOSED)
    return [
        Remark(
            sentence(
                "#%(edited)s waits too: an edited version of what this branch held before. Decide one of the two, and put the other away.",
                edited=row.pk,
            ),
            row,
        )
        for row in rows.exclude(replaces=None).select_related("replaces")
        if first_version(row).branch == patch.branch
    ]


def _reverts(patch: Patch) -> list[Remark]:
    found: list[Remark] = []
    if patch.reverts:
        found.append(Remark(sentence("It takes #%(landed)s back.", landed=patch.reverts.pk), patch.reverts))
        if patch.state == life.PROPOSED and not patch.applies:
            found.append(Remark(STUCK, patch.reverts))
    if back := taken_back_by(patch):
        found.append(Remark(_taken_back(back), back))
    return found


def _taken_back(back: Patch) -> Sentence:
    if back.state == life.LANDED:
        return sentence("#%(back)s took it back.", back=back.pk)
    if back.state in (life.APPROVED, life.LANDING):
        return sentence("#%(back)s takes it back, and is about to land.", back=back.pk)
    return sentence("#%(back)s would take it back, and waits for a decision.", back=back.pk)


def taken_back_by(patch: Patch) -> Patch | None:
    """The revert of a landed patch that waits, lands or has landed."""
    return patch.reverted_by.filter(state__in=OPEN_OR_LANDED).order_by("-pk").first()
