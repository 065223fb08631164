"""Orders of the inbox that EG-Space knows: the farthest cell first, what moves away first, the best forecast first.

Nothing here is kept with a patch: an order joins what the last map said of its cells. Unknown comes last.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

from django.db.models import F, FloatField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy

from cells.models import Patch
from cells.patches import order
from cells.patches.order import Order
from cells.sentences import Sentence, sentence
from egspace.drawing.space_words import STILL
from egspace.models import CELL, Forecast, Standing
from egspace.telling.readings import SAME, stored, three, two

NOWHERE, NO_SPEED, NO_EFFECT = -1.0, 1e9, 1e9  # beyond every known value, at the end of its order
NO_CELL = sentence("It belongs to no cell, so there is no δ to order it by.")


def register() -> None:
    """Called once, when the app is ready."""
    order.register("delta", Order(gettext_lazy("farthest first"), ("-by_delta", *NEWEST), by_delta, delta))
    order.register(
        "velocity", Order(gettext_lazy("moving away first"), ("by_velocity", *NEWEST), by_velocity, velocity)
    )
    order.register(
        "effect",
        Order(gettext_lazy("brings closer first"), ("by_effect", *NEWEST), by_effect, effect),
    )


NEWEST = ("-authored_at", "-pk")


def by_delta(rows: QuerySet[Patch]) -> QuerySet[Patch]:
    """`by_delta`: of its farthest cell."""
    cells = Standing.objects.filter(cell__patches=OuterRef("pk"), delta__isnull=False)
    return rows.annotate(by_delta=_first(cells.order_by("-delta").values("delta"), NOWHERE))


def by_velocity(rows: QuerySet[Patch]) -> QuerySet[Patch]:
    """`by_velocity`: of the cell that moves away fastest."""
    cells = Standing.objects.filter(cell__patches=OuterRef("pk"), velocity__isnull=False)
    return rows.annotate(by_velocity=_first(cells.order_by("velocity").values("velocity"), NO_SPEED))


def by_effect(rows: QuerySet[Patch]) -> QuerySet[Patch]:
    """`by_effect`: after − before of what it moves closest to its goal."""
    told = Forecast.objects.filter(patch=OuterRef("pk"), own=True).annotate(effect=F("after") - F("before"))
    return rows.annotate(
        by_effect=_first(told.filter(effect__isnull=False).order_by("effect").values("effect"), NO_EFFECT)
    )


def delta(rows: Sequence[Patch]) -> dict[int, Sentence]:
    return _of_cells(rows, lambda found: max(found, key=lambda one: one.delta or NOWHERE), _far)


def velocity(rows: Sequence[Patch]) -> dict[int, Sentence]:
    def fastest_away(found: list[Standing]) -> Standing:
        return min(found, key=lambda one: NO_SPEED if one.velocity is None else one.velocity)

    return _of_cells(rows, fastest_away, _speed)


def effect(rows: Sequence[Patch]) -> dict[int, Sentence]:
    """Of one page: what it would bring closest, and by how much."""
    found: dict[int, Forecast] = {}
    told = Forecast.objects.filter(patch__in=[row.pk for row in rows], own=True).order_by("key")
    for one in told:
        if one.before is not None and one.after is not None:
            best = found.get(one.patch_id)
            if best is None or one.after - one.before < (best.after or 0) - (best.before or 0):
                found[one.patch_id] = one
    nothing = sentence("No effect on a δ has been told of it.")
    return {row.pk: _effect(found[row.pk]) if row.pk in found else nothing for row in rows}


def _first(values: QuerySet, otherwise: float) -> Coalesce:
    return Coalesce(Subquery(values[:1]), Value(otherwise), output_field=FloatField())


def _of_cells(
    rows: Sequence[Patch],
    choose: Callable[[list[Standing]], Standing],
    say: Callable[[Standing, list[float]], Sentence],
) -> dict[int, Sentence]:
    """Patch to a sentence about the one of its cells that decided; `say` also gets all known δ of its swarm."""
    cells = {cell.pk for row in rows for cell in row.cells.all()}
    if not cells:
        return {row.pk: NO_CELL for row in rows}
    standings = {row.cell_id: row for row in Standing.objects.filter(cell__in=cells)}
    known: dict[int, list[float]] = defaultdict(list)
    every = Standing.objects.filter(repository__in={row.repository_id for row in rows}, kind=CELL)
    for repository, value in every.filter(delta__isnull=False).values_list("repository", "delta"):
        known[repository].append(value or 0.0)
    told = {}
    for row in rows:
        found = [standings[cell.pk] for cell in row.cells.all() if cell.pk in standings]
        told[row.pk] = say(choose(found), known[row.repository_id]) if found else _not_placed(row)
    return told


def _not_placed(row: Patch) -> Sentence:
    if row.cells.all():
        return sentence("Its cell stands on no map yet; the map is being made.")
    return NO_CELL


def _far(standing: Standing, known: list[float]) -> Sentence:
    if standing.delta is None:
        return sentence("%(cell)s: δ unknown. %(why)s", cell=standing.key, why=stored(standing.unknown))
    nearer = sum(one < standing.delta for one in known)
    said = {"cell": standing.key, "delta": two(standing.delta), "all": len(known)}
    if nearer == len(known) - 1 and nearer:
        return sentence("%(cell)s: δ %(delta)s, the farthest of %(all)s", **said)
    return sentence("%(cell)s: δ %(delta)s, farther than %(nearer)s of %(all)s", nearer=nearer, **said)


def _speed(standing: Standing, known: list[float]) -> Sentence:
    speed = standing.velocity
    if speed is None:
        return sentence("%(cell)s: which way it moves is unknown", cell=standing.key)
    if abs(speed) < STILL:
        return sentence("%(cell)s stands still", cell=standing.key)
    said = {"cell": standing.key, "speed": two(abs(speed))}
    if speed < 0:
        return sentence("%(cell)s moves away from its goal, %(speed)s a week", **said)
    return sentence("%(cell)s moves towards its goal, %(speed)s a week", **said)


def _effect(told: Forecast) -> Sentence:
    change = (told.after or 0) - (told.before or 0)
    said = {"key": told.key, "change": three(change)}
    if abs(change) < SAME:
        return sentence("%(key)s stays where it is", key=told.key)
    if change < 0:
        return sentence("brings %(key)s closer to its goal, by %(change)s", **said)
    return sentence("takes %(key)s farther from its goal, by %(change)s", **said)
