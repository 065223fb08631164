"""What a comment asks: `/ask [mode] [cell] notes`, perhaps with a CONTEXT_JSON. Pure; whatever is written, nothing raises.

`/ask` counts as the first word of a paragraph of the comment itself. In code, a quote, a list, a heading, an HTML
comment or within HTML tags somebody only speaks of it, and nothing starts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from markdown_it import MarkdownIt

from cells.stored import as_stored, storable

LONGEST = 65_536  # characters GitHub takes in one comment
ALIASES = {
    "pr_groomer_suggest": "pr_groomer", "persist_report_mvp": "persist_report", "pm_snapshot_v1": "pm_snapshot",
    "doc_update_proposal": "doc_update", "doc_update_proposal_v1": "doc_update",
}  # fmt: skip
ASK = re.compile(r"[ \t]*/ask(?=\s|$)")
# At the beginning of a line whatever follows has to be JSON; within one, only what looks like it is meant.
MARK = re.compile(r"^[ \t]*\**CONTEXT_JSON\**:\**[ \t]*|(?<=[ \t])CONTEXT_JSON:[ \t]*(?=\{)", re.MULTILINE)
LIKE_MODE, LIKE_KEY = re.compile(r"[a-z]+(?:_[a-z0-9]+)+"), re.compile(r"[a-z0-9]+(?:[-_.][a-z0-9]+)+")
TAG = re.compile(r"<(/?)([a-z][a-z0-9-]*)", re.IGNORECASE)
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
NAMING = {"cell", "cell_id", "project_id", "mode", "notes_from_human"}

# Blocks are all that matters here. Spans are not looked at, which keeps hostile text cheap.
_markdown = MarkdownIt("commonmark").enable("table").disable(["inline", "text_join"])


@dataclass(frozen=True, slots=True)
class Said:
    """`first` is what follows /ask on its line, `more` what follows below; `broken`: its CONTEXT_JSON is none."""

    first: str
    more: str = ""
    context: dict[str, Any] | None = None
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """What is named, "" where nothing is; `notes` is everything else that the person says."""

    mode: str
    cell: str
    project: str
    notes: str


@dataclass(frozen=True, slots=True)
class Block:
    """A block of the comment itself, not of a quote or list in it: its kind, and its first and last line."""

    kind: str
    info: str
    start: int
    end: int


def read(body: str) -> Said | None:
    """None when the comment asks nothing. The first /ask counts; what follows it is said with it."""
    body = body[:LONGEST].replace("\r\n", "\n").replace("\r", "\n")
    if "/ask" not in body:
        return None
    lines = body.split("\n")
    blocks = list(_blocks(body))
    asks = (n for n, one in enumerate(blocks) if one.kind == "paragraph" and ASK.match(lines[one.start]))
    begun = next(asks, None)
    if begun is None:
        return None
    blocks = [one for one in blocks[begun:] if one.kind not in ("quote", "html")]
    found, lines = _context(lines, blocks)
    words = "\n\n".join("\n".join(lines[one.start : one.end]).strip("\n") for one in blocks)
    first, _, more = words.strip().removeprefix("/ask").partition("\n")
    if found is None:
        return Said(first.strip(), more.strip())
    said = _object(found)
    return Said(first.strip(), more.strip(), said, broken=said is None)


def wish(said: Said, *, modes: Collection[str], cells: Collection[str], most: int) -> Wish:
    """What the words name, and what the CONTEXT_JSON names beside them; a strange name is kept as it stands."""
    words, context = said.first.split(), said.context or {}
    mode = cell = ""
    while words and not (mode and cell):
        word, alone = words[0].strip("`"), len(words) == 1
        if not cell and word in cells:
            cell = word
        elif not mode and (_mode(word, modes) or LIKE_MODE.fullmatch(word)):
            mode = _mode(word, modes) or word
        elif not cell and alone and LIKE_KEY.fullmatch(word):
            cell = word
        else:
            break
        words.pop(0)
    named = _text(context.get("mode"))
    notes = [" ".join(words), said.more, *_texts(context.get("notes_from_human")), _rest(context)]
    whole = storable("\n\n".join(filter(None, notes)))
    return Wish(
        mode=(mode or _mode(named, modes) or named)[:100],
        cell=(cell or _text(context.get("cell")) or _text(context.get("cell_id")))[:100],
        project=_text(context.get("project_id"))[:100],
        notes=whole if len(whole) <= most else f"{whole[: most - 1]}…",
    )


def _blocks(body: str) -> Iterator[Block]:
    """The comment's own blocks, in order; what stands between HTML tags is not among them."""
    kinds = {
        "paragraph_open": "paragraph",
        "fence": "fence",
        "blockquote_open": "quote",
        "html_block": "html",
    }
    depth = 0
    for token in _markdown.parse(body):
        if token.level or token.nesting < 0 or token.map is None:
            continue
        if token.type == "html_block" and not token.content.lstrip().startswith("<!--"):
            tags = [(slash, name.lower()) for slash, name in TAG.findall(token.content)]
            depth += sum(-1 if slash else 1 for slash, name in tags if name not in VOID)
        elif not depth or token.type == "html_block":
            yield Block(kinds.get(token.type, "other"), token.info.split(" ")[0].lower(), *token.map)


def _context(lines: list[str], blocks: list[Block]) -> tuple[str | None, list[str]]:
    """The text of the CONTEXT_JSON if there is one, and the lines without it; as many as before."""
    for n, one in enumerate(blocks):
        if one.kind == "fence" and one.info == "json":
            return _fenced(lines, one)
        mark = MARK.search("\n".join(lines[one.start : one.end])) if one.kind == "paragraph" else None
        if mark is None:
            continue
        whole, begins = "\n".join(lines), len("\n".join([*lines[: one.start], ""]))
        before, after = whole[: begins + mark.start()], whole[begins + mark.end() :]
        follows = blocks[n + 1] if n + 1 < len(blocks) else None
        if follows and follows.kind == "fence" and after.lstrip().startswith(("```", "~~~")):
            return _fenced((before + after).split("\n"), follows)
        text, rest = _decoded(after)
        gone = "\n" * after[: len(after) - len(rest)].count("\n")
        return text, (before + gone + rest).split("\n")
    return None, lines


def _fenced(lines: list[str], fence: Block) -> tuple[str, list[str]]:
    inside = lines[fence.start + 1 : fence.end]
    if inside and inside[-1].strip().strip("`~") == "":
        inside = inside[:-1]
    blank = [""] * (fence.end - fence.start)
    return "\n".join(inside), lines[: fence.start] + blank + lines[fence.end :]


def _decoded(after: str) -> tuple[str, str]:
    """The JSON at the beginning, and what follows it; where it does not end, everything is taken as it."""
    begun = after.lstrip()
    try:
        _found, end = json.JSONDecoder().raw_decode(begun)
    except (ValueError, RecursionError):
        return begun, ""
    return begun[:end], begun[end:]


def _object(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _mode(word: str, modes: Collection[str]) -> str:
    """The mode of that name, old and new; "" when there is none."""
    name = word.strip("`").casefold().replace("-", "_")
    name = ALIASES.get(name, name)
    return name if name in modes else ""


def _rest(context: dict[str, Any]) -> str:
    """What a CONTEXT_JSON says beyond names: a person's words, like all of the comment."""
    said = {name: value for name, value in context.items() if name not in NAMING}
    return f"CONTEXT_JSON: {json.dumps(as_stored(said), ensure_ascii=False)}" if said else ""


def _text(value: Any) -> str:
    return storable(" ".join(value.split())) if isinstance(value, str) else ""


def _texts(value: Any) -> list[str]:
    """One text or a list of them."""
    return [text for each in (value if isinstance(value, list) else [value]) if (text := _text(each))]
