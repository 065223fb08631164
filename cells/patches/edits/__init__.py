"""Edits: a proposal as data. Rendering them against documents is pure; a refusal is a sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from cells.patches.edits import merges, sections
from cells.patches.edits.checks import (
    FILE_BYTES,
    EditRefused,
    check_content,
    check_path,
    shown,
    too_large,
    what_is_wrong,
)
from cells.patches.edits.worktree import Worktree
from cells.sentences import sentence

__all__ = [
    "AddFile", "AppendAfterHeading", "Archive", "Edit", "EditRefused", "MergeJson", "Rendered", "ReplaceFile",
    "ReplaceSection", "dump", "load", "paths", "render",
]  # fmt: skip

MOST = 200  # edits of one proposal


class _Edit(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str
    evidence: tuple[str, ...] = ()  # paths of the evidence that supports this edit


class AppendAfterHeading(_Edit):
    """Add Markdown at the end of a section's own text, before its first sub-heading or the next heading."""

    operation: Literal["append_after_heading"] = "append_after_heading"
    match_heading: str
    markdown: str


class ReplaceSection(_Edit):
    """Replace what stands under a heading, sub-sections included, up to the next heading of its level or above."""

    operation: Literal["replace_section"] = "replace_section"
    match_heading: str
    markdown: str


class MergeJson(_Edit):
    """Deep-merge an object into a JSON document; keys that are not named stay, order and indent too."""

    operation: Literal["merge_json"] = "merge_json"
    merge: dict[str, Any]


class AddFile(_Edit):
    """A file where none is."""

    operation: Literal["add_file"] = "add_file"
    content: str


class ReplaceFile(_Edit):
    """The whole content of a file that exists."""

    operation: Literal["replace_file"] = "replace_file"
    content: str


class Archive(_Edit):
    """Move a file, its bytes unchanged."""

    operation: Literal["archive"] = "archive"
    to: str


Edit = Annotated[
    AppendAfterHeading | ReplaceSection | MergeJson | AddFile | ReplaceFile | Archive,
    Field(discriminator="operation"),
]
_EDITS: TypeAdapter[tuple[Edit, ...]] = TypeAdapter(tuple[Edit, ...])


@dataclass(frozen=True, slots=True)
class Rendered:
    """Path to new bytes, None for a path that goes away. Only paths whose bytes change."""

    files: dict[str, bytes | None]


def render(edits: Sequence[Edit], read: Callable[[str], bytes | None]) -> Rendered:
    """All edits, in order, against the documents `read` gives (None where no file is). Raises EditRefused.

    A later edit sees what an earlier one left. One that is refused refuses them all.
    """
    _check_count(len(edits))
    for edit in edits:
        _check(edit)
    work = Worktree(read)
    for edit in edits:
        _apply(edit, work)
    return Rendered(work.changed())


def paths(edits: Sequence[Edit]) -> tuple[str, ...]:
    """Every path the edits write to or take away, sorted."""
    return tuple(sorted({path for edit in edits for path in _touched(edit)}))


def load(raw: list[dict[str, Any]]) -> tuple[Edit, ...]:
    """Edits from the JSON that `dump` gives or a model sent. Raises EditRefused naming the first that is wrong."""
    if isinstance(raw, list):
        _check_count(len(raw))
    try:
        edits = _EDITS.validate_python(raw)
    except ValidationError as error:
        raise EditRefused(what_is_wrong(error)) from error
    for edit in edits:
        _check(edit)
    return edits


def dump(edits: Sequence[Edit]) -> list[dict[str, Any]]:
    """Plain JSON for a JSONField; `load` reads it back."""
    return [edit.model_dump(mode="json") for edit in edits]


def _check_count(count: int) -> None:
    if count > MOST:
        raise EditRefused(
            sentence(
                "These are %(count)s edits; split them into proposals of at most %(limit)s.",
                count=count,
                limit=MOST,
            )
        )


def _check(edit: Edit) -> None:
    for path in _touched(edit):
        check_path(path)
    check_content(edit.path, dict(edit))


def _touched(edit: Edit) -> tuple[str, ...]:
    return (edit.path, edit.to) if isinstance(edit, Archive) else (edit.path,)


def _apply(edit: Edit, work: Worktree) -> None:
    old = work.get(edit.path)
    if isinstance(edit, AddFile):
        _add(edit.path, edit.content.encode(), work)
        return
    if old is None:
        raise EditRefused(
            sentence(
                "There is no %(path)s to change; add it as a new file, or name one that exists.",
                path=shown(edit.path),
            )
        )
    if isinstance(edit, Archive):
        _add(edit.to, old, work, moved_from=edit.path)
    elif isinstance(edit, ReplaceFile):
        work.put(edit.path, _sized(edit.path, edit.content.encode()))
    else:
        work.put(edit.path, _sized(edit.path, _within(edit, old, work)))


def _add(path: str, content: bytes, work: Worktree, moved_from: str = "") -> None:
    there = work.get(path)
    if there is not None and (moved_from or there != content):
        raise EditRefused(
            sentence(
                "%(path)s exists already; edit it, replace it, or choose another name.", path=shown(path)
            )
        )
    if moved_from:
        work.put(moved_from, None)
    elif there is None:
        _sized(path, content)
    if other := work.in_the_way(path):
        raise EditRefused(
            sentence(
                "%(path)s cannot be written beside the file %(other)s, because one would have to be the other's folder; choose another name.",
                path=shown(path),
                other=shown(other),
            )
        )
    work.put(path, content)


def _within(edit: AppendAfterHeading | ReplaceSection | MergeJson, old: bytes, work: Worktree) -> bytes:
    """A document's new bytes; a byte order mark stays where it was."""
    try:
        text = _sized(edit.path, old).decode("utf-8")
    except UnicodeDecodeError as error:
        raise EditRefused(
            sentence(
                "%(path)s is not UTF-8 text, so no part of it can be changed; replace the whole file instead.",
                path=shown(edit.path),
            )
        ) from error
    work.spend(text)
    if not isinstance(edit, MergeJson):
        work.spend(edit.markdown)
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    return (mark + _changed(edit, text.removeprefix(mark))).encode()


def _changed(edit: AppendAfterHeading | ReplaceSection | MergeJson, text: str) -> str:
    if isinstance(edit, MergeJson):
        return merges.merge(edit.path, text, edit.merge)
    change = sections.append if isinstance(edit, AppendAfterHeading) else sections.replace
    return change(edit.path, text, edit.match_heading, edit.markdown)


def _sized(path: str, content: bytes) -> bytes:
    if len(content) > FILE_BYTES:
        raise too_large(path)
    return content
