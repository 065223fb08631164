"""An inbox of many: its pages against the same at a hundred waiting patches, and against an empty view."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from hashlib import sha256
from itertools import cycle
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client, override_settings
from django.utils import timezone

from cells.models import Patch, Repository, Review, Snooze, Touched
from cells.patches import inbox, life, ranks
from cells.patches.verdicts import fingerprint
from cells.permissions import REVIEWER
from egspace.drawing.words import number
from tests.bench.pages import get
from tests.bench.timing import Ratio, Work, by_turns
from tests.factories import a_user

FEW, LEFT = 100, 300
LANES, RULES, KINDS = 10, ("protected", "taint", "churn"), ("state", "report")
AUTHORS = 12
HOT = "STATE/crowded/current_state.md"  # one file that every tenth patch changes
RANKS = (ranks.HIGH, ranks.MEDIUM, ranks.MEDIUM, ranks.LOW, ranks.LOW, ranks.LOW, ranks.CLEAR, ranks.PAST)
HTMX = {"hx-request": "true"}


class Crowd:
    """Copies of the waiting patches of a repository: sixty groups, twelve authors, one file that a tenth of them change.

    Of a hundred six are not for the reader: put off, handed to or claimed by somebody else, their own, approved already.
    Five in ten thousand are for nobody but them.
    """

    def __init__(self, repository: Repository) -> None:
        self.repository, self.now = repository, timezone.now()
        self.models = list(inbox.waiting(repository).filter(applies=True).exclude(verdict=None))
        self.cells = list(repository.cells.order_by("pk"))
        self.reader, self.other = a_user("bench-reader", REVIEWER), a_user("bench-other", REVIEWER)
        self.made = 0
        inbox.waiting(repository).update(state=life.ARCHIVED)  # what waits is the crowd alone

    def grow(self, size: int) -> None:
        """Until so many wait."""
        rows = [self.row(one) for one in range(self.made, size)]
        made, self.made = Patch.objects.bulk_create(rows, batch_size=500), size
        self.beside(made)
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")  # as it does by itself, a minute later

    def row(self, one: int) -> Patch:
        model = self.models[one % len(self.models)]
        held = {
            field.attname: getattr(model, field.attname) for field in Patch._meta.fields if field.name != "id"
        }
        lane, rule, kind = one % LANES, RULES[one // LANES % len(RULES)], KINDS[one // 30 % len(KINDS)]
        return Patch(
            **held
            | {
                "branch": f"crowd/{one}", "title": f"Proposal {one}", "kind": kind, "group": f"lane-{lane}|{rule}|{kind}",
                "rank": RANKS[one * 7 % len(RANKS)], "author_name": f"Author {one % AUTHORS}", "author_email": "",
                "authored_at": self.now - timedelta(minutes=one), "content": sha256(b"%d" % (one // 2)).hexdigest(),
                "state": life.PROPOSED, "state_at": self.now,
            }
            | self.whose(one)
        )  # fmt: skip

    def whose(self, one: int) -> dict[str, Any]:
        hour = self.now + timedelta(hours=1)
        if one % 2000 == 77:
            return {"handed_to_id": self.reader.pk, "handed_by_id": self.other.pk}
        return {
            1: {"handed_to_id": self.other.pk, "handed_by_id": self.reader.pk},
            2: {"claimed_by_id": self.other.pk, "claimed_until": hour},
            3: {"proposer_id": self.reader.pk},
        }.get(one % 100, {})

    def beside(self, made: Sequence[Patch]) -> None:
        """The rows that stand beside each patch: its paths, a cell, who put it off, who approved it."""
        paths = ((patch, self.paths(int(patch.branch.partition("/")[2]))) for patch in made)
        Touched.objects.bulk_create(
            [Touched(patch=patch, path=path) for patch, several in paths for path in several],
            batch_size=1000,
        )
        of_cell: Any = Patch.cells.through
        linked = [
            of_cell(patch_id=patch.pk, cell_id=self.cells[n % len(self.cells)].pk)
            for n, patch in enumerate(made)
        ]
        of_cell.objects.bulk_create(linked, batch_size=1000)
        later = self.now + timedelta(days=1)
        asleep = [
            Snooze(patch=patch, by=self.reader, until=later, digest=patch.digest) for patch in made[4::100]
        ]
        Snooze.objects.bulk_create(asleep, batch_size=500)
        agreed = [self.approval(patch, self.reader) for patch in made[5::100]]
        wanted = [self.approval(patch, self.other) for patch in made[33::2000]]
        Review.objects.bulk_create(agreed + wanted, batch_size=500)

    def paths(self, one: int) -> list[str]:
        return [f"docs/crowd/{one // 2}.md", *([HOT] if one % 10 == 0 else [])]

    def approval(self, patch: Patch, by: User) -> Review:
        return Review(patch=patch, by=by, decision=Review.APPROVE, digest=patch.digest, verdict=patch.verdict)

    def shrink(self, size: int) -> None:
        """All but so many are decided."""
        kept = inbox.waiting(self.repository).order_by("pk").values_list("pk", flat=True)[:size]
        inbox.waiting(self.repository).exclude(pk__in=list(kept)).update(
            state=life.ARCHIVED, state_at=self.now
        )


@override_settings(ROOT_URLCONF="tests.bench.pages")
def crowded(repository: Repository, many: int, turns: int) -> list[Ratio]:
    """Everything at a hundred, then at `many`, then with all but three hundred of those decided."""
    crowd = Crowd(repository)
    client = Client(headers={"host": "localhost", "accept-encoding": "gzip"})
    client.force_login(crowd.reader)

    def measured(size: int) -> list[Ratio]:
        crowd.grow(size)
        return by_turns(
            Work("empty view", partial(get, client, "/empty")), *works(client, crowd), turns=turns
        )

    few, much = measured(FEW), measured(many)
    crowd.shrink(LEFT)
    left = measured(many)
    return [
        Ratio(f"{one.work}, {said}", f"at {FEW}", one.times, base.times)
        for said, found in ((f"{number(many)} wait", much), (f"{LEFT} of {number(many)} wait", left))
        for one, base in zip(found, few, strict=True)
    ] + [Ratio(f"{one.work}, {FEW} wait", one.baseline, one.times, one.against) for one in few]


def works(client: Client, crowd: Crowd) -> Iterator[Work]:
    here = f"?repo={crowd.repository.key}"
    desk = inbox.desk(crowd.repository, crowd.reader)
    [bundle] = inbox.bundles(crowd.repository, desk, [max(desk.groups, key=lambda group: group[1])])
    middle = bundle.rows[0].patch

    def page(name: str, url: str, **headers: str) -> Work:
        return Work(name, partial(get, client, url, **headers))

    yield page("inbox", f"/inbox/{here}")
    yield Work("its list alone", partial(client.get, f"/inbox/{here}", headers=HTMX))
    yield page("its last page", f"/inbox/{here}&page=99")
    yield page("one group", f"/inbox/group{here}&key={bundle.key}&after={middle.pk}")
    yield page("what is kept", f"/inbox/kept/handed/{here}")
    yield page("badge", f"/inbox/badge{here}")
    yield page("patches", f"/patches/{here}")
    yield page("patches by risk", f"/patches/{here}&order=risk")
    yield page("patch from the inbox", f"/patches/{middle.pk}/?from=inbox")
    yield page("patch of the full file", f"/patches/{crowded_one(crowd).pk}/?from=inbox")
    yield page("bulk", f"/bulk/{here}&key={bundle.key}")
    yield archiving(client, crowd, desk)


def crowded_one(crowd: Crowd) -> Patch:
    """One that meets most others."""
    found = (
        Touched.objects.filter(path=HOT, patch__state=life.PROPOSED).select_related("patch").order_by("pk")
    )
    return found[1].patch


def archiving(client: Client, crowd: Crowd, desk: inbox.Desk) -> Work:
    """From the row of the inbox, another one each time; it waits again before the next turn begins."""
    rows = inbox.waiting(crowd.repository).filter(group__in=[key for key, _ in desk.groups])
    patches = cycle(one for one in rows.order_by("-pk")[:60] if one.pk not in inbox.aside_of(desk))
    chosen: list[Patch] = []

    def before() -> None:
        chosen[:] = [next(patches)]
        Patch.objects.filter(pk=chosen[0].pk).update(state=life.PROPOSED)

    def archive() -> None:
        [patch] = chosen
        seen = {"digest": patch.digest, "verdict": fingerprint(patch.verdict), "via": "inbox"}
        answer = client.post(f"/patches/{patch.pk}/archive", seen, headers=HTMX)
        if answer.status_code != 200:
            raise RuntimeError(f"archive answered {answer.status_code}")

    return Work("archive", archive, before)
