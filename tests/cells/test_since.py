"""Someone who decides on an old page is told what changed since she looked, and by whom."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path
from urllib.parse import parse_qsl

import pygit2
import pytest
from django.contrib.auth.models import User
from django.template.loader import render_to_string
from hypothesis import assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from cells.models import Patch, Repository
from cells.patches import between, change, checks, desk, landing, life, reviews
from cells.patches.between import GONE, NEW, SAME, FileSince, Line
from cells.patches.since import Since, since
from cells.patches.verdicts import fingerprint
from cells.permissions import REVIEWER
from cells.refusals import Refused
from cells.sentences import Sentence
from cells.ssot.mirror import Mirror
from cells.views.buttons import why_not
from cells.views.since import since_context
from tests.cells.callers import Program
from tests.factories import STATE, a_patch, a_repository, a_user, committed, source_of, sync

PATH = "STATE/bread/current_state.md"
READY = 'apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata:\n  name: dough\nstatus:\n  conditions:\n  - status: "True"\n    type: Ready\n'
FAILING = "# SLI\n\n- measured at: 2026-03-02T09:00:00Z\n- success rate: 0%\n- requests: 20\n"
TASKS = STATE.replace("T-OVEN-2: buy a thermometer", "T-OVEN-2: buy two thermometers")


class Looked:
    """What a person has on her page, while the world goes on."""

    def __init__(self, patch: Patch) -> None:
        self.pk, self.digest, self.verdict = patch.pk, patch.digest, fingerprint(patch.verdict)

    @property
    def patch(self) -> Patch:
        return Patch.objects.select_related("repository").get(pk=self.pk)

    def since(self) -> Since:
        return since(self.patch, self.digest, self.verdict)

    def approve(self, by: User) -> None:
        reviews.approve(patch=self.patch, by=by, digest=self.digest, verdict=self.verdict)


def looked(repository: Repository, branch: str = "ask/warmer-oven") -> Looked:
    return Looked(a_patch(repository, branch=branch))


def lines(file: FileSince) -> Iterator[Line]:
    return (line for block in file.blocks for line in block.lines)


def signed(file: FileSince, *kinds: str) -> list[str]:
    """The lines of these kinds, with what they do to main."""
    found = [line for line in lines(file) if line.kind in kinds]
    return [line.sign + "".join(part.text for part in line.parts) for line in found]


def said(told: Sentence) -> str:
    """In English, however long the test has taken."""
    return re.sub(r"just now|\d+ seconds ago|a minute ago", "AGO", str(told))


def boxed(saw: Looked, reader: User, **asked: str) -> str:
    """The box as a page has it after a click that was refused."""
    seen = {"digest": saw.digest, "verdict": saw.verdict} | asked
    context = since_context(saw.patch, seen, refused=True) | {"why_not": why_not(saw.patch, reader)}
    return render_to_string("cells/since.html", context)


@pytest.mark.django_db
def test_main_that_changed_the_same_file_elsewhere_is_named_and_the_lines_are_as_before(
    repository: Repository,
) -> None:
    saw = looked(repository)
    commit = source_of(repository).commit({PATH: TASKS}, message="Buy another thermometer")
    sync(repository)
    with pytest.raises(Refused, match="changed since you looked"):
        saw.approve(a_user("rin", REVIEWER))
    found = saw.since()
    (file,) = found.lands.files
    (under,) = found.under
    assert "Main changed a file" in str(found.sentence)
    assert (under.commit, under.author, under.subject) == (commit, "Ada Proposer", "Buy another thermometer")
    assert (file.new, file.gone, file.same, file.moved_around) == (0, 0, 2, True)


@pytest.mark.django_db
def test_after_reading_one_approval_of_what_the_box_holds_lands(repository: Repository) -> None:
    saw, rin = looked(repository), a_user("rin", REVIEWER)
    source_of(repository).commit({PATH: TASKS})
    sync(repository)
    found = saw.since()
    with committed():
        reviews.approve(patch=saw.patch, by=rin, digest=found.patch.digest, verdict=found.verdict)
    assert saw.patch.state == life.LANDED


@pytest.mark.django_db
def test_main_that_moved_elsewhere_changes_nothing(repository: Repository) -> None:
    saw = looked(repository)
    source_of(repository).commit({"docs/elsewhere.md": "Something else."})
    sync(repository)
    assert not saw.since().moved
    assert since_context(saw.patch, {"digest": saw.digest, "verdict": saw.verdict}) == {}
    saw.approve(a_user("rin", REVIEWER))


@pytest.mark.django_db
def test_main_that_took_a_line_over_leaves_the_rest_of_the_change(repository: Repository) -> None:
    both = STATE.replace("210", "225").replace("Twenty-five", "Ten")
    source_of(repository).propose("ask/both", {PATH: both})
    saw = looked(sync(repository), "ask/both")
    source_of(repository).commit({PATH: STATE.replace("Twenty-five", "Ten")})
    sync(repository)
    (file,) = saw.since().lands.files
    assert signed(file, GONE) == ["-Twenty-five degrees of wobble.", "+Ten degrees of wobble."]
    assert signed(file, SAME) == [
        "-The oven holds 210 degrees, give or take thirty.",
        "+The oven holds 225 degrees, give or take thirty.",
    ]


@pytest.mark.django_db
def test_a_change_that_no_longer_applies_says_where_and_who(repository: Repository) -> None:
    saw = looked(repository)
    source_of(repository).commit({PATH: STATE.replace("210", "190")}, message="Cooler")
    sync(repository)
    found = saw.since()
    assert "no longer applies: main has changed STATE/bread" in str(found.sentence)
    assert (found.lands.files, [one.subject for one in found.under]) == ((), ["Cooler"])
    assert "Approve" not in boxed(saw, a_user("rin", REVIEWER))


@pytest.mark.django_db
def test_a_stricter_contract_tells_the_new_reasons_and_that_the_bytes_are_the_same(
    tmp_path: Path, operator: User
) -> None:
    repository = a_repository(
        tmp_path, proposals={"ask/new-heat": {"reports/oven/new.md": "# Heat\n\nSteady.\n"}}
    )
    patch = a_patch(repository, branch="ask/new-heat")
    checks.report(patch=patch, state="green", by=operator, tip=patch.tip)
    saw = looked(repository, "ask/new-heat")
    strict = '[categories.persist-report]\ndecision = "REVIEW_REQUIRED"\n'
    source_of(repository).commit({"contract.toml": strict})
    sync(repository)
    with pytest.raises(Refused, match="judges it differently"):
        saw.approve(a_user("rin", REVIEWER))
    found = saw.since()
    assert "land the same as you saw, but the contract" in str(found.sentence)
    assert (found.lands.moved, found.lands.files) == (False, ())
    assert [reason["rule"] for reason in found.judged.came] == ["category"]
    assert "Proposals of the category persist-report are decided by a person." in boxed(saw, operator)


@pytest.mark.django_db
def test_new_evidence_that_contradicts_is_a_reason_that_came_and_can_go(repository: Repository) -> None:
    saw = looked(repository, "think/dough-notes")
    arguing: dict[str, str | bytes | None] = {
        "reports/dough/ready_20260302T083000Z.yaml": READY,
        "reports/dough/sli_20260302T090000Z.md": FAILING,
    }
    source_of(repository).commit(arguing)
    sync(repository)
    assert "conflicts" in [reason["rule"] for reason in saw.since().judged.came]
    then = looked(repository, "think/dough-notes")
    source_of(repository).commit(dict.fromkeys(arguing))
    sync(repository)
    assert "conflicts" in [reason["rule"] for reason in then.since().judged.went]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("decide", "told"),
    [
        (lambda saw, rin: saw.approve(rin), "rin approved this AGO; it is about to land."),
        (
            lambda saw, rin: reviews.reject(patch=saw.patch, by=rin, digest=saw.digest, reason="Too warm."),
            "rin rejected this AGO: Too warm.",
        ),
        (
            lambda saw, rin: reviews.send_back(patch=saw.patch, by=rin, digest=saw.digest, reason="Say why."),
            "rin sent this back to its proposer AGO: Say why.",
        ),
        (
            lambda saw, rin: reviews.archive(patch=saw.patch, by=rin, digest=saw.digest),
            "rin archived this AGO. Reopen it to decide again.",
        ),
    ],
)
def test_somebody_who_was_faster_is_named(
    decide: Callable[[Looked, User], object], told: str, repository: Repository
) -> None:
    saw = looked(repository)
    decide(saw, a_user("rin", REVIEWER))
    with pytest.raises(Refused):
        saw.approve(a_user("mio", REVIEWER))
    found = saw.since()
    assert said(found.sentence) == told
    assert not found.decidable
    assert "<form" not in boxed(saw, a_user("mio", REVIEWER))


@pytest.mark.django_db
def test_what_landed_says_as_what_and_by_whom(repository: Repository) -> None:
    saw = looked(repository)
    patch = a_patch(repository, life.LANDED)
    assert said(saw.since().sentence) == f"It landed AGO as {patch.commit[:10]}; approved by reviewer."


@pytest.mark.django_db
def test_a_landing_on_its_way_and_one_that_failed_are_told(repository: Repository) -> None:
    saw = looked(repository)
    a_patch(repository, life.LANDING)
    assert said(saw.since().sentence) == "reviewer approved this AGO; it is landing right now."
    other = looked(repository, "think/dough-notes")
    a_patch(repository, life.FAILED, "think/dough-notes")
    found = other.since()
    assert "Landing it failed AGO" in said(found.sentence)
    assert any("Landing failed" in str(one) for one in found.standing)


@pytest.mark.django_db
def test_an_approval_that_came_back_and_a_claim_are_told_beside_the_change(repository: Repository) -> None:
    saw = looked(repository)
    a_patch(repository, life.APPROVED)
    source_of(repository).commit({PATH: TASKS})
    sync(repository)
    landing.land(saw.patch)
    desk.claim(patch=saw.patch, by=a_user("mio", REVIEWER))
    told = [str(one) for one in saw.since().standing]
    assert told[0].startswith("The approval by reviewer no longer counts: A file it touches changed")
    assert told[1].startswith("mio has claimed this until ")
    assert len(list(since(saw.patch, saw.digest, reader=a_user("mio")).standing)) == 1


@pytest.mark.django_db
def test_one_of_two_approvals_given_meanwhile_is_told(repository: Repository) -> None:
    swarm = Mirror(repository.mirror).text(repository.head, "swarm.toml") or ""
    source_of(repository).commit({"swarm.toml": swarm.replace('key = "oven"', 'key = "oven"\napprovals = 2')})
    saw = looked(sync(repository))
    source_of(repository).commit({PATH: TASKS})
    sync(repository)
    now = Looked(saw.patch)
    now.approve(a_user("rin", REVIEWER))
    assert [said(one) for one in saw.since().standing] == ["rin approved it as it is now, AGO."]


def branch_moves(repository: Repository, changes: Mapping[str, str | bytes | None]) -> Patch:
    """New commits on the proposal's branch, and a sync."""
    source_of(repository).commit(changes, "ask/warmer-oven", "Warmer still")
    sync(repository)
    return Patch.objects.get(branch="ask/warmer-oven", state=life.PROPOSED)


@pytest.mark.django_db
def test_a_branch_that_moved_on_leads_to_the_newer_version_and_compares_with_it(
    repository: Repository,
) -> None:
    saw = looked(repository)
    newer = branch_moves(repository, {PATH: STATE.replace("210", "240")})
    found = saw.since()
    (file,) = found.lands.files
    assert found.patch == newer
    assert f"patch {newer.pk}" in str(found.sentence)
    assert signed(file, NEW) == ["+The oven holds 240 degrees, give or take thirty."]
    assert [part.text for line in lines(file) if line.kind == NEW for part in line.parts if part.changed] == [
        "240"
    ]
    html = boxed(saw, a_user("rin", REVIEWER))
    assert f'href="/patches/{newer.pk}/"' in html
    assert "<form" not in html


@pytest.mark.django_db
def test_a_branch_that_moved_twice_leads_to_the_newest(repository: Repository) -> None:
    saw = looked(repository)
    branch_moves(repository, {PATH: STATE.replace("210", "240")})
    newest = branch_moves(repository, {PATH: STATE.replace("210", "250")})
    assert saw.since().patch == newest


@pytest.mark.django_db
def test_a_file_that_is_renamed_now_is_the_one_that_was_edited_then(repository: Repository) -> None:
    saw = looked(repository)
    branch_moves(repository, {PATH: None, "STATE/bread/now.md": STATE.replace("210", "225")})
    (file,) = saw.since().lands.files
    assert (file.old_path, file.path, file.then, file.now) == (
        PATH,
        "STATE/bread/now.md",
        "modified",
        "renamed",
    )
    assert (file.new, file.gone) == (0, 0)


@pytest.mark.django_db
def test_binary_files_are_named_and_not_shown(repository: Repository) -> None:
    branch_moves(repository, {"reports/oven/heat.png": b"\x89PNG\0\1"})
    saw = looked(repository)
    branch_moves(repository, {"reports/oven/heat.png": b"\x89PNG\0\2"})
    (file,) = saw.since().lands.files
    assert (file.path, file.binary, file.blocks) == ("reports/oven/heat.png", True, ())
    assert "its bytes are not shown" in boxed(saw, a_user("rin", REVIEWER))


@pytest.mark.django_db
def test_japanese_lines_are_compared_by_character(repository: Repository) -> None:
    source_of(repository).propose("ask/goal", {"docs/目標.md": "冬の目標を五十にする\n"})
    saw = looked(sync(repository), "ask/goal")
    source_of(repository).commit({"docs/目標.md": "冬の目標を四十にする\n"}, "ask/goal")
    sync(repository)
    (file,) = saw.since().lands.files
    assert [part.text for line in lines(file) for part in line.parts if part.changed] == ["五", "四"]


@pytest.mark.django_db
def test_a_digest_nobody_knows_is_said_honestly(repository: Repository) -> None:
    saw = looked(repository)
    saw.digest = "0" * 64
    found = saw.since()
    assert str(found.sentence) == "What you saw is no longer known here; read it anew."
    assert not found.lands.known
    html = boxed(saw, a_user("rin", REVIEWER))
    assert f'href="/patches/{saw.pk}/"' in html
    assert "<form" not in html


@pytest.mark.django_db
def test_what_is_not_computed_to_the_same_digest_is_not_shown_as_what_she_saw(repository: Repository) -> None:
    saw = looked(repository)
    source_of(repository).commit({PATH: TASKS})
    sync(repository)
    assert saw.since().lands.known
    patch = saw.patch
    patch.earlier = [one | {"main": repository.head} for one in patch.earlier]
    assert not since(patch, saw.digest, saw.verdict).lands.known


@pytest.mark.django_db
def test_a_huge_change_is_compared_but_only_what_differs_is_shown(repository: Repository) -> None:
    many = [f"line {number}" for number in range(12_000)]
    branch_moves(repository, {"docs/many.md": "\n".join(many)})
    saw = looked(repository)
    many[6000] = "another line"
    branch_moves(repository, {"docs/many.md": "\n".join(many)})
    (file,) = saw.since().lands.files
    assert (signed(file, NEW), signed(file, GONE)) == (["+another line"], ["+line 6000"])
    assert sum(len(block.lines) for block in file.blocks) < 1000
    assert sum(block.size for block in file.blocks) == 12_001


@pytest.mark.django_db
def test_a_change_too_large_to_compare_says_so(repository: Repository) -> None:
    branch_moves(repository, {"docs/many.md": "\n".join(map(str, range(30_000)))})
    saw = looked(repository)
    branch_moves(repository, {"docs/many.md": "\n".join(map(str, range(30_001)))})
    (file,) = saw.since().lands.files
    assert (file.uncompared, file.blocks) == (True, ())
    assert "Too many lines" in boxed(saw, a_user("rin", REVIEWER))
    assert not saw.since().complete


@pytest.mark.django_db
def test_what_applies_again_has_to_be_read_as_a_whole(repository: Repository) -> None:
    source = source_of(repository)
    source.commit({PATH: STATE.replace("210", "190")})
    saw = looked(sync(repository))
    source.commit({PATH: STATE})
    sync(repository)
    assert "did not apply when you looked; now it does" in str(saw.since().sentence)
    html = boxed(saw, a_user("rin", REVIEWER))
    assert "Show all it would do now" in html
    assert "<form" not in html


@pytest.mark.django_db
def test_the_box_approves_what_it_shows_and_keeps_what_she_wrote(repository: Repository) -> None:
    saw = looked(repository)
    source_of(repository).commit({PATH: TASKS})
    sync(repository)
    html = boxed(saw, a_user("rin", REVIEWER), reason="Warm is <b>good</b>.")
    assert 'role="alert"' in html
    assert f'name="digest" value="{saw.patch.digest}"' in html
    assert saw.digest not in html
    assert "Warm is &lt;b&gt;good" in html


@pytest.mark.django_db
def test_a_box_that_came_unasked_is_read_before_it_can_be_answered(repository: Repository) -> None:
    saw = looked(repository)
    source_of(repository).commit({PATH: TASKS})
    sync(repository)
    seen = {"seen": saw.digest, "judged": saw.verdict}
    unread = since_context(saw.patch, seen)
    told = dict(parse_qsl(unread["since_query"]))
    assert "<form" not in render_to_string("cells/since.html", unread)
    assert "<form" in render_to_string("cells/since.html", since_context(saw.patch, told))
    source_of(repository).commit({PATH: TASKS + "\nAnd again.\n"})
    sync(repository)
    assert "<form" not in render_to_string("cells/since.html", since_context(saw.patch, told))


@pytest.mark.django_db
def test_before_the_contract_has_judged_there_is_no_button(repository: Repository) -> None:
    saw = looked(repository)
    source_of(repository).commit({PATH: TASKS})
    sync(repository)
    Patch.objects.update(verdict=None, decision="")
    html = boxed(saw, a_user("rin", REVIEWER))
    assert "Until then nobody can approve it." in html
    assert "<form" not in html


@pytest.mark.django_db
def test_a_program_gets_the_same_as_data(deciding: Program, repository: Repository) -> None:
    saw = looked(repository)
    commit = source_of(repository).commit({PATH: TASKS}, message="Buy another")
    sync(repository)
    status, answer = deciding.post(f"patches/{saw.pk}/approve", digest=saw.digest, verdict=saw.verdict)
    told = answer["error"]["since"]
    assert (status, answer["error"]["code"]) == (409, "refused")
    assert (told["digest"], told["verdict"]) == (saw.patch.digest, fingerprint(saw.patch.verdict))
    assert [(one["path"], one["new"], one["same"]) for one in told["files"]] == [(PATH, 0, 2)]
    assert [one["commit"] for one in told["main"]] == [commit]
    again = {"digest": told["digest"], "verdict": told["verdict"]}
    assert deciding.post(f"patches/{saw.pk}/approve", **again)[0] == 200


@pytest.mark.django_db
def test_a_program_whose_request_is_only_incomplete_is_told_nothing_about_the_past(
    deciding: Program, repository: Repository
) -> None:
    saw = looked(repository)
    status, answer = deciding.post(f"patches/{saw.pk}/reject", digest=saw.digest, reason=" ")
    assert (status, set(answer["error"])) == (409, {"code", "sentence"})


LINES = st.lists(
    st.sampled_from(["a", "b", "c", "a b c", "冬の目標", "冬の目安", "", "-", "+x", "\r"]), max_size=12
)
NUMBER = count()


def a_tree(repo: pygit2.Repository, text: str) -> pygit2.Oid:
    index = pygit2.Index()
    index.add(pygit2.IndexEntry("doc.md", repo.create_blob(text.encode()), pygit2.enums.FileMode.BLOB))
    return index.write_tree(repo)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> pygit2.Repository:
    return pygit2.init_repository(str(tmp_path_factory.mktemp("bare")), bare=True)


@given(base=LINES, tip=LINES, other=LINES, main=LINES, end=st.booleans())
@hypothesis_settings(max_examples=150)
def test_new_and_same_are_the_diff_now_and_gone_and_same_the_diff_then(
    bare: pygit2.Repository, base: list[str], tip: list[str], other: list[str], main: list[str], end: bool
) -> None:
    def committed_as(texts: list[str], *parents: pygit2.Oid) -> pygit2.Oid:
        who = pygit2.Signature("Ada", "ada@example.org", 1_700_000_000 + next(NUMBER), 0)
        tree = a_tree(bare, "\n".join(texts) + "\n" * end)
        return bare.create_commit(None, who, who, "Write", tree, list(parents))

    begin = committed_as(base)
    mirror = Mirror(Path(bare.path))
    then = change.compute(mirror, str(begin), str(committed_as(tip, begin)))
    now = change.compute(mirror, str(committed_as(main, begin)), str(committed_as(other, begin)))
    assume(then.merged and now.merged and then.digest != now.digest)
    found = between.files(mirror, then, now)
    new, gone, same = (
        Counter(line for file in found for line in signed(file, kind)) for kind in (NEW, GONE, SAME)
    )
    assert new + same == changed(mirror, now)
    assert gone + same == changed(mirror, then)


def changed(mirror: Mirror, proposal: change.Proposal) -> Counter[str]:
    """The lines of one diff by themselves, as the page of a patch counts them."""
    assert proposal.merged
    tree = mirror.repo[mirror.write(proposal.merged)]
    found = mirror.commit(proposal.main).tree.diff_to_tree(tree, context_lines=0)
    rows = (line for patch in found for hunk in patch.hunks for line in hunk.lines if line.origin in "+-")
    return Counter(line.origin + line.content.rstrip("\r\n") for line in rows)
