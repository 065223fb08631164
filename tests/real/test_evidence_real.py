"""The evidence of the real repository: dated, flagged, assigned as counted by hand in its domain notes."""

import hashlib
import subprocess
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cells.evidence.assign import CellHint, CellIndex
from cells.evidence.conflicts import DatedClaim, conflicts_of
from cells.evidence.reading import EvidenceReading, read_evidence

HINTS = CellIndex(
    [
        CellHint("hello-s5", words=("hello",)),
        *(CellHint(key) for key in ("metrics-echo", "persist-report", "self-cost")),
    ]
)

# Read by hand from name or text and the time of the commit: path under reports/, moment in UTC, zone of the reading.
BY_HAND = """
autopilot_l1_implementation_20250919_064122.md|2025-09-18 21:41:22|JST
autopilot_l1_live_summary_20250921_1007.md|2025-09-21 01:07:00|JST
autopilot_l1_live_summary_20250921_1118.md|2025-09-21 02:18:00|JST
autopilot_l1_scan_20250919_1633.json|2025-09-19 07:33:00|JST
autopilot_l1_update_20250920_0526.md|2025-09-19 20:26:00|JST
img/grafana_p3_2_auto_20251016_053105.png|2025-10-15 20:31:05|JST
p1_json_error_retry_20250908_003101.md|2025-09-07 15:31:01|JST
p1_p50_wiring_20250907_113620.md|2025-09-07 02:36:20|JST
p2_2_hello_ai_20250903_075647.md|2025-09-02 22:56:47|JST
p3_2_grafana_auto_render_20251017_025810.md|2025-10-16 17:58:10|JST
p3_6_state_update_20250909_094025.md|2025-09-09 00:40:25|JST
p4_snapshot_20250913_052308.md|2025-09-12 20:23:08|JST
p5_auto_pr_guard_20250915_092353.md|2025-09-15 00:23:53|JST
slo_rules_20250915_103359.json|2025-09-15 01:33:59|JST
vpm-mini/state_view_20250919_0657.md|2025-09-18 21:57:00|JST
vpm_decision_demo_setup_20251018_085856.md|2025-10-17 23:58:56|JST
snap_phase2-2-pass.md|2025-08-26 20:06:52|JST
snap_phase2-7-pass.md|2025-08-27 17:54:05|JST
snap_phase2-8-pass.md|2025-08-27 18:15:07|JST
daily_status_20250915_090923.md|2025-09-15 00:09:23|JST
p2_1_bootstrap_20250912_073805.md|2025-09-11 22:38:05|JST
codex_smoke_20250918_2103.md|2025-09-18 21:03:00|UTC
egspace_reason_action_20250909_001356.md|2025-09-09 00:13:56|UTC
p3_3_ghcr_tags_metrics-echo_20251016_163142.md|2025-10-16 16:31:42|UTC
p5_2_ui_manual_20250915_200244.md|2025-09-15 20:02:44|UTC
p5_4_secrets_observability_20250916_212734.md|2025-09-16 21:27:34|UTC
think/plan_20251110T045633.md|2025-11-10 04:56:33|UTC
think/think_20251109T211433.json|2025-11-09 21:14:33|UTC
trial_tasks/tr_1cb278ab_20250915134430_20250915_134430.md|2025-09-15 13:44:30|UTC
trial_tasks/tr_9b633c9a_20250915210101_20250915_210101.md|2025-09-15 21:01:01|UTC
snap_phase3-3-prov-verified.md|2025-08-28 18:30:00|UTC
ask/ask_20251113T190330Z.json|2025-11-13 19:03:30|written
codex_runs/apply_hello_dev_20251115T183901Z/apply.log|2025-11-15 18:39:01|written
evidence_p2-6_monitoring_ext_20251002T003911Z.md|2025-10-02 00:39:11|written
metrics-echo/metrics_echo_sli_p3-2.md|2025-11-17 00:53:01|written
docs_consistency.json|2025-08-30 00:47:33|written
prov_p3_2_3_1757201972.jsonld|2025-09-06 23:39:32|written
s5_ps.txt|2025-08-23 22:15:14|written
_autopr_smoke.md|2025-09-09 02:25:23|written
p4_nw_ready_20250912.md|2025-09-11 23:01:25|written
s1_compose_build.exit||commit
s7_metrics_9001.txt||commit
persist-report/README.md||commit
"""


def git(clone: Path, *words: str) -> str:
    return subprocess.run(
        ["git", "-C", str(clone), *words], check=True, capture_output=True, text=True
    ).stdout


def added_at(clone: Path) -> dict[str, datetime]:
    """The time of the commit on main that brought each path in."""
    log = git(
        clone,
        "log",
        "--first-parent",
        "-m",
        "--diff-filter=A",
        "--no-renames",
        "--name-only",
        "--format=@%cI",
    )
    found: dict[str, datetime] = {}
    moment = datetime.min
    for line in log.splitlines():
        if line.startswith("@"):
            moment = datetime.fromisoformat(line[1:])
        elif line:
            found.setdefault(line, moment)
    return found


@pytest.fixture(scope="module")
def readings(real_clone: Path) -> dict[str, EvidenceReading]:
    added, seen, found = added_at(real_clone), {}, {}
    for path in sorted(
        git(real_clone, "ls-files", "reports").splitlines(), key=lambda path: (added[path], path)
    ):
        data = (real_clone / path).read_bytes()
        digest = hashlib.sha256(data).digest()
        earlier = seen.get(digest)
        found[path] = read_evidence(
            path, data, len(data), added[path], HINTS, ("vpm-mini", "hakone-e2"), earlier
        )
        seen.setdefault(digest, path)
    return found


@pytest.fixture(scope="module")
def evidence(readings: dict[str, EvidenceReading]) -> dict[str, EvidenceReading]:
    return {path: read for path, read in readings.items() if read.kind not in {"template", "placeholder"}}


def flagged(readings: dict[str, EvidenceReading], code: str) -> set[str]:
    return {path for path, read in readings.items() if any(flag.code == code for flag in read.flags)}


def test_files_dated_by_hand_are_dated_alike(evidence: dict[str, EvidenceReading]) -> None:
    wrong = []
    for line in BY_HAND.strip().splitlines():
        name, moment, zone = line.split("|")
        seen = evidence[f"reports/{name}"].observed
        expected = datetime.fromisoformat(moment).replace(tzinfo=UTC) if moment else seen.at
        if (seen.at.replace(microsecond=0), seen.zone) != (expected, zone):
            wrong.append((name, seen))
    assert wrong == []


def test_most_evidence_is_dated_from_name_or_text(evidence: dict[str, EvidenceReading]) -> None:
    sources = Counter(read.observed.source for read in evidence.values())
    print("sources", dict(sources), "zones", dict(Counter(read.observed.zone for read in evidence.values())))
    # 65 % have a time in the name and 86 % have one anywhere, as counted over the whole repository.
    assert sources["name"] >= 225
    assert sources["name"] + sources["text"] >= 0.95 * 0.861 * len(evidence)


def test_zoneless_names_are_mostly_japanese_some_utc(evidence: dict[str, EvidenceReading]) -> None:
    named = [
        read.observed for read in evidence.values() if read.observed.source == "name" and read.observed.exact
    ]
    sure = Counter(seen.zone for seen in named if seen.confidence != "low")
    assert sure["JST"] >= 150
    assert sure["UTC"] >= 20
    assert sum(seen.confidence == "low" and not seen.later_than_commit for seen in named) <= 22


def test_what_is_wrong_with_the_evidence_is_flagged(readings: dict[str, EvidenceReading]) -> None:
    assert len(flagged(readings, "empty")) == 5
    assert {"reports/phase4_argocd_verify.json", "reports/p4_hello_ai_metrics_20250913_052108.md"} <= flagged(
        readings, "future"
    )
    assert len(flagged(readings, "unparsable")) == 6
    assert "reports/img/grafana_p3_2_auto_20251017_025810.png" in flagged(readings, "duplicate")
    assert len(flagged(readings, "duplicate")) >= 20
    templates = flagged(readings, "template")
    assert {"reports/p3_6_state_update_.md", "reports/retro_pr_trail__20250903_160452.md"} <= templates
    assert sum(path.endswith(".tmpl") for path in templates) == 21


def test_error_pictures_are_pictures_and_a_text_named_png_is_not(
    readings: dict[str, EvidenceReading],
) -> None:
    assert sum(read.picture for read in readings.values()) == 2
    assert not readings["reports/img/grafana_p2_4_20251014_062209.png"].picture


def test_cells_and_lanes_are_assigned_as_often_as_counted(evidence: dict[str, EvidenceReading]) -> None:
    by_path = Counter(match.key for read in evidence.values() for match in read.cells if match.why == "path")
    by_text = sum(match.why == "text" for read in evidence.values() for match in read.cells)
    assert by_path["hello-s5"] >= 23
    assert by_path["metrics-echo"] >= 8
    assert by_text >= 95
    assert sum(bool(read.lane) for read in evidence.values()) >= 0.70 * len(evidence)


def test_metrics_echo_is_ready_and_fails_every_request(evidence: dict[str, EvidenceReading]) -> None:
    claims = [
        DatedClaim(claim, read.observed.at, path) for path, read in evidence.items() for claim in read.claims
    ]
    (conflict,) = conflicts_of(claims)
    assert conflict.subject == "metrics-echo"
    assert conflict.right.claim.value == "0"
