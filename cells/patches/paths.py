"""Which waiting patches meet on a file: twins propose the same content, collisions another one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from cells.models import Patch, Touched
from cells.patches import life

MOST = 1_000  # paths of one patch that are remembered
MANY = 50  # patches on one path, whatever became of them; of more the newest that wait


@dataclass(frozen=True, slots=True)
class Meeting:
    """Other waiting patches, by number: `twins` would bring the same, `collisions` something else to the same file."""

    twins: tuple[int, ...] = ()
    collisions: tuple[int, ...] = ()
    path: str = ""  # one file they collide on


def remember(patch: Patch, files: list[dict[str, Any]]) -> None:
    """Write down which paths it touches."""
    paths = sorted({file[name] for file in files for name in ("path", "old_path")})[:MOST]
    Touched.objects.filter(patch=patch).delete()
    Touched.objects.bulk_create([Touched(patch=patch, path=path[:1000]) for path in paths])


def meetings(patches: Iterable[Patch], leaving: Collection[int] = ()) -> dict[int, Meeting]:
    """Patch to whom it meets among what waits in its repository; only those that meet anybody.

    All twins; of those that collide on a file that very many change, the newest. Those `leaving` count as gone.
    """
    rows = {patch.pk: patch for patch in patches}
    twins, collisions = _twins(rows), _collisions(rows)
    for pk in rows:
        twins[pk] -= set(leaving)
        collisions[pk] = {other: path for other, path in collisions[pk].items() if other not in leaving}
    return {
        pk: Meeting(
            tuple(sorted(twins[pk])), tuple(sorted(collisions[pk])), next(iter(collisions[pk].values()), "")
        )
        for pk in rows
        if twins[pk] or collisions[pk]
    }


def _twins(rows: dict[int, Patch]) -> dict[int, set[int]]:
    alike: dict[tuple[int, str], list[int]] = defaultdict(list)
    for patch in rows.values():
        alike[patch.repository_id, patch.content].append(patch.pk)
    contents = {content for _, content in alike} - {""}
    found = Patch.objects.filter(content__in=contents, state=life.PROPOSED).order_by()
    twins: dict[int, set[int]] = defaultdict(set)
    for other, home, content in found.values_list("pk", "repository_id", "content"):
        for pk in alike.get((home, content), ()):
            twins[pk] |= {other} - {pk}
    return twins


def _collisions(rows: dict[int, Patch]) -> dict[int, dict[int, str]]:
    """Patch to the other one to a file on which they collide."""
    mine: dict[str, list[int]] = defaultdict(list)
    for pk, path in Touched.objects.filter(patch__in=rows).values_list("patch_id", "path"):
        mine[path].append(pk)
    collisions: dict[int, dict[int, str]] = defaultdict(dict)
    for other, path, content, home in _beside(list(mine)):
        for pk in mine[path]:
            if pk != other and rows[pk].repository_id == home and rows[pk].content != content:
                collisions[pk].setdefault(other, path)
    return collisions


def _beside(paths: list[str]) -> Iterable[tuple[int, str, str, int]]:
    """Who waits and touches them."""
    waits = Touched.objects.filter(patch__state=life.PROPOSED)
    told = ("patch_id", "path", "patch__content", "patch__repository_id")
    for start in range(0, len(paths), 500):
        some = Touched.objects.filter(path__in=paths[start : start + 500])
        many = set(some.values_list("path", flat=True).annotate(n=Count("pk")).filter(n__gt=MANY).order_by())
        few = [path for path in paths[start : start + 500] if path not in many]
        yield from waits.filter(path__in=few).values_list(*told).order_by("patch_id")
        for path in sorted(many):
            yield from waits.filter(path=path).values_list(*told).order_by("-pk")[:MANY]


def beside(patch: Patch) -> list[Patch]:
    """The other waiting patches that touch one of its paths: its coming and going may change what is said of them."""
    paths = patch.touched.values("path")
    rows = Patch.objects.filter(
        repository_id=patch.repository_id, state=life.PROPOSED, touched__path__in=paths
    )
    return list(rows.exclude(pk=patch.pk).distinct().order_by("pk"))
