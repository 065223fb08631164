"""Deciding: one door for every verb a person has on a patch, from its page or from a list, with what they saw."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cells.asks import returning
from cells.models import Patch, Review
from cells.patches import desk, inbox, life, reviews
from cells.refusals import Refused, say
from cells.sentences import sentence
from cells.views import undoing
from cells.views.chosen import Asked, viewer
from cells.views.patches import decision_part, patch_or_404, whole
from cells.views.since import since_context

Form = Mapping[str, str]
SNOOZES = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}


def _reason(form: Form) -> str:
    return form.get("reason", "").strip()


def _approve(patch: Patch, by: User, form: Form) -> None:
    reviews.approve(
        patch=patch, by=by, digest=form.get("digest", ""), verdict=form.get("verdict", ""), reason=_reason(form),
        via=form.get("via", Review.PAGE),
    )  # fmt: skip


def _land_by_hand(patch: Patch, by: User, form: Form) -> None:
    seen = {name: form.get(name, "") for name in ("digest", "verdict")}
    reviews.land_by_hand(patch=patch, by=by, reason=_reason(form), **seen)


def _turn_down(verb: Callable[..., object]) -> Callable[[Patch, User, Form], None]:
    def turned_down(patch: Patch, by: User, form: Form) -> None:
        seen = {"digest": form.get("digest", ""), "via": form.get("via", Review.PAGE)}
        verb(patch=patch, by=by, reason=_reason(form), **seen)

    return turned_down


def _snooze(patch: Patch, by: User, form: Form) -> None:
    length = SNOOZES.get(form.get("for", ""), SNOOZES["day"])
    desk.snooze(patch=patch, by=by, until=timezone.now() + length)


def _hand_over(patch: Patch, by: User, form: Form) -> None:
    to = User.objects.filter(username=form.get("to", ""), is_active=True).first()
    if to is None:
        raise Refused(sentence("Choose whom to hand it to."))
    desk.hand_over(patch=patch, by=by, to=to, note=_reason(form))


def _simple(verb: Callable[..., object]) -> Callable[[Patch, User, Form], None]:
    def done(patch: Patch, by: User, form: Form) -> None:
        verb(patch=patch, by=by)

    return done


VERBS: dict[str, Callable[[Patch, User, Form], None]] = {
    "approve": _approve,
    "reject": _turn_down(reviews.reject),
    "send_back": _turn_down(returning.send_back),
    "archive": _turn_down(reviews.archive),
    "land_by_hand": _land_by_hand,
    "withdraw": _simple(reviews.withdraw),
    "reopen": _simple(returning.reopen),
    "retry": _simple(reviews.retry),
    "snooze": _snooze,
    "wake_up": _simple(desk.wake_up),
    "hand_over": _hand_over,
    "take": _simple(desk.take),
    "claim": _simple(desk.claim),
    "take_over": lambda patch, by, form: desk.claim(patch=patch, by=by, take_over=True),
    "let_go": _simple(desk.let_go),
}
MOVES_ON = {"approve", "reject", "send_back", "archive", "snooze", "hand_over"}  # the next one is shown then


@require_POST
@viewer
def decide(request: Asked, pk: int, verb: str) -> HttpResponse:
    """One verb; a refusal is shown where the buttons were, with its status."""
    if verb not in VERBS:
        raise Http404(f"There is no verb {verb}.")
    found = patch_or_404(request, pk)
    try:
        VERBS[verb](found, request.user, request.POST)
    except Refused as refused:
        return _refused(request, patch_or_404(request, pk), refused)
    found = patch_or_404(request, pk)
    if (
        found.planted_by_id and found.state == life.ARCHIVED
    ):  # revealed: the lesson is read now, and nothing is to be undone
        request.session["undo"] = None
        return _go(request, reverse("patch", args=[pk]) + f"?from={request.POST.get('from', '')}")
    undoing.remember(request, found, verb)
    return _done(request, found, verb)


def _refused(request: Asked, found: Patch, refused: Refused) -> HttpResponse:
    if not request.htmx:
        late = refused.status == Refused.status
        told = since_context(found, request.POST, refused=True, reader=request.user) if late else {}
        return whole(request, found, refused, refusal=say(refused.why), **told)
    if request.POST.get("via") == "inbox":
        row = {"one": found, "refusal": say(refused.why), "repository": found.repository, "deciding": True}
        return render(request, "cells/inbox_row.html", row, status=refused.status)
    return decision_part(request, found, request.POST, refusal=refused)


def _done(request: Asked, found: Patch, verb: str) -> HttpResponse:
    """In a list the row goes; on a page opened from the inbox the next one follows; else the page says how it stands."""
    if request.POST.get("via") == "inbox":
        if request.htmx:
            return render(request, "cells/inbox_gone.html", {"one": found, "toast": undoing.offered(request)})
        return redirect(reverse("inbox") + f"?repo={found.repository.key}")
    if request.POST.get("from") == "inbox" and verb in MOVES_ON:
        return _go(request, _next(request, found))
    if request.htmx:
        return decision_part(request, found, request.POST, toast=undoing.offered(request))
    messages.success(request, _("Done."))
    return redirect("patch", found.pk)


def _next(request: Asked, found: Patch) -> str:
    """Where to go on: the next in the inbox after this one, else what comes first, else the empty inbox."""
    after = inbox.around(found.repository, request.user, found)[1] or inbox.top(
        found.repository, request.user
    )
    if after is None or after.pk == found.pk:
        return reverse("inbox") + f"?repo={found.repository.key}"
    return reverse("patch", args=[after.pk]) + "?from=inbox"


def _go(request: Asked, to: str) -> HttpResponse:
    if not request.htmx:
        return redirect(to)
    answer = HttpResponse(status=204)
    answer["HX-Redirect"] = to
    return answer
