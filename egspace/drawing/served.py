"""Figures as they are served: gzipped JSON, kept under the tag of what they were made from. The task that makes a map
makes them too; what has moved since is made for whoever asks, and kept by the next task."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers

from cells.models import AuditEvent, Repository
from egspace.drawing.choice import LANES, SPACE, VIEWS, Drawing
from egspace.models import Atlas, Figure
from egspace.past import moments

FIGURE = 4  # raise when figures change their shape, so that browsers drop what they kept


def seen(repository: Repository) -> tuple[object, ...]:
    """What every figure is made from: what was read, the last event, the newest patch, the map of meaning."""
    event = AuditEvent.objects.filter(repository=repository.key).aggregate(last=Max("pk"))["last"]
    patch = repository.patches.aggregate(last=Max("pk"), moved=Max("state_at"))
    made = Atlas.objects.filter(repository=repository).values_list("made_at", flat=True).first()
    making = None if made else repository.refreshes.values_list("pk", "state", "done", "total").first()
    read = (repository.pk, repository.read_digest, repository.swarm_digest)
    return FIGURE, *read, event, patch["last"], patch["moved"], made, making


def tag_of(now: tuple[object, ...], *asked: object) -> str:
    """Of what was `seen`, for this reader's language and time zone, and what is asked for."""
    parts = [*now, translation.get_language(), timezone.get_current_timezone_name(), *asked]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def figure(repository: Repository, query: Mapping[str, str]) -> dict[str, Any]:
    """The figure that view=, narrow=, box= and at= ask for."""
    return _told(drawing(repository, query), narrow=query.get("narrow") == "1")


def drawing(repository: Repository, query: Mapping[str, str]) -> Drawing:
    """What `query` asks to be drawn, with everything read that it needs."""
    graph, moment = moments.shown(repository, query.get("at", ""))
    return Drawing.of(repository, graph, moment, moments.links(graph, moment, links_in(repository)), query)


def _told(drawn: Drawing, *, narrow: bool) -> dict[str, Any]:
    made = drawn.figure(narrow=narrow)
    made["layout"]["meta"]["at"] = moments.said(drawn.repository, drawn.moment)
    return made


def kept(repository: Repository, query: Mapping[str, str], now: tuple[object, ...]) -> bytes:
    """The same as gzipped JSON: what the task made, where it is still true; else made for this reader."""
    if query.get("at") or query.get("box"):  # moments and close looks are too many to keep
        return packed(figure(repository, query))
    asked, name = _whole(query)
    there = Figure.objects.filter(repository=repository, name=name, tag=tag_of(now, name)).first()
    return bytes(there.body) if there else packed(figure(repository, asked))


def prepare(repository: Repository) -> int:
    """Make every whole view of now in every language, where it is not there already; returns how many were made."""
    return sum(_keep(repository, view, language) for view in VIEWS for language, _ in settings.LANGUAGES)


def behind(repository: Repository) -> bool:
    """Whether something moved since the kept figures were made."""
    with translation.override(settings.LANGUAGE_CODE):
        _, name = _whole({})
        return not Figure.objects.filter(
            repository=repository, name=name, tag=tag_of(seen(repository), name)
        ).exists()


def _keep(repository: Repository, view: str, language: str) -> int:
    """Both widths of a view, from one reading of the rows."""
    with translation.override(language):
        names = {narrow: _whole({"view": view, "narrow": narrow})[1] for narrow in "01"}
        now = seen(repository)
        tags = {narrow: tag_of(now, name) for narrow, name in names.items()}
        there = Figure.objects.filter(repository=repository, name__in=names.values(), tag__in=tags.values())
        if there.count() == len(names):
            return 0
        drawn = drawing(repository, {"view": view})
        for narrow, name in names.items():
            body = packed(_told(drawn, narrow=narrow == "1"))
            new = {"tag": tags[narrow], "body": body}
            Figure.objects.update_or_create(repository=repository, name=name, defaults=new)
    return len(names)


def _whole(query: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """What is asked for, and the name it is kept under."""
    asked = {
        "view": SPACE if query.get("view") == SPACE else LANES,
        "narrow": "1" if query.get("narrow") == "1" else "0",
    }
    return asked, f"{urlencode(asked)}&language={translation.get_language()}"


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
