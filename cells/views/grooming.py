"""/asks/PK/groom: what the groomer proposes for everything that waits, read and changed by a person, then done at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_POST

from cells.asks.modes.pr_groomer import CATEGORIES
from cells.hosts.github.places import by_pull
from cells.models import Ask, Repository
from cells.patches import bulk
from cells.pulls import grooming, sorting
from cells.refusals import Refused, say
from cells.views import undoing
from cells.views.chosen import Asked, viewer

ORDER = (sorting.CLOSE, sorting.MERGE, sorting.KEEP)
NOT_DONE = (bulk.STALE, bulk.FORBIDDEN, bulk.MEETS, bulk.REFUSED)


@dataclass(frozen=True, slots=True)
class Group:
    """Lines for which the same is proposed of the same kind; `reason` is theirs when they share one."""

    action: str
    category: str
    lines: tuple[grooming.Line, ...]
    reason: str = ""

    @property
    def key(self) -> str:
        return f"{self.action}-{self.category}"


@viewer
def groom(request: Asked, pk: int) -> HttpResponse:
    """Everything that was sorted and still waits, by what is proposed; nothing is done yet."""
    ask = _ask(request, pk)
    return render(request, "cells/groom.html", _about(request, ask))


@require_POST
@viewer
def preview(request: Asked, pk: int) -> HttpResponse:
    """What would happen to each."""

    def look(ask: Ask, wishes: list[grooming.Wish]) -> list[grooming.Line]:
        return grooming.preview(ask, wishes, request.user)

    return _answer(request, pk, look, "cells/groom_preview.html")


@require_POST
@viewer
def apply(request: Asked, pk: int) -> HttpResponse:
    """Do it, and tell of each how it went."""

    def act(ask: Ask, wishes: list[grooming.Wish]) -> list[grooming.Line]:
        lines = grooming.apply(ask=ask, wishes=wishes, by=request.user)
        decided = [line for line in lines if line.how == bulk.DONE and line.wish.action != sorting.KEEP]
        undoing.remember_many(request, [line.patch for line in decided], "groom")
        return lines

    return _answer(request, pk, act, "cells/groom_done.html")


def _answer(
    request: Asked, pk: int, act: Callable[[Ask, list[grooming.Wish]], list[grooming.Line]], template: str
) -> HttpResponse:
    ask = _ask(request, pk)
    wishes = wishes_of(request.POST, sorting.sorted_by(ask)[0])
    try:
        lines = act(ask, wishes)
    except Refused as refused:
        context = _about(request, ask) | {
            "refusal": say(refused.why), "ticked": {wish.seen.pk for wish in wishes},
            "actions": {wish.seen.pk: wish.action for wish in wishes},
        }  # fmt: skip
        return render(request, "cells/groom.html", context, status=refused.status)
    context = {
        "ask": ask, "repository": ask.repository, "lines": lines, "counted": in_words(lines, ask.repository),
        "ready": [line for line in lines if line.how == bulk.READY],
    }  # fmt: skip
    return render(request, template, context)


def wishes_of(form: QueryDict, said: Mapping[int, sorting.Sorted]) -> list[grooming.Wish]:
    """The numbers ticked, each with what its row carried; what is to be skipped, or was not sorted, is none."""
    numbers = [int(one) for one in form.getlist("pk") if one.isdecimal() and len(one) < 19]
    wishes = []
    for one in (said[pk] for pk in dict.fromkeys(numbers) if pk in said):
        digest, _sep, verdict = form.get(f"seen-{one.pk}", "").partition(":")
        action = action_of(one, form)
        seen = bulk.Seen(one.pk, digest, verdict)
        if action != sorting.SKIP:
            wishes.append(grooming.Wish(seen, action, reason_of(one, action, form)))
    return wishes


def reason_of(one: sorting.Sorted, action: str, form: QueryDict) -> str:
    """What the preview showed; before it, what the person wrote, else the answer's own: that speaks for no other action."""
    if (previewed := form.get(f"reason-{one.pk}")) is not None:
        return previewed.strip()[: sorting.LONGEST]
    written = form.get(f"reason-{one.action}-{one.category}", "").strip()[: sorting.LONGEST]
    if written and written != one.reason:
        return written
    return one.reason if action == one.action else ""


def action_of(one: sorting.Sorted, form: QueryDict) -> str:
    """What its own row was changed to, else what was chosen for its group."""
    own = form.get(f"action-{one.pk}", "")
    return own if own != one.action else form.get(f"all-{one.action}-{one.category}") or own


def in_words(lines: Sequence[grooming.Line], repository: Repository) -> str:
    """How many of each, in one sentence: what the preview and the result begin with."""
    found = Counter(grooming.counted(lines))
    still = sum(line.still is not None for line in lines)
    lands = found[sorting.MERGE] - still
    closes, labelled, kept = found[sorting.CLOSE], found[sorting.KEEP], found[grooming.KEPT]
    stale, forbidden, meets, refused = (found[way] for way in NOT_DONE)
    green = by_pull(repository)
    parts = (
        (closes, ngettext("%(n)s is closed", "%(n)s are closed", closes)),
        (lands * green, ngettext("%(n)s lands when green", "%(n)s land when green", lands)),
        (lands * (not green), ngettext("%(n)s lands", "%(n)s land", lands)),
        (
            still,
            ngettext(
                "%(n)s gets your approval and waits for somebody else's",
                "%(n)s get your approval and wait for somebody else's",
                still,
            ),
        ),
        (labelled, ngettext("%(n)s stays open with a label", "%(n)s stay open with a label", labelled)),
        (kept, ngettext("%(n)s stays as it is", "%(n)s stay as they are", kept)),
        (stale, ngettext("%(n)s is stale", "%(n)s are stale", stale)),
        (forbidden, ngettext("%(n)s is not yours to decide", "%(n)s are not yours to decide", forbidden)),
        (meets, ngettext("%(n)s meets another", "%(n)s meet another", meets)),
        (refused, ngettext("%(n)s is refused", "%(n)s are refused", refused)),
    )
    comma = pgettext("between parts of a sentence", ", ")
    return comma.join(said % {"n": n} for n, said in parts if n) or _("None of them")


def _about(request: Asked, ask: Ask) -> dict[str, Any]:
    plan = grooming.plan(ask, request.user)
    newest = sorting.answers(ask.repository).only("pk").first()
    return {
        "ask": ask, "repository": ask.repository, "plan": plan, "groups": _groups(plan), "green": by_pull(ask.repository),
        "newer": newest.pk if newest and newest.pk != ask.pk else None, "actions": {}, "choices": sorting.ACTIONS,
        "left_out": ((ask.context or {}).get("left_out") or {}).get("pull_requests", 0),
    }  # fmt: skip


def _groups(plan: grooming.Plan) -> list[Group]:
    found: dict[tuple[str, str], list[grooming.Line]] = {
        (action, category): [] for action in ORDER for category in CATEGORIES
    }
    for line in plan.lines:
        found[line.said.action, line.said.category].append(line)
    return [Group(*key, tuple(lines), _shared(lines)) for key, lines in found.items() if lines]


def _shared(lines: Sequence[grooming.Line]) -> str:
    reasons = {line.said.reason for line in lines}
    return reasons.pop() if len(reasons) == 1 else ""


def _ask(request: Asked, pk: int) -> Ask:
    """The page is about its repository, whichever was looked at last."""
    found = get_object_or_404(Ask.objects.select_related("repository__github"), pk=pk)
    request.repository = found.repository
    grooming.check(found, request.user)
    return found
