"""STATE files in every style people really used, and any other text."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cells.ssot.state import Fact, StateReading, read_state

JAPANESE = """# STATE: roastery
最終更新: 2026-03-01 by mika

## 現在地（C）
- 焙煎機は一台で動いている
- 豆の在庫は三日分

## ゴール（G）— 春の計画
- 二台目を入れる

## 差分（δ：方向と距離）
- 電源工事が終わっていない
"""

SNAPSHOT = """# STATE: roastery

## 1. Snapshot（C / G / δ）

### 1.1 Current（C: 現在地）

- 一台で動いている

### 1.2 Goals（G: ゴール）

**短期（〜数週間）**

- 二台目を試す

**中期（〜数ヶ月）**

- 三店舗に届ける

### 1.3 Gap（δ）

- 人手が足りない

## 2. Active Focus / Tasks

- [ ] **T-BEAN-1:** 豆を選ぶ（owner: mika、期限: 2026-04-07 目安、優先度: 高）
"""

ENGLISH = """# Roastery

## Current (C)
One machine runs.

## Goals (G)
- Short term (weeks): try a second machine
- Mid term (months):
  - serve three shops

### Gap (δ)
The wiring is missing.
"""

WEEKLY = """# Weekly

## 3. C/G/δ
- **Current（C）**
  - 一台で動いている
- **Goals（G）**
  - 短期: 二台目を試す
  - 中期: 三店舗に届ける
- **Gap（δ）**: 人手が足りない

## 4. Risks
- none
"""


def one(reading: StateReading, kind: str) -> Fact:
    (fact,) = [fact for fact in reading.facts if fact.kind == kind]
    return fact


def test_japanese_headings_give_c_g_and_delta_with_their_lines() -> None:
    reading = read_state(JAPANESE)
    assert reading.style == "A"
    assert reading.note is None
    assert one(reading, "current").text == "- 焙煎機は一台で動いている\n- 豆の在庫は三日分"
    assert (one(reading, "current").line, one(reading, "current").last_line) == (5, 6)
    assert one(reading, "current").heading == "現在地（C）"
    assert one(reading, "goal").text == "- 二台目を入れる"
    assert one(reading, "gap").line == 12


def test_a_snapshot_gives_short_and_mid_goals() -> None:
    reading = read_state(SNAPSHOT)
    assert reading.style == "B"
    assert one(reading, "goal_short").text == "- 二台目を試す"
    assert one(reading, "goal_mid").text == "- 三店舗に届ける"
    assert one(reading, "gap").text == "- 人手が足りない"


def test_english_headings_and_inline_horizons_are_read() -> None:
    reading = read_state(ENGLISH)
    assert one(reading, "current").text == "One machine runs."
    assert one(reading, "goal_short").text == "try a second machine"
    assert one(reading, "goal_mid").text == "- serve three shops"
    assert one(reading, "gap").text == "The wiring is missing."


def test_weekly_bullets_in_bold_are_read() -> None:
    reading = read_state(WEEKLY)
    assert one(reading, "current").text == "- 一台で動いている"
    assert one(reading, "goal_short").text == "二台目を試す"
    assert one(reading, "goal_mid").text == "三店舗に届ける"
    assert (one(reading, "gap").text, one(reading, "gap").line) == ("人手が足りない", 9)


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("## 現在地（C）\nx\n## ゴール（G）\ny\n", "A"),
        ("## C（現在地）\nx\n## G（ゴール）\ny\n", "A'"),
        ("## C\nx\n## G\ny\n## δ\nz\n", "A'"),
        ("## 1. Snapshot（C / G / δ）\n### 1.1 Current（C）\nx\n### 1.2 Goals（G）\ny\n", "B"),
        ("## 1) 現在地（C）\nx\n## 2) ゴール（G：春）\ny\n## 3) δ（次の一手）\nz\n", "C"),
        ("## Step 4 done\n- Evidence: reports/a.md\n", "D"),
        ("## Step 5\n- x\n### δ（方向と距離）\n- y\n", "D+"),
        ("## Goal (G)\n- x\n## Tasks (weighted)\n## Status Note (C)\n- y\n", "E"),
        ("# === STATE Update (Decisions sync) ===\n## 概要\n- x\n", "F"),
        ("", ""),
        ("\n---\n", ""),
    ],
)
def test_the_style_is_named(text: str, style: str) -> None:
    assert read_state(text).style == style


@pytest.mark.parametrize(
    "title", ["フェーズ構成と現在地", "Current Phase", "Current Focus: shipping", "Goal-M2 / apply"]
)
def test_headings_that_only_mention_the_words_are_not_c_or_g(title: str) -> None:
    reading = read_state(f"## {title}\n- text\n")
    assert {fact.kind for fact in reading.facts} <= {"task"}
    assert str(reading.note) == "No C, G or δ stands in this file."


def test_headings_in_code_and_comments_do_not_count() -> None:
    text = "```\n## Current (C)\nin code\n```\n<!--\n## Gap (δ)\nhidden\n-->\n## Goals (G)\nreal\n"
    assert [fact.kind for fact in read_state(text).facts] == ["goal"]


def test_an_unwritten_section_is_no_fact() -> None:
    assert read_state("## Current (C)\n\n<!-- fill in -->\n\n## Goals (G)\n- x\n").facts[0].kind == "goal"


def test_a_section_is_read_alone_with_lines_of_the_whole_file() -> None:
    text = "# All\n## hello-s5\n### C\none\n### G\ntwo\n## self-cost\n### C\nthree\n"
    reading = read_state(text, "self-cost")
    assert [(fact.text, fact.line) for fact in reading.facts] == [("three", 9)]
    assert [fact.text for fact in read_state(text, "Hello-S5").facts] == ["one", "two"]


def test_a_section_that_is_not_there_is_a_sentence() -> None:
    reading = read_state("# All\n", "nobody")
    assert reading.facts == ()
    assert str(reading.note) == "There is no heading “nobody” in this file."


def task(text: str) -> dict[str, object]:
    (fact,) = [fact for fact in read_state(text).facts if fact.kind == "task"]
    return fact.data


def test_a_task_with_a_bold_id_keeps_its_brackets_apart() -> None:
    data = task(
        "- [ ] **T-BEAN-1:** 豆を選ぶ（PR #12 済）（優先度: 高、owner: mika、期限: 2026-04-07 目安）。\n"
    )
    assert data["id"] == "T-BEAN-1"
    assert data["title"] == "豆を選ぶ（PR #12 済）。"
    assert (data["owner"], data["priority"]) == ("mika", "高")
    assert (data["deadline"], data["deadline_text"], data["approximate"]) == (
        "2026-04-07",
        "2026-04-07 目安",
        True,
    )
    assert data["done"] is False


def test_plain_ids_english_meta_and_no_id_are_read() -> None:
    data = task("- [x] B2-DATA-1: weigh the beans (owner: ken; due 2026-02-30)\n")
    assert (data["id"], data["title"], data["done"], data["owner"]) == (
        "B2-DATA-1",
        "weigh the beans",
        True,
        "ken",
    )
    assert (data["deadline"], data["deadline_text"]) == (None, "2026-02-30")
    data = task("- [ ] Evidence: write it down\n")
    assert (data["id"], data["title"], data["approximate"]) == ("", "Evidence: write it down", False)


def test_a_remark_about_priority_is_no_priority() -> None:
    assert task("- [ ] **T-1:** 掃除（優先度は低い）\n")["priority"] == ""


def test_marked_bullets_and_priority_lists_are_tasks() -> None:
    text = "## Steps\n- **P1** (Base): ✅ GREEN\n- **P2** (Move): ⏳ NEXT\n- plain\n## 優先タスク\n1. **掃除**：床を磨く\n"
    found = [fact.data for fact in read_state(text).facts if fact.kind == "task"]
    assert [(data["id"], data["done"]) for data in found] == [("P1", True), ("P2", False), ("", False)]
    assert found[2]["title"] == "掃除：床を磨く"


def test_a_mark_inside_brackets_speaks_of_something_else() -> None:
    assert read_state("## Steps\n- running (first part ✅)\n").facts == ()


def test_a_weighted_table_gives_tasks_with_numbers() -> None:
    data = task(
        "## Tasks (weighted)\n| id | title | weight | uncertainty | status | progress |\n|---|---|--:|--:|---|---|\n"
        "| IT-1 | 移行 | 2.5 | 0.3 | todo | 40% |\n"
    )
    assert (data["id"], data["title"], data["done"]) == ("IT-1", "移行", False)
    assert (data["weight"], data["uncertainty"], data["progress"]) == (2.5, 0.3, 0.4)


def links(text: str) -> list[tuple[object, object]]:
    return [
        (fact.data["form"], fact.data["target"])
        for fact in read_state(text).facts
        if fact.kind == "evidence_link"
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("- `docs/a_b.md` を追加", [("path", "docs/a_b.md")]),
        ("- Evidence: reports/run.md（apply）", [("path", "reports/run.md")]),
        ("- see **reports/run.md**", [("path", "reports/run.md")]),
        (
            "- `reports/x/{run.log, after.yaml}`",
            [("path", "reports/x/run.log"), ("path", "reports/x/after.yaml")],
        ),
        ("- `reports/x_*.md` / reports/y/**", [("glob", "reports/x_*.md"), ("glob", "reports/y/**")]),
        ("- `inbox/ask_<ts>.json`", [("glob", "inbox/ask_*.json")]),
        ("- done（PR #9、#11, PR #822〜#835）", [("pull_request", f"#{n}") for n in ("9", "11", "822-#835")]),
        ("- STATE/weekly の文", []),
        ("- `/ask` and https://host.example/a/b.md", []),
        ("- `../outside/a.md` `/etc/passwd.txt`", []),
        (
            "- run_id=apply_1, reports_dir=reports/runs/apply_1, status=ok (READY=True)",
            [("run", "apply_1"), ("path", "reports/runs/apply_1")],
        ),
    ],
)
def test_evidence_links(line: str, expected: list[tuple[str, str]]) -> None:
    assert links(line) == expected


def test_a_range_of_pull_requests_stays_a_range() -> None:
    (fact,) = read_state("- PR #822〜#835\n").facts
    assert (fact.data["from"], fact.data["to"], fact.text) == (822, 835, "PR #822〜#835")


def test_fields_of_the_head_are_read_from_lines_and_yaml() -> None:
    text = '# Head\n```yaml\nphase: 4   # later\nshort_goal: "serve"\nexit_criteria:\n  - "a"\n  - b\n```\n*Last Updated: 2026-01-02*\nNote: no\n'
    found = {fact.data["name"]: fact.data["value"] for fact in read_state(text).facts if fact.kind == "field"}
    assert found == {
        "phase": "4",
        "short_goal": "serve",
        "exit_criteria": ["a", "b"],
        "Last Updated": "2026-01-02",
    }


PIECES = st.sampled_from(
    [
        *(JAPANESE + SNAPSHOT + ENGLISH + WEEKLY).split("\n"),
        "```",
        "<!--",
        "-->",
        "---",
        "",
        "- [ ] **T-1:**",
        "phase:",
        "|-|",
        "\r",
        "**C**:",
    ]
)


@given(
    st.one_of(st.text(), st.lists(st.one_of(PIECES, st.text(max_size=20))).map("\n".join)),
    st.one_of(st.none(), st.text()),
)
def test_any_text_gives_facts_whose_lines_hold_their_first_words(text: str, section: str | None) -> None:
    lines = text.replace("\0", "\ufffd").split("\n")
    for fact in read_state(text, section).facts:
        assert fact.text == fact.text.strip() != ""
        assert 1 <= fact.line <= fact.last_line <= len(lines)
        assert fact.text.split()[0] in lines[fact.line - 1]


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        " ",
        "a/",
        "`a",
        "{a,",
        "(owner: ",
        "**",
        "|-",
        "（",
        "- A-",
        "PR #1, ",
        "## G\n- 短期: x\n",
        "- [ ] T-1: x (\n",
    ],
)
def test_the_time_grows_with_the_text_and_not_faster(unit: str) -> None:
    def seconds(size: int) -> float:
        text = (unit * (size // len(unit) + 1))[:size]
        started = time.process_time()  # a busy machine costs everybody time, and this reader none
        read_state(text)
        return time.process_time() - started

    # A quadratic reader would need 64 times as long for eight times the text.
    assert seconds(400_000) < 24 * seconds(50_000) + 0.5
