"""What kind of files a proposal brings: readable, regular, text, and few enough to look through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cells.contract.case import File
from cells.contract.rules import Finding
from cells.contract.seen import Seen, is_text
from cells.sentences import sentence

_REGULAR = ("100644", "100664")


def unread(seen: Seen, params: Mapping[str, Any]) -> Iterator[Finding]:
    for file in seen.case.files:
        if not file.read or _missing(file):
            yield file.path, sentence("The content of this file could not be read here; look at it yourself.")
    for text in seen.texts:
        if not text.whole:
            yield text.path, sentence("This file is too long to be read whole; look at it yourself.")


def _missing(file: File) -> bool:
    """Whether bytes that must exist, going by the status, are not there."""
    lacks_new = file.new is None and file.status != "deleted"
    lacks_old = file.old is None and file.status in ("modified", "deleted", "renamed", "retyped")
    return (lacks_new or lacks_old) and file.new_mode != "160000"


def empty_change(seen: Seen, params: Mapping[str, Any]) -> Iterator[Finding]:
    # The content is what counts: a file set to the bytes it already has changes nothing.
    if not seen.case.unseen and all(_same(file) for file in seen.case.files):
        yield "", sentence("The proposal changes nothing; withdraw it, or add what was meant.")


def _same(file: File) -> bool:
    known = file.read and file.old is not None and file.old == file.new
    return known and file.old_mode == file.new_mode and file.old_path in ("", file.path)


def file_type(seen: Seen, params: Mapping[str, Any]) -> Iterator[Finding]:
    for file in seen.case.files:
        if file.status == "deleted" or file.new_mode in _REGULAR:
            continue
        match file.new_mode:
            case "120000":
                yield file.path, sentence("This is a symbolic link; put the file itself here instead.")
            case "160000":
                yield (
                    file.path,
                    sentence(
                        "This is a submodule, whose content nobody here can read; look at it where it comes from."
                    ),
                )
            case "100755":
                yield file.path, sentence("This file may be executed; remove that right or have it reviewed.")
            case _:
                yield (
                    file.path,
                    sentence(
                        "This is not a regular file (git's mode %(mode)s); look at it yourself.",
                        mode=file.new_mode,
                    ),
                )


def extension(seen: Seen, params: Mapping[str, Any]) -> Iterator[Finding]:
    for file in seen.case.files:
        name = file.path.rpartition("/")[2]
        ending = name.rpartition(".")[2].lower() if "." in name else ""
        if file.path in seen.alone and file.status != "deleted" and ending not in params["extensions"]:
            yield (
                file.path,
                sentence("A file with this ending does not land by itself; look at what it is for."),
            )


def binary(seen: Seen, params: Mapping[str, Any]) -> Iterator[Finding]:
    for file in seen.case.files:
        if (
            file.read
            and not is_text(file)
            and {file.old_mode, file.new_mode}.isdisjoint({"120000", "160000"})
        ):
            yield file.path, sentence("This file is not text, so no rule can read it; look at it yourself.")
    for text in seen.texts:
        if not text.clean:
            yield text.path, sentence("This file is not UTF-8 text; save it as UTF-8.")


def size(seen: Seen, params: Mapping[str, Any]) -> Iterator[Finding]:
    for file in seen.case.files:
        bytes_ = max(file.size, len(file.new or b""))
        if bytes_ > params["bytes"]:
            yield (
                file.path,
                sentence(
                    "This file is %(size)s bytes; more than %(most)s are looked at by a person.",
                    size=bytes_,
                    most=params["bytes"],
                ),
            )


def many_files(seen: Seen, params: Mapping[str, Any]) -> Iterator[Finding]:
    count = len({file.path for file in seen.case.files} | set(seen.case.unseen))
    if count > params["files"]:
        yield (
            "",
            sentence(
                "It touches %(count)s files; split it, or look through more than %(most)s yourself.",
                count=count,
                most=params["files"],
            ),
        )
