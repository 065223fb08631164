"""Writing: a person proposes another text for one document of main. It waits like any other patch, and is their own."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.utils import timezone

from cells.models import Patch, Repository
from cells.patches import drafts, paths, verdicts
from cells.patches.origins import written_by
from cells.patches.proposing import Proposed, commit_of, propose
from cells.permissions import REVIEWER, require
from cells.placing import Placer
from cells.refusals import Refused
from cells.sentences import sentence
from cells.ssot.mirror import Mirror


def check_write(by: User) -> None:
    """Refuse whoever may not decide either."""
    require(by, REVIEWER)


def check_seen(path: str, seen: str, today: str) -> None:
    """Refuse to save or compare a text that was written over other bytes than main holds."""
    if seen != today:
        raise Refused(
            sentence(
                "%(path)s changed on main since you opened it. Compare, then propose again.", path=path[:200]
            )
        )


def draft(repository: Repository, mirror: Mirror, path: str) -> tuple[drafts.Draft, str]:
    """A document of main, and the id of exactly these bytes. Raises Refused."""
    main = mirror.tip(f"refs/heads/{repository.branch}")
    found = drafts.of_document(mirror, main, path)
    return found, str(mirror.commit(main).tree[path].id)


def write(
    *,
    repository: Repository,
    path: str,
    text: str,
    seen: str,
    by: User,
    title: str,
    kind: str,
    reason: str = "",
) -> Patch:
    """Propose `text` for a document that held the blob `seen`. Raises Refused."""
    check_write(by)
    mirror = Mirror(repository.mirror)
    now, blob = draft(repository, mirror, path)
    check_seen(path, seen, blob)
    if not title.strip():
        raise Refused(sentence("Give the change a title: it becomes the first line of the commit."))
    what = _written(repository, mirror, now, path, text, by, title, kind, reason)

    def own(new: Patch) -> None:
        if new.proposer_id != by.pk:
            raise Refused(
                sentence(
                    "#%(twin)s waits already and proposes exactly this; decide that one instead.",
                    twin=new.pk,
                )
            )

    new = propose(repository, now.main, what, actor=by, claim=own)
    verdicts.judge_waiting(repository, mirror, [new, *paths.beside(new)])
    return new


def preview(*, repository: Repository, path: str, text: str, by: User) -> tuple[str, str]:
    """(main, commit): what `write` would propose, as a commit that nothing points to. Raises Refused."""
    mirror = Mirror(repository.mirror)
    now, _ = draft(repository, mirror, path)
    return now.main, commit_of(
        mirror, now.main, _written(repository, mirror, now, path, text, by, "Preview", "change", "")
    )


def _written(
    repository: Repository,
    mirror: Mirror,
    now: drafts.Draft,
    path: str,
    text: str,
    by: User,
    title: str,
    kind: str,
    reason: str,
) -> Proposed:
    tree = drafts.tree_with(mirror, now, {path: text})
    if tree == now.tree:
        raise Refused(sentence("Nothing is changed, so there is nothing to propose."))
    name, email = written_by(by)
    subject = " ".join(title.split())[:200]
    cells, lane = Placer(repository).touched([{"path": path}], subject)
    return Proposed(
        files={}, tree=tree, title=subject, rationale=reason.strip(), kind=kind, author=name, email=email,
        at=timezone.now(), cells=tuple(cells), lane=lane, mark=f"Document: {path}",
        row={"proposer": by, "author_email": by.email},
    )  # fmt: skip
