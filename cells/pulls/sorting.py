"""What an answer of the groomer says of each patch it was asked about, and whether anybody has applied it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.db.models import QuerySet
from pydantic import ValidationError

from cells.asks import life as ask_life
from cells.asks.backlog import MODE
from cells.asks.modes.pr_groomer import Classification, Context, Reply
from cells.models import Ask, AuditEvent, Patch, Repository
from cells.patches import life

MERGE, CLOSE, KEEP, SKIP = ACTIONS = ("merge", "close", "keep", "skip")
ANSWERED = (ask_life.ANSWERED, ask_life.PLAN_ONLY)
LONGEST = 4_000  # characters of a reason that a person wrote
SHOWN = 400  # of an answer's: so much is shown, and so much is kept and sent
WORTH = 5  # waiting proposals that an answer sorts, before anybody is told of it

_ACTION_OF = {"close": CLOSE, "merge_when_green": MERGE}  # of the words of an answer; every other one is KEEP


@dataclass(frozen=True, slots=True)
class Sorted:
    """What an answer says of one patch; `digest` begins the digest of the version it was told about."""

    pk: int
    digest: str
    category: str
    recommended: str
    reason: str

    @property
    def action(self) -> str:
        return _ACTION_OF.get(self.recommended, KEEP)

    def is_of(self, digest: str) -> bool:
        """Whether this is the version that was sorted."""
        return bool(self.digest) and digest.startswith(self.digest)


@dataclass(frozen=True, slots=True)
class Offer:
    """An answer that nobody applied yet, and how many of all that wait it sorts."""

    ask: int
    waiting: int
    all: int


def offered(repository: Repository) -> Offer | None:
    """The newest answer, while it sorts enough of what waits unchanged."""
    ask = answers(repository).only("answer", "context").first()
    events = AuditEvent.objects.filter(verb="groom", subject_type="ask")
    if ask is None or events.filter(subject=str(ask.pk)).exists():
        return None
    said, _ = sorted_by(ask)
    rows = Patch.objects.filter(pk__in=said, state=life.PROPOSED).order_by().values_list("pk", "digest")
    waiting = sum(said[pk].is_of(digest) for pk, digest in rows)
    if waiting < WORTH:
        return None
    return Offer(ask.pk, waiting, Patch.objects.filter(repository=repository, state=life.PROPOSED).count())


def answers(repository: Repository) -> QuerySet[Ask]:
    """Of the groomer, newest first."""
    return Ask.objects.filter(repository=repository, mode=MODE, state__in=ANSWERED).order_by("-pk")


def sorted_by(ask: Ask) -> tuple[dict[int, Sorted], set[int]]:
    """What the answer says, by patch, and the patches it was asked about. Said twice and not alike, it is for a person."""
    try:
        reply, context = Reply.model_validate(ask.answer), Context.model_validate(ask.context)
    except ValidationError:
        return {}, set()
    asked = {each.patch: each for each in context.pull_requests if each.patch}
    of_number = {each.number: each.patch for each in context.pull_requests if each.number and each.patch}
    said: dict[int, Sorted] = {}
    for one in reply.classifications:
        pk = one.patch if one.patch in asked else of_number.get(one.number) if one.number else None
        if pk is None or (one.number and asked[pk].number and one.number != asked[pk].number):
            continue
        row = _sorted(one, pk, asked[pk].digest)
        before = said.get(pk)
        said[pk] = (
            replace(before, recommended="needs_decision") if before and before.action != row.action else row
        )
    return said, set(asked)


def _sorted(one: Classification, pk: int, digest: str) -> Sorted:
    return Sorted(pk, digest, one.category, one.recommended_action, _shown(one.reason))


def _shown(reason: str) -> str:
    """Cut here and nowhere else: what is stored under a person's name is what they read."""
    line = " ".join(reason.split())
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"
