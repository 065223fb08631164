"""Every answer to /ask that the real repository holds, on any branch: understood, or kept whole."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cells.asks import modes, replies


@pytest.fixture(scope="module")
def answers(real_clone: Path) -> list[str]:
    """The text of every distinct (path, blob) under reports/ask/ in the history of all refs."""

    def git(*arguments: str) -> bytes:
        return subprocess.run(["git", "-C", real_clone, *arguments], check=True, capture_output=True).stdout

    listed = git("-c", "core.quotepath=off", "rev-list", "--all")
    found: set[tuple[str, str]] = set()
    for commit in listed.decode().split():
        for line in git("ls-tree", "-r", commit, "--", "reports/ask").decode().splitlines():
            about, path = line.split("\t", 1)
            if path.endswith(".json"):
                found.add((path, about.split()[2]))
    return [git("cat-file", "blob", blob).decode() for _, blob in sorted(found)]


def is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def leaves(value: Any) -> set[str]:
    if isinstance(value, dict | list):
        inside = value.values() if isinstance(value, dict) else value
        return {leaf for item in inside for leaf in leaves(item)}
    return {replies.comparable(value)} - {"", "None"}


def test_every_answer_that_is_json_is_understood_and_plain_text_is_not(answers: list[str]) -> None:
    schema = modes.mode("u_contract").reply
    read = [(is_json(text), replies.read(text, schema)) for text in answers]
    assert len(answers) >= 73
    assert [(good, got.problem) for good, got in read if good != (got.answer is not None)] == []
    assert {good for good, _ in read} == {True, False}


def test_no_scalar_of_a_real_answer_is_lost(answers: list[str]) -> None:
    schema = modes.mode("u_contract").reply
    for text in filter(is_json, answers):
        got = replies.read(text, schema)
        assert got.answer is not None
        there = leaves(got.answer.model_dump(mode="json")) | leaves(got.kept)
        assert leaves(json.loads(text)) <= there


def test_an_object_plan_keeps_its_commands(answers: list[str]) -> None:
    """Four raw answers carry commands in an object; the real normaliser made an empty list of each."""
    schema = modes.mode("u_contract").reply
    plans = [
        (json.loads(text)["plan"], replies.read(text, schema).answer) for text in filter(is_json, answers)
    ]
    objects = [(plan, got) for plan, got in plans if isinstance(plan, dict) and plan.get("commands")]
    assert sorted(len(plan["commands"]) for plan, _ in objects) == [5, 5, 6, 9]
    for plan, got in objects:
        assert got is not None
        assert leaves(plan["commands"]) <= leaves(got.model_dump(mode="json")["plan"])
