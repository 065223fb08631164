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
from egspace import moments
from egspace.drawing import LANES, SPACE, VIEWS, Drawing
from egspace.models import Atlas, Figure

FIGURE = 4  # raise when figures change their shape, so that browsers drop what they kept


def tag_of(repository: Repository, *asked: object) -> str:
    """What a figure is made from: what was read, the last event, the newest patch, the map of meaning, the reader's
    language and time zone, and what was asked for."""
    event = AuditEvent.objects.filter(repository=repository.key).aggregate(last=Max("pk"))["last"]
    patch = repository.patches.aggregate(last=Max("pk"), moved=Max("state_at"))
    made = Atlas.objects.filter(repository=repository).values_list("made_at", flat=True).first()
    making = None if made else repository.refreshes.values_list("pk", "state", "done", "total").first()
    parts = [
        FIGURE, repository.pk, repository.read_digest, repository.swarm_digest, event, patch["last"], patch["moved"], made,
        making, translation.get_language(), timezone.get_current_timezone_name(), *asked,
    ]  # fmt: skip
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def figure(repository: Repository, query: Mapping[str, str]) -> dict[str, Any]:
    """The figure that view=, narrow=, box= and at= ask for."""
    graph, moment = moments.shown(repository, query.get("at", ""))
    links = moments.links(graph, moment, links_in(repository))
    made = Drawing.of(repository, graph, moment, links, query).figure(narrow=query.get("narrow") == "1")
    made["layout"]["meta"]["at"] = moments.said(repository, moment)
    return made


def kept(repository: Repository, query: Mapping[str, str]) -> bytes:
    """The same as gzipped JSON: what the task made, where it is still true; else made for this reader."""
    if query.get("at") or query.get("box"):  # moments and close looks are too many to keep
        return packed(figure(repository, query))
    asked, name = _whole(query)
    there = Figure.objects.filter(repository=repository, name=name, tag=tag_of(repository, name)).first()
    return bytes(there.body) if there else packed(figure(repository, asked))


def prepare(repository: Repository) -> int:
    """Make every whole view of now in every language, where it is not there already; returns how many were made."""
    made = 0
    for language, _ in settings.LANGUAGES:
        with translation.override(language):
            for view in VIEWS:
                made += sum(_keep(repository, {"view": view, "narrow": narrow}) for narrow in "01")
    return made


def behind(repository: Repository) -> bool:
    """Whether something moved since the kept figures were made."""
    with translation.override(settings.LANGUAGE_CODE):
        _, name = _whole({})
        return not Figure.objects.filter(
            repository=repository, name=name, tag=tag_of(repository, name)
        ).exists()


def _keep(repository: Repository, query: Mapping[str, str]) -> bool:
    asked, name = _whole(query)
    tag = tag_of(repository, name)
    if Figure.objects.filter(repository=repository, name=name, tag=tag).exists():
        return False
    body = packed(figure(repository, asked))
    Figure.objects.update_or_create(repository=repository, name=name, defaults={"tag": tag, "body": body})
    return True


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
