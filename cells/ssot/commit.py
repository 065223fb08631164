"""The one place that writes a commit: built in memory, put on the branch by compare-and-swap."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pygit2

from cells.ssot.commands import git
from cells.ssot.mirror import Mirror, decoded

# A proposal's own message must not be able to forge what only landing may say.
OURS = re.compile(
    r"^\s*(patch-id|approved-by|audit-head|contract-verdict|ask-id|evidence-paths|emergency-by|emergency-reason)\s*:.*\n?",
    re.IGNORECASE | re.MULTILINE,
)
COMMITTER = ("VPM", "vpm@localhost")


@dataclass(frozen=True, slots=True)
class Author:
    """As git knows a person; `time` is epoch seconds, `offset` minutes."""

    name: str
    email: str
    time: int
    offset: int


def author_of(commit: pygit2.Commit) -> Author:
    """Who wrote a commit, whatever bytes they are named with."""
    who = commit.author
    return Author(decoded(commit, who.raw_name), decoded(commit, who.raw_email), who.time, who.offset)


def build(mirror: Mirror, *, tree: str, parent: str, author: Author, message: str, now: int) -> str:
    """A commit object with one parent ("": none); no ref points to it yet."""
    name, email = _named(author.name) or "unknown", _named(author.email) or "unknown@localhost"
    signature = pygit2.Signature(name, email, author.time, author.offset)
    committer = pygit2.Signature(*COMMITTER, now, 0)
    return str(
        mirror.repo.create_commit(None, signature, committer, message, tree, [parent] if parent else [])
    )


def message_with(text: str, trailers: dict[str, str]) -> str:
    """The proposal's message without forged trailers, followed by ours."""
    body = OURS.sub("", text.replace("\r\n", "\n")).strip() or "Change without a message"
    ours = [f"{name}: {_plain(value)}" for name, value in trailers.items()]
    last = body.rsplit("\n\n", 1)[-1]
    gap = (
        "\n"
        if "\n\n" in body and all(re.match(r"[A-Za-z-]+: \S", line) for line in last.splitlines())
        else "\n\n"
    )
    return body + gap + "\n".join(ours) + "\n"


def with_trailer(mirror: Mirror, ref: str, name: str, value: str, since: int) -> list[str]:
    """The commits on `ref` since the epoch second whose trailer says exactly this, newest first."""
    out = git(
        mirror.path,
        "log",
        f"--since={since}",
        f"--grep=^{name}: {re.escape(value)}$",
        "--extended-regexp",
        f"--format=%H%x00%(trailers:key={name},valueonly,separator=%x00)",
        ref,
        "--",
    )
    rows = (line.split("\0") for line in out.splitlines())
    return [row[0] for row in rows if value in row[1:]]


def trailer(mirror: Mirror, commit: str, name: str) -> str:
    """The last value of a trailer of one commit, or ""."""
    found = mirror.commit(commit)
    values = re.findall(rf"^{name}: (.+)$", decoded(found, found.raw_message), re.MULTILINE)
    return str(values[-1]).strip() if values else ""


def _named(text: str) -> str:
    """A name or address that git takes: it drops the punctuation at both ends itself, and then refuses what is empty."""
    return _plain(text.encode("utf-8", "replace").decode()).strip(" .,:;\"'\\")


def _plain(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f<>]+", " ", text).strip()
