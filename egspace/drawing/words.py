"""What the map says in words: states, relations, the line about what needs you, the hover of a cell."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

from django.utils.translation import gettext, gettext_lazy, ngettext, pgettext

from cells.health import ARCHIVED, CONFLICT, MOVING_AWAY, NO_EVIDENCE, ON_TRACK, SHELVED
from egspace.drawing.labels import folded, units
from egspace.graph import Swarm

STATE = {
    CONFLICT: gettext_lazy("Conflict"),
    MOVING_AWAY: gettext_lazy("Moving away"),
    SHELVED: gettext_lazy("Shelved"),
    NO_EVIDENCE: gettext_lazy("No evidence"),
    ON_TRACK: gettext_lazy("On track"),
    ARCHIVED: gettext_lazy("Archived"),
}
RELATION = {
    "watches": gettext_lazy("watches"),
    "feeds": gettext_lazy("feeds"),
    "depends_on": gettext_lazy("depends on"),
    "supports": gettext_lazy("supports"),
    "blocks": gettext_lazy("blocks"),
}
HOVER_UNITS, HOVER_LINES, ALONE = 52, 4, 6


def number(count: int) -> str:
    return f"{count:,}"


def relation(kind: str) -> str:
    """A relation's type in words; types are free, so an unknown one is shown as written."""
    return str(RELATION.get(kind, kind.replace("_", " ")))


def waiting(count: int) -> str:
    return ngettext("%(count)s patch waits", "%(count)s patches wait", count) % {"count": number(count)}


VERDICT = {
    "AUTO_MERGE_OK": gettext_lazy("Contract: %(count)s may land without a person"),
    "REVIEW_REQUIRED": gettext_lazy("Contract: %(count)s to review"),
    "ARCHIVE_CANDIDATE": gettext_lazy("Contract: %(count)s for the archive"),
}


def judged(cell: dict[str, Any]) -> list[str]:
    """What the contract says of what waits, and the first reason."""
    lines = [VERDICT[name] % {"count": number(count)} for name, count in cell.get("verdicts", {}).items()]
    return [*lines, cell["reason"]] if cell.get("reason") else lines


def toned(cell: dict[str, Any]) -> str:
    """The badge's tone: "review" while anything asks for a person, else "auto", else "archive"."""
    found = cell.get("verdicts", {})
    if "REVIEW_REQUIRED" in found or not found:
        return "review"
    return "auto" if "AUTO_MERGE_OK" in found else "archive"


def unread(cell: dict[str, Any]) -> list[str]:
    """What landed by hand or outside, and was read by nobody else yet."""
    found = cell.get("unread", {})
    by_hand, outside = found.get("by_hand", 0), found.get("outside", 0)
    said = ngettext("%(n)s landed by hand, unread", "%(n)s landed by hand, unread", by_hand)
    told = ngettext("%(n)s landed outside, unread", "%(n)s landed outside, unread", outside)
    return [text % {"n": number(count)} for text, count in ((said, by_hand), (told, outside)) if count]


def evidence(fresh: int, total: int) -> str:
    """How much evidence a cell has, and how much of it is fresh."""
    return ngettext(
        "%(fresh)s fresh of %(total)s piece of evidence",
        "%(fresh)s fresh of %(total)s pieces of evidence",
        total,
    ) % {"fresh": number(fresh), "total": number(total)}


def showing(shown: int, total: int) -> str:
    """The count every picture and list carries."""
    return ngettext("Showing %(shown)s of %(total)s cell", "Showing %(shown)s of %(total)s cells", total) % {
        "shown": number(shown),
        "total": number(total),
    }


def name(graph: Swarm, key: str) -> str:
    title = graph.nodes[key]["title"]
    return f"{title} · {key}" if title else key


def cut(relations: int) -> list[str]:
    """What a line below a picture adds when not all relations are drawn."""
    if not relations:
        return []
    said = ngettext(
        "%(count)s more relation is not drawn", "%(count)s more relations are not drawn", relations
    )
    return [said % {"count": number(relations)}]


def named(graph: Swarm, key: str) -> list[str]:
    """Name, state and why: what every hover of a cell begins with."""
    cell = graph.nodes[key]
    state = str(STATE[cell["state"]])
    said = [cell["why"]] if cell["why"].startswith(state) else [state, cell["why"]]
    return [name(graph, key), *said, *unread(cell)]


def hover(graph: Swarm, key: str) -> list[str]:
    """Lines that explain a cell: name, state, why, what waits, evidence, relations. Plain text."""
    cell = graph.nodes[key]
    lines = named(graph, key)
    lines += [waiting(cell["waiting"]), *judged(cell)] if cell["waiting"] else []
    lines.append(evidence(cell["fresh"], cell["evidence"]))
    out = [f"{relation(kind)} {end}" for _, end, kind in sorted(graph.out_edges(key, keys=True))]
    if out:
        lines.append(pgettext("between the relations of a cell", ", ").join(out))
    return lines


def html(said: Iterable[str]) -> str:
    """Lines for plotly, whose texts are a small HTML: escaped, long lines folded. No bold: plotly writes that
    as a style attribute, which our Content-Security-Policy blocks."""
    parts = [shortened(_folded(line)) for line in said]
    return "<br>".join(plain(part) for lines in parts for part in lines)


def _folded(line: str) -> list[str]:
    """Without a last line of a syllable or two."""
    lines = folded(line, HOVER_UNITS)
    return folded(line, HOVER_UNITS - ALONE) if len(lines) > 1 and units(lines[-1]) < ALONE else lines


def shortened(lines: list[str]) -> list[str]:
    """What a hover label has room for; the panel says it in full."""
    return lines if len(lines) <= HOVER_LINES else [*lines[: HOVER_LINES - 1], lines[HOVER_LINES - 1] + " …"]


def plain(text: str) -> str:
    """Text that plotly shows as it is: a title from a repository must not become a tag or a template."""
    return escape(text, quote=False).replace("%{", "%\u200b{")


def count_of(shown: int, total: int) -> str:
    """A lane's count: "7", or "50 of 1,667" when some are folded away."""
    if shown == total:
        return number(total)
    return gettext("%(shown)s of %(total)s") % {"shown": number(shown), "total": number(total)}


def not_placed() -> str:
    """The title of the tray below the map of meaning."""
    return gettext("Not placed")
