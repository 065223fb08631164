"""Every verb of the pages through the API: the same checks, the same sentences, and what changed since you looked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from cells.models import Patch, Repository, Review, Snooze
from cells.patches import life, reviews, verbs
from cells.patches.verdicts import fingerprint
from cells.permissions import OPERATOR, REVIEWER
from tests.cells.callers import Program, program
from tests.cells.deciding import again, described, landed
from tests.factories import STATE, a_patch, a_repository, a_user, committed, source_of, sync

pytestmark = pytest.mark.django_db

PATH = "STATE/bread/current_state.md"


@pytest.fixture
def mio(db: None) -> Program:
    return program(a_user("mio", REVIEWER), "reviewer")


def seen(patch: Patch) -> dict[str, Any]:
    return {"digest": patch.digest, "verdict": fingerprint(patch.verdict)}


def may(asking: Program, patch: Patch) -> set[str]:
    return {one["verb"] for one in asking.get(f"patches/{patch.pk}")[1]["verbs"] if one["allowed"]}


@pytest.mark.parametrize(
    ("verb", "state", "via"),
    [("approve", "approved", "api"), ("reject", "rejected", "api"), ("send_back", "sent_back", "api"),
     ("archive", "archived", "api"), ("land_by_hand", "approved", "page")],
)  # fmt: skip
def test_a_decision_is_taken_about_what_was_seen(
    verb: str, state: str, via: str, repository: Repository, operator: User
) -> None:
    patch, asking = a_patch(repository), program(operator, "operator")
    status, said = asking.post(f"patches/{patch.pk}/{verb}", **seen(patch), reason="Because.")
    assert (status, said["state"]) == (200, state)
    review = Review.objects.get(patch=patch)
    assert (review.who, review.via, review.emergency) == ("operator", via, verb == "land_by_hand")


@pytest.mark.parametrize("verb", ["approve", "reject", "send_back", "archive", "land_by_hand", "edit"])
def test_a_late_one_is_told_what_changed_since(verb: str, repository: Repository, operator: User) -> None:
    before = a_patch(repository)
    source_of(repository).commit({PATH: STATE.replace("Twenty-five", "Ten")}, message="Ten of wobble")
    sync(repository)
    status, said = program(operator, "operator").post(
        f"patches/{before.pk}/{verb}", **seen(before), reason="Because.", files={PATH: "x"}
    )
    assert (status, said["error"]["code"]) == (409, "refused")
    since = said["error"]["since"]
    assert (since["patch"], since["digest"]) == (before.pk, again(before).digest)
    assert [one["subject"] for one in since["main"]] == ["Ten of wobble"]
    assert again(before).state == life.PROPOSED


@pytest.mark.parametrize("verb", ["reject", "send_back", "land_by_hand"])
def test_what_needs_a_reason_is_refused_without_and_nothing_is_told_as_changed(
    verb: str, repository: Repository, operator: User
) -> None:
    patch = a_patch(repository)
    status, said = program(operator, "operator").post(f"patches/{patch.pk}/{verb}", **seen(patch), reason=" ")
    assert (status, said["error"]["sentence"][:8]) == (409, "Say why " if verb != "send_back" else "Say what")
    assert "since" not in said["error"]


@pytest.mark.parametrize(
    ("state", "verb", "after"),
    [(life.REJECTED, "reopen", "proposed"), (life.SENT_BACK, "reopen", "proposed"), (life.ARCHIVED, "reopen", "proposed"),
     (life.APPROVED, "withdraw", "proposed"), (life.FAILED, "retry", "approved")],
)  # fmt: skip
def test_what_was_decided_is_taken_back_or_tried_again(
    state: str, verb: str, after: str, repository: Repository, deciding: Program
) -> None:
    patch = a_patch(repository, state)
    assert verb in may(deciding, patch)
    status, said = deciding.post(f"patches/{patch.pk}/{verb}")
    assert (status, said["state"]) == (200, after)
    assert verb not in may(deciding, patch) or verb == "withdraw"


@pytest.mark.parametrize("state", life.STATES)
def test_what_is_told_as_allowed_is_what_the_verb_does(
    state: str, repository: Repository, operator: User, settings: Any
) -> None:
    """Each verb is called where it was said to be refused: with the very sentence."""
    patch, asking = a_patch(repository, state), program(operator, "operator")
    told = asking.get(f"patches/{patch.pk}")[1]["verbs"]
    assert [one["verb"] for one in told] == list(verbs.VERBS)
    body = seen(patch) | {"reason": "Because.", "to": "mio", "until": soon(), "files": {PATH: "x"}}
    a_user("mio", REVIEWER)
    for one in told:
        if not one["allowed"]:
            status, said = asking.post(f"patches/{patch.pk}/{one['verb']}", **body)
            assert (status in (403, 409), said["error"]["sentence"]) == (True, one["why"]), one
    assert again(patch).state == state


def soon() -> str:
    return (timezone.now() + timedelta(days=1)).isoformat()


def test_a_claim_keeps_the_others_out_until_it_is_let_go_or_taken_over(
    repository: Repository, deciding: Program, mio: Program
) -> None:
    patch = a_patch(repository)
    status, said = deciding.post(f"patches/{patch.pk}/claim")
    assert (status, said["claimed_by"]) == (200, "reviewer")
    assert said["claimed_until"] > timezone.now().isoformat()
    for verb in ("claim", "approve"):
        status, refused = mio.post(f"patches/{patch.pk}/{verb}", **seen(patch))
        assert (status, "reviewer has claimed this until" in refused["error"]["sentence"]) == (409, True)
    assert mio.post(f"patches/{patch.pk}/take_over")[1]["claimed_by"] == "mio"
    assert deciding.post(f"patches/{patch.pk}/let_go")[1]["claimed_by"] == "mio"
    assert mio.post(f"patches/{patch.pk}/let_go")[1]["claimed_by"] is None


def test_it_is_handed_over_with_a_note_and_taken_back(
    repository: Repository, deciding: Program, mio: Program, viewer: User
) -> None:
    patch = a_patch(repository)
    for to, why in (
        ("nobody", "Choose whom to hand it to."),
        ("viewer", "viewer may not decide; hand it to a reviewer."),
        ("reviewer", "It is on your desk already; hand it to somebody else."),
    ):
        status, said = deciding.post(f"patches/{patch.pk}/hand_over", to=to)
        assert (status, said["error"]["sentence"]) == (409, why)
    _, said = deciding.post(f"patches/{patch.pk}/hand_over", to="mio", note="You know ovens.")
    assert (said["handed_to"], said["handed_by"], said["handed_note"]) == (
        "mio",
        "reviewer",
        "You know ovens.",
    )
    first = mio.get("inbox")[1]["first"]
    assert [(one["patch"]["id"], one["why"]) for one in first] == [
        (patch.pk, "reviewer handed it to you: You know ovens.")
    ]
    assert mio.post(f"patches/{patch.pk}/take")[1]["handed_to"] is None


def test_it_is_put_off_for_a_while_and_woken_up(repository: Repository, deciding: Program) -> None:
    patch = a_patch(repository)
    for until, status in (("yesterday", 422), ("2026-03-03T09:00:00", 422), ("2020-01-01T00:00:00Z", 409)):
        assert deciding.post(f"patches/{patch.pk}/snooze", until=until)[0] == status, until
    assert deciding.post(f"patches/{patch.pk}/snooze", until=soon())[0] == 200
    assert deciding.get("inbox")[1]["kept"] == {"snoozed": 1}
    assert deciding.post(f"patches/{patch.pk}/wake_up")[0] == 200
    assert (deciding.get("inbox")[1]["kept"], Snooze.objects.count()) == ({}, 0)


def test_what_waits_is_rewritten_from_its_documents_and_the_editor_is_a_proposer(
    repository: Repository, deciding: Program, mio: Program
) -> None:
    patch = a_patch(repository)
    _, texts = deciding.get(f"patches/{patch.pk}/documents")
    assert texts == {
        "digest": patch.digest,
        "documents": [{"path": PATH, "status": "modified", "text": STATE.replace("210", "225"), "why": None}],
    }
    status, new = deciding.post(
        f"patches/{patch.pk}/edit", digest=texts["digest"], files={PATH: STATE.replace("210", "220")}
    )
    assert (status, new["state"], again(patch).state) == (201, "proposed", "superseded")
    _, whole = deciding.get(f"patches/{new['id']}")
    assert (whole["editors"], whole["replaces"]) == (["reviewer"], patch.pk)
    assert whole["remarks"][0] == {
        "patch": patch.pk, "sentence": f"This is #{patch.pk} as edited by reviewer."
    }  # fmt: skip
    status, said = deciding.post(
        f"patches/{new['id']}/approve", digest=new["digest"], verdict=new["verdict"]["seen"]
    )
    assert (status, said["error"]["sentence"]) == (
        403,
        "You edited this version; someone else has to approve it.",
    )
    status, said = mio.post(f"patches/{new['id']}/discard")
    assert (status, said["id"], said["state"]) == (200, patch.pk, "proposed")


def test_an_edit_of_a_document_it_does_not_touch_is_refused(
    repository: Repository, deciding: Program
) -> None:
    patch = a_patch(repository)
    for files in ({"../x": "x"}, {"swarm.toml": ""}, {PATH: "a\0b"}):
        status, said = deciding.post(f"patches/{patch.pk}/edit", digest=patch.digest, files=files)
        assert (status, said["error"]["code"]) == (409, "refused"), files
    assert again(patch).state == life.PROPOSED


def test_a_landing_is_taken_back_by_a_patch_that_says_what_it_waits_for(
    repository: Repository, deciding: Program
) -> None:
    patch = landed(a_patch(repository, life.LANDED))
    with committed():
        status, said = deciding.post(f"patches/{patch.pk}/revert", reason="It burnt.")
    assert (status, said["title"]) == (201, 'Revert "Propose warmer-oven"')
    assert said["outcome"] == f"#{said['id']} takes it back, and is about to land."
    _, whole = deciding.get(f"patches/{said['id']}")
    assert (whole["state"], whole["reverts"], whole["reviews"][0]["via"]) == ("landed", patch.pk, "api")
    assert deciding.get(f"patches/{patch.pk}")[1]["reverted_by"] == [said["id"]]
    status, again_said = deciding.post(f"patches/{patch.pk}/revert", reason="")
    assert (status, again_said["error"]["sentence"]) == (
        409,
        f"#{said['id']} took this back already; revert that one to have it again.",
    )


def test_two_of_two_people_are_told_who_is_missing(tmp_path: Any, deciding: Program, mio: Program) -> None:
    repository = a_repository(tmp_path, files=described(("monitoring", "approvals = 2")))
    patch = a_patch(repository)
    _, said = deciding.post(f"patches/{patch.pk}/approve", **seen(patch))
    assert said["state"] == "proposed"
    assert mio.get(f"patches/{patch.pk}")[1]["needs"] == {
        "people": 2, "owners": [], "why": "monitoring wants 2 people to agree.", "given": ["reviewer"],
        "missing": "1 of 2 approvals; somebody else has to agree too.",
    }  # fmt: skip
    assert mio.get("inbox")[1]["first"][0]["why"] == "reviewer approved it; yours is missing."
    assert deciding.get("inbox")[1]["kept"] == {"agreed": 1}
    assert mio.post(f"patches/{patch.pk}/approve", **seen(patch))[1]["state"] == "approved"


def test_many_are_decided_each_by_what_was_seen(repository: Repository, deciding: Program) -> None:
    one, other = a_patch(repository), a_patch(repository, branch="think/dough-notes")
    items = [
        {"id": one.pk, **seen(one)},
        {"id": other.pk, "digest": "0" * 64, "verdict": ""},
        {"id": 999999, "digest": ""},
        {"id": one.pk, "digest": "again"},
    ]
    status, told = deciding.post("bulk", verb="approve", items=items, dry_run=True)
    assert (status, told["counted"]) == (200, {"ready": 1, "stale": 1, "not_found": 1})
    assert again(one).state == life.PROPOSED
    status, done = deciding.post("bulk", verb="approve", items=items)
    assert (status, done["counted"]) == (200, {"done": 1, "stale": 1, "not_found": 1})
    assert [(item["id"], item["how"], item["state"]) for item in done["items"]] == [
        (one.pk, "done", "approved"), (other.pk, "stale", "proposed"), (999999, "not_found", None)
    ]  # fmt: skip
    assert done["items"][1]["why"].startswith("This patch changed since you looked at it.")
    assert Review.objects.get(patch=one).via == "bulk"


def test_in_bulk_nobody_approves_their_own_and_rejecting_needs_a_reason(
    repository: Repository, reading: Program
) -> None:
    patch, ada = a_patch(repository), program(a_user("ada", OPERATOR), "reviewer")
    items = [{"id": patch.pk, **seen(patch)}]
    (own,) = ada.post("bulk", verb="approve", items=items)[1]["items"]
    assert (own["how"], own["why"]) == (
        "forbidden",
        "You proposed this patch; someone else has to approve it.",
    )
    status, said = ada.post("bulk", verb="reject", items=items)
    assert (status, said["error"]["sentence"]) == (409, str(reviews.SAY_WHY["reject"]))
    assert reading.post("bulk", verb="archive", items=items)[0] == 403
    assert ada.post("bulk", verb="archive", items=[])[1]["error"]["sentence"] == (
        "items is empty; it has to hold something."
    )
    for wrong in (
        {"items": items * 201},
        {"items": items, "dry_run": "no"},
        {"items": [items[0] | {"id": True}]},
        {"items": items, "verb": "send_back"},
    ):
        assert ada.post("bulk", **{"verb": "archive"} | wrong)[0] == 422, wrong
    assert again(patch).state == life.PROPOSED


def test_the_inbox_groups_what_asks_the_same(tmp_path: Any, deciding: Program) -> None:
    repository = a_repository(tmp_path)
    for number in range(3):
        source_of(repository).propose(
            f"think/more-{number}", {f"reports/dough/rise_2026030{number + 3}T0600Z.md": "# Rise\n"}
        )
    sync(repository)
    status, said = deciding.get("inbox", repo="bakery")
    assert (status, said["size"], said["next"], said["first"]) == (200, 5, None, [])
    sizes = {group["key"]: (group["size"], len(group["rows"])) for group in said["groups"]}
    key = next(key for key, (size, _) in sizes.items() if size >= 3)
    assert sizes[key][1] == 1
    _, rows = deciding.get("inbox/group", key=key)
    ids = [row["patch"]["id"] for row in rows["rows"]]
    assert (len(ids), rows["next"]) == (sizes[key][0], None)
    _, rest = deciding.get("inbox/group", key=key, after=ids[0])
    assert [row["patch"]["id"] for row in rest["rows"]] == ids[1:]
    assert all(row["why"] for row in rest["rows"])
    assert deciding.get("inbox", page=2)[1]["groups"] == []
