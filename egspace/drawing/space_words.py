"""What the EG-Space view says in words: δ and where it goes, what pulls, what a patch would leave, what is hidden."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from django.utils.translation import gettext, ngettext, pgettext

from cells.refusals import say
from egspace.drawing import words
from egspace.drawing.scene import Group, Scene
from egspace.drawing.space import Ghost, Place, Space
from egspace.graph import Swarm
from egspace.projection import UMAP

STILL = 0.005  # a week; below it the two digits we show would be zero
NAMES, LANES, GHOSTS, TITLE_UNITS = 5, 4, 3, 40


def hover(graph: Swarm, space: Space, key: str) -> list[str]:
    """What the picture shows of a cell, in words: name, state, δ, what pulls, what waits. Plain text."""
    cell, place, ghosts = graph.nodes[key], space.places.get(key), space.ghosts.get(key, ())
    lines = words.named(graph, key)
    if place is not None:
        lines += [delta(place), *pulls(place)]
    lines += [words.waiting(cell["waiting"])] if cell["waiting"] else []
    lines += [after(ghost) for ghost in ghosts[:GHOSTS]]
    if len(ghosts) > GHOSTS:
        rest = len(ghosts) - GHOSTS
        more = ngettext("… and %(count)s more patch", "… and %(count)s more patches", rest)
        lines.append(more % {"count": words.number(rest)})
    return [*lines, words.evidence(cell["fresh"], cell["evidence"])]


def delta(place: Place) -> str:
    """δ with what it means, or why nobody knows it."""
    if place.delta is None:
        why = say(place.unknown)
        return gettext("δ unknown: %(why)s") % {"why": why} if why else gettext("δ unknown.")
    said = {"delta": number(place.delta), "speed": number(abs(place.velocity or 0.0))}
    if place.velocity is None:
        return gettext("δ %(delta)s of 2") % said
    if abs(place.velocity) < STILL:
        return gettext("δ %(delta)s of 2, standing still") % said
    if place.velocity > 0:
        return gettext("δ %(delta)s of 2, moving towards its goal by %(speed)s a week") % said
    return gettext("δ %(delta)s of 2, moving away from its goal by %(speed)s a week") % said


def pulls(place: Place) -> list[str]:
    """The evidence that stands closest to the goal, and farthest from it, seen from where the cell is."""
    titles = [shortened(title) for title, _ in place.pulls]
    half = (len(titles) + 1) // 2
    lines = [(gettext("Closest to its goal: %(titles)s"), titles[:half])]
    lines.append((gettext("Farthest from its goal: %(titles)s"), titles[half:]))
    return [text % {"titles": joined(dict.fromkeys(some))} for text, some in lines if some]


def after(ghost: Ghost) -> str:
    """What a waiting patch would do to δ."""
    said = {"title": shortened(ghost.title)}
    if ghost.before is None or ghost.after is None:
        return gettext("“%(title)s” waits; the δ it would leave is unknown.") % said
    said |= {"before": number(ghost.before), "after": number(ghost.after)}
    if said["before"] == said["after"]:
        return gettext("“%(title)s” would leave δ at %(before)s.") % said
    return gettext("“%(title)s” would move δ from %(before)s to %(after)s.") % said


def goal(graph: Swarm, space: Space, key: str) -> list[str]:
    """The hover of a ring."""
    said = gettext("Where %(cell)s wants to be") % {"cell": words.name(graph, key)}
    return [said, delta(space.places[key])]


def group(graph: Swarm, one: Group) -> list[str]:
    """How many cells, of which lanes, the first names, and what a click does."""
    titles = {lane["key"]: lane["title"] for lane in graph.graph["lanes"]}
    lanes = Counter(titles[graph.nodes[key]["lane"]] for key in one.keys).most_common()
    by_lane = [f"{title} {words.number(count)}" for title, count in lanes[:LANES]]
    first = [graph.nodes[key]["title"] or key for key in one.keys[:NAMES]]
    return [
        ngettext("%(count)s cell", "%(count)s cells", len(one.keys)) % {"count": words.number(len(one.keys))},
        joined(by_lane) + (" …" if len(lanes) > LANES else ""),
        joined(map(shortened, first)) + (" …" if len(one.keys) > NAMES else ""),
        gettext("Click to look closer."),
    ]


def showing(graph: Swarm, space: Space, drawn: Scene) -> str:
    """How many of how many, and where the others are."""
    parts = [words.showing(len(drawn.nodes) + len(drawn.tray.nodes), len(graph))]
    gathered = sum(len(one.keys) for one in drawn.groups)
    if gathered:
        parts.append(
            ngettext(
                "%(count)s stand too close to be told apart: %(groups)s group, which zooming in unfolds",
                "%(count)s stand too close to be told apart: %(groups)s groups, which zooming in unfolds",
                len(drawn.groups),
            )
            % {"count": words.number(gathered), "groups": words.number(len(drawn.groups))}
        )
    if drawn.outside:
        parts.append(gettext("%(count)s outside this closer look") % {"count": words.number(drawn.outside)})
    if drawn.tray.rest:
        parts.append(gettext("%(count)s more cannot be placed") % {"count": words.number(drawn.tray.rest)})
    parts += words.cut(drawn.cut)
    if space.explained is not None:
        share = {"share": round(space.explained * 100)}
        parts.append(gettext("the two axes show %(share)s%% of how texts differ") % share)
    if space.projection == UMAP:
        parts.append(
            gettext("drawn by neighbours: how far apart things stand, and the arrows, say nothing of δ")
        )
    return " · ".join(parts)


def number(value: float) -> str:
    return f"{value:.2f}"


def shortened(title: str) -> str:
    return title if len(title) <= TITLE_UNITS else f"{title[: TITLE_UNITS - 1]}…"


def joined(parts: Iterable[str]) -> str:
    return pgettext("between the relations of a cell", ", ").join(parts)
