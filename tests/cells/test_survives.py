"""What happens between an approval and its landing × whether the approval survives it: the table of docs/concepts.md."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pygit2
import pytest
from django.utils import timezone

from cells.models import GitHubConnection, Patch, Repository, Review
from cells.patches import automatic, checks, desk, landing, life, needs
from cells.permissions import OPERATOR, REVIEWER
from cells.refusals import Refused
from tests.cells.deciding import (
    FAILING,
    READY,
    again,
    approve,
    asking,
    commits_with,
    described,
    note_of,
    the,
    void_of,
)
from tests.factories import STATE, a_repository, a_user, source_of, sync

pytestmark = pytest.mark.django_db

CONCEPTS = Path(__file__).resolve().parents[2] / "docs" / "concepts.md"
WARMER = "ask/warmer-oven"
DOCUMENT = "STATE/bread/current_state.md"
CITED = "reports/oven/heat_20260302T0700Z.md"
PROPOSED = STATE.replace("210 degrees", f"214 degrees ({CITED})")
OWNED = asking(("monitoring", 'owners = ["cyd"]'))
RISK = '[categories.north-star]\nrisk = "{}"\n'


def on_main(changes: dict[str, str | None]) -> Callable[[Patch], None]:
    """A commit that did not pass here, and that was read."""

    def happens(patch: Patch) -> None:
        source_of(patch.repository).commit(changes)
        sync(patch.repository)

    return happens


def main_makes_it_executable(patch: Patch) -> None:
    source = source_of(patch.repository)
    index = pygit2.Index()
    index.read_tree(source.repo[source.tip()].peel(pygit2.Tree))
    index.add(pygit2.IndexEntry(DOCUMENT, index[DOCUMENT].id, pygit2.enums.FileMode.BLOB_EXECUTABLE))
    who = pygit2.Signature("Eve", "eve@example.org", int(source.at.timestamp()) + 60, 0)
    tree = index.write_tree(source.repo)
    source.repo.create_commit("refs/heads/main", who, who, "Make it run", tree, [source.tip()])
    sync(patch.repository)


def pushed_on(patch: Patch) -> None:
    source_of(patch.repository).commit({"docs/more.md": "And this."}, WARMER)
    sync(patch.repository)


def force_pushed(patch: Patch) -> None:
    source = source_of(patch.repository)
    source.withdraw(WARMER)
    source.propose(WARMER, {DOCUMENT: STATE.replace("210", "225")})
    sync(patch.repository)


def branch_deleted(patch: Patch) -> None:
    source_of(patch.repository).withdraw(WARMER)
    sync(patch.repository)


def checked(state: str) -> Callable[[Patch], None]:
    def happens(patch: Patch) -> None:
        checks.report(patch=again(patch), state=state, by=a_user("oda", OPERATOR), tip=patch.tip)

    return happens


def red_at_github(patch: Patch) -> None:
    """What GitHub's rules then say of the checks is tested where they are asked."""
    GitHubConnection.objects.create(
        repository=patch.repository, full_name="acme/bakery", kind=GitHubConnection.TOKEN, secret="-"
    )
    Repository.objects.update(source="https://github.com/acme/bakery.git")
    checked("red")(patch)


def loses_the_right(name: str) -> Callable[[Patch], None]:
    return lambda patch: a_user(name).groups.clear()


def account_closed(patch: Patch) -> None:
    rin = a_user("rin")
    rin.is_active = False
    rin.save()


def became_an_editor(patch: Patch) -> None:
    patch.editors.add(a_user("rin"))


def on_a_desk(verb: Callable[[Patch], None]) -> Callable[[Patch], None]:
    """While it waits it is done, and once it is approved it is refused; the approval hears of neither."""

    def happens(patch: Patch) -> None:
        with suppress(Refused):
            verb(again(patch))

    return happens


def claimed(patch: Patch) -> None:
    desk.claim(patch=patch, by=a_user("kai", REVIEWER))


def handed_over(patch: Patch) -> None:
    desk.hand_over(patch=patch, by=a_user("mio", REVIEWER), to=a_user("kai", REVIEWER))


def snoozed(patch: Patch) -> None:
    desk.snooze(patch=patch, by=a_user("rin"), until=timezone.now() + timedelta(days=1))


def landing_by_itself(patch: Patch) -> None:
    automatic.switch(lane=patch.repository.lanes.get(key="monitoring"), on=True, by=a_user("oda", OPERATOR))


def nothing(patch: Patch) -> None:
    """Only time passes."""


ONE, TWO, HALF = "one approval", "two approvals", "one of two approvals"
LANDS, STANDS, ENDS = "yes", "yes, and somebody else has to agree too", "no"


@dataclass(frozen=True)
class Row:
    """`what` happened, and what becomes of rin's approval; `says` begins the sentence of a patch that was to land."""

    what: str
    happens: Callable[[Patch], None]
    answer: str
    says: str = ""
    ways: tuple[str, ...] = (ONE, TWO, HALF)
    contract: str = ""  # in force when it was approved


ROWS = [
    Row("nothing", nothing, LANDS),
    Row("main changed elsewhere", on_main({"docs/elsewhere.md": "Else."}), LANDS),
    Row("main changed a file it touches", on_main({DOCUMENT: STATE + "\nOne more line.\n"}), ENDS, "A file it touches changed on main"),
    Row("main moved a file it touches", on_main({DOCUMENT: None, "STATE/bread/now.md": STATE}), ENDS, "It no longer applies"),
    Row("main deleted a file it touches", on_main({DOCUMENT: None}), ENDS, "It no longer applies"),
    Row("main changed the mode of a file it touches", main_makes_it_executable, ENDS, "A file it touches changed on main"),
    Row("main got the same change another way", on_main({DOCUMENT: PROPOSED}), ENDS, "Main already contains this change."),
    Row("its branch got another commit", pushed_on, ENDS, "Its branch has new commits"),
    Row("its branch was replaced (force-pushed)", force_pushed, ENDS, "Its branch has new commits"),
    Row("its branch was deleted", branch_deleted, ENDS, "Its branch was deleted at the source."),
    Row("the contract became stricter about it", on_main({"contract.toml": RISK.format("HIGH")}), ENDS, "The contract asks for more"),
    Row("the contract changed and says the same", on_main({"contract.toml": RISK.format("LOW")}), LANDS),
    Row("the contract became milder", on_main({"contract.toml": RISK.format("LOW")}), LANDS, contract=RISK.format("HIGH")),
    Row("the contract became unusable", on_main({"contract.toml": "[rules.shrinkk]\n"}), ENDS, "The contract asks for more"),
    Row("new evidence contradicts what its cell claims", on_main({
        "reports/oven/ready_20260302T083000Z.yaml": READY, "reports/oven/sli_20260302T090000Z.md": FAILING,
    }), ENDS, "The contract asks for more than when it was approved (conflicts"),
    Row("evidence it cites was removed", on_main({CITED: None}), ENDS, "The contract asks for more than when it was approved (citations-missing"),
    Row("its checks turned green", checked("green"), LANDS),
    Row("its checks turned red", checked("red"), ENDS, "The contract asks for more"),
    Row("its checks turned red, and it lands as a pull request: GitHub answers for them", red_at_github, LANDS),
    Row("who approved lost the right", loses_the_right("rin"), ENDS, "The approval by rin no longer counts: You need the right"),
    Row("who approved has no account any more", account_closed, ENDS, "The approval by rin no longer counts: You need the right"),
    Row("who approved became one of its proposers", became_an_editor, ENDS, "The approval by rin no longer counts: You edited this version"),
    Row("somebody else who approved lost the right", loses_the_right("mio"), STANDS, "The approval by mio no longer counts", (TWO,)),
    Row("its lane or cell asks for more people now", on_main({"swarm.toml": asking(("oven", "approvals = 3"))}), STANDS),
    Row("its lane or cell names owners now, none of whom approved", on_main({"swarm.toml": OWNED}), STANDS, "One of its owners"),
    Row("somebody claimed it", on_a_desk(claimed), LANDS),
    Row("it was handed over", on_a_desk(handed_over), LANDS),
    Row("who approved put it off", on_a_desk(snoozed), LANDS),
    Row("its lane was let land by itself", landing_by_itself, LANDS),
]  # fmt: skip
MATRIX = [pytest.param(row, way, id=f"{row.what}-{way}") for row in ROWS for way in row.ways]


def table() -> str:
    """As the documents show it."""
    rows = [f"| {row.what} | {row.answer} |" for row in ROWS]
    return "\n".join(["| what happened after the approval | does it survive? |", "|---|---|", *rows])


def approved(folder: Path, row: Row, way: str) -> Patch:
    """By rin, and by mio too where two approvals are there."""
    files = described(*[("oven", "approvals = 2")] * (way != ONE))
    if row.contract:
        files = files | {"contract.toml": row.contract}
    patch = the(a_repository(folder, files=files, proposals={WARMER: {DOCUMENT: PROPOSED}}))
    for name in ("rin", "mio") if way == TWO else ("rin",):
        approve(patch, name)
    assert again(patch).state == (life.PROPOSED if way == HALF else life.APPROVED)
    return again(patch)


def stands(patch: Patch, by: str) -> bool:
    """Whether a person's approval is one that landed it, or counts towards that."""
    review = Review.objects.get(patch=patch, by__username=by)
    return review.void is None and (patch.state == life.LANDED or needs.lapsed(patch, review) is None)


@pytest.mark.parametrize(("row", "way"), MATRIX)
def test_what_an_approval_survives(tmp_path: Path, row: Row, way: str) -> None:
    patch = approved(tmp_path, row, way)
    row.happens(patch)
    if way == HALF:  # a second person agrees to whatever it is now
        with suppress(Refused):
            approve(patch, "kai")
    landing.land(again(patch))
    patch = again(patch)
    assert stands(patch, "rin") == (row.answer != ENDS), note_of(patch) or void_of(patch, "rin")
    assert (patch.state == life.LANDED) == (row.answer == LANDS)
    assert len(commits_with(patch)) == (row.answer == LANDS)
    if way != HALF:
        assert note_of(patch).startswith(row.says)


def test_the_documents_show_this_table() -> None:
    assert table() in CONCEPTS.read_text(), f"docs/concepts.md has to show\n\n{table()}"


@pytest.mark.parametrize(("answer", "name"), [(row.answer, row.what) for row in ROWS if row.answer == STANDS])
def test_what_survives_and_waits_lands_with_the_person_who_was_missing(
    tmp_path: Path, answer: str, name: str
) -> None:
    row = next(row for row in ROWS if row.what == name)
    patch = approved(tmp_path, row, TWO)
    row.happens(patch)
    landing.land(again(patch))
    assert again(patch).state == life.PROPOSED
    approve(patch, "cyd")
    landing.land(again(patch))
    assert len(commits_with(patch)) == 1


def unread_by_sync(repository: Repository, text: str) -> None:
    """Main describes the swarm otherwise, and nothing has read that yet."""
    source = source_of(repository)
    made = source.commit({"swarm.toml": text})
    mirror = pygit2.Repository(str(repository.mirror))
    mirror.remotes.create_anonymous(str(source.path)).fetch([f"+{made}:refs/heads/main"])


def test_nothing_lands_on_a_swarm_that_was_not_read(tmp_path: Path) -> None:
    patch = approved(tmp_path, ROWS[0], ONE)
    unread_by_sync(patch.repository, asking(("oven", "approvals = 2")))
    landing.land(again(patch))
    assert again(patch).state == life.APPROVED
    sync(patch.repository)
    landing.land(again(patch))
    assert (again(patch).state, commits_with(patch)) == (life.PROPOSED, [])
    assert note_of(patch) == "1 of 2 approvals; somebody else has to agree too."


@pytest.mark.parametrize("gone", [branch_deleted, on_main({DOCUMENT: PROPOSED})], ids=["branch", "change"])
def test_what_cannot_land_any_more_does_not_wait_either(
    tmp_path: Path, gone: Callable[[Patch], None]
) -> None:
    patch = approved(tmp_path, ROWS[0], ONE)
    gone(patch)
    landing.land(again(patch))
    assert again(patch).state == life.SUPERSEDED
