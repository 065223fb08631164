"""Every waiting patch carries a current verdict, and an approval does not outlive a stricter one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cells.models import AuditEvent, Lane, Patch, Repository
from cells.patches import automatic, checks, landing, life, reviews, verdicts
from cells.patches.verdicts import fingerprint
from cells.refusals import Forbidden, Refused
from cells.ssot.mirror import Mirror
from tests.factories import FILES, PROPOSALS, a_repository, committed, source_of, sync

pytestmark = pytest.mark.django_db

OK = "AUTO_MERGE_OK"
REPORT = "reports/dough/heat_20260301T0900Z.md"
HARMLESS = PROPOSALS | {"ask/new-heat": {REPORT: "# Heat\n\nSteady at 216 degrees.\n"}}
STRICT = '[categories.persist-report]\ndecision = "REVIEW_REQUIRED"\n'


@pytest.fixture
def bakery(tmp_path: Path) -> Repository:
    return a_repository(tmp_path, proposals=HARMLESS)


def the(repository: Repository, branch: str = "ask/new-heat") -> Patch:
    return Patch.objects.select_related("repository", "lane").get(repository=repository, branch=branch)


def green(repository: Repository, by: User, branch: str = "ask/new-heat") -> Patch:
    patch = the(repository, branch)
    checks.report(patch=patch, state="green", by=by, tip=patch.tip)
    return the(repository, branch)


def rules(patch: Patch) -> set[str]:
    assert patch.verdict is not None
    return {reason["rule"] for reason in patch.verdict["reasons"]}


def test_every_waiting_patch_is_judged_when_it_is_read(bakery: Repository) -> None:
    found = dict(Patch.objects.filter(repository=bakery).values_list("branch", "decision"))
    assert found == dict.fromkeys(HARMLESS, "REVIEW_REQUIRED")
    assert "checks" in rules(the(bakery))


def test_green_checks_of_the_waiting_commit_change_the_verdict(bakery: Repository, operator: User) -> None:
    assert green(bakery, operator).decision == OK
    assert green(bakery, operator, "ask/warmer-oven").decision == "REVIEW_REQUIRED"


def test_checks_of_another_commit_are_refused(bakery: Repository, operator: User) -> None:
    with pytest.raises(Refused, match="another commit"):
        checks.report(patch=the(bakery), state="green", by=operator, tip="0" * 40)
    assert the(bakery).checks == "unknown"


def test_only_an_operator_reports_checks(bakery: Repository, reviewer: User) -> None:
    with pytest.raises(Forbidden):
        checks.report(patch=the(bakery), state="green", by=reviewer, tip=the(bakery).tip)


def test_the_contract_of_the_default_branch_judges_again_what_waits(
    bakery: Repository, operator: User
) -> None:
    green(bakery, operator)
    source_of(bakery).commit({"contract.toml": STRICT})
    sync(bakery)
    assert the(bakery).decision == "REVIEW_REQUIRED"
    event = AuditEvent.objects.filter(verb="judge").latest("pk")
    assert (event.before["decision"], event.after["decision"]) == (OK, "REVIEW_REQUIRED")


def test_a_proposals_own_contract_judges_nothing(tmp_path: Path, operator: User) -> None:
    own = {
        "contract.toml": '[categories.other]\ndecision = "AUTO_MERGE_OK"\n',
        "docs/a.md": "# A\n\nHello.\n",
    }
    bakery = a_repository(tmp_path, proposals={"ask/own-contract": own})
    patch = green(bakery, operator, "ask/own-contract")
    assert (patch.decision, "protected" in rules(patch)) == ("REVIEW_REQUIRED", True)


def test_under_a_broken_contract_a_person_decides_everything(bakery: Repository, operator: User) -> None:
    green(bakery, operator)
    source_of(bakery).commit({"contract.toml": "[rules.shrinkk]\n"})
    sync(bakery)
    assert the(bakery).decision == "REVIEW_REQUIRED"
    assert any("shrinkk" in str(problem) for problem in bakery.problems)


def test_nothing_is_approved_before_it_was_judged(bakery: Repository, reviewer: User) -> None:
    Patch.objects.filter(pk=the(bakery).pk).update(decision="", verdict=None)
    with pytest.raises(Refused, match="not judged"):
        reviews.approve(
            patch=the(bakery),
            by=reviewer,
            digest=the(bakery).digest,
            verdict=fingerprint(the(bakery).verdict),
        )


@pytest.fixture
def lane(bakery: Repository) -> Lane:
    found = the(bakery).lane
    assert found is not None
    return found


def test_nothing_lands_by_itself_until_an_operator_says_so(bakery: Repository, operator: User) -> None:
    with committed():
        green(bakery, operator)
        sync(bakery)
    assert the(bakery).state == life.PROPOSED


def test_in_a_lane_that_is_switched_on_only_what_is_ok_lands_and_the_commit_names_the_contract(
    bakery: Repository, operator: User, lane: Lane
) -> None:
    green(bakery, operator)
    with committed():
        automatic.switch(lane=lane, on=True, by=operator)
    patch = the(bakery)
    assert patch.state == life.LANDED
    message = Mirror(bakery.mirror).commit(patch.commit).message
    assert patch.verdict is not None
    assert f"Contract-Verdict: {patch.verdict['contract']} {OK}" in message
    assert "Approved-by" not in message
    others = Patch.objects.exclude(pk=patch.pk)
    assert set(others.values_list("state", flat=True)) == {life.PROPOSED}


def test_a_reviewer_cannot_switch_it_on(reviewer: User, lane: Lane) -> None:
    with pytest.raises(Forbidden):
        automatic.switch(lane=lane, on=True, by=reviewer)
    lane.refresh_from_db()
    assert not lane.auto_merge


def test_what_a_person_took_back_is_not_landed_by_a_rule(
    bakery: Repository, operator: User, reviewer: User, lane: Lane
) -> None:
    patch = green(bakery, operator)
    reviews.reject(patch=patch, by=reviewer, digest=patch.digest, reason="Not this one.")
    reviews.reopen(patch=the(bakery), by=reviewer)
    with committed():
        automatic.switch(lane=lane, on=True, by=operator)
    assert the(bakery).state == life.PROPOSED


def test_switching_it_off_before_the_landing_gives_it_back(
    bakery: Repository, operator: User, lane: Lane
) -> None:
    green(bakery, operator)
    automatic.switch(lane=lane, on=True, by=operator)
    automatic.consider(bakery, Mirror(bakery.mirror))
    assert the(bakery).state == life.APPROVED
    automatic.switch(lane=lane, on=False, by=operator)
    landing.land(the(bakery))
    assert the(bakery).state == life.PROPOSED


def test_it_stops_by_itself_when_too_many_were_reverted(tmp_path: Path, operator: User) -> None:
    reports = {
        f"ask/heat-{n}": {f"reports/dough/heat_20260301T0{n}00Z.md": f"# Heat\n\nSteady at {n}.\n"}
        for n in range(1, 5)
    }
    bakery = a_repository(tmp_path, files=FILES, proposals=reports)
    for branch in reports:
        green(bakery, operator, branch)
    lane = the(bakery, "ask/heat-1").lane
    assert lane is not None
    with committed():
        automatic.switch(lane=lane, on=True, by=operator)
    landed = Patch.objects.filter(repository=bakery, state=life.LANDED)
    assert landed.count() == 4
    source = source_of(bakery)
    source.commit(
        {next(iter(reports[branch])): None for branch in list(reports)[:2]}, message="Take two back"
    )
    source.commit(
        {"docs/a.md": "# A\n"}, message=f"Revert\n\nThis reverts commit {the(bakery, 'ask/heat-3').commit}."
    )
    sync(bakery)
    lane.refresh_from_db()
    assert not lane.auto_merge
    assert lane.auto_stopped is not None
    assert lane.auto_stopped["params"] == {"reverted": 3, "all": 4}


def test_a_verdict_says_which_rules_became_stricter() -> None:
    def said(decision: str, *names: str) -> dict:
        reasons = [
            {"rule": name, "text": name, "params": {}, "place": "", "decision": "REVIEW_REQUIRED"}
            for name in names
        ]
        return {"decision": decision, "risk": "LOW", "reasons": reasons}

    assert verdicts.stricter(said(OK), said(OK)) == []
    assert verdicts.stricter(said(OK), said("REVIEW_REQUIRED", "checks")) == []
    assert verdicts.stricter(said("REVIEW_REQUIRED", "checks"), said(OK)) == ["checks"]
    assert verdicts.stricter(said("REVIEW_REQUIRED", "conflicts"), said("REVIEW_REQUIRED")) == ["conflicts"]
    assert verdicts.stricter(said("ARCHIVE_CANDIDATE"), said("REVIEW_REQUIRED")) == ["ARCHIVE_CANDIDATE"]


def switched_on(bakery: Repository, by: User, key: str = "sample") -> None:
    with committed():
        automatic.switch(lane=bakery.lanes.get(key=key), on=True, by=by)


@pytest.mark.parametrize(
    ("branch", "paths"),
    [
        ("ask/two-lanes", ["reports/dough/n_20260301T0900Z.md", "reports/oven/n_20260301T0900Z.md"]),
        ("ask/dough-by-name", ["reports/misc/n_20260301T0900Z.md"]),
    ],
)
def test_a_proposal_does_not_choose_its_lane(
    tmp_path: Path, operator: User, branch: str, paths: list[str]
) -> None:
    files = {path: f"# Heat\n\nSteady at 216 degrees, says {path}.\n" for path in paths}
    bakery = a_repository(tmp_path, proposals={branch: files})
    switched_on(bakery, operator)
    with committed():
        patch = green(bakery, operator, branch)
    patch.refresh_from_db()
    assert (patch.decision, patch.state) == (OK, life.PROPOSED)


def test_what_a_person_rejected_does_not_land_under_another_name(
    bakery: Repository, operator: User, reviewer: User
) -> None:
    patch = the(bakery)
    reviews.reject(patch=patch, by=reviewer, digest=patch.digest, reason="Wrong numbers.")
    switched_on(bakery, operator)
    source_of(bakery).propose("ask/again", HARMLESS["ask/new-heat"])
    sync(bakery)
    with committed():
        green(bakery, operator, "ask/again")
    assert the(bakery, "ask/again").state == life.PROPOSED


def test_a_proposers_own_word_that_the_checks_are_green_lands_nothing(
    bakery: Repository, operator: User
) -> None:
    switched_on(bakery, operator)
    Patch.objects.filter(pk=the(bakery).pk).update(proposer=operator)
    with committed():
        assert green(bakery, operator).decision == OK
    assert the(bakery).state == life.PROPOSED


def test_an_approval_covers_only_the_verdict_that_was_seen(
    bakery: Repository, operator: User, reviewer: User
) -> None:
    seen = fingerprint(green(bakery, operator).verdict)
    source_of(bakery).commit({"contract.toml": STRICT})
    sync(bakery)
    with pytest.raises(Refused, match="judges it differently"):
        reviews.approve(patch=the(bakery), by=reviewer, digest=the(bakery).digest, verdict=seen)


def test_a_twin_is_judged_again_when_the_first_one_is_decided(bakery: Repository, reviewer: User) -> None:
    source_of(bakery).propose("ask/twin", HARMLESS["ask/new-heat"])
    sync(bakery)
    assert the(bakery, "ask/twin").decision == "ARCHIVE_CANDIDATE"
    with committed():
        reviews.reject(patch=the(bakery), by=reviewer, digest=the(bakery).digest, reason="Not twice.")
    assert the(bakery, "ask/twin").decision == "REVIEW_REQUIRED"


def test_another_conflict_is_news_although_one_was_there() -> None:
    def said(*subjects: str) -> dict:
        named = [
            {
                "rule": "conflicts",
                "text": "%(a)s",
                "params": {"a": one},
                "place": "",
                "decision": "REVIEW_REQUIRED",
            }
            for one in subjects
        ]
        return {"decision": "REVIEW_REQUIRED", "risk": "LOW", "reasons": named}

    assert verdicts.stricter(said("one"), said("one", "two")) == []
    assert verdicts.stricter(said("one", "two"), said("one")) == ["conflicts"]
    assert verdicts.stricter(said("two"), said("one")) == ["conflicts"]


def test_the_list_says_what_is_special_about_a_patch_and_not_what_all_have(
    tmp_path: Path, reviewer: User, client: Client
) -> None:
    a_repository(tmp_path, proposals=HARMLESS | {"ask/broken": {"reports/dough/a_20260301T0900Z.json": "{"}})
    client.force_login(reviewer)
    text = client.get("/patches/").content.decode()
    said = re.findall(r'because quiet">([^<]*)<', text)
    assert said
    assert all("does not parse" in reason for reason in said)
