"""Spaces for tests: places for the cells of a swarm without embedding anything."""

from __future__ import annotations

from collections.abc import Iterable
from math import cos, sin
from typing import Any

from cells.sentences import sentence
from egspace.drawing.space import Ghost, Place, Point, Space

AXES = ((("heat",), ("weekly", "letter")), (("cost",), ("service",)))


def a_place(c: Point | None = (0.0, 0.0), g: Point | None = (0.5, 0.5), **values: Any) -> Place:
    """A cell that came from the left."""
    usual: dict[str, Any] = {
        "delta": 0.84 if c and g else None,
        "velocity": 0.02 if c and g else None,
        "trail": ((c[0] - 0.2, c[1]), (c[0] - 0.1, c[1]), c) if c else (),
        "early": 1 if c else 0,
        "unknown": None if c and g else sentence("No evidence belongs to it."),
        "pulls": (("Kiln note", 0.2), ("Cost table", -0.3)) if c and g else (),
    }
    return Place(c, g, **(usual | values))


def a_space(keys: Iterable[str], **values: Any) -> Space:
    """Every cell on a spiral, so that all are told apart; its goal a little above it. `values` overrides Space."""
    places = {}
    for number, key in enumerate(keys):
        radius = 0.15 * (number + 1) ** 0.5
        c = (round(radius * cos(number * 2.4), 4), round(radius * sin(number * 2.4), 4))
        places[key] = a_place(c, (c[0] + 0.05, c[1] + 0.2))
    usual: dict[str, Any] = {
        "places": places,
        "axes": AXES,
        "model": "m",
        "projection": "pca",
        "explained": 0.41,
    }
    return Space(**(usual | values))


def a_ghost(c: Point = (0.1, 0.1), patch: int = 7, title: str = "Restate the goal") -> Ghost:
    return Ghost(patch, title, c, (0.5, 0.5), 0.84, 0.8)
