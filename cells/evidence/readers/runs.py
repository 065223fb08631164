"""What a run's log says: how its commands exited, whether it succeeded, which manifest it applied."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cells.evidence.readers.base import Claim, Document, outcome

_EXIT_FILES = frozenset({"exit", "code", "exit_code"})
_NUMBER_FILE = re.compile(r"\s{0,8}(-?[0-9]{1,3})\s{0,8}")
_EXIT_WORD = re.compile(r"[._-]?(?:exit(?:_code)?|code)$")

_COMMAND = r"(?<![\w./-])(?P<command>[A-Za-z][\w.-]{0,40})"
_CODE = r"(?P<code>-?[0-9]{1,3})(?![0-9.])"
_EXITED = re.compile(
    rf"{_COMMAND} exited(?: with)?(?: (?:exit )?(?:code|status))?[ :=]{{1,3}}{_CODE}", re.IGNORECASE
)
_NON_ZERO = re.compile(rf"{_COMMAND} (?:returned|exited) (?:with )?non-?zero", re.IGNORECASE)
_EXIT_CODE = re.compile(
    rf"(?<![A-Za-z])exit(?:ed)?[ _-](?:code|status)[\"'`*]{{0,2}}[ :=]{{1,3}}[\"'`*]{{0,2}}{_CODE}",
    re.IGNORECASE,
)
_STATUS = re.compile(r"(?:\[\w{1,12}\] ?)?(?:run |final )?status ?[=:] ?(?P<status>[A-Za-z]\w{0,20})", re.I)
_ERROR = re.compile(r"\[(?:ERROR|FATAL)\]")
_MANIFEST = re.compile(r"(?<![\w.-])manifest ?[=:] ?[\"'`]?(?P<path>[^\s,;\"'`]{1,200})")
# `diff` exits with 1 when there is something to change, which is why one applies.
_TELLS_NOTHING = frozenset({"diff"})


def read(document: Document) -> Iterator[Claim]:
    """`exit_code` (`exit_code.apply` when the command is named), `status` success or failed, `manifest`; about the run.

    A command run twice counts by its last exit; one that only "returned non-zero" has that as its value.
    """
    if document.suffix in _EXIT_FILES:
        yield from _number(document)
    elif document.kind == "log" or document.run:
        yield from _log(document)


def _number(document: Document) -> Iterator[Claim]:
    match = _NUMBER_FILE.fullmatch(document.text[:20])
    if match:
        subject = document.run or _EXIT_WORD.sub("", document.stem) or document.stem
        yield Claim(subject, "exit_code", str(int(match[1])), "", "", 1)


def _log(document: Document) -> Iterator[Claim]:
    subject = document.run or document.stem
    exits: dict[str, Claim] = {}
    manifest = status = error = None
    for number, line in enumerate(document.lines, start=1):
        if seen := _exit(line):
            command, code = seen
            predicate = f"exit_code.{command}" if command else "exit_code"
            exits[command] = Claim(subject, predicate, code, "", "", number)
        if manifest is None and (match := _MANIFEST.search(line)):
            manifest = Claim(subject, "manifest", match["path"], "", "", number)
        if match := _STATUS.match(line):
            said = outcome(match["status"])
            status = Claim(subject, "status", said, "", "", number) if _is_outcome(said) else status
        if error is None and _ERROR.search(line):
            error = number
    yield from exits.values()
    if told := status or _judged(subject, exits, error):
        yield told
    if manifest:
        yield manifest


def _exit(line: str) -> tuple[str, str] | None:
    lowered = line.lower()
    if "exit" not in lowered and "zero" not in lowered:
        return None
    if match := _EXITED.search(line):
        return match["command"].lower(), str(int(match["code"]))
    if match := _NON_ZERO.search(line):
        return match["command"].lower(), "non-zero"
    match = _EXIT_CODE.search(line)
    return ("", str(int(match["code"]))) if match else None


def _judged(subject: str, exits: dict[str, Claim], error: int | None) -> Claim | None:
    """The outcome the exit codes amount to; without any there is none."""
    telling = [claim for command, claim in exits.items() if command not in _TELLS_NOTHING]
    failed = [claim.line for claim in telling if claim.value != "0"]
    if failed or (telling and error):
        return Claim(subject, "status", "failed", "", "", failed[0] if failed else error or 1)
    return Claim(subject, "status", "success", "", "", telling[-1].line) if telling else None


def _is_outcome(said: str) -> bool:
    return said in {"success", "failed"}
