"""What GitHub told of pull requests into rows. A row follows GitHub and never goes back to what was told earlier."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from zlib import crc32

from cells.hosts.github.pull_payloads import Pull
from cells.models import GitHubConnection, Patch, PullRequest, Repository
from cells.patches import life

SHOWN = 200  # approved patches whose waiting moves a page

# What a new head makes unknown again.
OF_HEAD: dict[str, Any] = {"checks": [], "mergeable": ""}


def remember(connection: GitHubConnection, told: Iterable[Pull]) -> int:
    """Make or renew their rows, in one go; returns how many changed. Told twice, or late, it changes nothing."""
    pulls = {one.number: one for one in told}
    rows = PullRequest.objects.filter(connection=connection, number__in=pulls)
    known = {row.number: row for row in rows}
    new = [one for number, one in pulls.items() if number not in known]
    PullRequest.objects.bulk_create(
        [PullRequest(connection=connection, number=one.number, **fields_of(one)) for one in new],
        ignore_conflicts=True,  # landing made it in the meantime
    )
    return len(new) + sum(renew(row, pulls[row.number]) for row in known.values())


def renew(row: PullRequest, told: Pull, **more: Any) -> bool:
    """Bring one row up to what was told; True when that changed it. `more` is what else is known by now."""
    fields = fields_of(told)
    if row.head != told.head:
        fields = OF_HEAD | fields
    changed = {name: value for name, value in fields.items() if getattr(row, name) != value}
    if changed:
        changed["checks_at"] = None  # somebody did something: it is worth asking again
    changed |= more
    if not changed:
        return False
    # Somebody else may have told the row later news; and what is merged stays merged.
    rows = PullRequest.objects.filter(pk=row.pk, updated_there__lte=told.updated)
    rows = rows if told.state == PullRequest.MERGED else rows.exclude(state=PullRequest.MERGED)
    if not rows.update(**changed):
        return False
    for name, value in changed.items():
        setattr(row, name, value)
    return True


def waits_for(repository: Repository) -> str:
    """Names what the approved patches wait for at GitHub: pages that show it fetch it anew when this changes."""
    rows = Patch.objects.filter(repository=repository, state=life.APPROVED, pull__isnull=False)
    notes = rows.order_by("pk").values_list("pk", "state_note", "pull__checks_at", "pull__mergeable")[:SHOWN]
    return f"{crc32(repr(list(notes)).encode()):x}" if notes else ""


def fields_of(told: Pull) -> dict[str, Any]:
    """Of a row; what the answer does not say is left out."""
    fields: dict[str, Any] = {
        "title": told.title, "body": told.body, "url": told.url, "author": told.author,
        "author_number": told.author_number, "head": told.head, "head_ref": told.head_ref,
        "head_repository": told.head_repository, "fork": told.fork, "base_ref": told.base_ref, "state": told.state,
        "draft": told.draft, "labels": list(told.labels), "created_there": told.created,
        "updated_there": told.updated, "closed_at": told.closed, "merge_commit": told.merge_commit,
    }  # fmt: skip
    if told.mergeable is not None:
        fields["mergeable"] = told.mergeable
    return fields if told.state != PullRequest.OPEN else fields | {"closed_by": ""}
