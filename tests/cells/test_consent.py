"""Who has to agree: how many people, whose owners, who never counts, and what never counts again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pygit2
import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from cells.models import AuditEvent, Lane, Patch, Repository, Review
from cells.patches import automatic, checks, desk, earlier, landing, life, needs, reviews, versions
from cells.patches.verdicts import fingerprint
from cells.permissions import OPERATOR, REVIEWER
from cells.refusals import Forbidden, Refused, say
from cells.ssot.mirror import Mirror
from tests.cells.callers import program
from tests.cells.deciding import (
    FAILING,
    READY,
    again,
    approve,
    asking,
    commits_with,
    described,
    landed,
    note_of,
    the,
    void_of,
)
from tests.factories import (
    PROPOSALS,
    STATE,
    a_patch,
    a_repository,
    a_user,
    committed,
    source_of,
    sync,
)

pytestmark = pytest.mark.django_db

TWO = "approvals = 2"
WARMER = "ask/warmer-oven"  # the C of the oven, in the lane monitoring
NOTES = "think/dough-notes"  # a report of the dough, in the lane sample
DOCUMENT = "STATE/bread/current_state.md"
HOTTER = STATE.replace("hold 230", "hold 240")


def missing(patch: Patch) -> str:
    """What is still wanted, in words."""
    row = again(patch)
    return say(needs.needed(row).missing(review.who for review in needs.counted(row)))


def test_nobody_asks_for_more_than_one_person_unless_swarm_toml_does(tmp_path: Path) -> None:
    patch = the(a_repository(tmp_path))
    assert needs.needed(patch) == needs.Need()
    approve(patch)
    assert again(patch).state == life.APPROVED


@pytest.mark.parametrize("where", ["monitoring", "oven"])
def test_where_a_lane_or_a_cell_wants_two_the_first_approval_waits_and_the_second_lands(
    tmp_path: Path, where: str
) -> None:
    patch = the(a_repository(tmp_path, files=described((where, TWO))))
    approve(patch, "rin")
    assert again(patch).state == life.PROPOSED
    assert missing(patch) == "1 of 2 approvals; somebody else has to agree too."
    assert say(needs.needed(again(patch)).why) == f"{where} wants 2 people to agree."
    event = AuditEvent.objects.filter(subject_type="patch", subject=str(patch.pk)).latest("pk")
    assert (event.actor, event.verb, event.before["state"], event.after["state"]) == (
        "rin", "approve", life.PROPOSED, life.PROPOSED,
    )  # fmt: skip
    with committed():
        approve(patch, "mio")
    patch = again(patch)
    assert patch.state == life.LANDED
    assert "Approved-by: rin (rin), mio (mio)" in Mirror(patch.repository.mirror).commit(patch.commit).message


def test_another_lane_is_not_asked(tmp_path: Path) -> None:
    patch = the(a_repository(tmp_path, files=described(("monitoring", TWO))), NOTES)
    approve(patch)
    assert again(patch).state == life.APPROVED


def test_one_person_is_never_two(tmp_path: Path) -> None:
    patch = the(a_repository(tmp_path, files=described(("oven", TWO))))
    approve(patch, "rin")
    with pytest.raises(Refused, match="You approved it already; it waits for somebody else to agree"):
        approve(patch, "rin")
    assert Review.objects.filter(patch=patch).count() == 1


def test_one_of_each_list_of_owners_has_to_be_among_those_who_approve(tmp_path: Path) -> None:
    files = described(("monitoring", 'owners = ["cyd", "dan"]'), ("oven", 'owners = "eve"'))
    patch = the(a_repository(tmp_path, files=files))
    for name in ("cyd", "dan", "eve"):
        a_user(name, REVIEWER)
    approve(patch, "rin")
    assert missing(patch) == "One of its owners has to approve it: cyd, dan."
    approve(patch, "dan")
    assert missing(patch) == "One of its owners has to approve it: eve."
    approve(patch, "eve")
    assert again(patch).state == life.APPROVED


def test_owners_who_may_not_approve_are_named_as_missing(tmp_path: Path) -> None:
    patch = the(a_repository(tmp_path, files=described(("oven", 'owners = ["ada", "gone"]'))))
    a_user("ada", REVIEWER)  # she proposed it
    approve(patch, "rin")
    assert missing(patch) == (
        "One of its owners has to approve it, and none of them may: ada, gone. Give one of them the right “reviewer”, "
        "or have swarm.toml name somebody else."
    )
    a_user("gone", REVIEWER)
    assert missing(patch) == "One of its owners has to approve it: ada, gone."


@pytest.mark.parametrize(("text", "people"), [(HOTTER, 3), (STATE.replace("210", "225"), 1)])
def test_a_goal_asks_for_more_than_a_fact(tmp_path: Path, text: str, people: int) -> None:
    files = described(("monitoring", "goal_approvals = 3"))
    patch = the(a_repository(tmp_path, files=files, proposals={WARMER: {DOCUMENT: text}}))
    assert needs.needed(patch).people == people
    why = "It changes a goal, and monitoring wants 3 people for that." if people > 1 else ""
    assert say(needs.needed(patch).why) == why


@pytest.mark.parametrize(
    "changes",
    [
        {DOCUMENT: None},
        {DOCUMENT: None, "docs/attic.md": STATE},
        {DOCUMENT: STATE.replace("## ゴール（G）", "## 献立")},
    ],
    ids=["deleted", "moved away", "no longer called a goal"],
)
def test_a_goal_that_goes_away_is_a_goal_that_changes(tmp_path: Path, changes: dict) -> None:
    repository = a_repository(tmp_path, files=described(("oven", "goal_approvals = 2")), proposals={})
    source_of(repository).propose(WARMER, changes)
    assert needs.needed(the(sync(repository))).people == 2


def test_a_goal_that_was_edited_elsewhere_is_not_moved_back_by_one_person(tmp_path: Path) -> None:
    files = described(("oven", "goal_approvals = 2")) | {"docs/attic.md": HOTTER}
    del files[DOCUMENT]
    repository = a_repository(tmp_path, files=files, proposals={})
    source_of(repository).propose(WARMER, {"docs/attic.md": None, DOCUMENT: HOTTER})
    assert needs.needed(the(sync(repository))).people == 2


@pytest.mark.parametrize("path", ["swarm.toml", "STATE/bread/swarm.toml", "contract.toml"])
def test_what_says_who_has_to_agree_needs_as_many_as_the_strictest_of_all(tmp_path: Path, path: str) -> None:
    files = described(("sample", TWO), ("crumb", "goal_approvals = 4"))
    text = {"swarm.toml": asking(("oven", 'owner = "x"'))}.get(path, "")
    repository = a_repository(tmp_path, files=files, proposals={WARMER: {path: text}})
    need = needs.needed(the(repository))
    assert need.people == 4
    assert say(need.why) == "It changes who has to agree, or what the contract says."


def test_a_proposal_cannot_lower_what_itself_needs(tmp_path: Path) -> None:
    changes = {"swarm.toml": asking(), DOCUMENT: HOTTER}
    repository = a_repository(
        tmp_path, files=described(("oven", 'approvals = 2\nowners = ["cyd"]')), proposals={WARMER: changes}
    )
    a_user("cyd", REVIEWER)
    approve(the(repository), "rin")
    approve(the(repository), "mio")
    assert missing(the(repository)) == "One of its owners has to approve it: cyd."
    approve(the(repository), "cyd")
    assert again(the(repository)).state == life.APPROVED


def test_owners_are_asked_when_they_are_described_otherwise_and_not_when_others_are(tmp_path: Path) -> None:
    owned = ("oven", 'owners = ["cyd"]')
    proposals = {
        "ask/nobodys": {"swarm.toml": asking(("dough", 'cadence = "daily"'), owned)},
        "ask/fewer": {"swarm.toml": asking()},
        "ask/elsewhere": {"STATE/bread/swarm.toml": '[[cells]]\nkey = "oven"\nlane = "sample"\n'},
        "ask/unreadable": {"swarm.toml": "[["},
    }
    repository = a_repository(tmp_path, files=described(owned), proposals=proposals)
    asked = {name: bool(needs.needed(the(repository, name)).owners) for name in proposals}
    assert asked == {
        "ask/nobodys": False, "ask/fewer": True, "ask/elsewhere": True, "ask/unreadable": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {"reports/oven/heat_20260301T0700Z.md": None, "docs/heat.md": "# Heat\n\nSteady at 210 degrees.\n"},
        {DOCUMENT: None, "docs/state.md": STATE},
        {"data/memory.json": '{"oven": 1}\n'},
        {"STATE/bread/all.md": "# All\n\n## Oven\n\nWarm.\n\n## Dough\n\nRisen.\n"},
    ],
    ids=["a report moved out", "its STATE moved out", "its memory", "its section of a common STATE"],
)
def test_a_cell_is_asked_for_all_that_is_its_own(tmp_path: Path, changes: dict) -> None:
    swarm = asking(("oven", f'{TWO}\nmemory = "data/memory.json#oven"'))
    section = swarm.replace(f'state = "{DOCUMENT}"\nevidence', 'state = "STATE/bread/all.md#Oven"\nevidence')
    files = described() | {"swarm.toml": section if "STATE/bread/all.md" in changes else swarm}
    repository = a_repository(tmp_path, files=files, proposals={})
    source_of(repository).propose("ask/quiet", changes)
    assert needs.needed(the(sync(repository), "ask/quiet")).people == 2


def test_a_name_adds_a_cell_that_has_to_agree_and_takes_none_away(tmp_path: Path) -> None:
    files = described(("oven", TWO), ("dough", "approvals = 3"))
    report = {"reports/oven/heat_20260303T0700Z.md": "# Heat\n\nSteady.\n"}
    proposals = {"ask/dough": report, "ask/crumb": {"docs/crumb.md": "Crumb.\n"}}
    repository = a_repository(tmp_path, files=files, proposals=proposals)
    Patch.objects.get(branch="ask/dough").cells.clear()
    assert needs.needed(the(repository, "ask/dough")).people == 2
    the(repository, "ask/crumb").cells.add(repository.cells.get(key="dough"))
    assert needs.needed(the(repository, "ask/crumb")).people == 3


# What counts, and what never counts again.


@pytest.fixture
def waiting(tmp_path: Path) -> Patch:
    """Approved by rin; somebody else is missing."""
    patch = the(a_repository(tmp_path, files=described(("oven", TWO))))
    approve(patch, "rin")
    return again(patch)


def main_says(repository: Repository, text: str, path: str = DOCUMENT) -> None:
    source_of(repository).commit({path: text})
    sync(repository)


def test_an_approval_of_an_earlier_version_does_not_count_and_says_so(waiting: Patch) -> None:
    main_says(waiting.repository, STATE + "\nOne more line.\n")
    assert needs.counted(again(waiting)) == []
    approve(waiting, "mio")
    assert again(waiting).state == life.PROPOSED
    assert void_of(waiting, "rin") == "It was about an earlier version."
    approve(waiting, "rin")
    assert again(waiting).state == life.APPROVED


def test_a_sync_writes_down_which_approvals_ended(waiting: Patch) -> None:
    main_says(waiting.repository, STATE + "\nOne more line.\n")
    assert void_of(waiting, "rin") == "It was about an earlier version."


def test_an_approval_does_not_come_back_with_the_digest_it_was_given_for(waiting: Patch) -> None:
    main_says(waiting.repository, STATE + "\nOne more line.\n")
    main_says(waiting.repository, STATE)
    assert again(waiting).digest == waiting.digest
    approve(waiting, "mio")
    assert again(waiting).state == life.PROPOSED
    assert void_of(waiting, "rin") == "It was about an earlier version."


def test_an_approval_under_a_milder_verdict_does_not_count_then_nor_when_it_is_mild_again(
    waiting: Patch,
) -> None:
    arguing = {
        "reports/oven/ready_20260302T083000Z.yaml": READY,
        "reports/oven/sli_20260302T090000Z.md": FAILING,
    }
    source_of(waiting.repository).commit(arguing)
    sync(waiting.repository)
    assert needs.counted(again(waiting)) == []
    source_of(waiting.repository).commit(dict.fromkeys(arguing))
    sync(waiting.repository)
    approve(waiting, "mio")
    assert again(waiting).state == life.PROPOSED
    assert void_of(waiting, "rin") == "The contract asked for more after it was given: conflicts."


def test_an_approval_does_not_count_when_nobody_remembers_all_that_the_patch_was_since(
    waiting: Patch, operator: User
) -> None:
    for number in range(earlier.KEPT):
        assert len(needs.counted(again(waiting))) == 1
        state = "unknown" if number % 2 else "green"
        checks.report(patch=again(waiting), state=state, by=operator, tip=waiting.tip)
    assert needs.counted(again(waiting)) == []


def test_who_approved_takes_it_back_while_the_second_is_missing(waiting: Patch) -> None:
    with pytest.raises(Refused, match="waits for a decision"):
        reviews.withdraw(patch=again(waiting), by=a_user("mio", REVIEWER))
    reviews.withdraw(patch=again(waiting), by=a_user("rin"))
    assert void_of(waiting, "rin") == "rin took the approval back."
    approve(waiting, "mio")
    assert again(waiting).state == life.PROPOSED
    approve(waiting, "rin")
    assert again(waiting).state == life.APPROVED


def test_taking_an_approval_back_leaves_the_claim_of_somebody_else(waiting: Patch) -> None:
    desk.claim(patch=again(waiting), by=a_user("mio", REVIEWER))
    reviews.withdraw(patch=again(waiting), by=a_user("rin"))
    assert desk.holder(again(waiting)) == a_user("mio")


def test_whoever_lost_the_right_counts_no_longer_and_the_second_hears_it(waiting: Patch) -> None:
    a_user("rin").groups.clear()
    approve(waiting, "mio")
    assert again(waiting).state == life.PROPOSED
    assert void_of(waiting, "rin").startswith("The approval by rin no longer counts: You need the right")
    approve(waiting, "kai")
    assert again(waiting).state == life.APPROVED


def test_what_both_approved_falls_back_to_the_one_who_still_may(waiting: Patch) -> None:
    approve(waiting, "mio")
    a_user("rin").groups.clear()
    patch = landed(waiting)
    assert (patch.state, void_of(patch, "mio")) == (life.PROPOSED, "")
    assert note_of(patch).startswith("The approval by rin no longer counts")
    with committed():
        approve(patch, "kai")
    assert again(patch).state == life.LANDED
    assert len(commits_with(patch)) == 1


def test_a_decision_taken_back_takes_earlier_approvals_with_it(waiting: Patch) -> None:
    mio = a_user("mio", REVIEWER)
    reviews.reject(patch=again(waiting), by=mio, digest=waiting.digest, reason="Not yet.")
    assert void_of(waiting, "rin") == "mio decided otherwise afterwards."
    reviews.reopen(patch=again(waiting), by=mio)
    approve(waiting, "mio")
    assert again(waiting).state == life.PROPOSED


def test_what_was_superseded_and_returns_is_decided_anew(waiting: Patch) -> None:
    source = source_of(waiting.repository)
    source.withdraw(WARMER)
    sync(waiting.repository)
    assert void_of(waiting, "rin") == "Its branch was deleted at the source."
    source.repo.references.create(f"refs/heads/{WARMER}", waiting.tip)
    sync(waiting.repository)
    assert again(waiting).state == life.PROPOSED
    approve(waiting, "mio")
    assert again(waiting).state == life.PROPOSED


def test_an_edited_version_and_the_one_it_came_from_start_without_approvals(waiting: Patch) -> None:
    kai = a_user("kai", REVIEWER)
    new = versions.edit(patch=again(waiting), by=kai, digest=waiting.digest, files={DOCUMENT: HOTTER})
    assert needs.counted(again(new)) == []
    with pytest.raises(Forbidden, match="You edited this version; someone else has to approve it"):
        approve(new, kai)
    versions.discard(patch=again(new), by=kai)
    approve(waiting, "mio")
    assert again(waiting).state == life.PROPOSED
    assert void_of(waiting, "rin")


def test_an_approval_taken_back_before_it_lands_ends_all_of_them(waiting: Patch) -> None:
    approve(waiting, "mio")
    reviews.withdraw(patch=again(waiting), by=a_user("kai", REVIEWER))
    assert landed(waiting).state == life.PROPOSED
    assert needs.counted(again(waiting)) == []


def test_an_approval_lands_only_once_it_cannot_be_taken_back_any_more(waiting: Patch, settings: Any) -> None:
    settings.VPM_UNDO_SECONDS = 60
    with committed():
        approve(waiting, "mio")
    assert landed(waiting).state == life.APPROVED
    Patch.objects.filter(pk=waiting.pk).update(state_at=timezone.now() - timedelta(seconds=61))
    assert landed(waiting).state == life.LANDED


def test_an_emergency_waits_for_no_second_thoughts(waiting: Patch, settings: Any) -> None:
    settings.VPM_UNDO_SECONDS = 60
    now = again(waiting)
    with committed():
        reviews.land_by_hand(
            patch=now, by=a_user("oda", OPERATOR), reason="Fire.", digest=now.digest, verdict=fingerprint(now.verdict)
        )  # fmt: skip
    assert again(waiting).state == life.LANDED


def test_a_failed_landing_is_tried_again_only_under_approvals_that_stand(waiting: Patch) -> None:
    lock = waiting.repository.mirror / "refs" / "heads" / "main.lock"
    lock.touch()
    with committed():
        approve(waiting, "mio")
    lock.unlink()
    assert again(waiting).state == life.FAILED
    with pytest.raises(Refused, match="Landing this patch failed"):
        reviews.withdraw(patch=again(waiting), by=a_user("mio"))
    a_user("mio").groups.clear()
    with committed():
        reviews.retry(patch=again(waiting), by=a_user("rin"))
    assert (again(waiting).state, void_of(waiting, "rin")) == (life.PROPOSED, "")


def test_where_fewer_are_asked_for_than_before_who_approved_says_so_again(waiting: Patch) -> None:
    main_says(waiting.repository, asking(), "swarm.toml")
    with committed():
        approve(waiting, "rin")
    assert again(waiting).state == life.LANDED
    assert Review.objects.filter(patch=waiting, void__isnull=True).count() == 1


def test_a_lane_that_is_gone_asks_for_nobody(tmp_path: Path) -> None:
    patch = the(a_repository(tmp_path, files=described(("monitoring", TWO))))
    approve(patch, "rin")
    merged = asking().replace('key = "oven"\nlane = "monitoring"', 'key = "oven"\nlane = "sample"')
    main_says(
        patch.repository,
        merged.replace('[[lanes]]\nkey = "monitoring"\ntitle = "Monitoring"\n', ""),
        "swarm.toml",
    )
    assert not Lane.objects.filter(key="monitoring").exists()
    assert needs.needed(again(patch)) == needs.Need()


# Nobody approves their own.


def test_nobody_approves_what_their_account_proposed(tmp_path: Path) -> None:
    patch = the(a_repository(tmp_path))
    Patch.objects.filter(pk=patch.pk).update(proposer=a_user("rin", REVIEWER))
    with pytest.raises(Forbidden, match="You proposed this patch; someone else has to approve it"):
        approve(patch, "rin")


def test_nobody_approves_what_their_mail_address_proposed_however_it_is_written(tmp_path: Path) -> None:
    patch = the(a_repository(tmp_path))
    ada = a_user("ada", REVIEWER)
    User.objects.filter(pk=ada.pk).update(email="ADA@Example.org")
    with pytest.raises(Forbidden, match="You proposed this patch"):
        approve(patch, User.objects.get(pk=ada.pk))


def test_nobody_approves_a_branch_that_holds_a_commit_of_theirs_below_another(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    source = source_of(repository)
    bot = ("Bot", "bot@example.org")
    made = source.repo.create_commit(
        None, sign(*bot), sign(*bot), "Touch it", source.repo[source.tip(WARMER)].tree.id, [source.tip(WARMER)]
    )  # fmt: skip
    source.repo.references.create(f"refs/heads/{WARMER}", made, force=True)
    patch = the(sync(repository))
    assert patch.author_email == "bot@example.org"
    with pytest.raises(Forbidden, match="You proposed this patch"):
        approve(patch, "ada")


def sign(name: str, mail: str) -> pygit2.Signature:
    return pygit2.Signature(name, mail, 1_772_500_000, 0)


def test_an_approval_does_not_outlive_that_its_author_became_a_proposer(waiting: Patch) -> None:
    waiting.editors.add(a_user("rin"))
    approve(waiting, "mio")
    assert again(waiting).state == life.PROPOSED
    assert "You edited this version" in void_of(waiting, "rin")


@pytest.mark.parametrize(
    ("scope", "status", "state"), [("viewer", 403, life.PROPOSED), ("reviewer", 200, life.APPROVED)]
)
def test_a_token_decides_only_within_its_scope(tmp_path: Path, scope: str, status: int, state: str) -> None:
    patch = the(a_repository(tmp_path))
    caller = program(a_user("rin", REVIEWER), scope)
    said = caller.post(f"patches/{patch.pk}/approve", digest=patch.digest, verdict=fingerprint(patch.verdict))
    assert (said[0], again(patch).state) == (status, state)


# The contract's own approval.

HARMLESS = {"ask/new-heat": {"reports/dough/heat_20260301T0900Z.md": "# Heat\n\nSteady at 216 degrees.\n"}}


def green(repository: Repository, operator: User) -> Patch:
    """Nothing about it needs a person, as far as the contract goes."""
    patch = the(repository, "ask/new-heat")
    checks.report(patch=patch, state="green", by=operator, tip=patch.tip)
    assert again(patch).decision == automatic.OK
    return again(patch)


@pytest.mark.parametrize("asked", [TWO, 'owners = ["cyd"]'])
def test_the_contract_is_nobody_where_two_or_an_owner_are_asked_for(
    tmp_path: Path, operator: User, asked: str
) -> None:
    repository = a_repository(tmp_path, files=described(("sample", asked)), proposals=HARMLESS)
    patch = green(repository, operator)
    with committed():
        automatic.switch(lane=repository.lanes.get(key="sample"), on=True, by=operator)
    assert again(patch).state == life.PROPOSED


def test_a_lane_that_asks_for_two_before_the_landing_ends_the_contracts_approval(
    tmp_path: Path, operator: User
) -> None:
    repository = a_repository(tmp_path, proposals=HARMLESS)
    patch = green(repository, operator)
    automatic.switch(lane=repository.lanes.get(key="sample"), on=True, by=operator)
    automatic.consider(repository, Mirror(repository.mirror))
    assert again(patch).state == life.APPROVED
    main_says(repository, asking(("sample", TWO)), "swarm.toml")
    assert landed(patch).state == life.PROPOSED
    assert note_of(patch) == "0 of 2 approvals; somebody else has to agree too."


def test_what_a_person_took_back_from_the_contract_it_does_not_approve_again(
    tmp_path: Path, operator: User
) -> None:
    repository = a_repository(tmp_path, proposals=HARMLESS)
    patch = green(repository, operator)
    automatic.switch(lane=repository.lanes.get(key="sample"), on=True, by=operator)
    assert automatic.consider(repository, Mirror(repository.mirror)) == 1
    reviews.withdraw(patch=again(patch), by=a_user("rin", REVIEWER))
    assert automatic.consider(repository, Mirror(repository.mirror)) == 0
    assert again(patch).state == life.PROPOSED


def test_a_test_proposal_is_not_approved_by_the_contract_and_stops_nothing(
    tmp_path: Path, operator: User
) -> None:
    repository = a_repository(tmp_path, proposals=HARMLESS | PROPOSALS)
    patch = green(repository, operator)
    Patch.objects.filter(pk=patch.pk).update(planted_by=operator, lesson="Too smooth.")
    automatic.switch(lane=repository.lanes.get(key="sample"), on=True, by=operator)
    assert automatic.consider(repository, Mirror(repository.mirror)) == 0
    assert not patch.reviews.exists()
    assert again(patch).state not in (life.APPROVED, life.LANDING, life.LANDED)


# By hand.


def test_by_hand_one_operator_lands_what_two_would_have_to_approve_and_the_commit_says_so(
    waiting: Patch,
) -> None:
    now = again(waiting)
    seen = {"digest": now.digest, "verdict": fingerprint(now.verdict)}
    oda = a_user("oda", OPERATOR)
    with pytest.raises(Refused, match="Say why it cannot wait"):
        reviews.land_by_hand(patch=now, by=oda, reason=" ", **seen)
    with pytest.raises(Forbidden, match="You need the right “operator”"):
        reviews.land_by_hand(patch=now, by=a_user("mio", REVIEWER), reason="Fire.", **seen)
    with committed():
        reviews.land_by_hand(patch=now, by=oda, reason="Fire.", **seen)
    patch = again(waiting)
    message = Mirror(patch.repository.mirror).commit(patch.commit).message
    assert ("Emergency-By: oda (oda)" in message, "Approved-by" in message) == (True, False)
    assert void_of(patch, "rin") == "It was landed by hand."


def test_by_hand_ends_with_the_right(waiting: Patch) -> None:
    now, oda = again(waiting), a_user("oda", OPERATOR)
    reviews.land_by_hand(
        patch=now, by=oda, reason="Fire.", digest=now.digest, verdict=fingerprint(now.verdict)
    )
    oda.groups.clear()
    landing.land(again(now))
    assert again(now).state == life.PROPOSED
    assert note_of(now).startswith("The approval by oda no longer counts: You need the right “operator”")


def test_the_page_promises_a_commit_only_for_the_approval_that_makes_it(tmp_path: Path) -> None:
    bakery = a_repository(tmp_path)
    Lane.objects.filter(repository=bakery).update(approvals=2)
    patch, pages = a_patch(bakery), {}
    for name in ("rin", "ken"):
        client = Client()
        client.force_login(a_user(name, REVIEWER))
        pages[name] = client.get(f"/patches/{patch.pk}/").text
        client.post(
            f"/patches/{patch.pk}/approve", {"digest": patch.digest, "verdict": fingerprint(patch.verdict)}
        )
    assert "Your approval is one of several" in pages["rin"]
    assert "Approving makes one commit" in pages["ken"]
