"""Many people and workers at one patch in the same moment, with a database connection each: one decision, at most one
commit, and everybody else hears a sentence. Runs on SQLite as the product has it, and on PostgreSQL.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.utils import timezone

from cells.models import AuditEvent, Patch, Review, SyncRun
from cells.patches import desk, landing, life, reviews, versions
from cells.patches.verdicts import fingerprint
from cells.permissions import OPERATOR, REVIEWER
from cells.refusals import Refused
from cells.repositories import known_as
from cells.ssot.mirror import Mirror
from cells.sync import runs
from tests.cells.deciding import again, approve, commits_with, described, the
from tests.factories import FILES, STATE, a_repository, a_source, a_user, source_of, sync

pytestmark = pytest.mark.django_db(transaction=True)

CROWD, FEW = 50, 8
DOCUMENT = "STATE/bread/current_state.md"
Call = Callable[[], object]


def at_once(calls: Sequence[Call]) -> list[object]:
    """Each in a thread of its own, let go together; what each returned or raised, in their order."""
    found: list[object] = [None] * len(calls)
    ready = threading.Barrier(len(calls))

    def run(number: int, call: Call) -> None:
        try:
            connections["default"].ensure_connection()
            ready.wait(60)
            found[number] = call() or "done"
        except Exception as error:
            found[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=one) for one in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def done(found: Sequence[object]) -> list[object]:
    """What succeeded; whatever did not, was refused with a sentence and nothing else."""
    wrong = [one for one in found if isinstance(one, Exception) and not isinstance(one, Refused)]
    assert wrong == []
    assert all(str(one).endswith(".") for one in found if isinstance(one, Refused))
    return [one for one in found if not isinstance(one, Exception)]


def crowd(number: int = CROWD, right: str = REVIEWER) -> list[User]:
    return [a_user(f"{right}-{n:02}", right) for n in range(number)]


def approving(patch: Patch, by: User) -> Call:
    """With what that person saw before anybody decided."""
    seen = again(patch)
    return lambda: reviews.approve(
        patch=seen, by=by, digest=seen.digest, verdict=fingerprint(seen.verdict)
    )  # fmt: skip


def standing(patch: Patch) -> list[Review]:
    return list(Review.objects.filter(patch=patch, void__isnull=True).select_related("by").order_by("pk"))


def approved_by(patch: Patch) -> list[str]:
    """The people whom the one commit names."""
    (commit,) = commits_with(patch)
    lines = Mirror(patch.repository.mirror).commit(commit).message.splitlines()
    names = next((line for line in lines if line.startswith("Approved-by: ")), "Approved-by: ")
    return [name.split(" ")[0] for name in names.removeprefix("Approved-by: ").split(", ") if name]


@pytest.mark.parametrize("people", [1, 2])
def test_fifty_approve_and_as_many_as_are_needed_land_it_once(tmp_path: Path, people: int) -> None:
    patch = the(a_repository(tmp_path, files=described(("oven", f"approvals = {people}"))))
    found = at_once([approving(patch, by) for by in crowd()])
    assert len(done(found)) == people
    patch = again(patch)
    assert patch.state == life.LANDED
    assert sorted(approved_by(patch)) == sorted(review.who for review in standing(patch))
    assert len(standing(patch)) == people


def test_one_person_who_clicks_fifty_times_is_one(tmp_path: Path) -> None:
    patch = the(a_repository(tmp_path, files=described(("oven", "approvals = 2"))))
    rin = a_user("rin", REVIEWER)
    assert len(done(at_once([approving(patch, rin) for _ in range(CROWD)]))) == 1
    assert again(patch).state == life.PROPOSED
    assert len(standing(patch)) == 1


def turned_down(verb: Callable[..., Review]) -> Callable[[Patch, User], object]:
    return lambda patch, by: verb(patch=patch, by=by, digest=patch.digest, reason="No.")


def edited(patch: Patch, by: User) -> object:
    text = STATE.replace("210", f"22{by.pk}")
    return versions.edit(patch=patch, by=by, digest=patch.digest, files={DOCUMENT: text})


@pytest.mark.parametrize(
    ("verb", "target"),
    [
        (turned_down(reviews.reject), life.REJECTED),
        (turned_down(reviews.archive), life.ARCHIVED),
        (turned_down(reviews.send_back), life.SENT_BACK),
        (edited, life.SUPERSEDED),
    ],
    ids=["reject", "archive", "send back", "edit"],
)
def test_of_approving_and_deciding_otherwise_one_counts(
    tmp_path: Path, verb: Callable[[Patch, User], object], target: str
) -> None:
    patch = the(a_repository(tmp_path))
    people = crowd(2 * FEW)
    others = [again(patch) for _ in people[FEW:]]
    calls = [approving(patch, by) for by in people[:FEW]]
    calls += [lambda row=row, by=by: verb(row, by) for row, by in zip(others, people[FEW:], strict=True)]  # type: ignore[misc]
    found = at_once(calls)
    approvals, otherwise = done(found[:FEW]), done(found[FEW:])
    assert len(approvals) + len(otherwise) == 1
    patch = again(patch)
    assert patch.state == (life.LANDED if approvals else target)
    assert len(commits_with(patch)) == len(approvals)


def test_by_hand_and_approved_at_once_it_lands_once(tmp_path: Path) -> None:
    patch = the(a_repository(tmp_path))
    seen = [again(patch) for _ in range(FEW)]
    calls: list[Call] = [approving(patch, by) for by in crowd(FEW)]
    calls += [
        lambda row=row, by=by: reviews.land_by_hand(  # type: ignore[misc]
            patch=row, by=by, digest=row.digest, verdict=fingerprint(row.verdict), reason="Fire."
        )
        for row, by in zip(seen, crowd(FEW, OPERATOR), strict=True)
    ]
    found = at_once(calls)
    assert len(done(found)) == 1
    assert again(patch).state == life.LANDED
    assert len(approved_by(patch)) == len(done(found[:FEW]))


@pytest.mark.parametrize("people", [2, 3])
def test_an_approval_taken_back_while_others_approve_is_not_one_of_those_that_land_it(
    tmp_path: Path, people: int
) -> None:
    patch = the(a_repository(tmp_path, files=described(("oven", f"approvals = {people}"))))
    approve(patch, "rin")
    rin, row = a_user("rin"), again(patch)
    calls = [approving(patch, by) for by in crowd(FEW)]
    found = at_once([*calls[:4], lambda: reviews.withdraw(patch=row, by=rin), *calls[4:]])
    done(found)
    withdrawn, patch = found[4] == "done", again(patch)
    names = [review.who for review in standing(patch)]
    assert not (withdrawn and "rin" in names)
    if patch.state == life.LANDED:
        assert sorted(approved_by(patch)) == sorted(names)
        assert len(names) == people
    else:
        assert withdrawn
        assert (patch.state, commits_with(patch)) == (life.PROPOSED, [])


def synced(repository: Any) -> Call:
    def run() -> object:
        made = runs.execute_now(repository, "test")
        assert made.state == SyncRun.DONE, made.error
        return made

    return run


def main_moves(patch: Patch) -> None:
    source_of(patch.repository).commit({DOCUMENT: STATE + "\nOne more line.\n"})


def branch_goes(patch: Patch) -> None:
    source_of(patch.repository).withdraw(patch.branch)


@pytest.mark.parametrize("happens", [main_moves, branch_goes])
def test_approving_while_a_sync_reads_what_ends_it_lands_it_once_or_not_at_all(
    tmp_path: Path, happens: Callable[[Patch], None]
) -> None:
    patch = the(a_repository(tmp_path))
    calls = [approving(patch, by) for by in crowd(FEW)]
    happens(patch)
    found = at_once([synced(patch.repository), *calls])
    assert len(done(found[1:])) <= 1
    done(found)
    sync(patch.repository)  # what a landing and a main that moved leave to each other
    patch = again(patch)
    assert patch.state in (life.LANDED, life.PROPOSED, life.SUPERSEDED)
    assert commits_with(patch) == ([patch.commit] if patch.state == life.LANDED else [])
    assert len(standing(patch)) == (patch.state == life.LANDED)


def test_workers_who_land_and_sweep_one_patch_at_once_make_one_commit(tmp_path: Path) -> None:
    patch = the(a_repository(tmp_path))
    lock = patch.repository.mirror / "refs" / "heads" / "main.lock"
    lock.touch()
    approve(patch)
    lock.unlink()
    assert again(patch).state == life.FAILED
    rows = [again(patch) for _ in range(FEW)]
    people = crowd(FEW)
    calls: list[Call] = [
        lambda row=row, by=by: reviews.retry(patch=row, by=by) for row, by in zip(rows, people, strict=True)  # type: ignore[misc]
    ]  # fmt: skip
    calls += [lambda: landing.land(again(patch)) for _ in range(FEW)]
    calls += [landing.settle for _ in range(FEW)]
    found = at_once(calls)
    assert len(done(found[:FEW])) == 1
    done(found)
    assert again(patch).state == life.LANDED
    assert commits_with(patch) == [again(patch).commit]


def test_of_fifty_who_claim_one_has_it(tmp_path: Path) -> None:
    patch = the(a_repository(tmp_path))
    people, rows = crowd(), [again(patch) for _ in range(CROWD)]
    found = at_once([
        lambda row=row, by=by: desk.claim(patch=row, by=by) or by for row, by in zip(rows, people, strict=True)  # type: ignore[misc]
    ])  # fmt: skip
    assert done(found) == [desk.holder(again(patch))]
    assert AuditEvent.objects.filter(verb="claim_review").count() == 1
    refused = {str(one) for one in found if isinstance(one, Refused)}
    assert all("has claimed this until" in sentence for sentence in refused)


def test_handing_over_while_others_approve_leaves_nothing_on_a_desk(tmp_path: Path) -> None:
    patch = the(a_repository(tmp_path))
    people, kai = crowd(2 * FEW), a_user("kai", REVIEWER)
    rows = [again(patch) for _ in range(FEW)]
    calls = [approving(patch, by) for by in people[:FEW]]
    calls += [
        lambda row=row, by=by: desk.hand_over(patch=row, by=by, to=kai) or "handed"  # type: ignore[misc]
        for row, by in zip(rows, people[FEW:], strict=True)
    ]
    found = at_once(calls)
    assert len(done(found[:FEW])) == 1
    done(found)
    patch = again(patch)
    assert (patch.state, patch.handed_to, patch.claimed_by) == (life.LANDED, None, None)
    assert len(commits_with(patch)) == 1


def test_two_people_who_go_through_the_same_list_decide_each_patch_once(tmp_path: Path) -> None:
    proposals = {f"ask/p{n}": {f"reports/oven/p{n}.md": f"# Heat {n}\n"} for n in range(10)}
    # Proposed lately: what lands is of today, and beside it a proposal of last spring is stale to the contract.
    source = a_source(tmp_path / "source.git", FILES, proposals, at=timezone.now() - timedelta(days=2))
    repository = sync(known_as("bakery", str(source.path)))
    patches = list(Patch.objects.filter(repository=repository))
    rin, mio = a_user("rin", REVIEWER), a_user("mio", REVIEWER)

    def through(by: User, rows: Sequence[Patch]) -> Call:
        calls = [approving(row, by) for row in rows]

        def run() -> object:
            found: list[object] = []
            for call in calls:
                try:
                    found.append(call())
                except Refused as refused:
                    found.append(refused)
            return found

        return run

    one, other = at_once([through(rin, patches), through(mio, patches[::-1])])
    assert isinstance(one, list)
    assert isinstance(other, list)
    for patch, first, second in zip(patches, one, other[::-1], strict=True):
        assert len(done([first, second])) == 1
        patch = again(patch)
        assert (patch.state, commits_with(patch)) == (life.LANDED, [patch.commit])
