"""Server time of the pages against an empty view behind the same middleware, for someone signed in."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from cells.models import Cell, Evidence, EvidenceCell, Repository
from cells.permissions import VIEWER
from tests.bench.timing import Ratio, Work, by_turns
from tests.factories import a_user
from vpm import urls


def empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse("")


urlpatterns = [*urls.urlpatterns, path("empty", empty)]


@override_settings(ROOT_URLCONF=__name__)
def pages(repository: Repository, turns: int, pieces: int = 10_000) -> list[Ratio]:
    """The map, its figure and the fullest cell; then the same cell with `pieces` more pieces of evidence."""
    client = signed_in()
    cell = repository.cells.annotate(n=Count("evidence")).order_by("-n", "pk")[0]
    here = f"?repo={repository.key}"

    def page(name: str, url: str) -> Work:
        return Work(name, partial(get, client, url))

    base = page("empty view", "/empty")
    usual = by_turns(
        base,
        page("map page", f"/{here}"),
        page("map.json", f"/map.json{here}"),
        page("cell page", f"/cells/{cell.key}/{here}"),
        turns=turns,
    )
    more_evidence(cell, pieces)
    full = by_turns(
        base,
        page(f"cell page, {pieces} more", f"/cells/{cell.key}/{here}"),
        page(f"timeline, {pieces} more", f"/cells/{cell.key}/timeline.json{here}"),
        turns=turns,
    )
    return usual + full


def more_evidence(cell: Cell, pieces: int) -> None:
    """Copies of its newest piece, one an hour earlier each time."""
    one, held_already = cell.evidence.filter(current=True)[0], cell.evidence.count()
    held = {
        field.attname: getattr(one, field.attname) for field in Evidence._meta.fields if field.name != "id"
    }
    rows = [
        Evidence(
            **held | {"path": f"reports/bench/{n}.md", "observed_at": one.observed_at - timedelta(hours=n)}
        )
        for n in range(held_already, held_already + pieces)
    ]
    made = Evidence.objects.bulk_create(rows, batch_size=1000)
    EvidenceCell.objects.bulk_create(
        [EvidenceCell(evidence=row, cell=cell, why="path") for row in made], batch_size=1000
    )


def signed_in(name: str = "bench-viewer", right: str = VIEWER) -> Client:
    client = Client(headers={"host": "localhost", "accept-encoding": "gzip"})
    client.force_login(a_user(name, right))
    return client


def get(client: Client, url: str, tag: str = "") -> HttpResponse:
    """With the tag of what the browser has, it must be told that nothing changed."""
    answer = client.get(url, headers={"if-none-match": tag} if tag else None)
    if answer.status_code != (304 if tag else 200):
        raise RuntimeError(f"{url} answered {answer.status_code}")
    return answer
