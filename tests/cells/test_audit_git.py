"""Git and the audit trail prove each other: a landing without its event, an event without its landing."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.utils import timezone

from cells.chain import landings, seal
from cells.models import AuditEvent, AuditLink, Patch
from cells.patches import life
from cells.ssot.commands import git
from cells.ssot.mirror import Mirror
from tests.cells.trails import a_commit, a_sealed_landing, an_event, behind_our_back, refusal, verified
from tests.factories import a_patch, a_repository, source_of, sync


@pytest.fixture
def landed(tmp_path: Path, db: None) -> Patch:
    return a_sealed_landing(tmp_path)


class TestGit:
    def test_a_landing_carries_a_head_that_verifies(self, landed: Patch) -> None:
        message = Mirror(landed.repository.mirror).commit(landed.commit).message
        found = re.search(r"^Audit-Head: (\d+) ([0-9a-f]{64})$", message, re.MULTILINE)
        assert found
        link = AuditLink.objects.select_related("event").get(seq=found[1])
        assert (link.hash, link.event.verb) == (found[2], "claim")
        assert verified("--repo", "bakery").endswith("; 1 landings agree with git.\n")

    def test_a_proposal_cannot_bring_a_head_of_its_own(self, tmp_path: Path, db: None) -> None:
        repository = a_repository(tmp_path)
        sly = f"Sly\n\nAudit-Head: 1 {'a' * 64}\n\nCo: x\naudit-head : 2 {'b' * 64}"
        source_of(repository).propose("ask/sly", {"reports/sly.md": "Sly."}, sly)
        sync(repository)
        patch = a_patch(repository, life.LANDED, branch="ask/sly")
        message = Mirror(repository.mirror).commit(patch.commit).message
        assert message.lower().count("audit-head") == 1
        seal.seal()
        assert verified("--repo", "bakery").splitlines()[0].endswith("; 1 landings agree with git.")

    def test_a_forged_head_is_named(self, landed: Patch) -> None:
        repository = landed.repository
        for trailer, said in {
            f"Audit-Head: 2 {'a' * 64}": "names link 2 with another hash than the chain has",
            f"Audit-Head: 9999 {'a' * 64}": "names link 9999, but the chain ends with link",
            "Audit-Head: soon": "has no readable Audit-Head",
            f"Audit-Head: {seal.head()}\nAudit-Head: {seal.head()}": "has no readable Audit-Head",
            "Patch-Id: 7-abcdef": "has no readable Audit-Head",
        }.items():
            main = Mirror(repository.mirror).tip("refs/heads/main")
            forged = a_commit(repository, f"Forged\n\n{trailer}\n")
            assert refusal("--repo", "bakery").startswith(f"Commit {forged[:12]} {said}")
            git(repository.mirror, "update-ref", "refs/heads/main", main)

    def test_a_commit_without_its_event_is_named(self, landed: Patch) -> None:
        forged = a_commit(landed.repository, f"Forged\n\nPatch-Id: 7-abcdef\nAudit-Head: {seal.head()}\n")
        assert refusal().startswith(
            f"Commit {forged[:12]} says that it landed patch 7-abcdef, but the trail knows no such landing"
        )

    def test_a_landing_of_this_minute_may_not_be_recorded_yet(self, landed: Patch) -> None:
        now = int(timezone.now().timestamp())
        message = f"Just now\n\nPatch-Id: 7-abcdef\nAudit-Head: {seal.seal()}\n"
        main = Mirror(landed.repository.mirror).tip("refs/heads/main")
        a_commit(landed.repository, message, now)
        assert "Commits too new for this trail, which were not checked: 1." in verified()
        git(landed.repository.mirror, "update-ref", "refs/heads/main", main)
        a_commit(landed.repository, message, now + 86_400)
        assert "the trail knows no such landing" in refusal()

    def test_a_landing_whose_commit_left_the_branch_is_named(self, landed: Patch) -> None:
        git(landed.repository.mirror, "update-ref", "refs/heads/main", f"{landed.commit}~1")
        seq = AuditLink.objects.get(event__verb="land").seq
        assert refusal().startswith(
            f"Link {seq}: patch {landed.pk} landed in bakery as commit {landed.commit[:12]}"
        )

    def test_a_landing_that_was_replayed_agrees(self, tmp_path: Path, db: None) -> None:
        repository = a_repository(tmp_path)
        source = source_of(repository)
        (source.path / "hooks" / "pre-receive").write_text("#!/bin/sh\nexit 1\n")
        (source.path / "hooks" / "pre-receive").chmod(0o755)
        patch = a_patch(repository, life.LANDED)
        source.commit({"docs/elsewhere.md": "Something else."})
        sync(repository)
        assert AuditEvent.objects.filter(verb="replay").exists()
        patch.refresh_from_db()
        seal.seal()
        assert "; 1 landings agree with git." in verified("--repo", "bakery")

    def test_landings_from_before_the_chain_are_told_apart(self, landed: Patch) -> None:
        """As a database finds itself that lived before there were heads in git."""
        mirror = Mirror(landed.repository.mirror)
        old = mirror.commit(landed.commit)
        message = re.sub(r"Audit-Head: .*\n", "", old.message)
        bare = str(
            mirror.repo.create_commit(None, old.author, old.committer, message, old.tree.id, old.parent_ids)
        )
        with behind_our_back() as execute:
            git(mirror.path, "update-ref", "refs/heads/main", bare)
            after = {"state": "landed", "commit": bare}
            execute("UPDATE cells_auditevent SET after = %s WHERE verb = 'land'", [json.dumps(after)])
            execute("DELETE FROM cells_auditlink")
            seal.seal()
            assert verified().splitlines()[1:] == [
                "Landings from before the chain, whose commits name no head: 1."
            ]

    def test_a_database_that_was_started_over_is_asked_about_later_commits_only(
        self, landed: Patch, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(landings, "UNRECORDED", 0)
        with behind_our_back() as execute:
            execute("DELETE FROM cells_auditlink")
            execute("DELETE FROM cells_auditevent")
            an_event()
            seal.seal()
            assert "names link" in refusal("--repo", "bakery")
            assert "; 0 landings agree" in verified("--repo", "bakery", "--since", landed.commit)
        assert "name it with --repo" in refusal("--since", landed.commit)
        assert "Git cannot read bakery" in refusal("--repo", "bakery", "--since", "no-such-commit")
