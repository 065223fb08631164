"""Which waiting patches meet on a file: twins propose the same content, collisions another one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cells.models import Patch, Touched
from cells.patches import life

MOST = 1_000  # paths of one patch that are remembered


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


def meetings(patches: Iterable[Patch]) -> dict[int, Meeting]:
    """Patch to whom it meets among what waits in its repository; only those that meet anybody."""
    rows = {patch.pk: patch for patch in patches}
    mine: dict[str, list[int]] = defaultdict(list)
    for pk, path in Touched.objects.filter(patch__in=rows).values_list("patch_id", "path"):
        mine[path].append(pk)
    twins: dict[int, set[int]] = defaultdict(set)
    collisions: dict[int, dict[int, str]] = defaultdict(dict)
    for other, path, same, home in _beside(mine):
        for pk in mine[path]:
            if pk == other or rows[pk].repository_id != home:
                continue
            if same == rows[pk].content:
                twins[pk].add(other)
            else:
                collisions[pk].setdefault(other, path)
    return {
        pk: Meeting(
            tuple(sorted(twins[pk])), tuple(sorted(collisions[pk])), next(iter(collisions[pk].values()), "")
        )
        for pk in rows
        if twins[pk] or collisions[pk]
    }


def _beside(mine: dict[str, list[int]]) -> Iterable[tuple[int, str, str, int]]:
    paths = list(mine)
    for start in range(0, len(paths), 500):
        rows = Touched.objects.filter(path__in=paths[start : start + 500], patch__state=life.PROPOSED)
        yield from rows.values_list("patch_id", "path", "patch__content", "patch__repository_id").order_by(
            "patch_id"
        )


def beside(patch: Patch) -> list[Patch]:
    """The other waiting patches that touch one of its paths: its coming and going may change what is said of them."""
    paths = patch.touched.values("path")
    rows = Patch.objects.filter(
        repository_id=patch.repository_id, state=life.PROPOSED, touched__path__in=paths
    )
    return list(rows.exclude(pk=patch.pk).distinct().order_by("pk"))
