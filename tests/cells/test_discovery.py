"""The swarm of a repository that has no swarm.toml."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cells.ssot.discovery import discover, wanted
from cells.ssot.discovery_words import category, lane_of
from cells.ssot.swarm import MilestoneSpec, ProjectSpec, RelationSpec, read_swarm, write_swarm

TABLES = """# Map

| Cell key | 説明 | レーン / 役割 | u_contract カテゴリ | /ask | 備考 |
|----------|------|---------------|---------------------|------|------|
| `oven-1` | 焙煎の模範 **セル** | North Star / /ask update_north_star | （該当なし） | 実績あり | 最初の一つ |
| bean-watch | 豆を見る | 監視 / SLI、コストも | `TBD: bean-report` | | `bean_watch.md` |
| others | 今後のプレースホルダ | 未定の話 | `TBD` | `TBD` | |
| bad/key | x | | | | |

| Cell key | P1-1 Draw the map | P1-2 Loop |
|---|---|---|
| oven-1 | 描く | bean-watch と比べる |
| late-cell | | あとで |

```
| Cell key | 説明 |
|---|---|
| in-code | no |
```
"""

PATHS = [
    "README.md",
    "docs/map.md",
    "docs/projects/side/definition.md",
    "STATE/roastery/current_state.md",
    "STATE/roastery/oven-1.md",
    "reports/bean-watch/a.md",
    "reports/2026/oven_1_heat.md",
    "reports/roastery/weekly.md",
]


def test_tables_become_cells_with_lane_contract_actions_and_their_line() -> None:
    swarm = discover(PATHS, {"docs/map.md": TABLES})
    assert swarm.origin == "discovered"
    oven, bean, others, late = swarm.cells
    assert (oven.key, oven.title, oven.lane, oven.contract) == ("oven-1", "焙煎の模範 セル", "north-star", "")
    assert (oven.ask, oven.note) == (("update_north_star",), "/ask: 実績あり · 最初の一つ")
    assert oven.actions == {"P1-1": "描く", "P1-2": "bean-watch と比べる"}
    assert (oven.path, oven.line) == ("docs/map.md", 5)
    assert (bean.lane, bean.contract, bean.stage) == ("monitoring", "TBD: bean-report", "active")
    assert (others.lane, others.stage) == ("未定の話", "candidate")
    assert (late.lane, late.actions) == ("sample", {"P1-2": "あとで"})
    assert swarm.milestones == (MilestoneSpec("P1-1", "Draw the map"), MilestoneSpec("P1-2", "Loop"))
    assert "docs/map.md" in str(swarm.problems[0])


def test_a_cell_that_names_another_is_related_to_it() -> None:
    assert discover(PATHS, {"docs/map.md": TABLES}).relations == (
        RelationSpec("oven-1", "bean-watch", "mentions"),
    )


def test_evidence_globs_match_files_that_exist() -> None:
    oven, bean, *_ = discover(PATHS, {"docs/map.md": TABLES}).cells
    assert oven.evidence == ("reports/**/*oven_1*",)
    assert bean.evidence == ("reports/bean-watch/**",)


def test_a_state_file_of_the_cells_name_is_its_state() -> None:
    table = "| Cell key |\n|---|\n| oven-1 |\n"
    (oven,) = discover(["STATE/oven-1.md"], {"docs/map.md": table}).cells
    assert oven.state == "STATE/oven-1.md"


def test_project_folders_are_projects() -> None:
    assert discover(PATHS, {}).projects == (
        ProjectSpec("roastery", "roastery", "STATE/roastery/current_state.md"),
        ProjectSpec("side", "side", ""),
    )


def test_without_a_table_folders_of_reports_are_proposed() -> None:
    paths = [f"reports/{folder}/{n}.md" for folder in ("cost-check", "misc", "img") for n in range(3)]
    swarm = discover([*paths, "reports/small/1.md"], {"docs/a.md": "no table"})
    assert [(cell.key, cell.lane, cell.evidence) for cell in swarm.cells] == [
        ("cost-check", "cost", ("reports/cost-check/**",)),
        ("misc", "sample", ("reports/misc/**",)),
    ]
    assert "reports/" in str(swarm.problems[0])


def test_nothing_to_discover_is_a_sentence() -> None:
    swarm = discover(["main.c"], {})
    assert (swarm.origin, len(swarm.problems)) == ("none", 1)


def test_a_discovered_swarm_can_be_adopted_as_a_file() -> None:
    swarm = discover(PATHS, {"docs/map.md": TABLES})
    back = read_swarm(write_swarm(swarm), "swarm.toml")
    assert back.problems == ()
    assert [cell.key for cell in back.cells] == [cell.key for cell in swarm.cells]
    assert (back.lanes, back.projects, back.relations) == (swarm.lanes, swarm.projects, swarm.relations)


@pytest.mark.parametrize(
    ("text", "lane"),
    [
        ("監視 / SLI", "monitoring"),
        ("Self cost, later a report", "cost"),
        ("レポート系 / コスト", "persist-report"),
        ("Biz KPI", "business-kpi"),
        ("sample-*", "sample"),
        ("costume shop", "costume-shop"),
        ("Night shift / oven", "night-shift-oven"),
        ("…", "sample"),
    ],
)
def test_the_first_lane_word_wins(text: str, lane: str) -> None:
    assert lane_of(text) == lane


@pytest.mark.parametrize(
    ("text", "expected"),
    [("`TBD: x`", "TBD: x"), ("（該当なし）", ""), ("cost-report", "cost-report"), ("-", "")],
)
def test_contract_categories_are_kept_as_written(text: str, expected: str) -> None:
    assert category(text) == expected


def test_wanted_documents_are_sorted_and_bounded() -> None:
    paths = [f"docs/{n:04}/deep.md" for n in range(900)] + [
        "docs/map.md",
        "README.md",
        "src/a.md",
        "docs/a.png",
    ]
    chosen = wanted(paths)
    assert chosen == sorted(chosen)
    assert {"docs/map.md", "README.md"} <= set(chosen)
    assert len(chosen) == 400
    assert "src/a.md" not in chosen


LINES = st.sampled_from([*TABLES.split("\n"), "|", "| Cell key", "|--|", "| a | b"])


@given(st.lists(st.text(max_size=20)), st.lists(LINES | st.text(max_size=30)).map("\n".join))
def test_any_tree_and_document_give_a_swarm_that_can_be_written(paths: list[str], text: str) -> None:
    swarm = discover(paths, {"docs/map.md": text})
    back = read_swarm(write_swarm(swarm), "swarm.toml")
    assert [cell.key for cell in back.cells] == [cell.key for cell in swarm.cells]
