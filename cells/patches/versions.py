"""Versions: edit-then-approve. What waits is rewritten by a person and waits as a patch of its own, judged again.

The new version stands on today's main and holds what main would hold: what is typed is what lands. Who edits is a
proposer from then on, beside whoever proposed it first.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from cells.models import Patch
from cells.patches import change, drafts, life, paths, reviews, verdicts
from cells.patches.moves import obstacle, renewed, shift
from cells.patches.origins import written_by
from cells.patches.outdated import moved_away
from cells.patches.proposing import Proposed, commit_of, propose
from cells.refusals import Refused
from cells.sentences import sentence
from cells.ssot.mirror import Mirror


def check_edit(patch: Patch, by: User) -> None:
    """Refuse to edit: no reviewer, not waiting, somebody else's task, or nothing that could be put on main."""
    reviews.check_decide(patch, by, "edit")
    if not patch.merge_base:
        raise Refused(obstacle(patch))


def draft(patch: Patch, mirror: Mirror) -> tuple[drafts.Draft, str]:
    """What main would hold if it landed now, and the digest of exactly that. Raises Refused."""
    main = mirror.tip(f"refs/heads/{patch.repository.branch}")
    proposal = change.compute(mirror, main, patch.tip)
    if not proposal.merge_base:
        raise Refused(obstacle(patch))
    return drafts.of_merge(mirror, proposal.merge_base, main, patch.tip), proposal.digest


def check_seen(seen: str, today: str) -> None:
    """Refuse to save or compare texts that were written about another change than the one that waits."""
    if seen != today:
        raise Refused(
            sentence(
                "This patch changed since you looked at it. Read what it would do now, then decide again."
            )
        )


def edit(
    *,
    patch: Patch,
    by: User,
    digest: str,
    files: Mapping[str, str | bytes | None],
    without: Collection[str] = (),
    reason: str = "",
) -> Patch:
    """The version with these texts (None deletes), leaving the documents `without` as main has them. It waits instead
    of `patch`, which can come back by `discard`. Raises Refused.
    """
    check_edit(patch, by)
    mirror = Mirror(patch.repository.mirror)
    now, today = draft(patch, mirror)
    check_seen(digest, today)
    if patch.digest != digest:
        raise Refused(
            sentence(
                "Main has moved and this patch was not read against it yet; wait a moment and try again."
            )
        )
    what = _edited(patch, by, _tree(mirror, now, files, without), without, reason)

    def instead(new: Patch) -> None:
        if new.replaces_id != patch.pk:
            raise Refused(
                sentence(
                    "#%(twin)s waits already and proposes exactly this; decide that one instead.",
                    twin=new.pk,
                )
            )
        why = sentence("%(name)s edited it; a new version waits instead.", name=by.get_username())
        shift(patch, "edit", actor=by, note=why, seen=digest, reason=reason)

    new = propose(patch.repository, now.main, what, actor=by, claim=instead)
    verdicts.judge_waiting(patch.repository, mirror, [new, *paths.beside(new)])
    return new


def preview(
    *,
    patch: Patch,
    by: User,
    files: Mapping[str, str | bytes | None],
    without: Collection[str] = (),
) -> tuple[str, str]:
    """(main, commit): what `edit` would propose, as a commit that nothing points to. Raises Refused."""
    mirror = Mirror(patch.repository.mirror)
    now, _ = draft(patch, mirror)
    tree = drafts.tree_with(mirror, now, files, without)
    return now.main, commit_of(mirror, now.main, _edited(patch, by, tree, without, ""))


def _tree(
    mirror: Mirror, now: drafts.Draft, files: Mapping[str, str | bytes | None], without: Collection[str]
) -> str:
    """Raises Refused when it is the tree that waits already, or main's own."""
    tree = drafts.tree_with(mirror, now, files, without)
    if tree == now.tree:
        raise Refused(sentence("Nothing is edited, so there is no new version to save."))
    if tree == str(mirror.commit(now.main).tree.id):
        raise Refused(
            sentence(
                "Edited like this it changes nothing on main; reject or archive it instead of editing it."
            )
        )
    return tree


def _edited(patch: Patch, by: User, tree: str, without: Collection[str], reason: str) -> Proposed:
    """The old version's row and words on another tree; the commit is by who edits, the row by who proposed."""
    name, email = written_by(by)
    kept: dict[str, Any] = {
        "author_name": patch.author_name, "author_email": patch.author_email, "proposer": patch.proposer,
        "reverts": patch.reverts, "planted_by": patch.planted_by, "lesson": patch.lesson, "replaces": patch,
    }  # fmt: skip
    return Proposed(
        files={}, tree=tree, title=patch.title, rationale=_rationale(patch, by, reason), kind=patch.kind,
        author=name, email=email, at=timezone.now(), cells=tuple(patch.cells.all()), lane=patch.lane,
        edits=[one for one in patch.edits if one.get("path") not in without],
        editors=(*patch.editors.all(), by), mark=f"Edit-Of: {patch.pk}", row=kept,
    )  # fmt: skip


def _rationale(patch: Patch, by: User, reason: str) -> str:
    """The words it had, what the editor says, and a line for everybody else who wrote it."""
    text = patch.rationale.splitlines()
    body = [line for line in text if not line.startswith("Co-authored-by: ")]
    lines = [line for line in text if line.startswith("Co-authored-by: ")]
    others = [(patch.author_name, patch.author_email or "unknown@localhost")]
    others += [written_by(editor) for editor in patch.editors.all()]
    me = written_by(by)
    lines += [f"Co-authored-by: {name} <{email}>" for name, email in others if (name, email) != me]
    said = f"{me[0]} edited it: {' '.join(reason.split())}" if reason.strip() else ""
    parts = ["\n".join(body).strip(), said, "\n".join(dict.fromkeys(lines))]
    return "\n\n".join(part for part in parts if part)


def check_discard(patch: Patch, by: User) -> None:
    """Refuse to discard what is no edited version, or where the version before cannot wait again."""
    reviews.check_decide(patch, by, "discard")
    before = patch.replaces
    if patch.branch or before is None or before.state != life.SUPERSEDED:
        raise Refused(sentence("This is no edited version, so there is none before it to go back to."))
    if moved_away(before, Mirror(patch.repository.mirror)):
        raise Refused(
            sentence(
                "The branch of the version before is gone or has new commits, so it cannot wait again; reject or archive this one instead."
            )
        )


def discard(*, patch: Patch, by: User) -> Patch:
    """Undo of `edit`: the version before waits again, as it would land today. Raises Refused."""
    check_discard(patch, by)
    before = patch.replaces
    assert before is not None
    gone = sentence(
        "%(name)s discarded this edited version; #%(before)s waits again.", name=by.get_username(), before=before.pk
    )  # fmt: skip
    with transaction.atomic():
        # It replaces nothing any more: sync may take the version before back whenever its branch returns.
        shift(patch, "discard", actor=by, note=gone, replaces=None)
        shift(before, "return", actor=by, **renewed(before))
    return before
