"""Rows beyond a row, by the fields of an order: what a cursor and the steps from one patch to the next stand on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q


def beyond(order: Sequence[str], last: Sequence[Any]) -> Q:
    """Further in the first field (never null, the last one unique), or level there and further in the next."""
    further_on, level = Q(), Q()
    for name, value in zip(order, last, strict=True):
        field = name.removeprefix("-")
        further = "lt" if name.startswith("-") else "gt"
        further_on |= level & Q(**{f"{field}__{further}": value})
        level &= Q(**{field: value})
    return further_on


def turned(order: Sequence[str]) -> tuple[str, ...]:
    """The same order the other way round."""
    return tuple(name.removeprefix("-") if name.startswith("-") else f"-{name}" for name in order)
