"""Test proposals: planted they look like any other, whatever is decided they never land, and the lesson is read after."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from cells import accounts
from cells.asks import returning
from cells.models import Ask, AuditEvent, Patch, Repository
from cells.patches import automatic, bulk, landing, life, mistakes, planting, reverting, reviews, versions
from cells.patches.agreed import Stale, agreed
from cells.patches.planting import Seed
from cells.patches.verdicts import fingerprint
from cells.permissions import OPERATOR, REVIEWER
from cells.refusals import Forbidden, Refused
from cells.ssot.mirror import Mirror
from cells.views.plant import document
from tests.cells.callers import program
from tests.cells.deciding import again, approve, note_of
from tests.factories import FILES, PROPOSALS, STATE, a_patch, a_repository, a_user, committed, source_of, sync

PATH = "STATE/bread/current_state.md"
LESSON = "the number was never measured."
WARMER = STATE.replace("210", "216")


@pytest.fixture
def oda(db: None) -> User:
    return a_user("quill", OPERATOR)


@pytest.fixture
def rin(db: None) -> User:
    return a_user("rin", REVIEWER)


def sown(repository: Repository, **said: Any) -> Seed:
    cell = repository.cells.select_related("lane").get(key="oven")
    words = {
        "cell": cell,
        "path": PATH,
        "text": WARMER,
        "title": "Update the oven",
        "rationale": "New readings.",
    }
    words |= {"author": "docs-bot", "lesson": LESSON, "kind": "state"}
    return Seed(**{**words, **said})


@pytest.fixture
def planted(repository: Repository, oda: User) -> Patch:
    return planting.plant(repository=repository, by=oda, seed=sown(repository))


def events_of(patch: Patch) -> list[tuple[str, str, str]]:
    rows = AuditEvent.objects.filter(subject_type="patch", subject=str(patch.pk)).order_by("pk")
    return list(rows.values_list("verb", "actor", "reason"))


def nothing_landed(repository: Repository) -> bool:
    mirror = Mirror(repository.mirror)
    tree = mirror.commit(mirror.tip("refs/heads/main")).tree
    return mirror.data(str(tree[PATH].id)) == STATE.encode()


# Before it is decided.


def test_it_waits_judged_and_placed_like_any_other(planted: Patch) -> None:
    now = again(planted)
    assert (now.state, now.applies, now.branch, now.author_name) == (life.PROPOSED, True, "", "docs-bot")
    assert now.decision
    assert {cell.key for cell in now.cells.all()} == {"oven"}
    assert now.lane is not None
    assert now.lane.key == "monitoring"


def everything(patch: Patch, by: User) -> str:
    """What a reviewer can read of a waiting patch, and around it."""
    one, client = program(by, "reviewer"), Client()
    told = "".join(json.dumps(one.get(path)[1]) for path in (f"patches/{patch.pk}", "patches", "learning"))
    client.force_login(by)
    for path in (f"/patches/{patch.pk}/", "/inbox/", "/patches/", "/learning/", "/cells/oven/", "/"):
        answer = client.get(path, {"repo": "bakery"}, follow=True)
        assert answer.status_code == 200, path
        told += answer.content.decode()
    made = Mirror(patch.repository.mirror).commit(patch.tip)
    return told + f"{made.message} {made.author.name} {made.author.email}"


def test_nothing_that_can_be_read_gives_it_away(repository: Repository, rin: User, oda: User) -> None:
    before = everything(a_patch(repository), rin)
    planted = planting.plant(repository=repository, by=oda, seed=sown(repository))
    after = everything(planted, rin)
    assert LESSON not in after
    assert "planted_by" not in after
    assert "test proposal waits" not in after
    assert after.count("quill") == before.count("quill")  # where people are named to hand it over to
    client = Client()
    client.force_login(rin)
    events = b"".join(client.get("/audit/export.jsonl")).decode().splitlines()  # type: ignore[arg-type]
    assert not [line for line in events if LESSON in line or ("quill" in line and '"user"' not in line)]


def test_its_planting_is_an_event_only_when_it_is_revealed(planted: Patch, rin: User) -> None:
    assert events_of(planted) == [("propose", "sync", "")]
    approve(planted, rin)
    assert events_of(planted)[1:] == [
        ("reveal", "rin", "missed"), ("plant", "quill", LESSON),
    ]  # fmt: skip


def test_only_an_operator_plants_and_in_no_persons_name(repository: Repository, rin: User, oda: User) -> None:
    with pytest.raises(Forbidden):
        planting.plant(repository=repository, by=rin, seed=sown(repository))
    with pytest.raises(Refused, match="does not speak in anybody's name"):
        planting.plant(repository=repository, by=oda, seed=sown(repository, author="rin"))
    with pytest.raises(Refused, match="wants to be noticed for"):
        planting.plant(repository=repository, by=oda, seed=sown(repository, lesson=" "))
    with pytest.raises(Refused, match="Nothing is changed"):
        planting.plant(repository=repository, by=oda, seed=sown(repository, text=STATE))
    assert not Patch.objects.filter(planted_by__isnull=False).exists()


def test_it_pushes_no_real_proposal_aside(repository: Repository, oda: User) -> None:
    real = a_patch(repository)
    with pytest.raises(Refused, match="Choose another author"):
        planting.plant(repository=repository, by=oda, seed=sown(repository, author=real.author_name))
    before = again(real).decision
    planting.plant(repository=repository, by=oda, seed=sown(repository))
    assert again(real).decision == before


def test_what_really_waits_with_the_same_change_does_not_become_a_test(
    repository: Repository, oda: User
) -> None:
    real = a_patch(repository)
    with pytest.raises(Refused, match="proposes exactly this"):
        planting.plant(repository=repository, by=oda, seed=sown(repository, text=STATE.replace("210", "225")))
    assert again(real).planted_by_id is None
    assert again(real).lesson == ""


# Whatever is decided, it ends there and nothing lands.


def test_an_approval_lands_nothing_and_tells_the_lesson(planted: Patch, rin: User) -> None:
    with committed():
        approve(planted, rin)
    assert again(planted).state == life.ARCHIVED
    assert LESSON in note_of(planted)
    assert "easy to miss" in note_of(planted)
    assert nothing_landed(planted.repository)


@pytest.mark.parametrize("verb", [reviews.reject, reviews.archive, reviews.send_back, returning.send_back])
def test_turning_it_down_is_noticing_and_asks_nobody_anything(planted: Patch, rin: User, verb: Any) -> None:
    with committed():
        verb(patch=planted, by=rin, digest=planted.digest, reason="Where was that measured?")
    assert again(planted).state == life.ARCHIVED
    assert "you noticed" in note_of(planted)
    assert events_of(planted)[1][2] == "caught"
    assert not Ask.objects.exists()


def test_by_hand_nothing_lands_either(planted: Patch) -> None:
    seen = {"digest": planted.digest, "verdict": fingerprint(planted.verdict)}
    with committed():
        reviews.land_by_hand(patch=planted, by=a_user("kei", OPERATOR), reason="The oven burns.", **seen)
    assert again(planted).state == life.ARCHIVED
    assert nothing_landed(planted.repository)


def test_many_at_once_reveal_it_among_the_others(planted: Patch, rin: User) -> None:
    a_patch(planted.repository, life.REJECTED)  # what collides is not decided in bulk
    one = bulk.Seen(planted.pk, planted.digest, fingerprint(planted.verdict))
    with committed():
        bulk.decide(chosen=[one], verb="approve", by=rin)
    assert events_of(planted)[1][2] == "missed"
    assert nothing_landed(planted.repository)


def test_the_database_and_the_landing_refuse_it_too(planted: Patch, rin: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Patch.objects.filter(pk=planted.pk).update(state=life.APPROVED)
    with pytest.raises(Stale, match="never lands"):
        agreed(planted)
    landing.land(again(planted))
    assert nothing_landed(planted.repository)


def test_the_decision_cannot_be_taken_back_nor_the_patch_reverted(planted: Patch, rin: User) -> None:
    approve(planted, rin)
    with pytest.raises(Refused, match="nothing left to decide"):
        reviews.reopen(patch=again(planted), by=rin)
    with pytest.raises(Refused, match="nothing left to decide"):
        returning.reopen(patch=again(planted), by=rin)
    with pytest.raises(Refused, match="archived"):
        reviews.withdraw(patch=again(planted), by=rin)
    with pytest.raises(Refused, match="has not landed"):
        reverting.revert(patch=again(planted), by=rin)


def test_edited_it_stays_a_test_and_approving_that_is_neither_caught_nor_missed(
    planted: Patch, rin: User
) -> None:
    new = versions.edit(patch=planted, by=rin, digest=planted.digest, files={PATH: f"{WARMER}More.\n"})
    assert (new.planted_by_id, new.lesson) == (planted.planted_by_id, LESSON)
    with committed():
        approve(new, "mio")
    assert events_of(new)[-2][2] == "rewritten"
    assert nothing_landed(planted.repository)


def test_an_edited_one_that_is_rejected_was_noticed(planted: Patch, rin: User) -> None:
    new = versions.edit(patch=planted, by=rin, digest=planted.digest, files={PATH: f"{WARMER}More.\n"})
    reviews.reject(patch=new, by=a_user("mio", REVIEWER), digest=new.digest, reason="Not measured.")
    assert events_of(new)[-2][2] == "caught"


def test_what_the_contract_would_let_land_is_revealed_and_does_not_land(tmp_path: Path, oda: User) -> None:
    repository = a_repository(tmp_path)
    path, text = "reports/dough/rise_20260301T0600Z.md", FILES["reports/dough/rise_20260301T0600Z.md"]
    cell = repository.cells.select_related("lane").get(key="dough")
    seed = sown(repository, cell=cell, path=path, text=text + "\nAgain doubled.\n", kind="report")
    patch = planting.plant(repository=repository, by=oda, seed=seed)
    automatic.switch(lane=cell.lane, on=True, by=oda)
    Patch.objects.filter(pk=patch.pk).update(
        decision="AUTO_MERGE_OK", verdict=(patch.verdict or {}) | {"decision": "AUTO_MERGE_OK"}
    )
    assert automatic.consider(repository, Mirror(repository.mirror)) == 0
    assert again(patch).state == life.ARCHIVED
    assert events_of(patch)[-2:] == [
        ("reveal", "contract", "missed by the contract"), ("plant", "quill", LESSON),
    ]  # fmt: skip
    assert "without a person" in note_of(patch)


def test_when_main_already_says_it_it_goes_without_a_word(planted: Patch) -> None:
    source_of(planted.repository).commit({PATH: WARMER})
    sync(planted.repository)
    assert again(planted).state == life.SUPERSEDED
    assert LESSON not in note_of(planted)


# Ending it.


def test_whoever_planted_it_takes_it_back_and_nobody_else_learns_of_it(planted: Patch, oda: User) -> None:
    real = a_patch(planted.repository)
    for patch in (planted, real):
        with pytest.raises(Forbidden, match="no test proposal of yours"):
            planting.withdraw(patch=patch, by=a_user("kei", OPERATOR))
    planting.withdraw(patch=planted, by=oda)
    assert again(planted).state == life.ARCHIVED
    assert events_of(planted)[1] == ("reveal", "quill", "withdrawn")
    with pytest.raises(Refused, match="archived"):
        planting.withdraw(patch=again(planted), by=oda)


def test_deciding_ones_own_test_teaches_nothing_and_takes_it_back(planted: Patch, oda: User) -> None:
    approve(planted, oda)
    assert events_of(planted)[1] == ("reveal", "quill", "withdrawn")


def test_after_two_weeks_it_ends_by_itself(planted: Patch) -> None:
    assert planting.settle() == 0
    assert planting.settle(timezone.now() + timedelta(days=15)) == 1
    assert "nobody decided in time" in note_of(planted)
    assert planting.settle(timezone.now() + timedelta(days=15)) == 0


# The mistakes.


@pytest.mark.parametrize("kind", [name for name in mistakes.KINDS if name != "zone"])
def test_each_kind_changes_a_real_document_the_same_way_each_time(kind: str) -> None:
    document = mistakes.Document("oven", PATH, STATE)
    text = mistakes.made(kind, document)
    assert text not in (None, STATE)
    assert text == mistakes.made(kind, document)


def test_the_mistakes_are_what_their_names_say() -> None:
    made = {
        kind: mistakes.made(kind, mistakes.Document("oven", PATH, STATE)) or "" for kind in mistakes.KINDS
    }
    assert "holds 231 degrees" in made["number"]
    assert "(reports/oven/summary.md)" in made["citation"]
    assert "短期：可能な範囲で、hold 230" in made["goal"]
    assert "優先タスク" not in made["section"]
    assert "差分（δ）" in made["section"]
    assert "token = ghp_" in made["secret"]
    assert made["zone"] == ""


def test_a_time_moves_to_another_zone_and_keeps_its_digits() -> None:
    document = mistakes.Document("oven", PATH, STATE + "\nRead at 2026-03-01 07:00 UTC.\n")
    assert "07:00 JST" in (mistakes.made("zone", document) or "")


def test_a_citation_does_not_name_what_is_there() -> None:
    document = mistakes.Document("oven", PATH, STATE, None, lambda path: path.endswith("summary.md"))
    assert "(reports/oven/review.md)" in (mistakes.made("citation", document) or "")


def test_an_empty_document_gives_no_occasion() -> None:
    assert mistakes.possible(mistakes.Document("oven", PATH, "")) == []


@pytest.mark.parametrize(("before", "after"), [("0 %", "1 %"), ("9.5 %", "10.5 %"), ("0.05 s", "0.06 s")])
def test_a_number_grows_by_a_tenth_and_keeps_its_digits(before: str, after: str) -> None:
    text = f"# A\n\n## C\nIt is {before}.\n"
    assert f"It is {after}." in (mistakes.made("number", mistakes.Document("a", PATH, text)) or "")


# The form and the command.


def test_an_operator_plants_from_the_form_after_seeing_what_it_would_change(
    repository: Repository, oda: User, rin: User
) -> None:
    client = Client()
    client.force_login(oda)
    where = "/learning/plant/?repo=bakery&cell=oven&kind=number"
    page = client.get(where)
    assert "231 degrees" in page.content.decode()
    form = {name: page.context[name] for name in ("title", "rationale", "lesson", "text")}
    form |= {"author": "docs-bot"}
    shown = client.post(where, form | {"do": "preview"}).content.decode()
    assert "What it would seem to change" in shown
    assert not Patch.objects.filter(planted_by=oda).exists()
    answer = client.post(where, form | {"do": "plant"}, follow=True)
    patch = Patch.objects.get(planted_by=oda)
    assert f"/learning/{patch.pk}/withdraw" in answer.content.decode()
    assert client.post(where, form | {"do": "plant"}).status_code == 409
    other = Client()
    other.force_login(a_user("kei", OPERATOR))
    assert f"/learning/{patch.pk}/withdraw" not in other.get("/learning/?repo=bakery").content.decode()
    assert other.post(f"/learning/{patch.pk}/withdraw").status_code == 404
    client.post(f"/learning/{patch.pk}/withdraw")
    assert again(patch).state == life.ARCHIVED


def test_a_reviewer_neither_sees_nor_opens_the_form(repository: Repository, rin: User) -> None:
    client = Client()
    client.force_login(rin)
    assert "/learning/plant/" not in client.get("/learning/?repo=bakery").content.decode()
    assert client.get("/learning/plant/?repo=bakery").status_code == 403


def test_the_command_plants_and_says_what_else_is_possible(repository: Repository, capsys: Any) -> None:
    call_command("plant", "bakery", "oven", "goal")
    assert "softens a goal" in capsys.readouterr().out
    patch = Patch.objects.get(planted_by=accounts.owner())
    assert (patch.state, patch.title) == (life.PROPOSED, "Clarify the wording of oven")
    with pytest.raises(Exception, match="possible are: number"):
        call_command("plant", "bakery", "oven", "zone")


def test_a_cell_without_a_document_borrows_the_one_that_speaks_of_the_swarm(repository: Repository) -> None:
    cell = repository.cells.select_related("repository", "project").get(key="crumb")
    found = document(cell)
    assert found is not None
    assert found.path == PATH
    assert "number" in mistakes.possible(found)


def test_the_factory_proposals_are_untouched(planted: Patch) -> None:
    rows = Patch.objects.filter(repository=planted.repository, branch__in=PROPOSALS, planted_by=None)
    assert rows.count() == len(PROPOSALS)


def test_a_mistake_the_document_gives_no_occasion_for_is_not_offered(
    repository: Repository, oda: User
) -> None:
    client = Client()
    client.force_login(oda)
    for answer in (client.get, client.post):
        page = answer("/learning/plant/?repo=bakery&cell=oven&kind=zone").content.decode()
        assert '<option value="number"' in page
        assert '<option value="zone"' not in page
        assert "Plant it" not in page
    assert not Patch.objects.filter(planted_by=oda).exists()
