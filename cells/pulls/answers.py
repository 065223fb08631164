"""The answer to a comment: one comment of ours, that says first what came of it and is edited when that changes."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, QuerySet, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, Concat
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext, ngettext

from cells.asks import life
from cells.hosts.github import comments as there
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


def follow(ask: Ask) -> None:
    """Let the comment say how the ask stands now. Said already, nothing happens."""
    row = AskComment.objects.filter(ask=ask).first()
    if row:
        _say(row.pk)


def refuse(row: AskComment, why: Sentence) -> None:
    """Say under the comment why nothing was asked."""
    with translation.override(settings.LANGUAGE_CODE):
        _order(row, {"body": f"**{gettext('Not asked')}.** {told(why)}"})


def given(row: AskComment) -> bool:
    """Whether another VPM that speaks under the same name answered it: of ours none is there yet. Raises Unanswered."""
    return there.answered(row.connection, row.number, errands.marker(_key(row)), row.written_at)


def settle() -> int:
    """Comments that say something older than what is known are ordered anew. Returns how many."""
    rows = list(_behind().values_list("pk", flat=True)[:AT_ONCE])
    for number in rows:
        _say(number)
    return len(rows)


def _say(number: int) -> None:
    """Read and order while the row is held: whoever orders later has read later, so the newest stands."""
    with transaction.atomic():
        rows = AskComment.objects.select_for_update(of=("self",)).select_related("connection", "ask__patch")
        row = rows.filter(pk=number).first()
        if row and row.ask:
            _order(row, {"body": text(row.ask), "of": _of(row.ask)})


def _of(ask: Ask) -> str:
    """What the text depends on, as `_behind` compares it."""
    patch = ask.patch
    return f"{ask.state} {patch.state if patch else ''} {patch.decision if patch else ''}"


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


def _order(row: AskComment, said: dict[str, str]) -> None:
    errands.order(row.connection, key=_key(row), verb=Errand.COMMENT, number=row.number, said=said)


def _key(row: AskComment) -> str:
    return f"answer:{row.id_there}"


def _behind() -> QuerySet[AskComment]:
    """Those whose answer does not say how the ask and its patch stand now. What is compared is no time: clocks differ."""
    key = Concat(Value("answer:"), Cast("id_there", CharField()))
    patch = [Coalesce(f"ask__patch__{name}", Value("")) for name in ("state", "decision")]
    now = Concat("ask__state", Value(" "), patch[0], Value(" "), patch[1])
    orders = Errand.objects.annotate(of=Cast(KT("said__of"), CharField()))
    right = orders.filter(connection=OuterRef("connection"), key=OuterRef("its_key"), of=OuterRef("now"))
    rows = AskComment.objects.filter(ask__isnull=False, taken_at__gt=timezone.now() - FOLLOWED)
    return rows.annotate(its_key=key, now=now).filter(~Exists(right)).order_by("-pk")
