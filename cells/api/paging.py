"""Pages by keyset: the cursor names the last row seen, so rows that arrive meanwhile shift nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Any, Generic, TypeVar

from django.core import signing
from django.db.models import Model, QuerySet
from ninja import Schema
from pydantic import Field

from cells.api.errors import Invalid
from cells.api.words import Text
from cells.keyset import beyond
from cells.sentences import sentence

DEFAULT, MOST = 50, 200
Row = TypeVar("Row", bound=Model)
Item = TypeVar("Item")


class Paging(Schema):
    """What every list takes."""

    cursor: Text = Field("", description="The `next` of the page before; opaque.")
    limit: int = Field(DEFAULT, ge=1, le=MOST, description="How many items a page holds.")


class Page(Schema, Generic[Item]):
    """`next` is null on the last page; `total` counts all that the filters let through."""

    items: list[Item]
    next: str | None
    total: int


@dataclass(frozen=True, slots=True)
class Window(Generic[Row]):
    """The rows of one page."""

    rows: Sequence[Row]
    next: str | None
    total: int

    def page(self, items: Sequence[Any]) -> dict[str, Any]:
        """The page with its rows as they are shown."""
        return {"items": items, "next": self.next, "total": self.total}


def window(rows: QuerySet[Row], order: tuple[str, ...], asked: Paging) -> Window[Row]:
    """One page in `order` (never-null fields, the last one unique). Raises Invalid for a cursor that is not ours."""
    salt = f"cursor of {rows.model.__name__} by {','.join(order)}"
    later = rows.filter(beyond(order, _read(asked.cursor, salt))) if asked.cursor else rows
    found = list(later.order_by(*order)[: asked.limit + 1])
    shown, more = found[: asked.limit], len(found) > asked.limit
    return Window(shown, _write(shown[-1], order, salt) if more else None, rows.count())


def _write(row: Model, order: tuple[str, ...], salt: str) -> str:
    """Signed, because its values go into a query; a key of another field's type would be a server error."""
    return signing.dumps([_plain(_value(row, name.removeprefix("-"))) for name in order], salt=salt)


def _read(cursor: str, salt: str) -> list[Any]:
    try:
        last: list[Any] = signing.loads(cursor, salt=salt)
    except signing.BadSignature:
        raise Invalid(
            sentence("This cursor is not one that this list gave; begin again without it.")
        ) from None
    return last


def _value(row: Any, name: str) -> Any:
    return reduce(getattr, name.split("__"), row)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
