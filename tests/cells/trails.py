"""Chains for tests, what verifying says of them, and somebody who owns the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import pygit2
import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import strategies as st

from cells import audit
from cells.chain import seal
from cells.chain.links import FIELDS
from cells.models import AuditEvent, Patch, Repository
from cells.patches import life
from cells.ssot.mirror import Mirror
from tests.factories import a_patch, a_repository


def an_event(number: int = 0) -> AuditEvent:
    return audit.record(
        actor="ada",
        verb="judge",
        subject=User(pk=number),
        before={"warmth": 210.5},
        after={"生地": number},
        reason="暖",
    )


def a_chain(length: int = 5) -> list[AuditEvent]:
    """So many sealed events."""
    events = [an_event(number) for number in range(length)]
    assert seal.seal().seq == length
    return events


def verified(*arguments: str) -> str:
    out = StringIO()
    call_command("audit", "verify", *arguments, stdout=out)
    return out.getvalue()


def refusal(*arguments: str) -> str:
    """The sentence with which verifying fails; the exit status of the command is 1 then."""
    with pytest.raises(CommandError) as refused:
        verified(*arguments)
    assert refused.value.returncode == 1
    return str(refused.value)


def an_export(folder: Path) -> Path:
    file = folder / "audit.jsonl"
    with file.open("w") as out:
        call_command("audit", "export", stdout=out)
    return file


@contextmanager
def behind_our_back() -> Iterator[Callable[..., None]]:
    """SQL by somebody who owns the database: no trigger and no key holds him. Undone at the end."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET LOCAL session_replication_role = replica")
        else:
            cursor.execute("DROP TRIGGER audit_append_only")
            cursor.execute("DROP TRIGGER audit_link_append_only")
            cursor.execute("PRAGMA ignore_check_constraints = ON")
        try:
            yield cursor.execute
        finally:
            if connection.vendor == "sqlite":
                cursor.execute("PRAGMA ignore_check_constraints = OFF")
            transaction.set_rollback(True)


def a_sealed_landing(folder: Path) -> Patch:
    """A patch of the repository `bakery` that landed, and whose landing is sealed."""
    patch = a_patch(a_repository(folder), life.LANDED)
    seal.seal()
    return patch


def a_commit(repository: Repository, message: str, at: int = 1_780_000_000) -> str:
    """One on main that nobody here made; it changes nothing."""
    mirror = Mirror(repository.mirror)
    tip = mirror.commit(mirror.tip("refs/heads/main"))
    who = pygit2.Signature("Eve", "eve@example.org", at, 0)
    return str(mirror.repo.create_commit("refs/heads/main", who, who, message, tip.tree.id, [tip.id]))


MOMENTS = st.datetimes(timezones=st.just(timezone.get_fixed_timezone(0)))
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
VALUES = st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
                      lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=5)  # fmt: skip
OF_FIELD: dict[str, st.SearchStrategy[Any]] = dict.fromkeys(FIELDS, TEXTS) | {
    "id": st.integers(1, 2**60),
    "at": MOMENTS.map(lambda at: at.isoformat(timespec="microseconds")),
    "before": st.dictionaries(TEXTS, VALUES, max_size=3),
    "after": st.dictionaries(TEXTS, VALUES, max_size=3),
}
EVENTS = st.lists(st.fixed_dictionaries(OF_FIELD), min_size=1, max_size=6)
