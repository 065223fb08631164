"""What a mode is: what it is given, what it must answer, and how an answer becomes edits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from cells.patches.edits import Edit
from cells.sentences import Sentence


class ModeRefused(Exception):
    """An answer, or a context, that cannot become anything: the ask ends as failed with this sentence."""

    def __init__(self, why: Sentence) -> None:
        super().__init__(str(why))
        self.why = why


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an answer comes to. No edits: plan-only. `needs` names the evidence that would change the answer,
    each {"kind": evidence kind or "", "predicate": "", "vantage": "", "sentence": Sentence}."""

    edits: tuple[Edit, ...] = ()
    title: str = ""
    rationale: tuple[str, ...] = ()
    plan: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    needs: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A part of an answer as it is shown: a heading (a sentence) and lines of plain text."""

    heading: Sentence
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mode:
    """One mode. `literally` is the rules provider's answer: only what the context says, as an object of `reply`."""

    key: str
    title: Sentence
    explains: Sentence
    context: type[BaseModel]
    reply: type[BaseModel]
    prompt: str
    literally: Callable[[dict[str, Any]], dict[str, Any]]
    outcome: Callable[[Any, dict[str, Any]], Outcome]
    shown: Callable[[Any], tuple[Section, ...]]
    allowed: tuple[str, ...] = field(default=())  # globs of paths its edits may touch
    about_patch: bool = False  # it asks about a waiting patch, not about the cell alone
