"""What a source or a request may hold that nobody means well with: each of it is a sentence, none of it stops us."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pygit2
import pytest
from django.contrib.auth.models import User
from django.test import Client

from cells.models import Cell, Evidence, Patch, Relation, Repository
from cells.patches import diff, landing, life, reviews
from cells.patches.verdicts import fingerprint
from cells.repositories import known_as
from cells.ssot.commit import message_with
from cells.ssot.mirror import Mirror, moment
from tests.cells.test_sync import fast_import, read
from tests.factories import FILES, STATE, SWARM, Source, a_patch, a_repository, a_user, source_of, sync

pytestmark = pytest.mark.django_db

WHO = b"A <a@example.org> 1772450000 +0000"


def raw_commit(
    source: Source,
    branch: str,
    *,
    author: bytes = WHO,
    committer: bytes = WHO,
    extra: bytes = b"",
    tree: pygit2.Oid | None = None,
    message: bytes = b"Ask\n",
) -> pygit2.Oid:
    """A commit on top of main that no git command would write."""
    tree = tree or source._tree([source.tip()], {"docs/question.md": "Why?\n"})
    head = f"tree {tree}\nparent {source.tip()}\n".encode()
    data = head + b"author " + author + b"\ncommitter " + committer + b"\n" + extra + b"\n" + message
    made = source.repo.odb.write(pygit2.enums.ObjectType.COMMIT, data)
    source.repo.references.create(f"refs/heads/{branch}", made, force=True)
    return made


def told(repository: Repository) -> list[str]:
    return [problem["text"] % problem["params"] for problem in repository.problems]


def state_of(patch: Patch) -> str:
    patch.refresh_from_db()
    return patch.state


def signed_in(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


# Branches that go and come back


def test_a_branch_that_is_pushed_again_waits_again(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    source, patch = source_of(repository), a_patch(repository, life.SUPERSEDED)
    source.repo.references.create(f"refs/heads/{patch.branch}", patch.tip)
    sync(repository)
    assert state_of(patch) == life.PROPOSED
    assert repository.patches.filter(branch=patch.branch).count() == 1


def test_a_change_that_main_reverts_waits_again_as_it_would_land_now(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    source, patch = source_of(repository), a_patch(repository)
    source.commit({"STATE/bread/current_state.md": STATE.replace("210", "225")})
    sync(repository)
    assert state_of(patch) == life.SUPERSEDED
    source.commit({"STATE/bread/current_state.md": STATE, "docs/other.md": "Other.\n"})
    sync(repository)
    assert state_of(patch) == life.PROPOSED
    assert patch.applies


def test_a_rejected_patch_stays_rejected_when_its_branch_returns(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    source, patch = source_of(repository), a_patch(repository, life.REJECTED)
    source.withdraw(patch.branch)
    sync(repository)
    source.repo.references.create(f"refs/heads/{patch.branch}", patch.tip)
    sync(repository)
    assert state_of(patch) == life.REJECTED


# Diffs


def page_of(client: Client, tmp_path: Path, old: dict[str, str], new: dict[str, str]) -> tuple[float, Patch]:
    """Seconds that the page of a proposal took that turns `old` into `new`."""
    repository = a_repository(tmp_path, files=FILES | old, proposals={"ask/x": new})
    patch = a_patch(repository, branch="ask/x")
    began = time.monotonic()
    assert signed_in(client, a_user("viewer", "viewer")).get(f"/patches/{patch.pk}/").status_code == 200
    return time.monotonic() - began, patch


def test_long_lines_of_repeated_words_do_not_hang_the_page(client: Client, tmp_path: Path) -> None:
    old, new = ("\n".join(word * 330 + str(n) for n in range(20)) for word in ("ab ", "ba "))
    seconds, _ = page_of(client, tmp_path, {"docs/a.md": old}, {"docs/a.md": new})
    assert seconds < 5


def test_lines_just_short_enough_to_compare_do_not_hang_the_page(client: Client, tmp_path: Path) -> None:
    old, new = ("\n".join(word * 99 + str(n) for n in range(2000)) for word in ("ab ", "ba "))
    seconds, _ = page_of(client, tmp_path, {"docs/a.md": old}, {"docs/a.md": new})
    assert seconds < 10


def test_a_page_holds_a_bounded_number_of_files_and_lines_and_says_the_rest(
    client: Client, tmp_path: Path
) -> None:
    old = {f"docs/{n}.md": "".join(f"old word {n} {line}\n" for line in range(100)) for n in range(300)}
    seconds, patch = page_of(
        client, tmp_path, old, {path: text.replace("old", "new") for path, text in old.items()}
    )
    files = diff.files(Mirror(patch.repository.mirror), patch.merge_base, patch.tip)
    shown = [sum(bool(r.left) + bool(r.right) for h in f.hunks for r in h.rows) for f in files]
    assert len(files) == diff.FILES
    assert sum(shown) == diff.LINES
    assert all(count + file.cut == 200 for count, file in zip(shown, files, strict=True))
    assert seconds < 15


def test_a_unified_diff_stops_at_its_limit(tmp_path: Path) -> None:
    patch = a_patch(a_repository(tmp_path))
    where = (Mirror(patch.repository.mirror), patch.merge_base, patch.tip)
    whole, cut = diff.unified(*where, 100_000)
    assert not cut
    assert whole.startswith("diff --git")
    assert diff.unified(*where, 50) == (whole[:50], True)


# What git can hold


def test_a_path_may_hold_any_character(tmp_path: Path) -> None:
    odd = {"reports/a\x01b.md": "x", "reports/\n": "y", "\n": "z", "commit a b": "u", ":1 2 3 4 5": "v"}
    repository = a_repository(tmp_path)
    source_of(repository).commit(odd)
    sync(repository)
    (step,) = list(Mirror(repository.mirror).history(str(source_of(repository).tip()) + "^", repository.head))
    assert {change.path for change in step.changes} == set(odd)
    assert any("control characters" in problem for problem in told(repository))


def test_a_path_that_is_not_utf8_keeps_its_bytes_in_history(tmp_path: Path) -> None:
    repository, _ = read(fast_import(tmp_path / "odd.git", ("100644", '"reports/\\377.md"', b"# Not UTF-8")))
    (step,) = Mirror(repository.mirror).history("", repository.head)
    assert os.fsencode(step.changes[0].path) == b"reports/\xff.md"


def test_times_outside_the_calendar_are_moved_into_it(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    source = source_of(repository)
    raw_commit(source, "ask/late", author=b"A <a@example.org> 99999999999999 +0000")
    same = source.repo[source.tip()].peel(pygit2.Tree).id
    raw_commit(source, "main", committer=b"A <a@example.org> 99999999999999 +0000", tree=same)
    sync(repository)
    assert repository.patches.get(branch="ask/late").authored_at.year == 9998
    assert (moment(-5).year, moment(10**14).year) == (1970, 9998)


def test_a_message_in_an_unknown_encoding_is_read(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    source = source_of(repository)
    raw_commit(
        source, "ask/odd", extra=b"encoding bogus\n", message=b"caf\xe9 time\n", author=b"J\xf6 <j@x> 1 +0000"
    )
    raw_commit(source, "ask/latin", extra=b"encoding ISO-8859-1\n", message=b"caf\xe9 time\n")
    sync(repository)
    assert not told(repository)
    assert repository.patches.get(branch="ask/odd").title == "caf� time"
    assert repository.patches.get(branch="ask/latin").title == "café time"


@pytest.mark.parametrize("name", [b"..", b".git"])
def test_a_branch_that_git_cannot_merge_stops_no_other(tmp_path: Path, name: bytes) -> None:
    repository = a_repository(tmp_path)
    source = source_of(repository)
    blob = source.repo.create_blob(b"evil")
    inner = source.repo.odb.write(pygit2.enums.ObjectType.TREE, b"100644 evil\0" + bytes.fromhex(str(blob)))
    main = source.repo[source.tip()].peel(pygit2.Tree).read_raw()
    outer = b"40000 " + name + b"\0" + bytes.fromhex(str(inner)) + main
    tree = source.repo.odb.write(pygit2.enums.ObjectType.TREE, outer)
    raw_commit(source, "ask/evil", tree=tree)
    source.propose("think/zest", {"docs/zest.md": "Lemon.\n"})
    sync(repository)
    assert any("ask/evil cannot be read" in problem for problem in told(repository))
    assert repository.patches.get(branch="think/zest").state == life.PROPOSED
    raw_commit(source, "main", tree=tree)
    sync(repository)


def test_a_branch_whose_name_is_not_utf8_is_one_patch_however_often_it_is_read(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    source = source_of(repository)
    raw_commit(source, "ask/tmp")
    heads = os.fsencode(source.path) + b"/refs/heads/ask/"
    os.rename(heads + b"tmp", heads + b"caf\xe9")
    for number in range(3):
        source.commit({"docs/a.md": str(number)})
        sync(repository)
    assert (
        repository.patches.filter(branch__startswith="ask/caf").values_list("state", flat=True).get()
        == life.PROPOSED
    )


def test_a_branch_with_an_endless_name_is_skipped_with_a_sentence(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    source_of(repository).propose("ask/" + "/".join(["b" * 100] * 6), {"docs/x.md": "y"})
    sync(repository)
    assert any("longer than 500" in problem for problem in told(repository))
    assert not repository.patches.filter(branch__startswith="ask/b").exists()


def test_texts_longer_than_a_row_holds_are_cut_and_it_is_said(tmp_path: Path) -> None:
    swarm = SWARM.replace('"Oven watch"', f'"{"t" * 400}"\nowner = "{"o" * 200}"\nmemory = "{"m" * 1001}"')
    swarm = swarm.replace('"feeds"', f'"{"f" * 100}"').replace('"Monitoring"', f'"{"l" * 250}"')
    repository = a_repository(tmp_path, files=FILES | {"swarm.toml": swarm})
    oven = Cell.objects.get(key="oven")
    assert (len(oven.title), len(oven.owner), oven.memory, len(oven.lane.title)) == (300, 150, "", 200)
    assert len(Relation.objects.get().type) == 60
    assert sum("is cut after" in problem for problem in told(repository)) == 4
    assert any("at most 1000 characters" in problem for problem in told(repository))


def test_discovered_texts_fit_their_rows(tmp_path: Path) -> None:
    table = f"| Cell key | Title | Owner |\n|---|---|---|\n| abc | {'t' * 400} | {'o' * 400} |\n"
    a_repository(tmp_path, files={"docs/t.md": table}, proposals={})
    cell = Cell.objects.get()
    assert (len(cell.title), len(cell.owner)) == (300, 100)


# Pages


@pytest.mark.parametrize(
    "address",
    ["/evidence/?q=%00", "/patches/?kind=a%00", "/audit/?subject=%00", "/?repo=%00", "/cells/a%00b/"],
)
def test_a_nul_character_in_an_address_is_refused_with_a_sentence(
    client: Client, repository: Repository, viewer: User, address: str
) -> None:
    answer = signed_in(client, viewer).get(address)
    assert answer.status_code == 400
    assert "NUL" in answer.content.decode()


def test_a_nul_character_in_a_reason_is_refused(
    client: Client, repository: Repository, reviewer: User
) -> None:
    patch = a_patch(repository)
    answer = signed_in(client, reviewer).post(
        f"/patches/{patch.pk}/reject", {"digest": patch.digest, "reason": "a\0b"}
    )
    assert answer.status_code == 400
    assert state_of(patch) == life.PROPOSED


def test_half_a_character_in_json_is_shown_as_a_replacement(
    client: Client, repository: Repository, viewer: User
) -> None:
    source_of(repository).commit({"reports/oven/a.json": '{"x":"\\ud800"}'})
    sync(repository)
    found = Evidence.objects.get(path="reports/oven/a.json")
    assert signed_in(client, viewer).get(f"/evidence/{found.pk}/").status_code == 200


def test_a_file_of_a_repository_that_was_never_read_is_not_found(client: Client, viewer: User) -> None:
    known_as("never", "/nowhere")
    assert signed_in(client, viewer).get("/files/?repo=never&path=x&commit=" + "a" * 40).status_code == 404


def test_only_commits_that_main_or_a_patch_leads_to_are_shown(
    client: Client, repository: Repository, viewer: User
) -> None:
    patch, mirror = a_patch(repository), Mirror(repository.mirror)
    head = mirror.commit(repository.head)
    stray = mirror.repo.create_commit(None, head.author, head.author, "Stray", head.tree.id, [head.id])

    def status(commit: str) -> int:
        return signed_in(client, viewer).get(f"/files/?path=swarm.toml&commit={commit}").status_code

    assert [status(commit) for commit in (repository.head, patch.tip, str(stray))] == [200, 200, 404]


# Landing


@pytest.mark.parametrize("author", [b"Name <>", b" <a@example.org>", b"J\xf6 <j\xf6@x>"])
def test_a_proposal_by_an_author_git_would_refuse_lands(
    tmp_path: Path, author: bytes, reviewer: User
) -> None:
    repository = a_repository(tmp_path)
    raw_commit(source_of(repository), "ask/nobody", author=author + b" 1772450000 +0000")
    sync(repository)
    patch = a_patch(repository, branch="ask/nobody")
    reviews.approve(patch=patch, by=reviewer, digest=patch.digest, verdict=fingerprint(patch.verdict))
    landing.land(patch)
    assert state_of(patch) == life.LANDED, patch.state_note


def test_a_patch_that_failed_to_land_can_be_rejected(tmp_path: Path, reviewer: User) -> None:
    patch = a_patch(a_repository(tmp_path), life.FAILED)
    reviews.reject(patch=patch, by=reviewer, digest=patch.digest, reason="Not worth it.")
    assert state_of(patch) == life.REJECTED


def test_a_message_loses_forged_trailers_and_nothing_else() -> None:
    text = "Title\n\ncontract: we agreed on this\n\nPatch-Id: 9-forged"
    assert message_with(text, {"Patch-Id": "1-x"}) == "Title\n\ncontract: we agreed on this\nPatch-Id: 1-x\n"
