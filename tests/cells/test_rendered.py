"""A changed document as its reader sees it: words marked, nothing lost, nothing hidden, nothing dangerous."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cells import documents
from cells.patches.rendered import pieces
from cells.patches.rendered.tree import TooMuch
from cells.patches.rendered.words import Room, units


def compared(old: str, new: str) -> pieces.Rendered:
    return pieces.compare(old, new, Room(), lambda lines: "")


def shown(old: str, new: str) -> str:
    return "".join(piece.html for piece in compared(old, new).pieces)


def marked(tag: str, text: str) -> list[str]:
    return [re.sub("<[^>]+>", "", one) for one in re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)]


def said(text: str, without: str = "") -> str:
    """What a reader reads of HTML: no spaces, and nothing that stands inside `without`."""
    if without:
        text = re.sub(rf"<{without}>.*?</{without}>", "", text, flags=re.DOTALL)
    return re.sub(r"\s", "", html.unescape(re.sub("<[^>]+>", "", text)))


@pytest.mark.parametrize(
    ("old", "new", "gone", "come"),
    [
        ("The oven holds 210 degrees today", "The oven holds 225 degrees today", ["210"], ["225"]),
        ("It began on 2026-03-02 at noon.", "It began on 2026-03-05 at noon.", ["2026-03-02"], ["2026-03-05"]),
        ("冬の目標を五十にする。", "冬の目標を四十八にする。", ["五十"], ["四十八"]),
        ("今月の在庫量を確認した。", "今月の在庫数を確認した。", ["量"], ["数"]),
        ("サーバーの状態を報告する", "クラスタの状態を報告する", ["サーバー"], ["クラスタ"]),
        ("- [ ] calibrate it", "- [x] calibrate it", ["[ ]"], ["[x]"]),
        ("|a|b|\n|-|-|\n|1|2|", "|a|b|\n|-|-|\n|1|5|", ["2"], ["5"]),
        ("```\nx = 1\ny = 2\n```", "```\nx = 3\ny = 2\n```", ["1"], ["3"]),
        ("a long line with *one* word", "a long line with **one** word", ["one"], ["one"]),
        ("read [the report](one.md) first", "read [the report](two.md) first", ["the report"], ["the report"]),
        ("---\nstate: draft\nby: ada\n---\n# T", "---\nstate: final\nby: ada\n---\n# T", ["draft"], ["final"]),
        ("one line of text\\\nand two", "one line of text and two", [""], [" "]),
    ],
)  # fmt: skip
def test_what_changed_is_marked_word_by_word(old: str, new: str, gone: list[str], come: list[str]) -> None:
    text = shown(old, new)
    assert ([one.strip() for one in marked("del", text)], [one.strip() for one in marked("ins", text)]) == (
        [one.strip() for one in gone],
        [one.strip() for one in come],
    )


def test_a_paragraph_that_says_something_else_is_no_changed_one() -> None:
    text = shown("Bread is baked at night.", "冬は薪が足りない。")
    assert '<p class="del">' in text
    assert '<p class="ins">' in text


def test_a_new_row_and_a_new_item_stand_between_the_old_ones() -> None:
    table = shown("|a|b|\n|-|-|\n|1|2|\n|3|4|", "|a|b|\n|-|-|\n|1|2|\n|8|9|\n|3|4|")
    assert table.count("<table>") == 1
    assert re.search(r'2</td>\s*</tr>\s*<tr class="ins">.*9.*</tr>\s*<tr>\s*<td>3', table, re.DOTALL)
    items = shown("1. one\n2. three", "1. one\n2. two\n3. three")
    assert re.search(
        r'one.*<li value="2" class="ins"><ins>two</ins></li>\s*<li value="3">three', items, re.DOTALL
    )


def test_what_did_not_change_is_folded_under_its_heading() -> None:
    old = (
        "# Oven\n\n"
        + "\n\n".join(f"Paragraph {n} about bread." for n in range(9))
        + "\n\n## Heat\n\nIt is 210 warm."
    )
    first, second = compared(old, old.replace("210", "225")).pieces
    assert (first.folded, second.folded) == (19, 0)
    assert "<h2>Heat</h2>" in second.html
    assert "Paragraph" not in second.html


def test_long_lists_and_tables_fold_inside() -> None:
    items = [f"- item number {n}" for n in range(20)]
    rows = ["|a|b|", "|-|-|", *(f"|row {n}|value {n}|" for n in range(20))]
    for lines in (items, rows):
        old = "\n".join(lines)
        text = "".join(
            one.html
            for one in pieces.compare(old, old.replace(" 10", " ten"), Room(), lambda n: f"{n} folded").pieces
        )
        assert re.findall(r"\d+ folded", text) == ["9 folded", "8 folded"]


def test_lines_whose_change_does_not_show_are_known() -> None:
    old = "# A\n\nSee [x].\n\n[x]: https://example.org/one\n"
    rendered = compared(old, old.replace("* A", "").replace("one", "two"))
    assert rendered.new_lines == {3}
    for before, after in (
        ("* a\n* b", "- a\n- b"),
        ("one\ntwo", "one two"),
        ("```py\nx\n```", "```sh\nx\n```"),
        ("a\n\nb", "a\n\n<b"[:4] + "\n[y]: /z"),
    ):
        found = compared(before, after)
        assert not found.new_lines & {1, 2} or "<ins>" in "".join(one.html for one in found.pieces)
    assert compared("a", 'a\n\n[b](c.md "words nobody sees")').new_lines == set()
    assert compared("a", "a\n\n``` words nobody sees\nb\n```").new_lines == set()


HOSTILE = """<script>alert(1)</script> <img src=x onerror=alert(2)> [x](javascript:alert(3)) ![p](data:image/svg+xml,x)
<ins>no</ins> </del></p> <details open ontoggle=alert(4)> [y](https://e.org/"onclick="alert(5)) `</code><script>`

```"><script>
</code></pre><script>alert(6)</script>
```
<input type=checkbox onclick=alert(7)>
"""


def test_hostile_text_stays_text_on_either_side() -> None:
    for old, new in ((HOSTILE, ""), ("", HOSTILE), (HOSTILE, HOSTILE.replace("alert", "attack"))):
        text = shown(old, new)
        tags = {one.lower() for one in re.findall(r"<\s*/?\s*([a-zA-Z]+)", text)}
        assert tags <= documents.TAGS | {"ins", "del", "span"}
        assert not re.search(r"<[^>]*\s(on\w+|style|src)\s*=", re.sub(r'"[^"]*"', '""', text))
        assert 'href="javascript' not in text


MARKDOWN = st.lists(
    st.sampled_from(
        ["# ", "## ", "- ", "- [ ] ", "- [x] ", "1. ", "> ", "|a|b|\n|-|-|\n", "|1|2|\n", "```\n", "~~~ py\n", "    ", "\n", "\n\n", "  ",
         "*", "**", "`", "~~", "[x](y.md)", "<b>", "<script>", "&lt;", "\\", "word ", "words ", "210 ", "目標を", "状態は", "。", "é", "---\n",
         "a: b\n", "</p>", "[r]\n", "[r]: /u\n", "\x00", "\u200d"]
    ) | st.text(max_size=4),
    max_size=25,
).map(lambda parts: "".join(parts).replace("\r", ""))  # fmt: skip


@given(MARKDOWN, MARKDOWN)
def test_without_what_went_it_is_the_new_document_and_without_what_came_the_old_one(
    old: str, new: str
) -> None:
    old, new = (re.sub(r"\A---", "", text.replace("![", "")) for text in (old, new))
    text = shown(old, new)
    assert "<script" not in text
    assert said(text, "del") == said(documents.markdown(new))
    assert said(text, "ins") == said(documents.markdown(old))


@given(MARKDOWN)
def test_a_document_that_did_not_change_has_no_mark(text: str) -> None:
    assert not re.search("<(ins|del)>", shown(text, text))


@given(st.text())
def test_no_unit_of_a_text_is_lost(text: str) -> None:
    assert "".join(units(text)) == text


@pytest.mark.parametrize(
    "text",
    ["word " * 12_001, "|a|b|\n|-|-|\n" + "|1|2|\n" * 9_000, "- x\n" * 9_000, "one line\rin git, two here", "> " * 30 + "deep"],
    ids=["long", "cells", "items", "line ends", "deep"],
)  # fmt: skip
def test_what_a_page_has_no_room_for_is_not_rendered(text: str) -> None:
    with pytest.raises(TooMuch):
        compared("a", text)


def test_the_room_of_a_page_is_for_all_its_documents() -> None:
    room, text = Room(), "word " * 10_000
    pieces.alone(text, room)
    pieces.compare(text, text, room, str)
    with pytest.raises(TooMuch):
        pieces.alone(text, room)


def test_one_word_of_a_long_text_is_found() -> None:
    for unit in ("a b ", "目標は、"):
        text = shown(f"begin {unit * 5000} 210 {unit * 5000}", f"begin {unit * 5000} 225 {unit * 5000}")
        assert (marked("del", text), marked("ins", text)) == (["210"], ["225"])


@pytest.mark.parametrize("units", [["x{n} r", "x{n} q r q"], ["a b", "b a"], ["{n} {n}", "{n}. "]])
def test_texts_made_to_be_slow_are_replaced_as_a_whole(units: list[str]) -> None:
    old, new = (" ".join(unit.format(n=n) for n in range(4000)) for unit in units)
    room = Room()
    (piece,) = pieces.compare(f"begin {old}", f"begin {new} end", room, str).pieces
    assert 0 <= room.comparisons < Room().comparisons
    assert said(piece.html, "del") == said(documents.markdown(f"begin {new} end"))


def test_where_the_room_for_comparing_ran_out_a_text_is_replaced_as_a_whole() -> None:
    old, new = "The oven holds 210 degrees", "The oven took 225 degrees more"
    for comparisons, come in ((1000, 2), (0, 1)):
        text = "".join(
            one.html for one in pieces.compare(old, new, Room(comparisons=comparisons), str).pieces
        )
        assert len(marked("ins", text)) == come
