"""What a comment asks, and what only speaks of it. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cells.hosts.github import remarks
from cells.hosts.github.comments import OVERLAP, next_from
from cells.pulls import asked, quoting
from cells.sentences import sentence

MODES = ("u_contract", "update_north_star", "pr_groomer", "persist_report")
CELLS = ("hello-s5", "oven")


def wish(body: str, most: int = 200) -> asked.Wish:
    said = asked.read(body)
    assert said is not None
    return asked.wish(said, modes=MODES, cells=CELLS, most=most)


@pytest.mark.parametrize(
    "body",
    [
        "please /ask", "/asking", "//ask", "\\/ask", "`/ask`", "    /ask", "```\n/ask\n```", "> /ask", "> a\n/ask",
        "- /ask", "1. /ask", "# /ask", "/ask\n===", "| /ask | x |\n|---|---|", "<!-- /ask -->", "<!--\n\n/ask\n\n-->",
        "<details>\n\n/ask\n\n</details>", "<pre>\n\n/ask\n\n</pre>", "*/ask*", "/ASK", "", "`a\n/ask\n`",
    ],
)  # fmt: skip
def test_who_speaks_of_asking_does_not_ask(body: str) -> None:
    assert asked.read(body) is None


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("/ask", ("", "", "")),
        ("/ask update_north_star", ("update_north_star", "", "")),
        ("/ask pr_groomer_suggest", ("pr_groomer", "", "")),
        ("/ask update-north-star `hello-s5`", ("update_north_star", "hello-s5", "")),
        ("/ask oven", ("", "oven", "")),
        (
            "Hello.\n\n/ask oven why is it cold?\r\nIt was warm.",
            ("", "oven", "why is it cold?\n\nIt was warm."),
        ),
        ("/ask re-check the figures", ("", "", "re-check the figures")),
        ("/ask update_north_star hello-s6", ("update_north_star", "hello-s6", "")),
        ("/ask update_south_star oven", ("update_south_star", "oven", "")),
        ("/ask oven\n\n- a\n- b\n\n> not mine\n\n<!-- nor this -->", ("", "oven", "- a\n- b")),
        ("<details>\n<b>a</b>\n</details>\n\n/ask oven", ("", "oven", "")),
        ("/ask oven\n\n/ask hello-s5", ("", "oven", "/ask hello-s5")),
    ],
)
def test_mode_and_cell_are_named_and_the_rest_is_said(body: str, named: tuple[str, str, str]) -> None:
    found = wish(body)
    assert (found.mode, found.cell, found.notes) == named


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ('/ask\n```json\n{"cell": "oven", "mode": "update_north_star"}\n```', ("update_north_star", "oven", "", "")),
        ('/ask\n\nCONTEXT_JSON:\n{\n  "cell_id": "oven",\n\n    "notes_from_human": ["a", "b"]\n}\n\nafter',
         ("", "oven", "", "after\n\na\n\nb")),
        ('/ask\n**CONTEXT_JSON:**\n~~~\n{"project_id": "bread"}\n~~~\nafter', ("", "", "bread", "after")),
        ('/ask oven CONTEXT_JSON: {"cell": "hello-s5", "mode": "pr_groomer_suggest"} please',
         ("pr_groomer", "oven", "", "please")),
        ('/ask\n```json\n{"recent_prs": [{"number": 3}], "cell": 7}\n```',
         ("", "", "", 'CONTEXT_JSON: {"recent_prs": [{"number": 3}]}')),
        ('/ask see the CONTEXT_JSON: it is long', ("", "", "", "see the CONTEXT_JSON: it is long")),
    ],
)  # fmt: skip
def test_a_context_json_names_and_says_as_words_do(body: str, named: tuple[str, str, str, str]) -> None:
    found = wish(body)
    assert (found.mode, found.cell, found.project, found.notes) == named


@pytest.mark.parametrize(
    "more",
    ["```json\n{\n```", "```json\n[1]\n```", "CONTEXT_JSON: soon", "CONTEXT_JSON:\n{'a': 1}", "CONTEXT_JSON:",
     "CONTEXT_JSON: " + "[" * 50_000],
)  # fmt: skip
def test_a_context_json_that_is_none_is_told_as_such(more: str) -> None:
    said = asked.read(f"/ask oven\n{more}")
    assert said is not None
    assert said.broken


def test_what_is_said_is_bounded() -> None:
    assert len(wish(f"/ask oven {'a' * 500}").notes) == 200


PIECES = [
    "/ask", "\n", "\n\n", "    ", "> ", "- ", "`", "```", "~~~", "json", "<!--", "-->", "<b>", "</b>", "CONTEXT_JSON:", "{", "}",
    '"a": 1', " ", "\t", "\r", "\0", "\ud800", "*", "[x]: y", "oven",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=25).map("".join))
def test_whatever_is_written_nothing_raises_and_code_and_quotes_ask_nothing(body: str) -> None:
    said = asked.read(body)
    if said is not None:
        asked.wish(said, modes=MODES, cells=CELLS, most=200).notes.encode()
    quoted = "\n".join(f"> {line}" for line in body.replace("\r", "\n").split("\n"))
    assert asked.read(quoted) is None
    assert asked.read(quoting.fenced(body.replace("\r", "\n"), "text")) is None
    assert asked.read(f"Said: {quoting.code(body)}") is None


@given(
    st.dictionaries(
        st.sampled_from(["action", "issue", "comment"]),
        st.just("created")
        | st.none()
        | st.dictionaries(
            st.sampled_from(["id", "number", "body", "user", "created_at", "title", "issue_url", "pull_request"]),
            st.integers() | st.text(max_size=5) | st.just("/ask") | st.just({"id": 3, "type": "User", "login": 5}),
        ),
    )
)  # fmt: skip
def test_whatever_a_payload_holds_a_remark_or_nothing_comes_of_it(payload: dict[str, object]) -> None:
    remark = remarks.told(payload)
    assert remark is None or (remark.id > 0 and remark.number > 0 and "/ask" in remark.body)


def test_only_what_stands_under_a_pull_request_is_on_one() -> None:
    """The list names no issue; its address does, also in a repository that is called pull."""
    told = {"id": 1, "body": "/ask", "user": {"id": 2, "login": "rin", "type": "User"}}
    for page, on_pull in (("pull/issues/5", False), ("pull/pull/5", True), ("bakery/pull/5", True)):
        said = {"issue_url": "https://x/issues/5", "html_url": f"https://x/acme/{page}#issuecomment-1"}
        remark = remarks.listed(told | said)
        assert remark
        assert (remark.number, remark.on_pull) == (5, on_pull)


def test_the_next_look_overlaps_the_last_one_and_never_goes_back() -> None:
    begun = datetime(2026, 11, 27, 12, tzinfo=UTC)
    newest, late = begun + timedelta(minutes=2), begun + timedelta(hours=1)
    assert next_from(begun, newest, cut=False) == begun
    assert next_from(begun, late, cut=False) == late - OVERLAP
    assert next_from(begun, newest, cut=True) == newest
    assert next_from(begun, begun, cut=True) > begun


def test_what_others_wrote_stands_in_code_that_nothing_in_it_ends() -> None:
    hostile = "@acme/all ``` <img src=x>\n\n/ask oven `` \u202e #12"
    line = quoting.code(hostile)
    assert line == "````@acme/all ``` <img src=x> /ask oven `` #12````"
    assert quoting.code("`a`") == "`` `a` ``"
    block = quoting.fenced("```\n@acme\n`````\n", "json")
    assert block.startswith("``````json\n")
    assert block.endswith("\n``````")
    why = sentence("There is no /ask mode %(mode)s; the modes are %(known)s.", mode="@acme", known="a, b")
    assert quoting.told(why) == "There is no /ask mode `@acme`; the modes are `a, b`."
