"""Offering: a program, or a person through one, proposes a change of several documents. It waits like any other patch.

Whoever offers is the proposer, so nobody approves it with the same account, whichever door they come through.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.utils import timezone

from cells.models import Cell, Lane, Patch, Repository
from cells.patches import change, edits, life, paths, verdicts
from cells.patches.edits import Edit, EditRefused
from cells.patches.edits.checks import shown
from cells.patches.moves import moved, shift
from cells.patches.origins import written_by
from cells.patches.outdated import CONTAINED
from cells.patches.proposing import Proposed, commit_of, propose
from cells.patches.rendering import rendered
from cells.placing import Placer
from cells.refusals import Forbidden, Refused
from cells.sentences import sentence
from cells.ssot.mirror import Mirror

Kind = Callable[[str, list[dict[str, str]]], str]


@dataclass(frozen=True, slots=True)
class Offer:
    """What is proposed: `edits`, or whole `files` (None deletes); against the commit `base` of main, "" for its tip.

    `cell` is whom it is for where the paths do not say it; `replaces` the version before; `agent` the name of the
    program that wrote it, None for a person.
    """

    title: str
    rationale: str = ""
    edits: tuple[Edit, ...] = ()
    files: Mapping[str, str | None] = field(default_factory=dict)
    base: str = ""
    cell: Cell | None = None
    replaces: Patch | None = None
    agent: str | None = None


def offer(*, repository: Repository, by: User, what: Offer, kind: Kind) -> tuple[Patch, bool]:
    """The waiting patch, judged; and whether it is new: False where exactly this waits already. Raises Refused."""
    if not repository.head:
        raise Refused(sentence("This repository has not been read yet; propose again once it has."))
    mirror = Mirror(repository.mirror)
    main = mirror.tip(f"refs/heads/{repository.branch}")
    base = _base(mirror, main, what.base)
    proposed = _proposed(repository, mirror, base, what, by, kind)
    tip = commit_of(mirror, base, proposed)
    if change.compute(mirror, main, tip).contained:
        raise Refused(CONTAINED)
    known = Patch.objects.filter(repository=repository, branch="", tip=tip).exists()

    def instead(new: Patch) -> None:
        if what.replaces:
            _replace(what.replaces, new, by, fresh=new.tip == tip and not known)

    patch = propose(repository, base, proposed, actor=by, claim=instead)
    verdicts.judge_waiting(repository, mirror, [patch, *paths.beside(patch)])
    return patch, patch.tip == tip and not known


def check_replace(old: Patch, repository: Repository, by: User) -> None:
    """Refuse a new version of what somebody else proposed."""
    if old.proposer_id != by.pk:
        raise Forbidden(
            sentence("Somebody else proposed #%(before)s; propose yours beside it.", before=old.pk)
        )
    if old.repository_id != repository.pk:
        raise Refused(sentence("#%(before)s is about another repository.", before=old.pk))


def _replace(old: Patch, new: Patch, by: User, *, fresh: bool) -> None:
    """In the transaction of the new version: the old one, which waits or came back, does not wait beside it.

    Called again after the answer was lost, it finds the version that was made then.
    """
    if not fresh:
        if old.pk not in (new.pk, new.replaces_id):
            raise Refused(
                sentence(
                    "#%(twin)s waits already and proposes exactly this; decide that one instead.", twin=new.pk
                )
            )
        return
    old.refresh_from_db()
    if old.state not in (life.PROPOSED, life.SENT_BACK):
        raise Refused(moved(old))
    if old.state == life.PROPOSED:
        why = sentence("%(name)s edited it; a new version waits instead.", name=by.get_username())
        shift(old, "supersede", actor=by, note=why)


def _base(mirror: Mirror, main: str, asked: str) -> str:
    if not asked:
        return main
    if not mirror.has_commit(asked) or not mirror.is_ancestor(asked, main):
        raise Refused(sentence("%(commit)s is no commit of main that is known here.", commit=shown(asked)))
    return asked


def _proposed(
    repository: Repository, mirror: Mirror, base: str, what: Offer, by: User, kind: Kind
) -> Proposed:
    title = " ".join(what.title.split())[:200]
    if not title:
        raise Refused(sentence("Give the change a title: it becomes the first line of the commit."))
    try:
        files = rendered(mirror, base, what.edits, what.files)
    except EditRefused as refused:
        raise Refused(refused.why) from refused
    if not files:
        raise Refused(sentence("Nothing is changed, so there is nothing to propose."))
    cells, lane = _placed(repository, list(files), title, what.cell)
    name, email = written_by(by)
    return Proposed(
        files=files, title=title, rationale=what.rationale.strip(), author=_author(name, what.agent), email=email,
        kind=kind("", [{"path": path} for path in files]), at=timezone.now(), cells=cells, lane=lane,
        edits=edits.dump(what.edits), mark=_mark(what, by), editors=_editors(what.replaces, by),
        row={"proposer": by, "author_email": by.email, "replaces": what.replaces},
    )  # fmt: skip


def _mark(what: Offer, by: User) -> str:
    """The same text offered again in the same second, but in place of another version, is another commit."""
    return f"Offered-By: {by.pk}" + (f" for {what.replaces.pk}" if what.replaces else "")


def _author(name: str, agent: str | None) -> str:
    """A program's work is not signed as if the person had written it."""
    if agent is None:
        return name
    called = " ".join(["agent", *change.clean(agent).split()])
    return f"{name} ({called})"


def _editors(before: Patch | None, by: User) -> tuple[User, ...]:
    """Who had a hand in the version before had one in this. What waited has been edited by its own proposer."""
    if before is None:
        return ()
    here = {user.pk: user for user in before.editors.all()}
    return tuple((here | ({by.pk: by} if before.state == life.PROPOSED else {})).values())


def _placed(
    repository: Repository, changed: list[str], title: str, named: Cell | None
) -> tuple[tuple[Cell, ...], Lane | None]:
    """The cells that its paths name come first, so that nobody chooses whose contract is asked; then the one it names."""
    found, lane = Placer(repository).touched([{"path": path} for path in changed], "" if named else title)
    if named is None:
        return tuple(found), lane
    cells = {cell.pk: cell for cell in (*found, named)}
    return tuple(cells.values()), lane or named.lane
