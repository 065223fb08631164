"""What the evidence of the real repository claims, reader by reader, and where it disagrees with itself."""

import subprocess
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cells.evidence.assign import CellHint, CellIndex, cells_of, project_of
from cells.evidence.claims import READERS, Claim, claims_of, event_times, vantages_of
from cells.evidence.conflicts import DatedClaim, conflicts_of
from cells.evidence.kinds import kind_of
from cells.evidence.readers.base import Document
from cells.evidence.reading import read_evidence
from tests.real.test_evidence_real import added_at

HINTS = CellIndex(
    [CellHint("hello-s5", words=("hello",)), *(CellHint(key) for key in ("metrics-echo", "persist-report"))]
)
PROJECTS = ("vpm-mini", "hakone-e2")
RUN = "apply_hello_dev_20251115T183901Z"
RUNS = "reports/codex_runs"
READ_AT = datetime(2025, 12, 1, tzinfo=UTC)


def git(clone: Path, *words: str) -> list[str]:
    done = subprocess.run(["git", "-C", str(clone), *words], check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def texts(real_clone: Path) -> dict[str, str]:
    paths = git(real_clone, "ls-files", "reports")
    return {path: (real_clone / path).read_bytes().decode("utf-8-sig", errors="replace") for path in paths}


@pytest.fixture(scope="module")
def claims(texts: dict[str, str]) -> dict[str, tuple[Claim, ...]]:
    return {path: _claims(path, text) for path, text in texts.items()}


def _claims(path: str, text: str) -> tuple[Claim, ...]:
    kind = kind_of(path, text[:4096].encode(errors="replace"))
    return claims_of(path, text, kind, cells_of(path, text, HINTS), project_of(path, PROJECTS))


@pytest.fixture(scope="module")
def dated(real_clone: Path, texts: dict[str, str]) -> list[DatedClaim]:
    added, found = added_at(real_clone), []
    for path, text in texts.items():
        said = read_evidence(path, text.encode(), len(text), added[path], HINTS, PROJECTS, None)
        found += [DatedClaim(claim, said.observed.at, path, said.observed.exact) for claim in said.claims]
    return found


@pytest.fixture(scope="module")
def told_elsewhere(real_clone: Path) -> list[DatedClaim]:
    """Times of runs in every document and memory outside the evidence."""
    return [
        DatedClaim(claim, READ_AT, path)
        for path in git(real_clone, "ls-files", "STATE", "docs", "data", "*.md", "*.json")
        if not path.startswith("reports/") and path.endswith((".md", ".json"))
        for claim in event_times((real_clone / path).read_text(errors="replace"), path)
    ]


def values(claims: tuple[Claim, ...]) -> set[tuple[str, str, str]]:
    return {(claim.subject, claim.predicate, claim.value) for claim in claims}


def test_every_reader_finds_what_it_is_for(texts: dict[str, str]) -> None:
    files: Counter[str] = Counter()
    for path, text in texts.items():
        kind = kind_of(path, text[:4096].encode(errors="replace"))
        for name, reader in READERS.items():
            key = next((match.key for match in cells_of(path, text, HINTS) if match.why == "path"), "")
            files[name] += any(reader(Document(path, text, kind, key, key, project_of(path, PROJECTS))))
    print("files with claims, by reader:", dict(files), "of", len(texts))
    assert len(texts) >= 402
    assert (files["weekly"], files["asks"], files["knative"]) == (4, 4, 5)
    assert files["runs"] == 14  # nine exit codes, five logs of three runs
    assert files["sli"] == 1  # of cells named by their path
    assert files["results"] >= 25
    assert files["decisions"] >= 5


def test_no_file_claims_more_than_it_may_and_most_claim_nothing(claims: dict[str, tuple[Claim, ...]]) -> None:
    counts = [len(found) for found in claims.values()]
    print("claims:", sum(counts), "in", sum(map(bool, counts)), "files")
    assert max(counts) <= 24
    assert sum(counts) >= 150


def test_the_apply_run_succeeded_and_the_one_before_failed(claims: dict[str, tuple[Claim, ...]]) -> None:
    assert values(claims[f"{RUNS}/{RUN}/apply.log"]) >= {
        (RUN, "exit_code.diff", "0"),
        (RUN, "exit_code.apply", "0"),
        (RUN, "status", "success"),
        (RUN, "manifest", "infra/k8s/overlays/dev/hello-ksvc.yaml"),
        ("hello-s5", "ready", "True"),
    }
    earlier = "apply_hello_dev_20251114T035707Z"
    assert (earlier, "status", "failed") in values(claims[f"{RUNS}/{earlier}/apply.log"])
    assert values(claims["reports/s2_hello_exit.code"]) == {("s2_hello", "exit_code", "0")}


def test_results_decisions_and_answers_are_claimed_where_they_stand(
    claims: dict[str, tuple[Claim, ...]],
) -> None:
    for ending in ("json", "md"):
        assert values(claims[f"reports/persist_report_result_pr787.{ending}"]) == {
            ("PR #787", "decision", "AUTO_MERGE_OK"),
            ("PR #787", "risk_level", "LOW"),
        }
    assert ("phase3_exit_result", "all_ok", "True") in values(claims["reports/phase3_exit_result.json"])
    status = claims["reports/projects/redshift-migration-2026/status/2025-10-31.md"]
    assert [(claim.predicate, claim.value, claim.line) for claim in status] == [("status", "WARN", 1)]
    (stub,) = claims["reports/ask/ask_2025-11-09T1900.json"]
    assert stub.predicate == "stub"
    assert claims["reports/ask/ask_20251112T175352Z.json"] == ()
    weekly = claims["reports/hakone-e2/2025-11-30_weekly.md"]
    assert [(claim.subject, claim.predicate) for claim in weekly] == [
        ("hakone-e2", letter) for letter in "CGδ"
    ]


def test_metrics_echo_is_ready_fails_and_was_never_seen_from_inside(dated: list[DatedClaim]) -> None:
    (found,) = conflicts_of(dated)
    assert (found.kind, found.subject, found.right.claim.value) == ("availability", "metrics-echo", "0")
    assert vantages_of((one.claim for one in dated), "metrics-echo") == (
        ("control plane", "outside"),
        ("in cluster",),
    )


def test_the_run_line_and_the_memory_are_nine_hours_off_and_nothing_else_is(
    dated: list[DatedClaim], told_elsewhere: list[DatedClaim]
) -> None:
    # Judged by hand: the run's id and its commit (18:39:47Z) agree, both documents were written from one answer.
    found = [conflict for conflict in conflicts_of([*dated, *told_elsewhere]) if conflict.kind == "time-zone"]
    assert [(conflict.subject, conflict.right.evidence, conflict.right.claim.line) for conflict in found] == [
        (RUN, "STATE/current_state.md", 33),
        (RUN, "data/vpm_memory_min.json", 43),
    ]
    for conflict in found:
        assert "2025-11-15T18:39:01Z" in str(conflict.sentence)
        assert "2025-11-15T09:39:01Z" in str(conflict.sentence)
        assert "9 h apart" in str(conflict.sentence)
