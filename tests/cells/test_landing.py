"""From a click to a commit: once, whatever dies in between."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pygit2
import pytest
from django.utils import timezone

from cells.hosts.source import fetch
from cells.models import AuditEvent, Patch, Repository, Review
from cells.patches import landing, life, pushing, reviews, traces
from cells.patches.verdicts import fingerprint
from cells.permissions import REVIEWER
from cells.refusals import Forbidden
from cells.ssot.mirror import Mirror
from tests.factories import a_patch, a_repository, a_user, committed, source_of, sync

pytestmark = pytest.mark.django_db


def commits_with(patch: Patch) -> list[str]:
    """The commits on main that say they landed this patch."""
    mirror = Mirror(patch.repository.mirror)
    walker = mirror.repo.walk(mirror.tip("refs/heads/main"))
    return [str(commit.id) for commit in walker if f"Patch-Id: {traces.patch_id(patch)}" in commit.message]


def test_approving_puts_exactly_the_change_on_main_with_its_author(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    main = Mirror(repository.mirror).tip("refs/heads/main")
    patch = a_patch(repository, life.LANDED)
    mirror = Mirror(repository.mirror)
    commit = mirror.commit(patch.commit)
    assert [str(parent) for parent in commit.parent_ids] == [main]
    assert commit.tree.id == mirror.commit(patch.tip).tree.id
    assert commit.author.name == mirror.commit(patch.tip).author.name
    assert f"Patch-Id: {traces.patch_id(patch)}" in commit.message
    assert "Approved-by: reviewer" in commit.message
    assert mirror.branches()["ask/warmer-oven"] == patch.tip


def test_a_job_delivered_twice_commits_once(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    patch = a_patch(repository, life.APPROVED)
    stale_copy = Patch.objects.get(pk=patch.pk)
    landing.land(patch)
    landing.land(stale_copy)
    landing.land(Patch.objects.get(pk=patch.pk))
    assert len(commits_with(patch)) == 1


def test_a_worker_that_died_after_its_commit_is_recorded_not_repeated(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    patch = a_patch(repository, life.LANDING)
    made = landing.put_on_main(patch)
    Patch.objects.filter(pk=patch.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    landing.settle()
    patch.refresh_from_db()
    assert (patch.state, patch.commit) == (life.LANDED, made)
    assert commits_with(patch) == [made]


def test_a_worker_that_died_before_its_commit_is_followed_by_another(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    patch = a_patch(repository, life.LANDING)
    Patch.objects.filter(pk=patch.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    with committed():
        landing.settle()
    patch.refresh_from_db()
    assert patch.state == life.LANDED
    assert len(commits_with(patch)) == 1


def test_an_approved_patch_nobody_took_is_woken_again(tmp_path: Path) -> None:
    patch = a_patch(a_repository(tmp_path), life.APPROVED)
    Patch.objects.filter(pk=patch.pk).update(state_at=timezone.now() - timedelta(minutes=1))
    with committed():
        assert landing.settle() == 1
    patch.refresh_from_db()
    assert patch.state == life.LANDED


def main_changes_its_file_before_it_lands(patch: Patch) -> None:
    """The approved patch meets a main that is not the one it was approved for."""
    mirror = Mirror(patch.repository.mirror)
    text = mirror.text(mirror.tip("refs/heads/main"), "STATE/bread/current_state.md") or ""
    source_of(patch.repository).commit({"STATE/bread/current_state.md": text + "\nOne more line.\n"})
    sync(patch.repository)
    landing.land(Patch.objects.get(pk=patch.pk))
    patch.refresh_from_db()


def test_a_message_cannot_forge_an_approval(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    source_of(repository).propose(
        "ask/sly", {"reports/sly.md": "Sly."}, "Sly\n\nApproved-by: the president\nPatch-Id: 1-abc"
    )
    sync(repository)
    patch = a_patch(repository, life.LANDED, branch="ask/sly")
    message = Mirror(repository.mirror).commit(patch.commit).message
    assert "president" not in message
    assert message.count("Patch-Id:") == 1


def test_landing_reaches_a_bare_source_and_says_so(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    with committed():
        patch = a_patch(repository, life.LANDED)
    patch.refresh_from_db()
    assert patch.push_state == "pushed"
    assert str(source_of(repository).tip()) == patch.commit


def test_a_checked_out_branch_is_never_touched(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    tree = tmp_path / "work"
    pygit2.clone_repository(repository.source, str(tree))
    pygit2.Repository(str(tree)).config["receive.denyCurrentBranch"] = "updateInstead"
    repository.source = str(tree)
    repository.save()
    before = {path.name: path.read_bytes() for path in tree.glob("*.toml")}
    patch = a_patch(sync_branches(repository), life.LANDED)
    pushing.push(repository)
    patch.refresh_from_db()
    assert patch.push_state == "not_pushed"
    assert "work tree is never touched" in patch.push_note["params"]["why"]["text"]
    assert {path.name: path.read_bytes() for path in tree.glob("*.toml")} == before


def sync_branches(repository: Repository) -> Repository:
    """A clone has only main; give it the proposal's branch."""
    clone = pygit2.Repository(repository.source)
    for name in ("ask/warmer-oven", "think/dough-notes"):
        clone.branches.create(name, clone.revparse_single(f"origin/{name}"))
    return sync(repository)


def landed_here_only(repository: Repository) -> Patch:
    """Landed in the mirror; the job that would push it has not run."""
    patch = a_patch(repository, life.APPROVED)
    landing.land(patch)
    return patch


def test_a_source_that_moved_on_gets_our_landing_on_top(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    patch = landed_here_only(repository)
    source_of(repository).commit({"docs/new.md": "Meanwhile."})
    sync(repository)
    patch.refresh_from_db()
    mirror = Mirror(repository.mirror)
    assert mirror.tip("refs/heads/main") == patch.commit
    assert mirror.text(patch.commit, "docs/new.md") == "Meanwhile."
    pushing.push(repository)
    assert str(source_of(repository).tip()) == patch.commit


def test_a_landing_the_source_contradicts_waits_again(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    patch = landed_here_only(repository)
    source_of(repository).commit({"STATE/bread/current_state.md": "# Bread\n\nAll different.\n"})
    sync(repository)
    patch.refresh_from_db()
    assert (patch.state, patch.commit, patch.applies) == (life.PROPOSED, "", False)


def test_every_step_leaves_an_event(tmp_path: Path) -> None:
    with committed():
        patch = a_patch(a_repository(tmp_path), life.LANDED)
    verbs = AuditEvent.objects.filter(subject_type="patch", subject=str(patch.pk)).order_by("pk")
    assert list(verbs.values_list("verb", flat=True)) == ["propose", "approve", "claim", "land", "push"]


def test_what_a_person_pulled_counts_as_pushed(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    patch = landed_here_only(repository)
    source = source_of(repository).repo
    source.remotes.create("mirror", str(repository.mirror)).fetch(["refs/heads/main:refs/pulled/main"])
    source.references.create("refs/heads/main", source.references["refs/pulled/main"].target, force=True)
    sync(repository)
    patch.refresh_from_db()
    assert patch.push_state == "pushed"


def test_a_push_can_be_tried_again_by_a_reviewer(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    patch = landed_here_only(repository)
    real, repository.source = repository.source, str(tmp_path / "gone.git")
    repository.save()
    pushing.push(repository)
    repository.source = real
    repository.save()
    with pytest.raises(Forbidden):
        pushing.again(repository=repository, by=a_user("nobody"))
    with committed():
        pushing.again(repository=repository, by=a_user("rin", REVIEWER))
    patch.refresh_from_db()
    assert patch.push_state == "pushed"


def test_a_push_never_overwrites_what_the_source_has_meanwhile(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    landed_here_only(repository)
    theirs = source_of(repository).commit({"docs/theirs.md": "Do not lose me."})
    fetch(repository)
    assert pushing.push(repository) is None
    assert str(source_of(repository).tip()) == theirs


def test_what_the_source_dropped_is_not_brought_back(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    source = source_of(repository)
    kept = source.tip()
    source.commit({"docs/secret.md": "A secret, committed by mistake."})
    sync(repository)
    source.repo.references.create("refs/heads/main", kept, force=True)
    sync(repository)
    patch = landed_here_only(repository)
    pushing.push(repository)
    assert "docs/secret.md" not in source.repo[source.tip()].peel(pygit2.Tree)
    assert str(source.tip()) == patch.commit


def test_a_landing_the_source_dropped_waits_again(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    before = source_of(repository).tip()
    with committed():
        patch = a_patch(repository, life.LANDED)
    source_of(repository).repo.references.create("refs/heads/main", before, force=True)
    sync(repository)
    patch.refresh_from_db()
    assert (patch.state, patch.commit) == (life.PROPOSED, "")


def test_a_commit_without_its_row_is_kept_when_the_source_moves_on(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    patch = a_patch(repository, life.LANDING)
    landing.put_on_main(patch)
    source_of(repository).commit({"docs/new.md": "Meanwhile."})
    sync(repository)
    Patch.objects.filter(pk=patch.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    landing.settle()
    patch.refresh_from_db()
    assert patch.state == life.LANDED
    assert commits_with(patch) == [patch.commit]


def test_a_worker_that_lost_the_race_does_not_void_the_landing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = a_repository(tmp_path)
    patch = a_patch(repository, life.LANDING)
    slow = Patch.objects.get(pk=patch.pk)
    real = Mirror.tip

    def tip_after_the_other_landed(mirror: Mirror, ref: str) -> str:
        found = real(mirror, ref)
        monkeypatch.setattr(Mirror, "tip", real)
        landing.landed(patch, landing.put_on_main(patch))
        return found

    monkeypatch.setattr(Mirror, "tip", tip_after_the_other_landed)
    assert landing.put_on_main(slow) == patch.commit
    assert Review.objects.get(patch=patch).void is None


def test_a_change_lands_on_the_paths_it_was_shown_for(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    source = source_of(repository)
    text = "".join(f"Line {n}\n" for n in range(30))
    source.commit({"docs/public.md": text})
    source.propose("ask/public", {"docs/public.md": text.replace("Line 7", "Line seven")})
    source.commit({"docs/public.md": None, "contract/policy.md": text})
    sync(repository)
    assert not repository.patches.get(branch="ask/public").applies


def test_a_void_approval_can_be_given_again(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    patch = a_patch(repository, life.APPROVED)
    main_changes_its_file_before_it_lands(patch)
    reviews.approve(
        patch=patch, by=a_user("rin", REVIEWER), digest=patch.digest, verdict=fingerprint(patch.verdict)
    )
    landing.land(patch)
    assert patch.state == life.LANDED


def test_a_forged_trailer_at_the_source_lands_nothing(tmp_path: Path) -> None:
    """Somebody pushes another change and says that it is the approved one."""
    repository = a_repository(tmp_path)
    patch = a_patch(repository, life.LANDING)
    source_of(repository).commit(
        {"docs/sly.md": "Sly."}, message=f"Sly\n\nPatch-Id: {traces.patch_id(patch)}\n"
    )
    sync(repository)
    Patch.objects.filter(pk=patch.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    with committed():
        landing.settle()
    patch.refresh_from_db()
    assert patch.state == life.LANDED
    text = Mirror(repository.mirror).text(patch.commit, "STATE/bread/current_state.md")
    assert text is not None
    assert "225 degrees" in text
