"""The job of an ask: context, question, answer, patch. Each step is kept before the next one begins.

A worker may die at any point: the next one takes the row, finds what is kept, and goes on from there. What a
worker that was declared dead still brings changes nothing: every write names the attempt that makes it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from pydantic import BaseModel, ValidationError

from cells.asks import asking, context, life, modes, providers, replies
from cells.asks.drafting import drafted
from cells.asks.modes.base import Mode, ModeRefused, Outcome
from cells.asks.parsing import storable
from cells.asks.providers.base import ProviderFailed, Question
from cells.clock import lease, wake
from cells.models import Ask, Patch
from cells.patches import paths, verdicts
from cells.patches.edits import EditRefused
from cells.patches.proposing import propose
from cells.refusals import Refused
from cells.sentences import Sentence, sentence
from cells.ssot.mirror import Mirror

log = logging.getLogger(__name__)

WORKER = "ask"
ATTEMPTS = 5
LATE = timedelta(seconds=5)


class Ended(Exception):
    """The ask was cancelled, or another worker has it."""


class Failed(Exception):
    """The ask ends as failed, with this sentence."""

    def __init__(self, why: Sentence) -> None:
        super().__init__(str(why))
        self.why = why


def execute(ask: Ask) -> Ask:
    """Take it, answer it, record it. Called twice it is answered once; in another state it does nothing."""
    if ask.state != life.QUEUED or (ask.not_before and ask.not_before > timezone.now()):
        return ask
    try:
        asking.shift(
            ask, "take", actor=WORKER, attempt=ask.attempts, lease_until=lease(), attempts=ask.attempts + 1,
            not_before=None,
        )  # fmt: skip
    except Refused:
        return ask
    began = time.monotonic()
    try:
        _answer(ask, began)
    except (Ended, Refused):
        ask.refresh_from_db()
    except ProviderFailed as failed:
        _put_off(ask, failed)
    except (Failed, ModeRefused, EditRefused) as failed:
        _fail(ask, failed.why)
    except Exception as error:
        log.exception("%s failed", ask)
        why = sentence(
            "The ask stopped by a fault of ours (%(error)s). Run it again.", error=repr(error)[:300]
        )
        _fail(ask, why)
    return ask


def _answer(ask: Ask, began: float) -> None:
    mode = modes.mode(ask.mode)
    mirror = Mirror(ask.repository.mirror)
    if ask.context is None:
        _prepare(ask, mode, mirror)
    if not ask.reply and (earlier := _same(ask)):
        _repeat(ask, earlier)
        return
    if not ask.reply:
        _question(ask, mode)
    _step(ask, "reading")
    read = replies.read(ask.reply, mode.reply)
    _keep(ask, kept=read.kept, repairs=[repair.as_json() for repair in read.repairs])
    if read.answer is None:
        raise Failed(read.problem or sentence("The reply could not be read."))
    _keep(ask, answer=read.answer.model_dump(mode="json"))
    assert ask.context is not None
    outcome = mode.outcome(read.answer, ask.context)
    told = {
        "plan": list(outcome.plan), "warnings": list(outcome.warnings), "lease_until": None, "step": "",
        "needs": [{**need, "sentence": _stored(need["sentence"])} for need in outcome.needs],
        "seconds": round(ask.seconds + time.monotonic() - began, 3),
    }  # fmt: skip
    if not (outcome.edits and _propose(ask, mode, mirror, outcome, told)):
        asking.shift(ask, "plan", actor=WORKER, attempt=ask.attempts, **told)


def _prepare(ask: Ask, mode: Mode, mirror: Mirror) -> None:
    """Build what will be sent, and keep it: another attempt asks the same."""
    _step(ask, "context")
    if ask.cell is None:
        raise Failed(sentence("The swarm holds no cell %(cell)s any more.", cell=ask.cell_key))
    head = ask.repository.head
    said = context.build(ask, mirror, head)
    try:
        mode.context.model_validate(said)
    except ValidationError as error:
        first = error.errors()[0]
        raise Failed(
            sentence(
                "The context lacks what this mode needs (%(place)s: %(what)s).",
                place=".".join(map(str, first["loc"])), what=first["msg"],
            )
        ) from error  # fmt: skip
    lasting = {name: value for name, value in said.items() if name != "stamp"}  # it only names new files
    fingerprint = hashlib.sha256(
        json.dumps([lasting, ask.mode, ask.provider, ask.model, mode.prompt], sort_keys=True).encode()
    ).hexdigest()
    _keep(ask, head=head, context=said, prompt=mode.prompt, fingerprint=fingerprint)


def _same(ask: Ask) -> Ask | None:
    """An earlier answer to exactly this question, unless a new one is wanted or its patch is gone."""
    if ask.forced:
        return None
    rows = Ask.objects.filter(
        repository=ask.repository, fingerprint=ask.fingerprint, state__in=(life.ANSWERED, life.PLAN_ONLY)
    )
    return rows.exclude(pk=ask.pk).exclude(state=life.ANSWERED, patch__isnull=True).order_by("-pk").first()


def _repeat(ask: Ask, earlier: Ask) -> None:
    """The earlier answer, shown as what it is: nothing was asked."""
    verb = "answer" if earlier.state == life.ANSWERED else "plan"
    names = ("reply", "answer", "kept", "repairs", "plan", "warnings", "needs", "patch")
    asking.shift(
        ask, verb, actor=WORKER, attempt=ask.attempts, lease_until=None, step="", same_as=earlier.same_as or earlier,
        **{name: getattr(earlier, name) for name in names},
    )  # fmt: skip


def _question(ask: Ask, mode: Mode) -> None:
    """Ask the provider; what came back is kept before anyone reads it."""
    _step(ask, "asking")
    assert ask.context is not None
    question = Question(mode=mode, prompt=ask.prompt, context=ask.context, model=ask.model)
    reply = providers.provider(ask.provider).answer(question, _alive(ask))
    _keep(
        ask, reply=storable(reply.text), model=reply.model[:100] or ask.model, tokens_in=reply.tokens_in,
        tokens_out=reply.tokens_out, cost=reply.cost,
    )  # fmt: skip


def _propose(ask: Ask, mode: Mode, mirror: Mirror, outcome: Outcome, told: dict[str, Any]) -> bool:
    """Patch and ending in one transaction, so that neither is without the other; False when nothing changes."""
    _step(ask, "patch")
    main = mirror.tip(f"refs/heads/{ask.repository.branch}")
    what = drafted(ask, mode, outcome, mirror, main)
    if what is None:
        return False

    def answered(patch: Patch) -> None:
        asking.shift(ask, "answer", actor=WORKER, attempt=ask.attempts, patch=patch, **told)

    patch = propose(ask.repository, main, what, actor=WORKER, claim=answered)
    # Should this worker die here, the sweeper finds a patch that nobody judged.
    verdicts.judge_waiting(ask.repository, mirror, [patch, *paths.beside(patch)])
    return True


def _alive(ask: Ask) -> Callable[[], None]:
    """Keeps the lease while the provider thinks; stops when the ask was cancelled."""

    def alive() -> None:
        _keep(ask, lease_until=lease())

    return alive


def _step(ask: Ask, step: str) -> None:
    _keep(ask, step=step, lease_until=lease())


def _keep(ask: Ask, **fields: Any) -> None:
    """Write to the row while it is this attempt's. Raises Ended."""
    rows = Ask.objects.filter(pk=ask.pk, state=life.RUNNING, attempts=ask.attempts)
    if rows.update(**fields) != 1:
        raise Ended
    for name, value in fields.items():
        setattr(ask, name, value)


def _put_off(ask: Ask, failed: ProviderFailed) -> None:
    """A provider that was away is asked again a few times, each time later; then the ask fails with its sentence."""
    try:
        if failed.text:
            _keep(ask, reply=storable(failed.text))
        if not failed.again or ask.attempts >= ATTEMPTS:
            _fail(ask, failed.why)
            return
        later = timezone.now() + timedelta(seconds=2**ask.attempts * 5)
        asking.shift(
            ask, "release", actor=WORKER, attempt=ask.attempts, lease_until=None, not_before=later, reply="",
            step="away", error=failed.why.as_json(),
        )  # fmt: skip
    except (Ended, Refused):
        ask.refresh_from_db()


def _fail(ask: Ask, why: Sentence) -> None:
    try:
        asking.shift(
            ask, "fail", actor=WORKER, attempt=ask.attempts, error=why.as_json(), lease_until=None, step=""
        )
    except Refused:
        log.info("%s ended otherwise", ask)


def settle() -> int:
    """Asks whose worker died are queued again; queued ones nobody took are woken. Returns how many."""
    now = timezone.now()
    dead = Ask.objects.filter(state=life.RUNNING, lease_until__lt=now).select_related("repository")
    for ask in dead:
        try:
            if ask.attempts >= ATTEMPTS:
                why = sentence(
                    "Its worker stopped %(times)s times in the middle. Run it again.", times=ask.attempts
                )
                asking.shift(
                    ask, "fail", actor="settle", attempt=ask.attempts, error=why.as_json(), lease_until=None
                )
            else:
                asking.shift(ask, "release", actor="settle", attempt=ask.attempts, lease_until=None)
                wake("cells.ask", ask_id=ask.pk)
        except Refused:
            log.info("%s moved by itself", ask)
    late = Ask.objects.filter(state=life.QUEUED, state_at__lt=now - LATE)
    late = late.filter(Q(not_before__isnull=True) | Q(not_before__lte=now))
    with transaction.atomic():
        for pk in list(late.values_list("pk", flat=True)[:500]):
            wake("cells.ask", ask_id=pk)
    return len(late) + len(dead)


def _stored(said: Any) -> Any:
    return said.as_json() if isinstance(said, Sentence) else said


def answer_of(ask: Ask) -> BaseModel | None:
    """The kept answer as its mode's model; None when there is none or the mode is gone."""
    try:
        return modes.mode(ask.mode).reply.model_validate(ask.answer) if ask.answer is not None else None
    except (KeyError, ValidationError):
        return None
