"""What GitHub tells, as a document: written so that nobody's words can pass for a line of ours, and read back. Pure.

# Warm the oven

- kind: pull_request
- name: 12
- url: https://github.com/acme/bread/pull/12
- at: 2026-11-27T08:00:00Z
- merged: #12
- file: STATE/bread/current_state.md

> What its author wrote, every line quoted.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from cells.evidence.readers.base import plain

PULL_REQUEST, CHECKS, RELEASE = KINDS = ("pull_request", "github_checks", "github_release")
FOLDERS = {PULL_REQUEST: "pulls", CHECKS: "checks", RELEASE: "releases"}
TITLE, NAME, VALUE, URL = 200, 200, 300, 500
MOST_FACTS, MOST_LINES, MOST_BODY = 150, 40, 20_000
FACT = re.compile(r"- ([a-z]+(?: [a-z]+)*): (.+)")
HEAD = ("kind", "name", "url", "at")
FIRST = 3  # the line on which the facts begin


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that happened at GitHub. `name` is what it is told of: a number, a branch, a tag."""

    kind: str
    name: str
    title: str
    url: str
    at: datetime
    facts: tuple[tuple[str, str], ...] = ()
    body: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """Where its document stands in the tree of what GitHub told."""
        return f"github/{FOLDERS[self.kind]}/{_file(self.name)}.md"

    def fact(self, key: str) -> str:
        """The first value, "" when it is not told."""
        return next((value for name, value in self.facts if name == key), "")

    def all(self, key: str) -> list[str]:
        return [value for name, value in self.facts if name == key]


def told(
    kind: str, name: str, title: str, url: str, at: datetime, facts: Iterable[tuple[str, str]], body: str = ""
) -> Told:
    """Whatever GitHub says, cleaned and bounded: texts of one line, no control characters, empty facts left out."""
    named = plain(name, NAME) or "unnamed"
    clean = ((key, plain(value, VALUE)) for key, value in facts)
    return Told(
        kind, named, plain(title, TITLE) or named, _web(url), at.astimezone(UTC).replace(microsecond=0),
        tuple(fact for fact in clean if fact[1])[:MOST_FACTS], tuple(_excerpt(body)),
    )  # fmt: skip


def written(one: Told) -> str:
    """The document; the same for the same things told."""
    head = (("kind", one.kind), ("name", one.name), ("url", one.url), ("at", f"{one.at:%Y-%m-%dT%H:%M:%SZ}"))
    lines = [f"# {one.title}", "", *(f"- {key}: {value}" for key, value in (*head, *one.facts) if value)]
    if one.body:
        lines += ["", *(f"> {line}".rstrip() for line in one.body)]
    return "\n".join(lines) + "\n"


def read(text: str) -> Told | None:
    """What `written` wrote; None for anything else."""
    lines = text.splitlines()
    facts = [(key, value) for _, key, value in facts_in(lines)]
    said = dict(facts[:4])
    at = _moment(said.get("at", ""))
    if not lines or not lines[0].startswith("# ") or said.get("kind") not in KINDS or at is None:
        return None
    rest = tuple(fact for fact in facts if fact[0] not in HEAD)
    body = tuple(line[2:] for line in lines[FIRST + len(facts) :] if line.startswith(">"))
    return Told(said["kind"], said.get("name", ""), lines[0][2:], said.get("url", ""), at, rest, body)


def facts_in(lines: list[str]) -> Iterator[tuple[int, str, str]]:
    """(line, key, value) of the list below the title; it ends with the first line that is none."""
    for number, line in enumerate(lines[FIRST - 1 :], start=FIRST):
        match = FACT.fullmatch(line)
        if match is None:
            return
        yield number, match[1], match[2]


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def _file(name: str) -> str:
    """A file's name that no two names share, and that leads nowhere."""
    safe = re.sub(r"[^\w.+-]+", "_", name).lstrip(".")[:80]
    return safe if safe == name else f"{safe}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _web(url: str) -> str:
    return url if re.fullmatch(r"https?://[!-~]+", url) and len(url) <= URL else ""


def _excerpt(body: str) -> list[str]:
    """The beginning of a longer text; without blank lines at its ends."""
    lines = [plain(line, VALUE) for line in body[:MOST_BODY].splitlines()]
    while lines and not lines[0]:
        del lines[0]
    del lines[MOST_LINES:]
    while lines and not lines[-1]:
        del lines[-1]
    return lines
