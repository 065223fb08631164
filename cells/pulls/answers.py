"""The answer to a comment: one comment of ours, that says first what came of it and is edited when that changes."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Case, CharField, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Cast, Coalesce, Concat
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext, ngettext

from cells.asks import life
from cells.models import Ask, AskComment, Errand, Patch
from cells.patches import life as patch_life
from cells.pulls import errands
from cells.pulls.quoting import code, fenced, told
from cells.sentences import Sentence, sentence

LINES = 5  # of the plan and of what is missing
JSON = 50_000  # characters; GitHub takes 65,536 in all
FOLLOWED = timedelta(days=30)
AT_ONCE = 100

WAITING = sentence("Asked; waiting for the answer.")
GONE = sentence("It was answered with a patch that is not here any more.")
PLAN = sentence("A full answer that proposes no change, because the evidence does not carry one.")
CANCELLED = sentence("Someone cancelled it; nothing came of it.")
NOT_JUDGED = sentence("not judged yet")
NOW = {
    patch_life.PROPOSED: sentence("It waits for a decision."),
    patch_life.APPROVED: sentence("It is approved and about to land."),
    patch_life.LANDING: sentence("It is approved and about to land."),
    patch_life.LANDED: sentence("It has landed."),
    patch_life.REJECTED: sentence("It was rejected."),
    patch_life.SENT_BACK: sentence("It was sent back."),
    patch_life.ARCHIVED: sentence("It was archived."),
    patch_life.SUPERSEDED: sentence("Something newer took its place."),
    patch_life.FAILED: sentence("Landing it failed; a person has to look."),
}
OVER = (patch_life.LANDED, patch_life.REJECTED, patch_life.SENT_BACK, patch_life.ARCHIVED, patch_life.SUPERSEDED)  # fmt: skip


def follow(ask: Ask) -> None:
    """Let the comment say how the ask stands now. Said already, nothing happens."""
    row = AskComment.objects.select_related("connection").filter(ask=ask).first()
    if row:
        _order(row, text(ask))


def refuse(row: AskComment, why: Sentence) -> None:
    """Say under the comment why nothing was asked."""
    with translation.override(settings.LANGUAGE_CODE):
        _order(row, f"**{gettext('Not asked')}.** {told(why)}")


def settle() -> int:
    """Comments that say something older than what is known are ordered anew. Returns how many were looked at."""
    rows = list(_behind()[:AT_ONCE])
    for row in rows:
        if row.ask:
            _order(row, text(row.ask))
    return len(rows)


def text(ask: Ask) -> str:
    """The comment, as GitHub's Markdown. What models and documents say stands in code."""
    with translation.override(settings.LANGUAGE_CODE):
        about = f"{code(ask.cell_key)} · {code(ask.mode)} · {_link(ask)}"
        parts = [f"{_verdict(ask)}\n{about}", *_lines(gettext("What to do"), ask.plan)]
        needs = [_need(need.get("sentence")) for need in ask.needs]
        parts += _lines(gettext("What evidence would change the answer"), needs)
        return "\n\n".join([*parts, *_folded(ask.answer)])


def _verdict(ask: Ask) -> str:
    """The first line: how it ended, or that it did not yet."""
    if ask.state == life.FAILED:
        return f"**failed** · {told(ask.error)}"
    if ask.state == life.CANCELLED:
        return f"**cancelled** · {told(CANCELLED)}"
    if ask.state == life.PLAN_ONLY:
        return f"**plan-only** · {told(PLAN)}"
    if ask.state != life.ANSWERED:
        return told(WAITING)
    return _of_patch(ask.patch) if ask.patch else told(GONE)


def _of_patch(patch: Patch) -> str:
    there = f"{settings.VPM_URL}{reverse('patch', args=[patch.pk])}"
    link = f"[{told(sentence('patch %(n)s', n=patch.pk))}]({there})"
    return f"**{patch.decision or told(NOT_JUDGED)}** · {link} · {code(patch.title, 120)} · {told(NOW[patch.state])}"


def _link(ask: Ask) -> str:
    there = f"{settings.VPM_URL}{reverse('ask', args=[ask.pk])}"
    return f"[{told(sentence('ask %(n)s', n=ask.pk))}]({there})"


def _lines(heading: str, lines: list[Any]) -> list[str]:
    shown = [f"* {line}" for each in lines[:LINES] if (line := code(str(each)))]
    more = len(lines) - LINES
    rest = [f"* {ngettext('and %(n)s more', 'and %(n)s more', more) % {'n': more}}"] if more > 0 else []
    return ["\n".join([f"{heading}:", *shown, *rest])] if shown else []


def _need(said: Any) -> str:
    return str(Sentence(said["text"], said["params"])) if isinstance(said, dict) else str(said)


def _folded(answer: Any) -> list[str]:
    if answer is None:
        return []
    whole = json.dumps(answer, indent=2, ensure_ascii=False)
    cut = [told(sentence("It is longer than fits here; the whole stands behind the link."))]
    cut = cut if len(whole) > JSON else []
    return ["<details><summary>JSON</summary>", fenced(whole[:JSON], "json"), *cut, "</details>"]


def _order(row: AskComment, body: str) -> None:
    errands.order(row.connection, key=_key(row), verb=Errand.COMMENT, number=row.number, said={"body": body})


def _key(row: AskComment) -> str:
    return f"answer:{row.id_there}"


def _behind() -> QuerySet[AskComment]:
    """Those whose answer was last written before its ask or its patch moved, and those whose patch still moves."""
    key = Concat(Value("answer:"), Cast("id_there", CharField()))
    said = Errand.objects.filter(connection=OuterRef("connection"), key=OuterRef("errand_key"))
    at = said.annotate(at=Coalesce("done_at", "made_at")).values("at")[:1]
    rows = AskComment.objects.annotate(errand_key=key).annotate(said_at=Subquery(at))
    moved = Q(said_at=None) | Q(ask__state_at__gt=F("said_at")) | Q(ask__patch__state_at__gt=F("said_at"))
    moves = Q(ask__patch__isnull=False) & ~Q(ask__patch__state__in=OVER)
    rows = rows.filter(moved | moves, ask__isnull=False, taken_at__gt=timezone.now() - FOLLOWED)
    first = Case(When(moved, then=0), default=1)
    return rows.select_related("connection", "ask__patch").order_by(first, "-pk")
