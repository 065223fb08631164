"""Which cell, lane and project evidence belongs to."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cells.evidence.assign import CellHint, CellIndex, CellMatch, cells_of, lane_of, project_of
from cells.evidence.globs import Glob

HINTS = (
    CellHint("hello-s5", words=("hello",), globs=("reports/greeting/**",)),
    CellHint("hello-ai"),
    CellHint("metrics-echo", globs=("reports/{echo,sli}/*.md",)),
    CellHint("persist-report"),
    CellHint("焙煎"),
)


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("reports/greeting/a/b.md", "metrics-echo", [("hello-s5", "swarm")]),
        ("reports/sli/metrics_other.md", "", [("metrics-echo", "swarm")]),
        ("reports/sli/deep/x.md", "", []),
        ("reports/p2_metrics_echo_2025.md", "", [("metrics-echo", "path")]),
        ("reports/persist_report_result.md", "", [("persist-report", "path")]),
        ("reports/persist-report/README.md", "", [("persist-report", "path")]),
        ("reports/hello_ready.md", "", [("hello-s5", "path")]),
        ("reports/hello-ai_ready.md", "", [("hello-ai", "path")]),
        ("reports/othello.md", "xmetrics-echo metrics-echoes", []),
        ("reports/a.md", "本日は metrics-echoに対して測った", [("metrics-echo", "text")]),
        ("reports/a.md", "METRICS_ECHO is fine", [("metrics-echo", "text")]),
        ("reports/a.md", "metrics-echo and persist-report", []),
        ("reports/a.md", "今日の焙煎は遅い", [("焙煎", "text")]),
    ],
)
def test_glob_then_path_then_the_only_cell_of_the_text(
    path: str, text: str, expected: list[tuple[str, str]]
) -> None:
    assert cells_of(path, text, HINTS) == tuple(CellMatch(key, why) for key, why in expected)


def test_a_prepared_index_answers_like_the_hints() -> None:
    index = CellIndex(HINTS)
    assert cells_of("reports/hello.md", "", index) == cells_of("reports/hello.md", "", HINTS)


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("reports/x/**", "reports/x/a/b.md", True),
        ("reports/x/", "reports/x/a.md", True),
        ("**/*.png", "a.png", True),
        ("reports/*/a.md", "reports/x/y/a.md", False),
        ("reports/**/a.md", "reports/a.md", True),
        ("reports/{a,b}_{1,2}.md", "reports/b_1.md", True),
        ("reports/?.md", "reports/ab.md", False),
        ("reports/**", "other/reports/a.md", False),
        ("reports/[z-a].md", "reports/q.md", False),
    ],
)
def test_globs_know_double_stars_and_braces(pattern: str, path: str, fits: bool) -> None:
    assert Glob(pattern).matches(path) is fits


def test_a_hostile_glob_costs_little() -> None:
    assert not Glob("**/" * 60 + "*a" * 40 + "/x").matches("a/" * 200 + "a" * 2000)
    assert Glob("{a,b}" * 40).matches("{a,b}") is False


@pytest.mark.parametrize(
    ("path", "lane"),
    [
        ("reports/ask/ask_x.json", "persist-report"),
        ("reports/persist_report_result.md", "persist-report"),
        ("reports/codex_runs/a/run.log", "codex-runner"),
        ("reports/think/plan_x.md", "think"),
        ("reports/doc_update_proposals/a.json", "doc-update"),
        ("reports/roastery/2026-01-04_weekly.md", "pm"),
        ("reports/roastery/runs/1/plan.json", "info-network"),
        ("reports/p3_grafana_auto_render_1.md", "render"),
        ("reports/autopilot_l1_scan.json", "autopilot"),
        ("reports/snap_stage.md", "phase-gates"),
        ("reports/phase4_exit.json", "phase-gates"),
        ("reports/s7_ps.txt", "phase-gates"),
        ("reports/decision_2026-01-04.md", "cost"),
        ("reports/self_cost.md", "cost"),
        ("reports/p3_chaos_kill.md", "audit"),
        ("reports/cd_runs.ndjson", "cd-slo"),
        ("reports/oven_metrics.md", "monitoring"),
        ("reports/p2_grafana_panel.md", "monitoring"),
        ("reports/oven.md", ""),
    ],
)
def test_the_first_lane_rule_that_fits_decides(path: str, lane: str) -> None:
    assert lane_of(path) == lane


@pytest.mark.parametrize(
    ("path", "project"),
    [
        ("reports/roastery/a.md", "roastery"),
        ("reports/updates/2026-01-04-roastery-east.json", "roastery-east"),
        ("reports/roasterys.md", ""),
        ("roastery", "roastery"),
    ],
)
def test_a_project_is_a_folder_or_a_part_of_the_name(path: str, project: str) -> None:
    assert project_of(path, ["roastery", "roastery-east"]) == project


words = st.text(alphabet="ab-_./*{},[]焙 ", max_size=30)


@settings(deadline=None, max_examples=300)
@given(
    words, words, st.lists(st.builds(CellHint, words, st.tuples(words), st.tuples(words, words)), max_size=4)
)
def test_any_hints_and_paths_are_answered(path: str, text: str, hints: list[CellHint]) -> None:
    keys = {hint.key for hint in hints}
    assert {match.key for match in cells_of(path, text, hints)} <= keys
    assert project_of(path, keys) in keys | {""}
    assert isinstance(lane_of(path), str)


def test_a_family_called_like_a_cell_belongs_to_it() -> None:
    hints = [CellHint("persist-report"), CellHint("oven")]
    assert cells_of("reports/ask/ask_20260301T000000Z.json", "the oven", hints) == (
        CellMatch("persist-report", "path"),
    )
