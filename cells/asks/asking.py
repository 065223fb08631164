"""Asking: start, cancel, run again, send back. Each rule is a `check_x` that raises the sentence its button shows."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from cells import audit
from cells.asks import life, modes, providers
from cells.clock import wake
from cells.models import Ask, Cell, Patch
from cells.patches import life as patch_life
from cells.permissions import OPERATOR, require
from cells.refusals import Refused
from cells.sentences import Sentence, sentence

LONGEST = 4000  # characters of a note or a comment


def check_start(cell: Cell, mode: str, by: User | None) -> None:
    """Refuse a question this person may not ask, or that this cell does not take. `by` is None for the schedule."""
    if by is not None:
        require(by, OPERATOR)
    check_mode(mode)
    if cell.ask_modes and mode not in cell.ask_modes:
        raise Refused(
            sentence(
                "%(cell)s takes %(listed)s, not %(mode)s. Add the mode to its ask list in swarm.toml first.",
                cell=cell.key, mode=mode, listed=", ".join(map(str, cell.ask_modes)),
            )
        )  # fmt: skip
    if cell.stage == Cell.ARCHIVED:
        raise Refused(sentence("%(cell)s is archived: its loop has ended.", cell=cell.key))
    if not cell.repository.head:
        raise Refused(sentence("The repository was not read yet; sync it first."))


def check_mode(mode: str) -> None:
    """Refuse a mode that is none."""
    if mode not in modes.modes():
        known = ", ".join(modes.modes())
        raise Refused(
            sentence("There is no /ask mode %(mode)s; the modes are %(known)s.", mode=mode, known=known)
        )


def start(
    *,
    cell: Cell,
    mode: str,
    by: User | None,
    door: str,
    notes: str = "",
    provider: str = "",
    subject: Patch | None = None,
    forced: bool = False,
    parent: Ask | None = None,
    comment: str = "",
    heard: dict[str, Any] | None = None,
) -> Ask:
    """Queue a question and wake a worker. Raises Refused. `heard`: who said it where, for the audit trail."""
    check_start(cell, mode, by)
    name = provider or providers.default()
    if name not in providers.names():
        known = ", ".join(providers.names())
        raise Refused(sentence("There is no provider %(name)s; there are %(known)s.", name=name, known=known))
    if modes.mode(mode).about_patch and subject is None:
        raise Refused(sentence("This mode asks about a waiting patch: open one and press Ask there."))
    if len(notes) > LONGEST or len(comment) > LONGEST:
        raise Refused(sentence("A note is at most %(most)s characters long.", most=LONGEST))
    check_subject(cell, subject)
    with transaction.atomic():
        ask = Ask.objects.create(
            repository=cell.repository, cell=cell, cell_key=cell.key, mode=mode, provider=name,
            model=providers.model(name), subject=subject, parent=parent, notes=notes.strip(),
            comment=comment.strip(), forced=forced, door=door, asked_by=by, state_at=timezone.now(),
        )  # fmt: skip
        audit.record(
            actor=by or door, verb="ask", subject=ask, repository=cell.repository.key, reason=notes.strip(),
            after={"cell": cell.key, "mode": mode, "provider": name} | (heard or {}),
        )  # fmt: skip
        wake("cells.ask", ask_id=ask.pk)
        _tell(ask)
    return ask


def check_subject(cell: Cell, subject: Patch | None) -> None:
    """A question can be about a waiting patch of the same repository."""
    if subject is None:
        return
    if subject.repository_id != cell.repository_id:
        raise Refused(sentence("That patch belongs to another repository."))
    if subject.state != patch_life.PROPOSED:
        raise Refused(
            sentence("That patch does not wait for a decision any more, so nobody needs to ask about it.")
        )


def check_cancel(ask: Ask, by: User) -> None:
    require(by, OPERATOR)
    if not ask.open:
        raise Refused(MOVED[ask.state])


def cancel(*, ask: Ask, by: User) -> None:
    """Nothing comes of it any more, whatever the provider still answers. Raises Refused."""
    check_cancel(ask, by)
    shift(ask, "cancel", actor=by, lease_until=None)


def check_again(ask: Ask, by: User | None) -> Cell:
    """The cell, when the ask has ended and its cell still is there. `by` is None for the loop itself."""
    if by is not None:
        require(by, OPERATOR)
    if ask.open:
        raise Refused(sentence("This ask has not ended yet; wait for it or cancel it."))
    if ask.cell is None:
        raise Refused(sentence("The swarm holds no cell %(cell)s any more.", cell=ask.cell_key))
    return ask.cell


def again(*, ask: Ask, by: User, door: str = "page") -> Ask:
    """The same question anew, with today's evidence, although an earlier answer may fit. Raises Refused."""
    cell = check_again(ask, by)
    return start(cell=cell, mode=ask.mode, by=by, door=door, parent=ask, forced=True, **_kept(ask))


def send_back(*, ask: Ask, by: User | None, comment: str, door: str = "page") -> Ask:
    """A new ask that carries the old answer and what is wrong with it. Raises Refused."""
    cell = check_again(ask, by)
    if not comment.strip():
        raise Refused(sentence("Say what is wrong with the answer; the next one is made with your comment."))
    if not (ask.answer or ask.reply):
        raise Refused(sentence("There is no answer to send back; run the ask again instead."))
    return start(cell=cell, mode=ask.mode, by=by, door=door, parent=ask, comment=comment, **_kept(ask))


def _kept(ask: Ask) -> dict[str, Any]:
    waits = ask.subject is not None and ask.subject.state == patch_life.PROPOSED
    return {"notes": ask.notes, "provider": ask.provider, "subject": ask.subject if waits else None}


def shift(ask: Ask, verb: str, *, actor: User | str, attempt: int | None = None, **fields: Any) -> None:
    """The one place that writes an ask's `state`: conditional, with its audit event.

    With `attempt`, only for the worker that took it the last time. Raises Refused when someone was faster.
    """
    step = life.LIFE[verb]
    rows = Ask.objects.filter(pk=ask.pk, state__in=step.sources)
    if attempt is not None:
        rows = rows.filter(attempts=attempt)
    before, event = ask.state, f"ask_{verb}"
    changes = {"state": step.target, "state_at": timezone.now(), **fields}
    with transaction.atomic():
        if rows.update(**changes) != 1:
            ask.refresh_from_db()
            raise Refused(MOVED[ask.state])
        audit.record(
            actor=actor, verb=event, subject=ask, repository=ask.repository.key,
            before={"state": before}, after={"state": step.target},
        )  # fmt: skip
        if step.target in life.ENDED:
            _tell(ask)
    for name, value in changes.items():
        setattr(ask, name, value)


def _tell(ask: Ask) -> None:
    """Who asked in a comment at GitHub is told there."""
    if ask.door == "github":
        wake("cells.answer_comment", ask_id=ask.pk)


MOVED: dict[str, Sentence] = {
    life.QUEUED: sentence("This ask waits for a worker."),
    life.RUNNING: sentence("This ask is being answered right now."),
    life.ANSWERED: sentence("This ask has already been answered with a patch."),
    life.PLAN_ONLY: sentence("This ask has already been answered with a plan."),
    life.FAILED: sentence("This ask has already failed; look at why and run it again."),
    life.CANCELLED: sentence("This ask was cancelled."),
}
