"""Replies as models really send them: understood where that is certain, kept where it is not, never dropped."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from cells.asks import parsing, replies

JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.floats(width=32) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["understanding", "plan", "C", "commands", "desc", "risk", "x", "a/b", "answer"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


class Grasp(BaseModel):
    C: str = ""
    G: str = ""
    unknowns: list[str] = []


class Step(BaseModel):
    desc: str = ""
    commands: list[str] = []


class Answer(BaseModel):
    understanding: Grasp
    plan: list[Step] = []
    acceptance: list[str] = []
    confidence: float = 0.5
    risk: Literal["LOW", "REVIEW_REQUIRED"] = "REVIEW_REQUIRED"
    note: str = ""
    merge: dict[str, Any] = {}


class Added(BaseModel):
    model_config = ConfigDict(extra="forbid")
    operation: Literal["add"] = "add"
    content: str


class Moved(BaseModel):
    model_config = ConfigDict(extra="forbid")
    operation: Literal["move"] = "move"
    to: str


class Proposal(BaseModel):
    edits: list[Annotated[Added | Moved, Field(discriminator="operation")]] = []
    words: Annotated[
        list[str], BeforeValidator(lambda value: value.split() if value == "a b" else value)
    ] = []


def answer(text: str) -> Answer:
    """The answer of a reply that must be understood."""
    got = replies.read(text, Answer)
    assert isinstance(got.answer, Answer), got.problem
    return got.answer


def said(text: str) -> str:
    """Every tolerance that was needed, in words."""
    return " ".join(str(repair) for repair in replies.read(text, Answer).repairs)


def refused(text: str) -> str:
    got = replies.read(text, Answer)
    assert got.answer is None
    assert got.problem
    return str(got.problem)


GOOD = '{"understanding": {"C": "ready"}, "plan": [{"desc": "look"}]}'


def test_a_clean_answer_needs_no_repair_and_keeps_nothing() -> None:
    got = replies.read(GOOD, Answer)
    assert got == replies.Read(Answer(understanding=Grasp(C="ready"), plan=[Step(desc="look")]))


@pytest.mark.parametrize(
    "text",
    [
        f"```json\n{GOOD}\n```",
        f"~~~\n{GOOD}\n~~~",
        f"\ufeff{GOOD}",
        json.dumps(GOOD),
        GOOD.replace("}]}", "},],}"),
        GOOD.replace('"', "'"),
        GOOD.replace('"', "“", 1).replace('"', "”", 1),
        GOOD.replace('"ready"', "“ready”"),
        f"[{GOOD}]",
        f'{{"answer": {GOOD}}}',
        f'{{"data": {{"u_contract": {GOOD}}}}}',
        GOOD.replace('"understanding"', '"Understanding"'),
        GOOD.replace('{"C": "ready"}', '"ready"'),
        GOOD.replace('{"C": "ready"}', '["x"], "understanding": {"C": "ready"}'),
        GOOD.replace('[{"desc": "look"}]', '"look"'),
        GOOD.replace('[{"desc": "look"}]', '["look"]'),
        GOOD.replace('[{"desc": "look"}]', '{"desc": "look"}'),
        GOOD.replace('[{"desc": "look"}]', '{"first": "look"}'),
        GOOD.replace('"plan"', '"confidence": null, "acceptance": null, "plan"'),
        GOOD.replace('"plan"', '"risk": "review required", "confidence": "0.5", "plan"'),
        f"{GOOD}\n{GOOD}",
        f'{{"other": 1}}\n{GOOD}',
    ],
)
def test_an_answer_is_understood_however_it_is_wrapped(text: str) -> None:
    got = answer(text)
    assert (got.understanding.C, got.plan) == ("ready", [Step(desc="look")])
    assert (got.confidence, got.risk, got.acceptance) == (0.5, "REVIEW_REQUIRED", [])


def test_an_object_plan_becomes_steps_and_loses_no_command() -> None:
    assert answer('{"understanding": "x", "plan": {"commands": ["a", "b"]}}').plan == [
        Step(commands=["a", "b"])
    ]


def test_text_around_the_answer_is_kept_and_footnotes_are_not_json() -> None:
    got = replies.read(
        f"As asked [1], for {{name}} and ${{{{ 'x' }}}}:\n```json\n{GOOD}\n```\nDone [2].", Answer
    )
    assert got.answer == answer(GOOD)
    assert got.kept == {"text": "As asked [1], for {name} and ${{ 'x' }}:\nDone [2]."}


def test_of_several_values_the_one_that_fits_is_taken_and_the_others_are_kept() -> None:
    got = replies.read(f'{{"log": [1]}} {GOOD} ["more"]', Answer)
    assert got.answer == answer(GOOD)
    assert got.kept == {"#1": {"log": [1]}, "#3": ["more"]}
    assert "3 JSON values" in said(f'{{"log": [1]}} {GOOD} ["more"]')


def test_lines_of_objects_become_the_list_they_belong_to() -> None:
    got = replies.read('{"operation": "add", "content": "x"}\n{"operation": "move", "to": "y"}', Proposal)
    assert got.answer == Proposal(edits=[Added(content="x"), Moved(to="y")])


def test_what_the_schema_has_no_place_for_is_kept_by_pointer() -> None:
    got = replies.read('{"understanding": {"C": "x", "mood": true}, "a/b": {"n": [5]}, "note": "y"}', Answer)
    assert got.kept == {"/understanding/mood": True, "/a~1b": {"n": [5]}}


def test_a_key_an_edit_forbids_is_kept_and_the_edit_stands() -> None:
    got = replies.read(
        '{"edits": [{"operation": "move", "to": "y", "why": "old"}], "words": "a b"}', Proposal
    )
    assert got.answer == Proposal(edits=[Moved(to="y")], words=["a", "b"])
    assert got.kept["/edits/0/why"] == "old"


def test_an_edit_that_does_not_fit_is_a_problem_not_a_smaller_patch() -> None:
    got = replies.read('{"edits": [{"operation": "add", "content": "x"}, {"operation": "burn"}]}', Proposal)
    assert got.answer is None
    assert "/edits/1" in str(got.problem)


def test_a_key_given_twice_keeps_both_values() -> None:
    got = replies.read('{"understanding": "x", "note": "first", "note": "second"}', Answer)
    assert isinstance(got.answer, Answer)
    assert (got.answer.note, got.kept) == ("second", {"/note": "first"})


def test_a_word_where_a_number_belongs_is_kept_and_a_word_nobody_allowed_is_a_problem() -> None:
    got = replies.read('{"understanding": "x", "confidence": "high"}', Answer)
    assert isinstance(got.answer, Answer)
    assert (got.answer.confidence, got.kept) == (0.5, {"/confidence": "high"})
    assert "/risk" in refused('{"understanding": "x", "risk": "NONE AT ALL"}')


def test_a_text_made_of_a_structure_keeps_the_structure() -> None:
    got = replies.read('{"understanding": "x", "note": {"a": "b"}}', Answer)
    assert got.kept == {"/note": {"a": "b"}}
    assert answer('{"understanding": "x", "note": ["a", "b"]}').note == "a\nb"


def test_numbers_and_characters_no_database_stores_are_replaced_or_kept_as_text() -> None:
    got = answer(
        '{"understanding": "a\\ud800\\u0000\tb", "merge": {"n": NaN, "i": 1e999, "l": %s}}' % ("9" * 5000)
    )
    assert got.understanding.C == "a\ufffd\ufffd\tb"
    assert got.merge == {"n": "NaN", "i": "1e999", "l": "9" * 5000}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("nudge the workflow again", "no JSON object"),
        ("", "no JSON object"),
        ("42", "no JSON object"),
        (GOOD[:-1], "breaks off"),
        (GOOD[:30], "breaks off"),
        (f"{GOOD} {GOOD[:40]}", "breaks off"),
        ('{"understanding": "x" "y"}', "broken"),
        ('{"plan": ["x"]}', "/understanding"),
        ('{"kind": 1}', "none of the keys"),
        ('{"a":' * 70 + "1" + "}" * 70, "nested deeper"),
        ("x" * (parsing.LIMIT + 1), "at most"),
        ("[]" * 2000, "more than"),
        ("{}", "none of the keys"),
    ],
)
def test_what_cannot_be_understood_says_why(text: str, why: str) -> None:
    assert why in refused(text)


@pytest.mark.parametrize(
    "piece",
    [
        "[",
        '{"',
        "{“",
        '["\\"',
        "{'a",
        "[ ",
        "[{",
        '{"a":',
        "{}",
        "'a',",
        "```\n",
        "[' ",
        "‘",
        "\\u",
        "[[[[{",
        '{"a":[1,',
    ],
)
def test_hostile_repetition_costs_little_time(piece: str) -> None:
    for head in ("", '{"understanding":['):
        began = time.monotonic()
        replies.read(head + piece * (400_000 // len(piece)), Answer)
        assert time.monotonic() - began < 5


def leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from leaves(item)
    elif value not in (None, ""):
        yield replies.comparable(value)


def lines(texts: Iterator[str]) -> set[str]:
    return {part.strip() for text in texts for part in (text, *text.splitlines())}


@settings(max_examples=150, deadline=None)
@given(value=JSON_LIKE, schema=st.sampled_from([Answer, Proposal, Grasp]))
def test_every_scalar_of_a_reply_is_in_the_answer_or_kept(value: Any, schema: type[BaseModel]) -> None:
    given = {"understanding": "x", "edits": [], "C": value, "rest": value} | (
        value if isinstance(value, dict) else {}
    )
    text = json.dumps(given)
    got = replies.read(text, schema)
    if got.answer is not None:
        clean = parsing.values_in(text).values[0]
        there = lines(leaves(got.answer.model_dump(mode="json"))) | lines(leaves(got.kept))
        assert {text.strip() for text in leaves(clean)} - {""} <= there
        json.dumps(got.kept).encode()


@settings(max_examples=150, deadline=None)
@given(
    st.text() | st.text(alphabet="{}[]\"'“”,:\\ntrue1 \n`") | JSON_LIKE.map(repr) | JSON_LIKE.map(json.dumps)
)
def test_no_text_raises(text: str) -> None:
    got = replies.read(text, Answer)
    assert (got.answer is None) == (got.problem is not None)
