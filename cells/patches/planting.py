"""Test proposals: an operator plants one to learn whether it is noticed. It looks like any other, and never lands.

Until it is decided nothing that anybody can read says what it is; the event of its planting is written when it is revealed.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from cells import audit
from cells.models import Cell, Patch, Repository
from cells.patches import drafts, life, paths, verdicts
from cells.patches.moves import lock, moved, shift
from cells.patches.proposing import NOBODY, Proposed, commit_of, propose
from cells.permissions import OPERATOR, require
from cells.placing import Placer
from cells.refusals import Forbidden, Refused
from cells.sentences import Sentence, sentence
from cells.ssot.mirror import Mirror

CAUGHT, MISSED, CONTRACT, REWRITTEN, EXPIRED, WITHDRAWN = OUTCOMES = (
    "caught", "missed", "missed by the contract", "rewritten", "expired", "withdrawn",
)  # fmt: skip
NOTES = {
    CAUGHT: sentence("This was a test proposal, and you noticed. It wanted to be caught for: %(lesson)s"),
    MISSED: sentence(
        "This was a test proposal, made to learn from. Nothing landed, and such a thing is easy to miss. "
        "What was wrong with it: %(lesson)s"
    ),
    CONTRACT: sentence(
        "This was a test proposal, and the contract would have let it land without a person. Nothing landed. "
        "What was wrong with it: %(lesson)s"
    ),
    REWRITTEN: sentence(
        "This was a test proposal, and somebody rewrote it before it was approved. Nothing landed. "
        "See whether the rewriting took this out: %(lesson)s"
    ),
    EXPIRED: sentence("This was a test proposal that nobody decided in time. What was wrong with it: %(lesson)s"),
    WITHDRAWN: sentence(
        "This was a test proposal, and whoever planted it took it back. What was wrong with it: %(lesson)s"
    ),
}  # fmt: skip
LIFE = timedelta(days=14)
WORKER = "planting"
SAYS = "sync"  # who proposes what nobody here proposed
BOT = "docs-bot-{}"  # where nobody proposes who is no person here
LATEST = 300  # proposals whose authors are offered


@dataclass(frozen=True, slots=True)
class Seed:
    """What to plant: a document's new text, and whose words stand around it. `kind` as sync would call it."""

    cell: Cell
    path: str
    text: str
    title: str
    rationale: str
    author: str
    lesson: str
    kind: str


def plant(*, repository: Repository, by: User, seed: Seed) -> Patch:
    """A waiting patch that looks like any other. Raises Refused."""
    require(by, OPERATOR)
    _check_words(seed)
    _check_author(repository, seed)
    mirror = Mirror(repository.mirror)
    main = mirror.tip(f"refs/heads/{repository.branch}")
    what = _proposed(repository, mirror, main, seed, by)

    def new(patch: Patch) -> None:
        if patch.planted_by_id != by.pk or patch.lesson != what.row["lesson"]:
            raise Refused(
                sentence(
                    "#%(twin)s waits already and proposes exactly this; decide that one instead.",
                    twin=patch.pk,
                )
            )

    patch = propose(repository, main, what, actor=SAYS, claim=new)
    verdicts.judge_waiting(repository, mirror, [patch, *paths.beside(patch)])
    return patch


def preview(*, repository: Repository, by: User, seed: Seed) -> tuple[str, str]:
    """(main, commit): what `plant` would propose, as a commit that nothing points to. Raises Refused."""
    require(by, OPERATOR)
    mirror = Mirror(repository.mirror)
    main = mirror.tip(f"refs/heads/{repository.branch}")
    return main, commit_of(mirror, main, _proposed(repository, mirror, main, seed, by))


def _proposed(repository: Repository, mirror: Mirror, main: str, seed: Seed, by: User) -> Proposed:
    now = drafts.of_document(mirror, main, seed.path)
    tree = drafts.tree_with(mirror, now, {seed.path: seed.text})
    if tree == now.tree:
        raise Refused(sentence("Nothing is changed, so there is nothing to propose."))
    title = " ".join(seed.title.split())[:200]
    email = dict(authors(repository)).get(seed.author, "")
    found, lane = Placer(repository).touched([{"path": seed.path}], title)
    cells = {cell.pk: cell for cell in (*found, seed.cell)}
    return Proposed(
        files={}, tree=tree, title=title, rationale=seed.rationale.strip(), kind=seed.kind, author=seed.author.strip(),
        email=email or NOBODY, at=timezone.now(), cells=tuple(cells.values()), lane=lane or seed.cell.lane,
        row={"author_email": email, "planted_by": by, "lesson": seed.lesson.strip()},
    )  # fmt: skip


def _check_words(seed: Seed) -> None:
    if not seed.title.strip():
        raise Refused(sentence("Give the change a title: it becomes the first line of the commit."))
    if not seed.author.strip():
        raise Refused(sentence("Say in whose name it is proposed."))
    if not seed.lesson.strip():
        raise Refused(
            sentence("Say what it wants to be noticed for; whoever decides it reads that right after.")
        )


def _check_author(repository: Repository, seed: Seed) -> None:
    """It speaks in no person's name, and pushes no real proposal aside."""
    name = seed.author.strip()
    if User.objects.filter(Q(username__iexact=name) | Q(email__iexact=name)).exists():
        raise Refused(
            sentence(
                "%(name)s is a person here. A test proposal does not speak in anybody's name.", name=name
            )
        )
    rows = Patch.objects.filter(repository=repository, state=life.PROPOSED, author_name=name)
    if rows.filter(touched__path=seed.path).exists():
        raise Refused(
            sentence(
                "A proposal by %(name)s to the same document waits already, and a newer one would push it aside. "
                "Choose another author.",
                name=name,
            )
        )


def free_authors(repository: Repository, path: str) -> list[str]:
    """In whose names a test proposal to this document can speak now; there is always one."""
    rows = Patch.objects.filter(repository=repository, state=life.PROPOSED, touched__path=path)
    taken = set(rows.values_list("author_name", flat=True))
    names = [name for name, _address in authors(repository) if name not in taken]
    return names or [
        next(name for number in range(1, len(taken) + 3) if (name := BOT.format(number)) not in taken)
    ]


def authors(repository: Repository) -> list[tuple[str, str]]:
    """(name, address) of who proposed lately through branches and is no person here, the most frequent first."""
    rows = Patch.objects.filter(repository=repository).exclude(branch="").order_by("-pk")
    latest = list(rows.values_list("author_name", "author_email")[:LATEST])
    accounts = User.objects.values_list("username", "email", "first_name", "last_name")
    known = {
        part.lower() for name, email, first, last in accounts for part in (name, email, f"{first} {last}")
    }
    named: dict[str, str] = {}
    for name, email in sorted(latest, key=latest.count, reverse=True):
        if not {name.lower(), email.lower()} & (known - {""}):
            named.setdefault(name, email)
    return list(named.items())


def reveal(patch: Patch, *, by: User, caught: bool) -> None:
    """Whatever was decided, it ends here, and says what it wanted to be noticed.

    An edited one is still a test proposal; whether the mistake was edited out only a person can tell, so its approval
    is neither. Who planted it learns nothing by deciding it: that takes it back.
    """
    if patch.planted_by_id == by.pk:
        outcome = WITHDRAWN
    elif not caught and patch.editors.exists():
        outcome = REWRITTEN
    else:
        outcome = CAUGHT if caught else MISSED
    _end(patch, by, outcome)


def missed_by_contract(patch: Patch) -> None:
    """It would have landed without a person now: it is said at once, because staying where it is would say it too."""
    with suppress(Refused):  # a person was faster
        _end(patch, "contract", CONTRACT)


def _end(patch: Patch, actor: User | str, outcome: str) -> None:
    note = Sentence(NOTES[outcome].text, {"lesson": patch.lesson})
    with transaction.atomic():
        shift(patch, "reveal", actor=actor, note=note, reason=outcome)
        assert patch.planted_by is not None
        audit.record(
            actor=patch.planted_by, verb="plant", subject=patch, repository=patch.repository.key, reason=patch.lesson,
            after={"planted": patch.proposed_at.isoformat(timespec="seconds"), "outcome": outcome},
        )  # fmt: skip


def withdraw(*, patch: Patch, by: User) -> None:
    """Whoever planted it takes it back while it waits. Raises Refused."""
    require(by, OPERATOR)
    with transaction.atomic():
        lock(patch)
        if patch.planted_by_id != by.pk:  # the same words for what is none, so that asking tells nothing
            raise Forbidden(sentence("This is no test proposal of yours."))
        if patch.state != life.PROPOSED:
            raise Refused(moved(patch))
        _end(patch, by, WITHDRAWN)


def planted_by(repository: Repository, user: User) -> QuerySet[Patch]:
    """One's own test proposals, the newest first; of an edited one its last version."""
    rows = Patch.objects.filter(repository=repository, planted_by=user)
    return rows.exclude(state=life.SUPERSEDED, replaced_by__planted_by=user).order_by("-pk")


def waiting(repository: Repository) -> int:
    """How many wait. Which ones is nobody's to know."""
    return Patch.objects.filter(repository=repository, planted_by__isnull=False, state=life.PROPOSED).count()


def settle(now: datetime | None = None) -> int:
    """End those that nobody decided in time; returns how many."""
    before = (now or timezone.now()) - LIFE
    rows = Patch.objects.filter(planted_by__isnull=False, state=life.PROPOSED, proposed_at__lt=before)
    ended = 0
    for patch in rows.select_related("repository", "planted_by"):
        with suppress(Refused):  # decided this very moment
            _end(patch, WORKER, EXPIRED)
            ended += 1
    return ended
