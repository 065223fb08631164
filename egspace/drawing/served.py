"""Figures as they are served: gzipped JSON, kept under the tag of what they were made from. So are the first pictures
and the swarm itself, for pages. The task that makes a map makes them too; what has moved since is made for whoever asks,
and kept by the next task."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers

from cells.models import AuditEvent, Repository
from egspace.drawing.choice import LANES, VIEWS, Drawing, asked
from egspace.graph import Swarm, node_link, of_node_link, swarm
from egspace.models import Atlas, Figure
from egspace.past import moments
from egspace.past.commits import Commit

FIGURE = 5  # raise when figures change their shape, so that browsers drop what they kept
SWARM, PICTURE, FIGURES = "swarm", "picture", "figure"  # what is kept
WIDTHS = (False, True)  # wide and narrow
Seen: TypeAlias = tuple[object, ...]


def seen(repository: Repository) -> Seen:
    """What every figure is made from: what was read, the last event, the newest patch, the map of meaning."""
    event = AuditEvent.objects.filter(repository=repository.key).aggregate(last=Max("pk"))["last"]
    patch = repository.patches.aggregate(last=Max("pk"), moved=Max("state_at"))
    made = Atlas.objects.filter(repository=repository).values_list("made_at", flat=True).first()
    making = None if made else repository.refreshes.values_list("pk", "state", "done", "total").first()
    read = (repository.pk, repository.read_digest, repository.swarm_digest)
    return FIGURE, *read, event, patch["last"], patch["moved"], made, making


def tag_of(now: Seen, *asked: object) -> str:
    """Of what was `seen`, for this reader's language and time zone, and what is asked for."""
    parts = [*now, translation.get_language(), timezone.get_current_timezone_name(), *asked]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def page(
    repository: Repository, query: Mapping[str, str]
) -> tuple[Swarm, Commit | None, list[dict[str, Any]]]:
    """The swarm that `query` asks for, its moment (None is now), and its first pictures, wide and narrow: as they are
    kept, where that is still true."""
    at, (view, box) = query.get("at", ""), asked(query)
    names = [_named(PICTURE, view, narrow) for narrow in WIDTHS]
    there = {} if at else _kept(repository, [_named(SWARM), *names], seen(repository))
    graph, moment = _shown(repository, at, there)
    if box is None and all(name in there for name in names):
        return graph, moment, [there[name] for name in names]
    drawn = _drawing(repository, graph, moment, query)
    return graph, moment, [drawn.picture(narrow=narrow) for narrow in WIDTHS]


def figure(repository: Repository, query: Mapping[str, str], now: Seen) -> dict[str, Any]:
    """The figure that view=, narrow=, box= and at= ask for."""
    at = query.get("at", "")
    graph, moment = _shown(repository, at, {} if at else _kept(repository, [_named(SWARM)], now))
    return _told(_drawing(repository, graph, moment, query).figure(narrow=_narrow(query)), repository, moment)


def kept(repository: Repository, query: Mapping[str, str], now: Seen) -> bytes:
    """The same as gzipped JSON: what the task made, where it is still true; else made for this reader."""
    if query.get("at") or query.get("box"):  # moments and close looks are too many to keep
        return packed(figure(repository, query, now))
    there = _rows(repository, [_named(FIGURES, asked(query)[0], _narrow(query))], now)
    return bytes(there[0].body) if there else packed(figure(repository, query, now))


def prepare(repository: Repository) -> int:
    """Make every whole view of now in every language, where it is not there already; returns how many were made."""
    return sum(_keep(repository, language) for language, _ in settings.LANGUAGES)


def behind(repository: Repository) -> bool:
    """Whether something moved since the kept figures were made."""
    with translation.override(settings.LANGUAGE_CODE):
        return not _rows(repository, [_named(FIGURES, LANES)], seen(repository))


def _keep(repository: Repository, language: str) -> int:
    """Both views in both widths, their first pictures and the swarm, from one reading of the rows."""
    with translation.override(language):
        now = seen(repository)
        names = [_named(SWARM)] + [
            _named(what, view, narrow) for what in (FIGURES, PICTURE) for view in VIEWS for narrow in WIDTHS
        ]
        if len(_rows(repository, names, now)) == len(names):
            return 0
        graph = swarm(repository)
        made = {_named(SWARM): node_link(graph)}
        for view in VIEWS:
            drawing = _drawing(repository, graph, None, {"view": view})
            for narrow in WIDTHS:
                figure, picture = drawing.drawn(narrow=narrow)
                made[_named(FIGURES, view, narrow)] = _told(figure(), repository, None)
                made[_named(PICTURE, view, narrow)] = picture()
        for name, one in made.items():
            new = {"tag": tag_of(now, name), "body": packed(one)}
            Figure.objects.update_or_create(repository=repository, name=name, defaults=new)
    return len(VIEWS) * len(WIDTHS)


def _drawing(
    repository: Repository, graph: Swarm, moment: Commit | None, query: Mapping[str, str]
) -> Drawing:
    return Drawing.of(repository, graph, moment, moments.links(graph, moment, links_in(repository)), query)


def _told(made: dict[str, Any], repository: Repository, moment: Commit | None) -> dict[str, Any]:
    made["layout"]["meta"]["at"] = moments.said(repository, moment)
    return made


def _narrow(query: Mapping[str, str]) -> bool:
    return query.get("narrow") == "1"


def _named(what: str, view: str = "", narrow: bool = False) -> str:
    """What something is kept under, in the reader's language."""
    told = {"what": what} if what != FIGURES else {}
    told |= {"view": view, "narrow": str(int(narrow))} if view else {}
    return urlencode(told | {"language": translation.get_language()})


def _shown(repository: Repository, at: str, there: Mapping[str, Any]) -> tuple[Swarm, Commit | None]:
    told = there.get(_named(SWARM))
    return (of_node_link(told), None) if told else moments.shown(repository, at)


def _rows(repository: Repository, names: Iterable[str], now: Seen) -> list[Figure]:
    """Those of these names that are still true."""
    tags = {name: tag_of(now, name) for name in names}
    rows = Figure.objects.filter(repository=repository, name__in=tags, tag__in=tags.values())
    return [row for row in rows if row.tag == tags[row.name]]


def _kept(repository: Repository, names: Iterable[str], now: Seen) -> dict[str, Any]:
    return {row.name: json.loads(gzip.decompress(bytes(row.body))) for row in _rows(repository, names, now)}


def packed(made: dict[str, Any]) -> bytes:
    return gzip.compress(json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode(), 6, mtime=0)


def answer(request: HttpRequest, body: bytes) -> HttpResponse:
    """As it is kept, for whoever takes gzip."""
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        response = HttpResponse(body, content_type="application/json", headers={"Content-Encoding": "gzip"})
    else:
        response = HttpResponse(gzip.decompress(body), content_type="application/json")
    patch_vary_headers(response, ["Accept-Encoding"])
    return response


def links_in(repository: Repository) -> Callable[[str], tuple[str, str]]:
    """Cell key to its page and its panel."""
    query = "?" + urlencode({"repo": repository.key})

    def links(key: str) -> tuple[str, str]:
        return reverse("cell", args=[key]) + query, reverse("cell-panel", args=[key]) + query

    return links
