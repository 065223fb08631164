"""Edits rendered against documents: what each operation does, and the sentence it refuses with."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cells.patches.edits import (
    AddFile,
    AppendAfterHeading,
    Archive,
    Edit,
    EditRefused,
    MergeJson,
    ReplaceFile,
    ReplaceSection,
    dump,
    load,
    paths,
    render,
    worktree,
)
from cells.patches.edits.headings import outline

DOC = """# STATE: roastery
最終更新: 2026-03-01

## 現在地（C）
- 焙煎機は一台
- 豆は三日分

### 補足
詳しくは店で。

## ゴール（G）
二台目を入れる。

```sh
# not a heading
## ゴール（G）
```

> ## quoted

Open questions
--------------
none yet
"""


def reader(**files: str | bytes) -> Callable[[str], bytes | None]:
    held = {name: text.encode() if isinstance(text, str) else text for name, text in files.items()}
    return held.get


def outcome(text: str | bytes, *edits: Edit) -> bytes:
    """The document `d` after the edits; its old bytes when nothing changed."""
    read = reader(d=text)
    new = render(edits, read).files.get("d", read("d"))
    assert new is not None
    return new


def append(text: str | bytes, heading: str, markdown: str) -> str:
    return outcome(text, AppendAfterHeading(path="d", match_heading=heading, markdown=markdown)).decode()


def replace(text: str, heading: str, markdown: str) -> str:
    return outcome(text, ReplaceSection(path="d", match_heading=heading, markdown=markdown)).decode()


def merge(text: str | bytes, value: dict[str, Any]) -> str:
    return outcome(text, MergeJson(path="d", merge=value)).decode()


def refusal(*edits: Edit, **files: str | bytes) -> str:
    with pytest.raises(EditRefused) as refused:
        render(edits, reader(**files))
    assert str(refused.value) == str(refused.value.why)
    return str(refused.value)


def refusal_if_any(act: Callable[[], Any]) -> EditRefused | None:
    try:
        act()
    except EditRefused as refused:
        return refused
    return None


# Append


def test_a_list_item_joins_the_list_before_the_first_sub_heading() -> None:
    assert append(DOC, "現在地（C）", "- 湿度計を買った") == DOC.replace(
        "- 豆は三日分\n", "- 豆は三日分\n- 湿度計を買った\n"
    )


def test_a_paragraph_gets_a_blank_line() -> None:
    assert append(DOC, "現在地（C）", "文章。\n") == DOC.replace("三日分\n", "三日分\n\n文章。\n")
    assert append("# A\ntext\n# B\n", "A", "- x") == "# A\ntext\n\n- x\n\n# B\n"


def test_lists_of_another_kind_do_not_run_into_each_other() -> None:
    assert append("# A\n- x\n", "A", "2. y") == "# A\n- x\n\n2. y\n"


def test_an_empty_section_gets_its_first_text() -> None:
    assert append("# A\n\n## B\n", "A", "x") == "# A\n\nx\n\n## B\n"
    assert append("# A", "A", "x") == "# A\n\nx"


def test_a_rule_that_closes_the_section_stays_last() -> None:
    assert append("# A\n\n- x\n\n---\n\n# B\n", "A", "- y") == "# A\n\n- x\n- y\n\n---\n\n# B\n"


@pytest.mark.parametrize(
    "name",
    [
        "## 現在地（C）",
        "現在地(C)",
        "  **現在地（C）**  ",
        "### 現在地（Ｃ） ##",
        "STATE: roastery > 現在地（C）",
    ],
)
def test_a_heading_is_found_however_it_is_written(name: str) -> None:
    assert "- 三" in append(DOC, name, "- 三")


def test_an_underlined_heading_is_one() -> None:
    assert append(DOC, "Open questions", "one") == f"{DOC}\none\n"


@pytest.mark.parametrize("name", ["not a heading", "quoted", "", "#", "最終更新: 2026-03-01"])
def test_what_only_looks_like_a_heading_is_none(name: str) -> None:
    edit = AppendAfterHeading(path="d", match_heading=name, markdown="x")
    assert "has no heading" in refusal(edit, d=DOC)


def test_an_absent_heading_is_refused_with_the_nearest() -> None:
    edit = AppendAfterHeading(path="d", match_heading="Open question", markdown="x")
    assert refusal(edit, d=DOC) == "d has no heading “Open question”; the nearest are “Open questions”."


def test_a_heading_that_is_there_twice_is_refused_with_its_lines() -> None:
    edit = AppendAfterHeading(path="d", match_heading="Goal", markdown="x")
    assert "more than once, on lines 1, 3;" in refusal(edit, d="# Goal\n\n# Goal\n")
    edit = AppendAfterHeading(path="d", match_heading="ゴール(G)", markdown="x")
    assert "more than once, on lines 1, 2;" in refusal(edit, d="# ゴール（G)\n## ゴール(G）\n")


def test_the_exact_text_wins_over_a_similar_one() -> None:
    assert append("# Goal\n\n# **Goal**\n", "Goal", "x") == "# Goal\n\nx\n\n# **Goal**\n"
    assert append("# Goal\n\n## Goal\n", "## Goal", "x") == "# Goal\n\n## Goal\n\nx\n"


def test_a_parent_tells_two_headings_apart() -> None:
    text = "# A\n## Tasks\n# B\n## Tasks\n"
    assert append(text, "B > Tasks", "- x") == f"{text}\n- x\n"


def test_lines_that_stand_there_are_not_added_again() -> None:
    once = append(DOC, "補足", "一行目\n\n二行目")
    assert append(once, "補足", "二行目") == once
    assert append(once, "補足", "\n一行目\n\n二行目\n\n") == once
    assert append(once, "現在地（C）", "二行目") != once


def test_only_whole_lines_count_as_standing_there() -> None:
    assert append("# A\n- ab\n", "A", "- a") == "# A\n- ab\n- a\n"


def test_line_ends_byte_order_mark_and_missing_final_newline_stay() -> None:
    old = b"\xef\xbb\xbf# A\r\n- x\r\n\r\n## B\r\ntext"
    new = outcome(
        old,
        AppendAfterHeading(path="d", match_heading="A", markdown="- y\n- z\n"),
        AppendAfterHeading(path="d", match_heading="B", markdown="more"),
    )
    assert new == b"\xef\xbb\xbf# A\r\n- x\r\n- y\r\n- z\r\n\r\n## B\r\ntext\r\n\r\nmore"


def test_a_repeated_heading_is_not_doubled() -> None:
    assert append("## A\nx\n", "A", "## A\n\ny") == "## A\nx\n\ny\n"
    assert replace("## A\nx\n", "A", "# A\n\ny") == "## A\ny\n"


@pytest.mark.parametrize("markdown", ["# B\nx", "x\n\n## B", "x\n=="])
def test_new_text_does_not_end_its_own_section(markdown: str) -> None:
    for kind in (AppendAfterHeading, ReplaceSection):
        edit = kind(path="d", match_heading="A", markdown=markdown)
        assert "would end this section" in refusal(edit, d="## A\n\n### C\n")


@pytest.mark.parametrize("markdown", ["```\nopen", "<!-- open", "- x\n\n<pre>"])
def test_new_text_does_not_swallow_the_rest(markdown: str) -> None:
    for kind in (AppendAfterHeading, ReplaceSection):
        edit = kind(path="d", match_heading="A", markdown=markdown)
        assert "how the rest of the document reads" in refusal(edit, d="# A\nx\n# B\n")
        assert "how the rest of the document reads" in refusal(edit, d="# A\nx\n")


def test_nothing_is_appended_to_a_document_that_ends_in_open_code() -> None:
    text = "# A\n```\ncode\n"
    edit = AppendAfterHeading(path="d", match_heading="A", markdown="```\nx")
    assert "never closed" in refusal(edit, d=text)
    assert replace(text, "A", "x") == "# A\nx\n"


# Replace section


def test_a_section_is_replaced_with_its_sub_sections() -> None:
    new = replace(DOC, "現在地（C）", "\n- 二台\n\n")
    before, rest = DOC.split("- 焙煎機は一台\n")
    assert new == f"{before}- 二台\n\n## ゴール{rest.split('## ゴール', 1)[1]}"


def test_the_last_section_keeps_its_missing_final_newline() -> None:
    assert replace("# A\nx\ny", "A", "z") == "# A\nz"
    assert replace("# A\n\nx", "A", "") == "# A"


def test_the_same_text_again_changes_nothing() -> None:
    edit = ReplaceSection(path="d", match_heading="A", markdown="# A\n\nx\n")
    assert render([edit], reader(d="# A\r\n\r\nx\r\n")).files == {}


# Merge JSON

MEMORY = """{
  "project": "roastery",
  "目標": { "id": "G-1", "数": 1.50 },
  "runs": [1, 2],
  "last": {
    "at": "2026-03-01T00:00:00Z",
    "empty": {}
  }
}
"""


def test_only_the_lines_of_changed_values_change() -> None:
    new = merge(MEMORY, {"last": {"at": "2026-03-02T00:00:00Z", "by": "花"}, "runs": [3]})
    assert new == MEMORY.replace("03-01", "03-02").replace("[1, 2]", "[3]").replace(
        '"empty": {}', '"empty": {},\n    "by": "花"'
    )


def test_new_objects_are_indented_like_their_neighbours() -> None:
    new = merge(MEMORY, {"last": {"empty": {"a": {"b": 1}}}})
    assert '    "empty": {\n      "a": {\n        "b": 1\n      }\n    }\n  }\n}\n' in new


@pytest.mark.parametrize(
    ("old", "value", "new"),
    [
        ('{"a":1,"b":{"c":2}}', {"b": {"c": [1, 2], "d": {"e": 0}}}, '{"a":1,"b":{"c":[1,2],"d":{"e":0}}}'),
        ('{"a": 1}', {"b": [1, 2]}, '{"a": 1, "b": [1, 2]}'),
        ('{\n\t"a": 1\n}', {"b": {"c": 2}}, '{\n\t"a": 1,\n\t"b": {\n\t\t"c": 2\n\t}\n}'),
        ('{\r\n    "a": 1\r\n}\r\n', {"b": [2]}, '{\r\n    "a": 1,\r\n    "b": [\r\n        2\r\n    ]\r\n}\r\n'),
        ("{}\n", {"a": 1}, '{\n  "a": 1\n}\n'),
        (' \ufeff{"a": "\\u82b1"}'.strip(), {"b": "花"}, '\ufeff{"a": "\\u82b1", "b": "\\u82b1"}'),
        ('{"a": null}', {"a": {"b": 1}}, '{"a": {"b": 1}}'),
        ('{"a": {"b": 1}}', {"a": 2}, '{"a": 2}'),
        ('{"a": 1}', {"a": True}, '{"a": true}'),
        ('{"a": 1e400, "n": 123456789012345678901234567890}', {"b": 1}, '{"a": 1e400, "n": 123456789012345678901234567890, "b": 1}'),
    ],
)  # fmt: skip
def test_a_merge_keeps_the_documents_own_style(old: str, value: dict[str, Any], new: str) -> None:
    assert merge(old, value) == new


def test_a_merge_of_what_stands_there_changes_nothing() -> None:
    edit = MergeJson(
        path="d", merge={"last": {"at": "2026-03-01T00:00:00Z", "empty": {}}, "目標": {"数": 1.5}}
    )
    assert render([edit], reader(d=MEMORY)).files == {}


def test_an_object_does_not_push_out_a_value() -> None:
    edit = MergeJson(path="d", merge={"last": {"at": {"day": 1}}})
    assert "at last.at, which an object would replace" in refusal(edit, d=MEMORY)


@pytest.mark.parametrize(
    "text",
    ["[]", "", "{", "NaN", '{"a": NaN}', '{"a": -Infinity}', '"x"', "[" * 100_000, '{"a":' * 100_000,
     '{"a": ' + "9" * 5000 + "}", '{"a": 1} {}'],
)  # fmt: skip
def test_what_is_no_json_object_is_refused(text: str) -> None:
    assert "does not hold a JSON object" in refusal(MergeJson(path="d", merge={"a": 1}), d=text)


def test_a_key_that_stands_twice_is_refused() -> None:
    assert "a key twice" in refusal(MergeJson(path="d", merge={"b": 1}), d='{"x": {"a": 1, "a": 2}}')


def nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), "\ud800", "\0", 10**5000, object()],
    ids=["nan", "inf", "half a character", "NUL", "huge", "object"],
)
def test_what_no_json_document_can_hold_is_refused(value: Any) -> None:
    assert "neither text nor JSON" in refusal(MergeJson(path="d", merge={"a": [value]}), d="{}")


def test_a_backslash_before_u0000_is_only_text() -> None:
    assert json.loads(merge("{}", {"a": r"\u0000"})) == {"a": r"\u0000"}


def test_a_merge_nested_too_deep_is_refused() -> None:
    assert json.loads(merge("{}", nested(40))) == nested(40)
    assert "levels deep" in refusal(MergeJson(path="d", merge=nested(10_000)), d="{}")


# Files


def test_a_file_is_added_only_where_none_is() -> None:
    edit = AddFile(path="new/d", content="x\n")
    assert render([edit], reader()).files == {"new/d": b"x\n"}
    assert render([edit], reader(**{"new/d": "x\n"})).files == {}
    assert "exists already" in refusal(edit, **{"new/d": "y"})


def test_a_file_is_no_folder() -> None:
    assert "beside the file a," in refusal(AddFile(path="a/b", content=""), a="x")
    assert "beside the file a/b," in refusal(AddFile(path="a/b", content=""), AddFile(path="a", content=""))


def test_a_file_is_replaced_only_where_one_is() -> None:
    edit = ReplaceFile(path="d", content="new")
    assert render([edit], reader(d=b"\xff\0")).files == {"d": b"new"}
    assert "There is no d to change" in refusal(edit)


@pytest.mark.parametrize(
    "edit",
    [
        AppendAfterHeading(path="d", match_heading="A", markdown="x"),
        ReplaceSection(path="d", match_heading="A", markdown="x"),
        MergeJson(path="d", merge={"a": 1}),
    ],
)
def test_a_part_needs_a_document_in_utf_8(edit: Edit) -> None:
    assert "There is no d to change" in refusal(edit)
    assert "not UTF-8" in refusal(edit, d="# 現在地".encode("shift_jis"))
    assert "more than 1000000 bytes" in refusal(edit, d="x" * 1_000_001)


def test_a_file_moves_with_its_bytes() -> None:
    edit = Archive(path="d", to="old/d")
    assert render([edit], reader(d=b"\xff" * 2_000_000)).files == {"d": None, "old/d": b"\xff" * 2_000_000}
    assert "There is no d to change" in refusal(edit)
    assert "old/d exists already" in refusal(edit, **{"d": "x", "old/d": "x"})
    assert "d exists already" in refusal(Archive(path="d", to="d"), d="x")
    assert render([Archive(path="d", to="d/d")], reader(d="x")).files == {"d": None, "d/d": b"x"}


def test_a_file_larger_than_the_limit_is_refused() -> None:
    for edit in (AddFile(path="new", content="あ" * 333_334), ReplaceFile(path="d", content="x" * 1_000_001)):
        assert "more than 1000000 bytes" in refusal(edit, d="x")
    edit = AppendAfterHeading(path="d", match_heading="A", markdown="x" * 600_000)
    assert "more than 1000000 bytes" in refusal(edit, d="# A\n" + "y" * 600_000)
    assert "more than 1000000 bytes" in refusal(AddFile(path="new", content="x" * 3_000_000))


# The whole list


def test_later_edits_see_what_earlier_ones_left() -> None:
    edits = [
        AddFile(path="new", content="# A\n"),
        AppendAfterHeading(path="new", match_heading="A", markdown="- x"),
        Archive(path="new", to="newer"),
        AppendAfterHeading(path="newer", match_heading="A", markdown="- y"),
        ReplaceFile(path="d", content="2"),
        ReplaceFile(path="d", content="1"),
    ]
    assert render(edits, reader(d="1")).files == {"newer": b"# A\n\n- x\n- y\n"}
    assert paths(edits) == ("d", "new", "newer")


def test_more_edits_than_a_person_can_look_at_are_refused() -> None:
    edits = [AddFile(path=f"f{number}", content="") for number in range(201)]
    assert len(render(edits[:200], reader()).files) == 200
    assert "at most 200" in refusal(*edits)
    with pytest.raises(EditRefused, match="at most 200"):
        load(dump(edits))


def test_large_documents_are_not_taken_apart_over_and_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worktree, "PARSED", 1_000)
    edits = [AppendAfterHeading(path="d", match_heading="A", markdown=f"- {n}") for n in range(9)]
    assert render(edits[:2], reader(d="# A\n" + "- y\n" * 300)).files
    assert "split them into several" in refusal(*edits, d="# A\n" + "- y\n" * 300)
    edit = AppendAfterHeading(path="d", match_heading="A", markdown="- y\n" * 1_000)
    assert "split them into several" in refusal(edit, d="# A\n")


@pytest.mark.parametrize(
    "path",
    ["", "/a", "../a", "a/../b", "a/./b", "./a", "a//b", "a/", "a\\b", "a\0b", "a\nb", "a\u202eb", "a\u200bb",
     ".git/config", "a/.GIT/b", ".git", ".git. /x", "git~1/x", ".git::$INDEX_ALLOCATION/x", "x" * 401, "あ" * 134],
)  # fmt: skip
def test_a_path_that_leaves_the_repository_or_hides_is_refused(path: str) -> None:
    for edit in (AddFile(path=path, content="x"), Archive(path="d", to=path), MergeJson(path=path, merge={})):
        why = refusal(edit, d="x")
        assert "is not a path to write to" in why
        assert "\0" not in why
        assert "\u202e" not in why


@pytest.mark.parametrize("path", ["STATE/焙煎/現在地.md", ".github/x", ".gitignore", "a b", "x" * 400, "..a"])
def test_an_ordinary_path_is_taken(path: str) -> None:
    assert render([AddFile(path=path, content="")], reader()).files == {path: b""}


# Edits as JSON


def test_edits_survive_a_json_field() -> None:
    edits = (
        AppendAfterHeading(path="a", match_heading="A", markdown="x", evidence=("reports/r",)),
        ReplaceSection(path="a", match_heading="A", markdown="x"),
        MergeJson(path="b", merge={"a": [1, None, {"b": 1.5}]}),
        AddFile(path="c", content=""),
        ReplaceFile(path="c", content="x"),
        Archive(path="c", to="e"),
    )
    assert load(json.loads(json.dumps(dump(edits)))) == edits


GOOD = {"operation": "add_file", "path": "a", "content": "x"}


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ({}, "not a list"),
        ("x", "not a list"),
        (None, "not a list"),
        ([GOOD, "x"], "Edit 2 is not an object with one of these operations: append_after_heading"),
        ([{"operation": "delete", "path": "a"}], "Edit 1 is not an object with one"),
        ([{"path": "a"}], "Edit 1 is not an object with one"),
        ([{"operation": "add_file", "path": "a"}], "Edit 1 (add_file) lacks content"),
        ([{**GOOD, "mode": "100755"}], "Edit 1 (add_file) has no field mode"),
        ([{**GOOD, "path": 3}], "In edit 1 (add_file), path has the wrong type"),
        ([{**GOOD, "evidence": [["x"]]}], "In edit 1 (add_file), evidence.0 has the wrong type"),
        ([{**GOOD, "content": "\ud800"}], "neither text nor JSON"),
        ([{**GOOD, "content": "\0"}], "neither text nor JSON"),
        ([{**GOOD, "evidence": ["\0"]}], "neither text nor JSON"),
        ([{**GOOD, "path": ".git/hooks/x"}], "is not a path to write to"),
        ([{"operation": "merge_json", "path": "a", "merge": [1]}], "merge has the wrong type"),
        ([{"operation": "merge_json", "path": "a", "merge": nested(5000)}], "levels deep"),
    ],
)
def test_raw_edits_are_refused_with_place_and_reason(raw: Any, why: str) -> None:
    with pytest.raises(EditRefused) as refused:
        load(raw)
    assert why in str(refused.value)
    assert "pydantic" not in str(refused.value)


# Any document

LINES = st.sampled_from(
    ["", "", "# A", "## B", "### C #", "text", "---", "===", "- x", "  - y", "1. z", "2. z", "> q", "> # A", "```", "~~~",
     "<!--", "-->", "<div>", "    code", "| a |", "|---|", "[a]: b", "   ## 目標（G）", "\t", "text", "- # A", "　",
     "- ```", "<pre>", "</pre>", "\\# x", "#", "* * *", "\u2028x", "\x0c", "\0"]
)  # fmt: skip
ENDS = st.sampled_from(["\n", "\n", "\n", "\r\n", "\r"])
ROWS = st.lists(st.tuples(LINES, ENDS), max_size=12).map(lambda rows: "".join(map("".join, rows)))
DOCUMENTS = st.tuples(ROWS, ROWS).map("\n\n## Middle\n".join)
HEADINGS = st.sampled_from(["Middle", "Middle", "B", "C"])
MARKDOWN = st.lists(LINES.filter(lambda line: "\0" not in line), max_size=5).map("\n".join)


def written(text: str, edit: Edit) -> str | None:
    try:
        return outcome(text, edit).decode()
    except EditRefused:
        return None


@settings(max_examples=150, deadline=None)
@given(text=DOCUMENTS, cut=st.booleans(), heading=HEADINGS, markdown=MARKDOWN)
def test_an_append_only_adds_once_and_keeps_every_heading(
    text: str, cut: bool, heading: str, markdown: str
) -> None:
    text = text.rstrip("\r\n") if cut else text
    edit = AppendAfterHeading(path="d", match_heading=heading, markdown=markdown)
    if (new := written(text, edit)) is None:
        return
    grown = len(new) - len(text)
    start = next((at for at, (a, b) in enumerate(zip(text, new, strict=False)) if a != b), len(text))
    assert grown >= 0
    assert new[:start] + new[start + grown :] == text
    assert written(new, edit) == new
    titles = [(one.level, one.text) for one in outline(new).headings]
    assert all((one.level, one.text) in titles for one in outline(text).headings)


@settings(max_examples=150, deadline=None)
@given(text=DOCUMENTS, heading=HEADINGS, markdown=MARKDOWN)
def test_a_replaced_section_leaves_all_others_as_they_were(text: str, heading: str, markdown: str) -> None:
    edit = ReplaceSection(path="d", match_heading=heading, markdown=markdown)
    if (new := written(text, edit)) is None:
        return
    shape = outline(text)
    index = next(at for at, one in enumerate(shape.headings) if one.text == heading)
    outside = shape.next_outside(index)
    assert new.startswith("".join(shape.lines[: shape.headings[index].after]))
    if outside < len(shape.headings):
        assert new.endswith("".join(shape.lines[shape.headings[outside].first :]))
    assert written(new, edit) == new


@settings(max_examples=100, deadline=None)
@given(text=st.text(max_size=300), heading=st.text(max_size=30), markdown=st.text(max_size=100))
def test_any_text_gives_a_document_or_a_sentence(text: str, heading: str, markdown: str) -> None:
    for kind in (AppendAfterHeading, ReplaceSection):
        edit = kind(path="d", match_heading=heading, markdown=markdown)
        refused = refusal_if_any(lambda edit=edit: render([edit], reader(d=f"# A\n{text}")))
        assert refused is None or refused.why.as_json()["params"]


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
OBJECTS = st.dictionaries(
    st.sampled_from(["a", "b", "目標", 'q"\\', ""]),
    st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "c"]), inner),
        max_leaves=8,
    ),
)


def merged(old: Any, new: Any) -> Any:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    return {**old, **{key: merged(old.get(key), value) for key, value in new.items()}}


@settings(max_examples=150, deadline=None)
@given(
    old=OBJECTS, new=OBJECTS, indent=st.sampled_from([None, 0, 2, 4, "\t"]), escaped=st.booleans(),
    crlf=st.booleans(), tight=st.booleans(),
)  # fmt: skip
def test_a_merge_is_the_merge_of_the_values(
    old: dict[str, Any], new: dict[str, Any], indent: Any, escaped: bool, crlf: bool, tight: bool
) -> None:
    text = json.dumps(
        old, indent=indent, ensure_ascii=escaped, separators=(",", ":") if tight else (", ", ": ")
    )
    text = text.replace("\n", "\r\n") if crlf else text
    edit = MergeJson(path="d", merge=new)
    refused = refusal_if_any(lambda: outcome(text, edit))
    if refused:
        assert "which an object would replace" in str(refused)
        return
    changed = outcome(text, edit).decode()
    assert json.dumps(json.loads(changed)) == json.dumps(merged(old, new))
    assert written(changed, edit) == changed
    assert ("\n" in changed.replace("\r\n", "")) <= ("\n" in text.replace("\r\n", "") or not old)


@settings(max_examples=100, deadline=None)
@given(text=st.text(alphabet='{}[]",:\\ab1e.-+ \nu0', max_size=60), new=OBJECTS)
def test_any_json_like_text_gives_a_document_or_a_sentence(text: str, new: dict[str, Any]) -> None:
    refused = refusal_if_any(lambda: render([MergeJson(path="d", merge=new)], reader(d=text)))
    assert refused is None or str(refused.why)


@settings(max_examples=100, deadline=None)
@given(
    raw=st.recursive(
        SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
            st.sampled_from(["operation", "path", "to", "merge", "content", "markdown", "match_heading"]),
            inner | st.sampled_from(["add_file", "archive", "merge_json", "append_after_heading"]),
        ), max_leaves=12,
    )
)  # fmt: skip
def test_any_json_is_edits_or_a_sentence(raw: Any) -> None:
    refused = refusal_if_any(lambda: render(load(raw), reader()))
    assert refused is None or str(refused.why)


@pytest.mark.parametrize(
    "text",
    ["# *a*\n" * 3_000, "- a\n" * 5_000, "> " * 10_000, "[" * 20_000, "`" * 20_000, "<!--\n" * 4_000, "\r" * 20_000,
     "# " + "<" * 20_000, "# " + "[](" * 7_000, "# " + "_" * 20_000, "# " + " #" * 10_000, "|a|\n|-|\n" * 2_500,
     "\ufdfa" * 6_000],
    ids=lambda text: text[:6],
)  # fmt: skip
def test_hostile_documents_cost_little(text: str) -> None:
    started = time.process_time()
    for edit in (
        AppendAfterHeading(path="d", match_heading=text, markdown=text),
        ReplaceSection(path="d", match_heading="A", markdown=text),
        AppendAfterHeading(path="d", match_heading=" > a" * 5_000, markdown=text),
    ):
        refused = refusal_if_any(lambda edit=edit: render([edit], reader(d=f"# A\n\n{text}")))
        assert refused is None or len(str(refused)) < 800
    assert time.process_time() - started < 10
