"""Large swarms, made up: the map's server time against an empty view, and the making of its map against its sync."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random
from time import perf_counter

from django.test import Client, override_settings

from cells.models import Repository
from cells.repositories import known_as
from egspace import refresh
from egspace.drawing import served
from egspace.drawing.words import number
from egspace.models import Figure, Refresh
from tests.bench.pages import get, signed_in
from tests.bench.reading import sync
from tests.bench.timing import Ratio, Work, by_turns
from tests.factories import Source

LANES, TOPICS, WORDS = 8, 60, 3000
COMMITS = 20  # after the first one
KINDS = ("feeds", "watches", "supports")
VIEWS = ("lanes", "space")


class Swarm:
    """So many cells in eight lanes, one piece of evidence each, two relations a cell, and twenty commits that bring more.

    The same number gives the same commits.
    """

    def __init__(self, cells: int) -> None:
        self.cells, self.chance = cells, Random(cells)
        self.words = [
            "".join(self.chance.choices("abcdefghiklmnoprstuvw", k=self.chance.randint(4, 9)))
            for _ in range(WORDS)
        ]
        self.topics = [self.chance.sample(self.words, 40) for _ in range(TOPICS)]

    def source(self, path: Path) -> Path:
        """As a bare repository."""
        source = Source(path)
        source.commit(self.first())
        for commit in range(COMMITS):
            source.commit(dict(self.piece(commit) for _ in range(max(1, self.cells // 200))))
        return path

    def first(self) -> dict[str, str]:
        files = {path(cell, "a"): self.document(self.topics[cell % TOPICS]) for cell in range(self.cells)}
        lanes = [table("lanes", key=f"lane-{lane}", title=f"Lane {lane}") for lane in range(LANES)]
        return {"swarm.toml": "\n".join([*lanes, *self.described(), *self.relations()]), **files}

    def described(self) -> Iterator[str]:
        for cell in range(self.cells):
            topic = self.topics[cell % TOPICS]
            yield table(
                "cells", key=key(cell), lane=f"lane-{cell % LANES}", title=self.text(topic, 3),
                north_star=self.text(topic, 10), evidence=[path(cell, "**", "")],
            )  # fmt: skip

    def relations(self) -> Iterator[str]:
        for _ in range(2 * self.cells):
            start, end = key(self.chance.randrange(self.cells)), key(self.chance.randrange(self.cells))
            yield table("relations", **{"from": start, "to": end, "type": self.chance.choice(KINDS)})

    def piece(self, commit: int) -> tuple[str, str]:
        where = path(self.chance.randrange(self.cells), f"b{commit}")
        return where, self.document(self.chance.choice(self.topics))

    def document(self, topic: list[str]) -> str:
        return f"# {self.text(topic, 4)}\n\n{self.text(topic, 60)}\n"

    def text(self, topic: list[str], words: int) -> str:
        """Mostly words of the topic."""
        return " ".join(
            self.chance.choice(topic if self.chance.random() < 0.6 else self.words) for _ in range(words)
        )


def key(cell: int) -> str:
    return f"cell-{cell:05}"


def path(cell: int, name: str, when: str = "_20260301T0700Z.md") -> str:
    return f"reports/{key(cell)}/{name}{when}"


def table(name: str, **values: str | list[str]) -> str:
    """Of a swarm.toml; a JSON text or list of texts is a TOML one."""
    return "\n".join([f"[[{name}]]", *(f"{key} = {json.dumps(value)}" for key, value in values.items()), ""])


def made(cells: int, room: Path) -> tuple[Repository, list[Ratio]]:
    """Read and placed, with what the map's making took against the sync, once."""
    source = Swarm(cells).source(room / f"swarm-{cells}.git")
    repository = known_as(f"swarm-{cells}", str(source))
    began = perf_counter()
    sync(repository)
    read = perf_counter()
    row = refresh.execute_now(repository)
    if row.state != Refresh.DONE:
        raise RuntimeError(row.error)
    took = perf_counter() - read
    name = f"making its map, {number(cells)} cells"
    return repository, [Ratio(name, "its full sync", (took,), (read - began,))]


@override_settings(ROOT_URLCONF="tests.bench.pages")
def pages(repository: Repository, turns: int) -> list[Ratio]:
    """The map page, and the figures of both views: built, as they are kept, and unchanged since the browser asked."""
    client, here = signed_in(), f"repo={repository.key}"
    cells = f"{number(repository.cells.count())} cells"
    works = [Work(f"map page, {cells}", partial(get, client, f"/?{here}"))]
    for view in VIEWS:
        works += figures(repository, client, f"/map.json?{here}&view={view}", f"{view}, {cells}")
    return by_turns(Work("empty view", partial(get, client, "/empty")), *works, turns=turns)


def figures(repository: Repository, client: Client, url: str, name: str) -> Iterator[Work]:
    tag = get(client, url)["ETag"]
    served.prepare(repository)
    kept = list(Figure.objects.filter(repository=repository))

    def drop() -> None:
        Figure.objects.filter(repository=repository).delete()

    def keep() -> None:
        drop()
        Figure.objects.bulk_create(kept)
        if served.behind(repository):
            raise RuntimeError("the kept figures are not those of now")

    yield Work(f"{name}, built", partial(get, client, url), before=drop)
    yield Work(f"{name}, kept", partial(get, client, url), before=keep)
    yield Work(f"{name}, unchanged", partial(get, client, url, tag=tag))
