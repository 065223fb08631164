"""STATE files as facts: C, G (short, mid), δ, tasks, evidence links and fields.

`read_state` is total: any text gives a reading, and "nothing stands here" is a result with a
sentence. Facts are as written, with the lines they stand on; computing with them (distance,
trend) is the business of `egspace`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cells.sentences import Sentence, sentence
from cells.ssot import state_fields, state_links, state_tasks
from cells.ssot.state_headings import (
    Label,
    goal_kind,
    horizon,
    indent_of,
    label_at,
    meaning,
    style_of,
)
from cells.ssot.state_lines import Heading, Outline, outline, plain

# kind, text, first line, last line, data: a fact before its heading is looked up.
Part = tuple[str, str, int, int, dict[str, Any]]
# The line of a label and the text that follows it there.
Head = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Fact:
    """One statement of a STATE file.

    `kind` is "current", "goal", "goal_short", "goal_mid", "gap", "task", "evidence_link" or
    "field"; `text` is the markdown as written, stripped and never empty; `line` and `last_line`
    are 1-based in the whole file; `heading` is the heading it stands under ("" above the first);
    `data` holds what its kind adds: a task's id, title, owner, deadline…, a link's target and
    form, a field's name and value.
    """

    kind: str
    text: str
    line: int
    last_line: int
    heading: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StateReading:
    """All facts of a file or section in the order of their lines, its style, and what to say about it."""

    style: str
    facts: tuple[Fact, ...]
    note: Sentence | None


def read_state(text: str, section: str | None = None) -> StateReading:
    """Read a STATE file, or only what stands under the heading `section`; never raises."""
    shape = outline(text)
    first, last = 1, len(shape.lines)
    if section is not None:
        heading = _find(shape, section)
        if heading is None:
            return StateReading(
                "", (), sentence("There is no heading “%(heading)s” in this file.", heading=section)
            )
        first, last = heading.line, shape.end_of(heading)
    positions = list(_positions(shape, first, last))
    taken = _covered(positions)
    parts = [
        *positions,
        *state_tasks.tasks(shape, first, last, taken),
        *state_links.links(shape, first, last),
        *state_fields.fields(shape, first, last, taken),
    ]
    facts = tuple(
        Fact(kind, body, start, end, shape.heading_at(start), data)
        for kind, body, start, end, data in sorted(parts, key=lambda part: (part[2], part[3]))
    )
    kinds = {part[0] for part in positions}
    return StateReading(style_of(shape, first, last, kinds), facts, _note(shape, first, last, kinds))


def _note(shape: Outline, first: int, last: int, kinds: set[str]) -> Sentence | None:
    if kinds:
        return None
    if not shape.block(first, last):
        return sentence("Nothing is written here.")
    return sentence("No C, G or δ stands in this file.")


def _find(shape: Outline, section: str) -> Heading | None:
    wanted = plain(section.strip().lstrip("#"))
    return next((h for h in shape.headings if plain(h.title) == wanted), None)


def _positions(shape: Outline, first: int, last: int) -> Iterator[Part]:
    """C, G and δ: first what headings say, then bold labels in what is left."""
    told = [h for h in shape.headings if first <= h.line <= last and meaning(h.title)[0]]
    stops = frozenset(h.line for h in told)
    covered: list[tuple[int, int]] = []
    for heading in told:
        kind = meaning(heading.title)[0]
        end = min(last, shape.end_of(heading, stops))
        covered.append((heading.line, end))
        if kind == "goal":
            yield from _goals(shape, heading.last_line + 1, end, goal_kind(heading.title))
        else:
            yield from _part(shape, str(kind), heading.last_line + 1, end)
    yield from _labelled(shape, first, last, covered)


def _labelled(shape: Outline, first: int, last: int, covered: list[tuple[int, int]]) -> Iterator[Part]:
    skip = {number for start, end in covered for number in range(start, end + 1)}
    found = [
        (number, label)
        for number in range(first, last + 1)
        if number not in skip
        and shape.prose(number)
        and (label := label_at(shape.lines[number - 1]))
        and all(meaning(label.name))
    ]
    stops = {number for number, _ in found} | {heading.line for heading in shape.headings}
    for number, label in found:
        end = _end_of_label(shape, number, last, label, stops)
        kind = str(meaning(label.name)[0])
        if kind == "goal":
            yield from _goals(shape, number + 1, end, goal_kind(label.name), head=(number, label.rest))
        else:
            yield from _part(shape, kind, number + 1, end, head=(number, label.rest))


def _end_of_label(shape: Outline, number: int, last: int, label: Label, stops: set[int]) -> int:
    """A bullet's label ends where the indentation does, a bare one at the next label or heading."""
    for later in range(number + 1, last + 1):
        line = shape.lines[later - 1]
        if later in stops:
            return later - 1
        if label.bullet and line.strip() and indent_of(line) <= label.indent:
            return later - 1
    return last


def _goals(shape: Outline, first: int, last: int, kind: str, head: Head | None = None) -> Iterator[Part]:
    """The goal split at its short / mid / long markers; what stands before them keeps `kind`."""
    start = first
    for number in range(first, last + 1):
        line = shape.lines[number - 1]
        marker = _marker(line) if shape.prose(number) else None
        if marker is None:
            continue
        yield from _part(shape, kind, start, number - 1, head)
        kind, rest = marker
        start, head = number + 1, (number, rest)
    yield from _part(shape, kind, start, last, head)


def _marker(line: str) -> tuple[str, str] | None:
    """A line that opens a horizon: its goal kind and the text that follows on the same line."""
    if label := label_at(line):
        kind = horizon(label.name)
        return (kind, label.rest) if kind else None
    bare = line[:200].strip().lstrip("#-*+ ")
    kind = horizon(bare)
    if kind is None:
        return None
    if line.lstrip().startswith("#"):
        return kind, ""
    colon = min((at for at in (line.find(":"), line.find("：")) if at >= 0), default=-1)
    # "short (weeks)" without a colon is a marker only when nothing else stands on its line.
    if colon < 0:
        return (kind, "") if bare.endswith((")", "）")) or len(bare) < 12 else None
    return kind, line[colon + 1 :]


def _part(shape: Outline, kind: str, first: int, last: int, head: Head | None = None) -> Iterator[Part]:
    """One fact from a block and the text beside its label, unless both are empty."""
    lead = head[1].strip() if head else ""
    span = shape.block(first, last)
    body = textwrap.dedent(shape.text(*span)).strip() if span else ""
    if not lead and not body:
        return
    start = head[0] if head and lead else span[0] if span else first
    end = span[1] if span else start
    yield kind, "\n".join(part for part in (lead, body) if part), start, end, {}


def _covered(positions: list[Part]) -> dict[int, str]:
    return {number: kind for kind, _, start, end, _ in positions for number in range(start, end + 1)}
