"""Mistakes for test proposals: a real document, changed in one way that a reviewer should notice. Deterministic and pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from cells.sentences import Sentence, sentence
from cells.ssot.state import Fact, read_state
from cells.ssot.state_lines import outline

NUMBER = re.compile(r"(?<![\w.:/#-])\d+(?:\.\d+)?(?![\w:/-]|\.\d)")
ZONED = re.compile(r"(?<=\d\d:\d\d)(:\d\d)?(\s*)(Z|UTC|JST|\+09:00)(?!\w)")
OTHER_ZONE = {"Z": "+09:00", "UTC": "JST", "JST": "UTC", "+09:00": "Z"}
BULLET = re.compile(r"(?:(?:[-*+]|\d+[.)])\s+)?(?:\[[ xX]\]\s+)?")
JAPANESE = re.compile(r"[぀-ヿ一-鿿]")


@dataclass(frozen=True, slots=True)
class Document:
    """What a mistake is made in: the text that main holds, and whose it is. `holds` says whether main has a path."""

    cell: str
    path: str
    text: str
    section: str | None = None
    holds: Callable[[str], bool] = lambda path: False

    def facts(self, *kinds: str) -> list[Fact]:
        return [fact for fact in read_state(self.text, self.section).facts if fact.kind in kinds]


@dataclass(frozen=True, slots=True)
class Kind:
    """`make` gives the changed text, None where the document gives no occasion. What is said around it is a suggestion."""

    name: Sentence
    title: Sentence
    rationale: Sentence
    lesson: Sentence
    make: Callable[[Document], str | None]


def made(kind: str, document: Document) -> str | None:
    """The document's text with that mistake in it."""
    text = KINDS[kind].make(document)
    return None if text == document.text else text


def possible(document: Document) -> list[str]:
    """The kinds for which the document gives an occasion."""
    return [name for name in KINDS if made(name, document) is not None]


def _number(document: Document) -> str | None:
    """The first number of C becomes a tenth larger."""
    for fact in document.facts("current"):
        for number in range(fact.line, fact.last_line + 1):
            line = document.text.split("\n")[number - 1]
            if found := NUMBER.search(line):
                return _with_line(
                    document, number, line[: found.start()] + _more(found[0]) + line[found.end() :]
                )
    return None


def _more(number: str) -> str:
    whole, dot, digits = number.partition(".")
    units = int(whole + digits)
    more = str(units + max(1, round(units / 10))).rjust(len(digits) + 1, "0")
    return f"{more[: -len(digits)]}{dot}{more[-len(digits) :]}" if digits else more


def _citation(document: Document) -> str | None:
    """C refers to a report that does not exist."""
    for fact in document.facts("current"):
        for name in ("summary", "review", "final", "check"):
            path = f"reports/{document.cell}/{name}.md"
            if not document.holds(path):
                return _appended(document, fact.last_line, f" ({path})")
    return None


def _goal(document: Document) -> str | None:
    """The first goal holds only where possible."""
    for fact in document.facts("goal", "goal_short", "goal_mid"):
        said = fact.text.split("\n")[0]
        body = said[len(BULLET.match(said)[0]) :]  # type: ignore[index]
        line = document.text.split("\n")[fact.line - 1]
        at = line.rfind(body)
        if body and at >= 0:
            soft = "可能な範囲で、" if JAPANESE.search(document.text) else "where possible, "
            return _with_line(document, fact.line, line[:at] + soft + line[at:])
    return None


def _section(document: Document) -> str | None:
    """The last section goes; where only one is left, nothing does."""
    shape = outline(document.text)
    sections = [heading for heading in shape.headings if heading.level > 1]
    if len(sections) < 2:
        return None
    last = next(h for h in reversed(sections) if h.level == min(one.level for one in sections))
    lines = document.text.split("\n")
    end = shape.end_of(last)
    kept = lines[: last.line - 1] + lines[end:]
    return "\n".join(kept).rstrip("\n") + "\n"


def _zone(document: Document) -> str | None:
    """The first time of day that names its zone is in another one."""
    found = ZONED.search(document.text)
    if found is None:
        return None
    return document.text[: found.start(3)] + OTHER_ZONE[found[3]] + document.text[found.end(3) :]


def _secret(document: Document) -> str | None:
    """Below C stands what looks like an access token, and opens nothing."""
    for fact in document.facts("current"):
        token = "ghp_" + hashlib.sha256(document.cell.encode()).hexdigest()[:36]
        return _appended(document, fact.last_line, f"\ntoken = {token}")
    return None


def _with_line(document: Document, number: int, line: str) -> str:
    lines = document.text.split("\n")
    return "\n".join([*lines[: number - 1], line, *lines[number:]])


def _appended(document: Document, number: int, more: str) -> str:
    line = document.text.split("\n")[number - 1]
    end = "\r" if line.endswith("\r") else ""
    return _with_line(document, number, line.removesuffix("\r") + more.replace("\n", f"{end}\n") + end)


KINDS: dict[str, Kind] = {
    "number": Kind(
        sentence("A number without evidence"),
        sentence("Update the current state of %(cell)s"),
        sentence("Brings the current state up to date with the last readings."),
        sentence("a number in the current state was changed, and no evidence says so."),
        _number,
    ),
    "citation": Kind(
        sentence("A source that does not exist"),
        sentence("Name the source for the state of %(cell)s"),
        sentence("The current state did not say where it was read; now it does."),
        sentence("the report it cites does not exist."),
        _citation,
    ),
    "goal": Kind(
        sentence("A goal made softer"),
        sentence("Clarify the wording of %(cell)s"),
        sentence("Wording only; nothing else changes."),
        sentence("it calls itself a matter of wording, and softens a goal."),
        _goal,
    ),
    "section": Kind(
        sentence("A section dropped"),
        sentence("Tidy up the document of %(cell)s"),
        sentence("Removes white space and an outdated line."),
        sentence("a whole section is gone, and its words speak of tidying up."),
        _section,
    ),
    "zone": Kind(
        sentence("A time in another zone"),
        sentence("Correct a time in %(cell)s"),
        sentence("The time was written in the wrong zone."),
        sentence("the time zone was changed and the time was not, so it now means another moment."),
        _zone,
    ),
    "secret": Kind(
        sentence("A token in the open"),
        sentence("Note how %(cell)s is reached"),
        sentence("Whoever looks after it needs this."),
        sentence("what looks like an access token stands in a document that everybody reads."),
        _secret,
    ),
}  # fmt: skip
