"""Which picture of the map a request asks for, and how it is drawn: lanes or EG-Space, wide or narrow, whole or closer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext, ngettext

from cells.models import Repository
from cells.refusals import say
from egspace.drawing import words
from egspace.drawing.drafting import scene
from egspace.drawing.figures import map_figure, showing
from egspace.drawing.frame import NARROW, WIDE, Box, read_box
from egspace.drawing.layout import lanes_layout
from egspace.drawing.marks import Links, marks
from egspace.drawing.picture import picture
from egspace.drawing.scene import Scene
from egspace.drawing.space import Space
from egspace.drawing.space_data import space_of
from egspace.drawing.space_figure import space_figure
from egspace.drawing.space_picture import space_picture
from egspace.graph import Swarm
from egspace.models import Refresh
from egspace.past.commits import Commit

LANES, SPACE = VIEWS = ("lanes", "space")
Made = Callable[[], dict[str, Any]]


def asked(query: Mapping[str, str]) -> tuple[str, Box | None]:
    """The view and the closer look that `view=` and `box=` name."""
    return SPACE if query.get("view") == SPACE else LANES, read_box(query.get("box", ""))


@dataclass(frozen=True, slots=True)
class Drawing:
    """One swarm, ready to be drawn: now, or at a moment. `links` gives a cell's page and panel. `space` is None in
    the lanes view, and while the map of meaning was not made."""

    repository: Repository
    graph: Swarm
    moment: Commit | None
    links: Links
    view: str
    box: Box | None
    space: Space | None
    today: Space | None  # the space of now, when `space` is that of a moment

    @classmethod
    def of(
        cls,
        repository: Repository,
        graph: Swarm,
        moment: Commit | None,
        links: Links,
        query: Mapping[str, str],
    ) -> Drawing:
        """What `view=` and `box=` ask for."""
        view, box = asked(query)
        now = space_of(repository) if view == SPACE else None
        then = space_of(repository, at_seq=moment.seq) if now and moment else None
        return cls(repository, graph, moment, links, view, box, then or now, now if then else None)

    def figure(self, *, narrow: bool) -> dict[str, Any]:
        """The plotly figure."""
        return self.drawn(narrow=narrow)[0]()

    def picture(self, *, narrow: bool) -> dict[str, Any]:
        """The first picture; `showing` in it is the line below it."""
        return self.drawn(narrow=narrow)[1]()

    def drawn(self, *, narrow: bool) -> tuple[Made, Made]:
        """What makes the figure and what makes the first picture, of one layout."""
        graph, space = self.graph, self.space
        if self.view == LANES:
            layout = lanes_layout(graph, narrow=narrow)
            drawn = marks(graph, layout, self.links)
            said = {"showing": showing(graph, layout, drawn)}
            return (
                lambda: map_figure(graph, layout, drawn, self.folds),
                lambda: picture(graph, layout, drawn, self.folds) | said,
            )
        if space is None:
            told = self.pending()
            return lambda: _empty(told, narrow), lambda: {"view": "pending", "showing": told}
        view = self._scene(space, narrow)
        return (
            lambda: space_figure(graph, space, view, self.listed()),
            lambda: space_picture(graph, space, view, self.listed),
        )

    def _scene(self, space: Space, narrow: bool) -> Scene:
        return scene(self.graph, space, self.links, narrow=narrow, box=self.box, today=self.today)

    def listed(self, **filters: str) -> str:
        """Where cells that are not drawn are listed."""
        query = {"repo": self.repository.key}
        query |= {"at": self.moment.commit} if self.moment else {}
        query |= {"view": self.view} if self.view != LANES else {}
        return f"{reverse('map')}?{urlencode(query | filters)}#swarm"

    @property
    def folds(self) -> dict[str, str]:
        return {lane["key"]: self.listed(lane=lane["key"]) for lane in self.graph.graph["lanes"]}

    def pending(self) -> str:
        """What is said while the map of meaning is not there, with how far its making is."""
        running = self.repository.refreshes.first()
        if running is None:
            return gettext("The map of meaning was not made yet.")
        if running.state == Refresh.FAILED:
            return say(running.error)
        if not running.total:
            return gettext("The map of meaning is being made…")
        return ngettext(
            "The map of meaning is being made: %(done)s of %(total)s step.",
            "The map of meaning is being made: %(done)s of %(total)s steps.",
            running.total,
        ) % {"done": words.number(running.done), "total": words.number(running.total)}


def _empty(said: str, narrow: bool) -> dict[str, Any]:
    """A figure that says why it shows nothing."""
    width, height = (NARROW if narrow else WIDE)[0], 220.0
    still = {"visible": False, "zeroline": False, "showgrid": False}
    note = {
        "x": width / 2, "y": height / 2, "text": words.plain(said), "name": "pending", "showarrow": False,
        "xanchor": "center", "yanchor": "middle", "font": {"size": 15},
    }  # fmt: skip
    return {
        "data": [],
        "layout": {
            "margin": {"l": 0, "r": 0, "t": 0, "b": 0, "pad": 0},
            "xaxis": {**still, "range": [0, width]},
            "yaxis": {**still, "range": [height, 0]},
            "showlegend": False, "hovermode": "closest", "hoverdistance": 28, "dragmode": "pan",
            "shapes": [], "annotations": [note],
            "meta": {"view": "pending", "width": width, "height": height, "showing": said},
        },
    }  # fmt: skip
