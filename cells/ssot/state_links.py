"""Evidence links in a STATE file: repository paths, globs, pull requests and runs.

Braces are expanded (one link each), ranges of pull requests stay ranges, and a placeholder such
as `<date>` makes a path a pattern. A path that leaves the repository is never a link.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cells.ssot.state_lines import Outline

Part = tuple[str, str, int, int, dict[str, Any]]

_TICKED = re.compile(r"`([^`\n]{1,300})`")
# Without backticks a path ends where the Japanese sentence around it goes on.
_BARE = re.compile(r"(?:\{[^{}`\n]{0,200}\}|[A-Za-z0-9_.@+*?<>/=…-])+")
_PATH = re.compile(r"[\w.@+-]*(?:[*?][\w.@+*?-]*)*(?:/[\w.@+*?=-]*)+")
_FILE = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,9}$")
_BRACES = re.compile(r"\{([^{}]*)\}")
_PLACEHOLDER = re.compile(
    r"<[^<>/]{1,40}>|\.{3}|…|(?<=[-_\d])XX(?![A-Za-z])|YYYY[-_]?MM[-_]?DD(?:[-_T]?HHMM(?:SS)?)?Z?"
)
_PULL = re.compile(r"(?<![A-Za-z])(?:PRs?|[Pp]ull [Rr]equests?)\s{0,3}[:：]?\s{0,3}#(\d{1,9})")
_PULL_URL = re.compile(r"/pull/(\d{1,9})\b")
_RANGE = re.compile(r"\s{0,3}(?:〜|～|~|–|—|-|\.\.)\s{0,3}#?(\d{1,9})(?!\d)")
_NEXT = re.compile(r"\s{0,3}(?:[,、，/・&]|と|and)?\s{0,3}#(\d{1,9})")
_PAIR = re.compile(r"(?:^|[:：]|\s)\s*([A-Za-z_]\w{0,40})=(.*)", re.DOTALL)
_MOST_ALTERNATIVES = 64


def links(shape: Outline, first: int, last: int) -> Iterator[Part]:
    """Every link between two lines, once per line and target."""
    for number in range(first, last + 1):
        if not shape.prose(number):
            continue
        seen: set[tuple[str, str]] = set()
        for text, data in _on(shape.lines[number - 1]):
            if (data["form"], data["target"]) not in seen:
                seen.add((data["form"], data["target"]))
                yield "evidence_link", text, number, number, data


def _on(line: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from _pulls(line)
    if "run" in line and "=" in line:
        yield from _run(line)
    if "/" not in line:
        return
    for ticked in _TICKED.finditer(line):
        yield from _paths(ticked[1])
    for bare in _BARE.finditer(_TICKED.sub(" ", line)):
        # `https://host/path` is cut at its colon: what follows starts with two slashes.
        yield from _paths(_unbold(bare[0].rstrip(".")))


def _unbold(token: str) -> str:
    """Bold marks around a path go; the `**` of a glob stays, it follows a slash."""
    token = token.removeprefix("**")
    return token[:-2] if token.endswith("**") and not token.endswith("/**") else token


def _paths(written: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The links in one token: braces expanded, placeholders turned into wildcards."""
    written = written.strip()
    if "/" not in written or len(written) > 300 or "://" in written:
        return
    pattern = _PLACEHOLDER.sub("*", written)
    for target in _expand(pattern):
        if _is_target(target):
            form = "glob" if re.search(r"[*?]", target) else "path"
            data: dict[str, Any] = {"target": target, "form": form}
            if pattern != written:
                data["template"] = True
            yield written, data


def _expand(pattern: str) -> list[str]:
    """`a/{b,c}` as `a/b` and `a/c`; a pattern with too many alternatives gives none."""
    done = [pattern]
    while any("{" in item for item in done):
        step: list[str] = []
        for item in done:
            found = _BRACES.search(item)
            if not found:
                return []
            step += [
                item[: found.start()] + part.strip() + item[found.end() :] for part in found[1].split(",")
            ]
        if len(step) > _MOST_ALTERNATIVES:
            return []
        done = step
    return done


def _is_target(target: str) -> bool:
    """A relative path inside the repository that names a file, a folder or a pattern."""
    if target.startswith(("/", "-", "*")) or not _PATH.fullmatch(target):
        return False
    parts = target.rstrip("/").split("/")
    if any(part in ("", ".", "..") for part in parts):
        return False
    return bool(_FILE.search(target)) or "*" in target or (target.endswith("/") and len(parts) > 1)


def _pulls(line: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if "#" in line:
        end = 0
        while found := _PULL.search(line, end):
            start, number = found.start(), found[1]
            end = found.end()
            while True:
                upto = _RANGE.match(line, end)
                end = upto.end() if upto else end
                yield line[start:end].strip(), _pull(int(number), int(upto[1]) if upto else int(number))
                following = _NEXT.match(line, end)
                if not following:
                    break
                start, end, number = following.start(1) - 1, following.end(), following[1]
    for url in _PULL_URL.finditer(line):
        yield url[0], _pull(int(url[1]), int(url[1]))


def _pull(first: int, last: int) -> dict[str, Any]:
    last = max(first, last)
    target = f"#{first}" if first == last else f"#{first}-#{last}"
    return {"target": target, "form": "pull_request", "from": first, "to": last}


def _run(line: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """A `run_id=…, reports_dir=…` line: the run itself, and its paths as links of their own."""
    values = {
        found[1]: found[2].strip() for part in re.split(r"[,、]", line) if (found := _PAIR.search(part))
    }
    key = values.get("run_id") or values.get("run")
    if not key or len(values) < 2:
        return
    yield line.strip(), {"target": key, "form": "run", "values": values}
    for name, value in values.items():
        if name.endswith("_dir") and _is_target(value + "/"):
            yield value, {"target": value, "form": "path"}
