"""What GitHub's answers say of pull requests. Pure: whatever stands in them, something storable comes out, or nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cells.hosts.github.payloads import CHECKS, SHA, kept
from cells.hosts.github.results import Said
from cells.hosts.github.times import moment
from cells.stored import as_stored

OPEN, CLOSED, MERGED = "open", "closed", "merged"
BODY = 20_000  # characters of a description
LABELS = 50
# When a check was said that tells no time: it counts, and is newer than nothing.
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
# What somebody thinks of a pull request; a comment afterwards takes nothing of that back.
STANDING = {"APPROVED", "CHANGES_REQUESTED", "DISMISSED"}


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull request. `mergeable` is None where the answer (a list) does not say; `repository` is where it is."""

    number: int
    title: str
    body: str
    url: str
    author: str
    author_number: int | None
    head: str
    head_ref: str
    head_repository: str
    fork: bool
    base_ref: str
    state: str
    draft: bool
    labels: tuple[str, ...]
    created: datetime
    updated: datetime
    closed: datetime | None
    merge_commit: str
    mergeable: str | None
    repository: tuple[int, str]


@dataclass(frozen=True, slots=True)
class Review:
    """`state` in lower case; `sha` is the commit that was reviewed."""

    login: str
    state: str
    sha: str
    at: str


@dataclass(frozen=True, slots=True)
class Check:
    """One check by name; `state` is one of payloads' words."""

    name: str
    state: str
    url: str


def pull(raw: Any) -> Pull | None:
    """None for what is no pull request."""
    said = _object(raw)
    head, base = _object(said.get("head")), _object(said.get("base"))
    number, sha = _number(said.get("number")), _sha(head.get("sha"))
    created, updated = moment(said.get("created_at")), moment(said.get("updated_at"))
    if not number or number >= 2**31 or not sha or created is None or updated is None:
        return None
    here, there, by = _object(base.get("repo")), _object(head.get("repo")), _object(said.get("user"))
    state = _state(said)
    return Pull(
        number, line(said.get("title"), 300), _text(said.get("body"), BODY), address(said.get("html_url")),
        line(by.get("login"), 100), _number(by.get("id")), sha, _text(head.get("ref"), 500),
        line(there.get("full_name"), 140),
        # A fork that was deleted says nothing any more; what is not known to be of this repository is of another.
        fork=_number(there.get("id")) is None or there.get("id") != here.get("id"),
        base_ref=_text(base.get("ref"), 500), state=state, draft=said.get("draft") is True, labels=_labels(said),
        created=created, updated=updated, closed=moment(said.get("closed_at")) if state != OPEN else None,
        merge_commit=_sha(said.get("merge_commit_sha")) if state == MERGED else "",
        mergeable=line(said["mergeable_state"], 20) if "mergeable_state" in said else None,
        repository=(_number(here.get("id")) or 0, line(here.get("full_name"), 140)),
    )  # fmt: skip


def _state(said: dict[str, Any]) -> str:
    if moment(said.get("merged_at")) or said.get("merged") is True:
        return MERGED
    return OPEN if said.get("state") == OPEN else CLOSED


def _labels(said: dict[str, Any]) -> tuple[str, ...]:
    rows = said.get("labels")
    names = [line(_object(row).get("name"), 100) for row in (rows if isinstance(rows, list) else [])[:LABELS]]
    return tuple(name for name in names if name)


def reviews(rows: Iterable[Any]) -> tuple[Review, ...]:
    """The newest of each person, in the order in which they came."""
    found: dict[str, Review] = {}
    for said in map(_object, rows):
        login, at = line(_object(said.get("user")).get("login"), 100), moment(said.get("submitted_at"))
        state = line(said.get("state"), 20)
        if not login or at is None or state not in STANDING | {"COMMENTED"}:
            continue
        if state in STANDING or login not in found or found[login].state == "commented":
            found.pop(login, None)
            found[login] = Review(login, state.lower(), _sha(said.get("commit_id")), at.isoformat())
    return tuple(found.values())


def check(event: str, sha: str, raw: Any) -> tuple[Check, Said] | None:
    """A check run, suite or status of a commit, as it is shown and as it counts: by the same rules as a webhook's."""
    said = _object(raw)
    if event == "check_suite" and said.get("latest_check_runs_count") == 0:
        return None  # an App that is installed and has nothing to say
    payload = {event: said | {"head_sha": sha}}
    if event == "status":  # a webhook names who set it as its sender
        payload = said | {"sha": sha, "sender": said.get("creator")}
    told = kept(event, payload).get("said") if event in CHECKS and said else None
    if told is None:
        return None
    name = line(said.get("context" if event == "status" else "name"), 200)
    url = address(said.get("target_url" if event == "status" else "html_url"))
    word = Said(event, told["name"], told["state"], moment(told["at"]) or LONG_AGO)
    return Check(name, told["state"], url), word


def closed_by(raw: Any) -> str:
    """Who closed an issue, as its own answer says."""
    return line(_object(_object(raw).get("closed_by")).get("login"), 100)


def line(value: Any, most: int) -> str:
    """One line of text; "" for what is none."""
    return " ".join(_text(value, 4 * most).split())[:most]


def address(value: Any) -> str:
    """A URL that a browser opens as a page; "" for any other."""
    found = line(value, 500)
    return found if found.startswith(("https://", "http://")) and found == value else ""


def _text(value: Any, most: int) -> str:
    return str(as_stored(value[:most])).replace("\r\n", "\n") if isinstance(value, str) else ""


def _sha(value: Any) -> str:
    return value if isinstance(value, str) and SHA.fullmatch(value) else ""


def _number(value: Any) -> int | None:
    return value if type(value) is int and 0 < value < 2**62 else None


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
