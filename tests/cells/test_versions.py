"""Edit-then-approve: a new version is judged again, its editor proposes it too, and what is typed is what lands."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cells.models import AuditEvent, Patch, Repository
from cells.patches import desk, drafts, landing, life, reviews, versions, writing
from cells.patches.edits.checks import FILE_BYTES
from cells.patches.origins import asks_of, remarks
from cells.patches.verdicts import fingerprint
from cells.permissions import REVIEWER
from cells.refusals import Forbidden, Refused
from cells.ssot.mirror import Mirror
from tests.cells.test_ask_pages import an_ask
from tests.factories import FILES, STATE, a_patch, a_repository, a_user, committed, source_of, sync

pytestmark = pytest.mark.django_db

CURRENT = "STATE/bread/current_state.md"
WARMER = STATE.replace("210", "225")
WARMEST = STATE.replace("210", "240")


def edited(patch: Patch, by: User | None = None, text: str = WARMEST, reason: str = "") -> Patch:
    return versions.edit(
        patch=patch,
        by=by or a_user("rin", REVIEWER),
        digest=patch.digest,
        files={CURRENT: text},
        reason=reason,
    )


def approve(patch: Patch, by: User) -> None:
    with committed():
        reviews.approve(patch=patch, by=by, digest=patch.digest, verdict=fingerprint(patch.verdict))
    patch.refresh_from_db()


def on_main(repository: Repository, path: str = CURRENT) -> bytes | None:
    mirror = Mirror(repository.mirror)
    tree = mirror.commit(mirror.tip("refs/heads/main")).tree
    return mirror.data(str(tree[path].id)) if path in tree else None


def said(patch: Patch) -> str:
    return " ".join(str(remark.sentence) for remark in remarks(Patch.objects.get(pk=patch.pk)))


def waiting(repository: Repository) -> set[str]:
    return {f"{patch.branch or 'edited'}" for patch in repository.patches.filter(state=life.PROPOSED)}


def test_an_edited_version_waits_in_place_of_the_old_one_and_is_judged(repository: Repository) -> None:
    old = a_patch(repository)
    new = edited(old, reason="Two hundred and forty it is.")
    assert (old.state, new.state, new.replaces, new.branch) == (life.SUPERSEDED, life.PROPOSED, old, "")
    assert new.decision == "REVIEW_REQUIRED"
    assert new.digest != old.digest
    assert (new.kind, new.title, new.lane, list(new.cells.all())) == (
        old.kind, old.title, old.lane, list(old.cells.all()),
    )  # fmt: skip
    event = AuditEvent.objects.get(verb="edit")
    assert (event.actor, event.subject, event.reason) == ("rin", str(old.pk), "Two hundred and forty it is.")


def test_neither_proposer_nor_editor_approves_it_and_a_third_person_lands_it(repository: Repository) -> None:
    new = edited(a_patch(repository), reason="Warmer still.")
    with pytest.raises(Forbidden, match="You edited this version"):
        approve(new, a_user("rin", REVIEWER))
    with pytest.raises(Forbidden, match="You proposed this patch"):
        approve(new, a_user("ada", REVIEWER))
    approve(new, a_user("mio", REVIEWER))
    assert new.state == life.LANDED
    assert on_main(repository) == WARMEST.encode()
    commit = Mirror(repository.mirror).commit(new.commit)
    assert commit.author.name == "rin"
    assert "rin edited it: Warmer still." in commit.message
    assert "Co-authored-by: Ada Proposer <ada@example.org>\nPatch-Id:" in commit.message


def test_an_edit_of_an_edit_has_two_editors_and_names_everybody_once(repository: Repository) -> None:
    new = edited(edited(a_patch(repository)), by=a_user("mio", REVIEWER), text=WARMEST.replace("240", "250"))
    assert {editor.username for editor in new.editors.all()} == {"rin", "mio"}
    assert new.rationale.count("Co-authored-by: Ada Proposer") == 1
    assert new.rationale.endswith("Co-authored-by: rin <rin@example.org>")
    for name in ("rin", "mio", "ada"):
        with pytest.raises(Forbidden):
            approve(new, a_user(name, REVIEWER))


def test_what_another_person_sees_is_refused_after_an_edit(repository: Repository) -> None:
    old = a_patch(repository)
    copy, seen = Patch.objects.get(pk=old.pk), old.digest
    edited(old)
    with pytest.raises(Refused, match="superseded"):
        reviews.approve(
            patch=copy, by=a_user("mio", REVIEWER), digest=seen, verdict=fingerprint(copy.verdict)
        )
    with pytest.raises(Refused, match="superseded"):
        edited(copy, by=a_user("mio", REVIEWER), text=WARMEST + "\n")
    assert repository.patches.filter(state=life.PROPOSED, replaces=old).count() == 1


def test_an_approval_of_the_version_before_counts_for_nothing(repository: Repository) -> None:
    repository.lanes.update(approvals=2)
    old = a_patch(repository)
    approve(old, a_user("mio", REVIEWER))
    assert old.state == life.PROPOSED
    new = edited(old)
    assert [str(review.void["text"]) for review in old.reviews.all() if review.void] == [
        "%(name)s edited it; a new version waits instead."
    ]
    versions.discard(patch=new, by=a_user("rin", REVIEWER))
    approve(old, a_user("sae", REVIEWER))
    assert old.state == life.PROPOSED


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (WARMER, "Nothing is edited"),
        (STATE, "changes nothing on main"),
        (STATE + "\0", "not text"),
        (STATE + "\ud800", "not text"),
        (b"\xff\xfe", "not text"),
        ("x" * (FILE_BYTES + 1), "more than 1000000 bytes"),
    ],
)
def test_what_cannot_be_saved_is_refused_and_the_patch_waits_on(
    repository: Repository, text: str, why: str
) -> None:
    patch = a_patch(repository)
    with pytest.raises(Refused, match=why):
        edited(patch, text=text)
    patch.refresh_from_db()
    assert patch.state == life.PROPOSED
    assert repository.patches.count() == 2


def test_only_documents_of_the_change_can_be_edited(repository: Repository) -> None:
    patch = a_patch(repository)
    for path in ("swarm.toml", "../outside", ".git/config", "nowhere.md"):
        with pytest.raises(Refused, match="not among the documents of this change"):
            versions.edit(
                patch=patch, by=a_user("rin", REVIEWER), digest=patch.digest, files={path: "approvals = 0\n"}
            )


def test_an_edit_of_what_changed_since_is_refused(repository: Repository) -> None:
    patch = a_patch(repository)
    with pytest.raises(Refused, match="changed since you looked"):
        versions.edit(patch=patch, by=a_user("rin", REVIEWER), digest="0" * 64, files={CURRENT: WARMEST})


def test_somebody_elses_claim_is_honoured(repository: Repository) -> None:
    patch = a_patch(repository)
    desk.claim(patch=patch, by=a_user("mio", REVIEWER))
    with pytest.raises(Refused, match="mio has claimed this"):
        edited(patch)


def test_a_viewer_edits_nothing(repository: Repository, viewer: User) -> None:
    with pytest.raises(Forbidden, match="right “reviewer”"):
        edited(a_patch(repository), by=viewer)


def test_what_somebody_else_proposes_already_is_not_made_twice(repository: Repository) -> None:
    source_of(repository).propose("x/twin", {CURRENT: WARMEST})
    sync(repository)
    twin = a_patch(repository, branch="x/twin")
    patch = a_patch(repository)
    with pytest.raises(Refused, match=f"#{twin.pk} waits already"):
        edited(patch)
    patch.refresh_from_db()
    assert patch.state == life.PROPOSED


def test_a_document_left_out_stays_as_main_has_it(tmp_path: Path) -> None:
    rise = "reports/dough/rise_20260301T0600Z.md"
    changes = {CURRENT: WARMER, rise: None, "reports/dough/new_20260302T0600Z.md": "# New\n"}
    repository = a_repository(tmp_path, proposals={"x/one": changes})  # type: ignore[dict-item]
    patch = a_patch(repository, branch="x/one")
    new = versions.edit(
        patch=patch, by=a_user("rin", REVIEWER), digest=patch.digest, files={},
        without=[rise, "reports/dough/new_20260302T0600Z.md"],
    )  # fmt: skip
    assert [file["path"] for file in new.files] == [CURRENT]
    approve(new, a_user("mio", REVIEWER))
    assert on_main(repository, rise) == FILES[rise].encode()


def test_a_document_can_be_deleted_by_an_edit(repository: Repository) -> None:
    new = versions.edit(
        patch=(patch := a_patch(repository)),
        by=a_user("rin", REVIEWER),
        digest=patch.digest,
        files={CURRENT: None},
    )
    approve(new, a_user("mio", REVIEWER))
    assert on_main(repository) is None


def test_a_picture_is_not_rewritten_but_can_be_left_out(tmp_path: Path) -> None:
    source = source_of(a_repository(tmp_path))
    source.propose("x/picture", {"reports/oven/p.png": b"\x89PNG\0", CURRENT: WARMEST})
    repository = sync(Repository.objects.get())
    patch, rin = a_patch(repository, branch="x/picture"), a_user("rin", REVIEWER)
    with pytest.raises(Refused, match="not UTF-8 text"):
        versions.edit(patch=patch, by=rin, digest=patch.digest, files={"reports/oven/p.png": "words"})
    new = versions.edit(patch=patch, by=rin, digest=patch.digest, files={}, without=["reports/oven/p.png"])
    assert [file["path"] for file in new.files] == [CURRENT]


def test_what_conflicts_is_settled_by_an_edit_without_the_marks(repository: Repository) -> None:
    source_of(repository).commit({CURRENT: STATE.replace("210", "190")})
    sync(repository)
    patch = a_patch(repository)
    assert not patch.applies
    draft, _ = versions.draft(patch, Mirror(repository.mirror))
    text = draft.get(CURRENT).text or ""
    assert "<<<<<<< main\nThe oven holds 190" in text
    assert "The oven holds 225 degrees, give or take thirty.\n>>>>>>> proposal" in text
    with pytest.raises(Refused, match="take the marks out"):
        edited(patch, text=text)
    with pytest.raises(Refused, match="say what should stand there"):
        versions.edit(patch=patch, by=a_user("rin", REVIEWER), digest=patch.digest, files={})
    new = edited(patch)
    assert new.applies
    approve(new, a_user("mio", REVIEWER))
    assert on_main(repository) == WARMEST.encode()


def test_sync_does_not_bring_back_what_was_edited_while_its_branch_stands(repository: Repository) -> None:
    old = a_patch(repository)
    new = edited(old)
    source_of(repository).commit({"docs/elsewhere.md": "Elsewhere."})
    sync(repository)
    old.refresh_from_db()
    assert old.state == life.SUPERSEDED
    approve(new, a_user("mio", REVIEWER))
    sync(repository)
    old.refresh_from_db()
    assert (old.state, new.state) == (life.SUPERSEDED, life.LANDED)


def test_a_branch_that_moves_on_waits_beside_the_edited_version_and_both_say_so(
    repository: Repository,
) -> None:
    old = a_patch(repository)
    new = edited(old)
    source_of(repository).commit({CURRENT: STATE.replace("210", "226")}, branch=old.branch)
    sync(repository)
    newer = a_patch(repository, branch=old.branch)
    assert newer.replaces == old
    assert f"#{new.pk} waits too: an edited version" in said(newer)
    assert f"they wait as #{newer.pk}" in said(new)
    assert f"#{new.pk} is decided instead" in said(old)
    with pytest.raises(Refused, match="gone or has new commits"):
        versions.discard(patch=new, by=a_user("rin", REVIEWER))


def test_a_discarded_edit_brings_the_version_before_back(repository: Repository) -> None:
    old = a_patch(repository)
    new = edited(old)
    assert f"This is #{old.pk} as edited by rin." in said(new)
    back = versions.discard(patch=new, by=a_user("mio", REVIEWER))
    assert (back, back.state, new.state) == (old, life.PROPOSED, life.SUPERSEDED)
    approve(back, a_user("rin", REVIEWER))
    assert on_main(repository) == WARMER.encode()


def test_after_a_discard_the_branch_may_go_and_return(repository: Repository) -> None:
    old = a_patch(repository)
    versions.discard(patch=edited(old), by=a_user("rin", REVIEWER))
    source = source_of(repository)
    tip = source.tip(old.branch)
    source.withdraw(old.branch)
    sync(repository)
    source.repo.references.create(f"refs/heads/{old.branch}", tip)
    sync(repository)
    old.refresh_from_db()
    assert old.state == life.PROPOSED


def test_only_an_edited_version_can_be_discarded(repository: Repository) -> None:
    with pytest.raises(Refused, match="no edited version"):
        versions.discard(patch=a_patch(repository), by=a_user("rin", REVIEWER))


def test_a_discarded_version_comes_back_as_it_would_land_today(repository: Repository) -> None:
    old = a_patch(repository)
    new = edited(old)
    source_of(repository).commit({CURRENT: STATE.replace("give or take thirty", "more or less")})
    sync(repository)
    new.refresh_from_db()
    before = versions.discard(patch=new, by=a_user("rin", REVIEWER))
    before.refresh_from_db()
    assert not before.applies


def test_an_edited_test_proposal_still_never_lands(repository: Repository) -> None:
    Patch.objects.filter(branch="ask/warmer-oven").update(planted_by=a_user("ops"), lesson="It is too warm.")
    new = edited(a_patch(repository))
    approve(new, a_user("mio", REVIEWER))
    assert new.state == life.ARCHIVED
    assert on_main(repository) == STATE.encode()


def test_an_edited_answer_of_an_ask_keeps_the_evidence_and_the_ask(
    repository: Repository, operator: User
) -> None:
    ask = an_ask(repository, operator, "pm_snapshot")
    patch = ask.patch
    assert patch is not None
    draft, _ = versions.draft(patch, Mirror(repository.mirror))
    document = next(one for one in draft.documents if one.text)
    new = versions.edit(
        patch=patch, by=operator, digest=patch.digest, files={document.path: f"{document.text}\nMore.\n"}
    )
    assert new.edits == patch.edits
    assert list(asks_of(new)) == [ask]
    assert new.kind == "pm_snapshot"


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=400))
def test_any_text_that_is_edited_in_stands_on_main_byte_for_byte_once_it_has_landed(
    repository: Repository, text: str
) -> None:
    mirror, rin, mio = Mirror(repository.mirror), a_user("rin", REVIEWER), a_user("mio", REVIEWER)
    now, seen = writing.draft(repository, mirror, CURRENT)
    first = text_of(now) + "\nOne more line.\n"
    assume(text not in (first, text_of(now)))
    patch = writing.write(
        repository=repository, path=CURRENT, text=first, seen=seen, by=rin, title="Write", kind="state"
    )
    new = versions.edit(patch=patch, by=rin, digest=patch.digest, files={CURRENT: text})
    reviews.approve(patch=new, by=mio, digest=new.digest, verdict=fingerprint(new.verdict))
    landing.land(new)
    assert (new.state, on_main(repository)) == (life.LANDED, text.encode())


def text_of(draft: drafts.Draft) -> str:
    return draft.documents[0].text or ""
