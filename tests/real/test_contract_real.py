"""The contract against what really happened: merged pull requests, waiting branches, and the damage that passed."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path

import pytest

from cells.contract.case import Case, File, Verdict
from cells.contract.citations import cited
from cells.contract.judge import judge

DAMAGED = "origin/feature/doc-update-apply-19791495679"
STATUS = {"A": "added", "M": "modified", "D": "deleted", "T": "retyped"}


def git(clone: Path, *words: str) -> str:
    return subprocess.run(
        ["git", "-C", clone, *words], check=True, capture_output=True, text=True, encoding="utf-8"
    ).stdout


class Blobs:
    """One `git cat-file --batch` for a whole test."""

    def __init__(self, clone: Path) -> None:
        self.clone = clone
        self.process = subprocess.Popen(
            ["git", "-C", clone, "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def read(self, blob: str) -> bytes | None:
        if not blob.strip("0"):
            return None
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{blob}\n".encode())
        self.process.stdin.flush()
        size = int(self.process.stdout.readline().split()[2])
        return self.process.stdout.read(size + 1)[:-1]

    def files(self, base: str, tip: str) -> tuple[File, ...]:
        raw = git(self.clone, "diff-tree", "-r", "-z", "--no-renames", "--no-abbrev", base, tip).split("\0")
        return tuple(self._file(meta, path) for meta, path in zip(raw[::2], raw[1::2], strict=False) if meta)

    def _file(self, meta: str, path: str) -> File:
        old_mode, new_mode, old, new, status = meta.lstrip(":").split(" ")
        data = self.read(new)
        return File(path, STATUS[status], self.read(old), data, "", old_mode, new_mode, len(data or b""))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def blobs(real_clone: Path) -> Blobs:
    return Blobs(real_clone)


def merged(blobs: Blobs) -> dict[int, tuple[str, str]]:
    """Pull request number → (first parent, commit) of every squash and merge on main."""
    found = {}
    for line in git(blobs.clone, "log", "--first-parent", "--format=%H %P%x00%s", "origin/main").splitlines():
        commits, _, subject = line.partition("\0")
        number = re.search(r"\(#(\d+)\)$|^Merge pull request #(\d+)", subject)
        if number and " " in commits:
            found[int(number[1] or number[2])] = (commits.split()[1], commits.split()[0])
    return found


def branches(blobs: Blobs, prefix: str) -> dict[str, tuple[File, ...]]:
    names = git(blobs.clone, "for-each-ref", "--format=%(refname:short)", f"refs/remotes/{prefix}").split()
    return {name: of_branch(blobs, name) for name in names}


def of_branch(blobs: Blobs, name: str) -> tuple[File, ...]:
    return blobs.files(git(blobs.clone, "merge-base", "origin/main", name).strip(), name)


def rules(verdict: Verdict) -> set[str]:
    return {reason.rule for reason in verdict.reasons if reason.decision == "REVIEW_REQUIRED"}


def judged(files: tuple[File, ...], checks: str = "green") -> Verdict:
    return judge(Case(files=files, checks=checks, citations=cited(files, "")))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def history(blobs: Blobs) -> dict[int, Verdict]:
    """Every merged pull request of the bundle, judged as if its checks had been green."""
    return {number: judged(blobs.files(*commits)) for number, commits in merged(blobs).items()}


def test_the_merge_that_cut_a_state_document_in_half_would_have_been_reviewed(
    history: dict[int, Verdict],
) -> None:
    assert history[880].decision == "REVIEW_REQUIRED"
    assert {"shrink", "cut-off", "headings-lost"} <= rules(history[880])
    assert history[880].risk == "HIGH"


def test_its_twin_that_still_waits_is_reviewed_for_the_same_reasons(blobs: Blobs) -> None:
    verdict = judged(of_branch(blobs, DAMAGED))
    assert verdict.decision == "REVIEW_REQUIRED"
    assert {"shrink", "cut-off"} <= rules(verdict)


@pytest.mark.parametrize("number", [34, 90, 269, 356, 604])
def test_an_honest_rewrite_is_asked_and_not_forbidden(history: dict[int, Verdict], number: int) -> None:
    assert history[number].decision == "REVIEW_REQUIRED"
    assert "shrink" in rules(history[number])


def test_the_wrong_time_of_an_apply_run_is_seen_in_both_documents(history: dict[int, Verdict]) -> None:
    places = [reason.place for reason in history[754].reasons if reason.rule == "times"]
    assert places == ["STATE/current_state.md:33", "data/vpm_memory_min.json"]
    assert not [number for number, verdict in history.items() if "times" in rules(verdict) and number != 754]


def test_cut_off_endings_are_rare_among_what_people_merged(history: dict[int, Verdict]) -> None:
    # One never closes its code fence, four end in an empty last section; #880 is the damage.
    assert {n for n, verdict in history.items() if "cut-off" in rules(verdict)} == {
        90,
        151,
        260,
        277,
        631,
        880,
    }


def test_nothing_but_reports_lands_by_itself(blobs: Blobs, history: dict[int, Verdict]) -> None:
    commits = merged(blobs)
    alone = [number for number, verdict in history.items() if verdict.decision == "AUTO_MERGE_OK"]
    paths = {file.path for number in alone for file in blobs.files(*commits[number])}
    assert len(alone) > 100
    assert {path.partition("/")[0] for path in paths} == {"reports"}


@pytest.mark.parametrize("number", [662, 664])
def test_plain_text_named_as_json_is_reviewed(history: dict[int, Verdict], number: int) -> None:
    assert history[number].decision == "REVIEW_REQUIRED"
    assert "json-broken" in rules(history[number])


def test_stored_answers_land_by_themselves_when_their_checks_are_green(blobs: Blobs) -> None:
    only = {
        name: files
        for name, files in branches(blobs, "origin/ask").items()
        if all(file.path.startswith("reports/ask/ask_") for file in files)
    }
    assert len(only) == 67
    assert {judged(files).decision for files in only.values()} == {"AUTO_MERGE_OK"}
    assert {judged(files, "unknown").decision for files in only.values()} == {"REVIEW_REQUIRED"}


def test_a_probe_that_also_writes_an_inbox_file_is_reviewed(blobs: Blobs) -> None:
    verdict = judged(of_branch(blobs, "origin/ask/store/guard-probe-20251112T1730Z"))
    assert verdict.decision == "REVIEW_REQUIRED"
    assert "protected" in rules(verdict)


def test_a_core_judges_hundreds_of_stored_answers_in_a_second(blobs: Blobs) -> None:
    waiting = [Case(files=files, checks="green") for files in branches(blobs, "origin/ask").values()]
    start = time.perf_counter()
    for case in waiting:
        judge(case)
    speed = len(waiting) / (time.perf_counter() - start)
    print(f"{speed:.0f} verdicts a second")
    assert speed > 300
