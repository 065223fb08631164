"""Doors for Celery: each task loads its row and calls one verb. Delivered twice, nothing happens twice."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from celery import shared_task
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore

from cells.asks import job, schedule
from cells.backtest import job as replays
from cells.chain import seal
from cells.hosts.github.places import by_pull
from cells.models import Ask, AskComment, Backtest, Delivery, Errand, Patch, Reminder, Repository, SyncRun
from cells.patches import automatic, landing, life, paths, planting, pushing, verdicts
from cells.pulls import answers, closing, comments, errands, failed
from cells.pulls import landing as at_github
from cells.reminding import sending
from cells.ssot.mirror import Mirror
from cells.sync import deliveries, runs

log = logging.getLogger(__name__)


@shared_task(name="cells.land")
def land(*, patch_id: int, **_: object) -> None:
    patch = Patch.objects.select_related("repository__github", "pull").get(pk=patch_id)
    (at_github if by_pull(patch.repository) else landing).land(patch)


@shared_task(name="cells.pull_follow")
def pull_follow(*, patch_id: int, **_: object) -> None:
    """A decision about what is a pull request is told there."""
    closing.follow(Patch.objects.select_related("repository", "pull__connection").get(pk=patch_id))


@shared_task(name="cells.push")
def push(*, repository_id: int, **_: object) -> None:
    pushing.push(Repository.objects.get(pk=repository_id))


@shared_task(name="cells.sync")
def sync(*, repository_id: int, **_: object) -> None:
    runs.request(Repository.objects.get(pk=repository_id), asked_by="landing")


@shared_task(name="cells.run_sync")
def run_sync(*, run_id: int, **_: object) -> None:
    run = SyncRun.objects.select_related("repository").filter(pk=run_id).first()
    if run and run.state == SyncRun.QUEUED:
        runs.execute(run)


@shared_task(name="cells.hook")
def hook(*, delivery_id: int, **_: object) -> None:
    row = Delivery.objects.select_related("connection__repository").filter(pk=delivery_id).first()
    if row:
        deliveries.handle(row)


@shared_task(name="cells.errand")
def errand(*, errand_id: int, **_: object) -> None:
    row = Errand.objects.select_related("connection__repository").filter(pk=errand_id).first()
    if row:
        errands.carry_out(row)


@shared_task(name="cells.ask_comment")
def ask_comment(*, comment_id: int, **_: object) -> None:
    row = AskComment.objects.select_related("connection__repository").filter(pk=comment_id).first()
    if row:
        comments.consider(row)


@shared_task(name="cells.answer_comment")
def answer_comment(*, ask_id: int, **_: object) -> None:
    row = Ask.objects.select_related("patch").filter(pk=ask_id).first()
    if row:
        answers.follow(row)


@shared_task(name="cells.sync_all")
def sync_all(**_: object) -> None:
    for repository in Repository.objects.all():
        runs.request(repository, asked_by="beat")


@shared_task(name="cells.ask")
def ask(*, ask_id: int, **_: object) -> None:
    row = Ask.objects.select_related("repository", "cell__lane", "cell__project", "subject", "parent")
    found = row.filter(pk=ask_id).first()
    if found:
        job.execute(found)


@shared_task(name="cells.ask_due")
def ask_due(**_: object) -> None:
    """Cells whose cadence has passed are asked."""
    schedule.start_due()


@shared_task(name="cells.backtest")
def backtest(*, backtest_id: int, **_: object) -> None:
    row = Backtest.objects.select_related("repository").filter(pk=backtest_id).first()
    if row:
        replays.execute(row)


@shared_task(name="cells.judge")
def judge(*, repository_id: int, **_: object) -> None:
    """Something that a verdict depends on changed without a commit."""
    _judge(Repository.objects.get(pk=repository_id))


@shared_task(name="cells.judge_beside")
def judge_beside(*, patch_id: int, **_: object) -> None:
    """A patch came or went: twins of it, and what it replaces, are judged again."""
    patch = Patch.objects.select_related("repository").get(pk=patch_id)
    if others := paths.beside(patch):
        verdicts.judge_waiting(patch.repository, Mirror(patch.repository.mirror), others)


@shared_task(name="cells.auto_merge")
def auto_merge(*, repository_id: int, **_: object) -> None:
    repository = Repository.objects.get(pk=repository_id)
    automatic.consider(repository, Mirror(repository.mirror))


SWEEPERS: tuple[Callable[[], object], ...] = (
    landing.settle, at_github.settle, failed.settle, runs.settle, job.settle, replays.settle, planting.settle, closing.settle,
    deliveries.settle, comments.settle, answers.settle, errands.settle, seal.seal,
)  # fmt: skip


@shared_task(name="cells.settle")
def settle(**_: object) -> None:
    """The sweeper: rows that stopped moving are moved on."""
    for repository in Repository.objects.filter(
        patches__state=life.PROPOSED, patches__decision=""
    ).distinct():
        _guarded(partial(_judge, repository))
    for repository in Repository.objects.filter(patches__push_state="pending").distinct():
        _guarded(partial(pushing.push, repository))
    for repository in Repository.objects.filter(github__isnull=False).select_related("github"):
        _guarded(partial(deliveries.catch_up, repository))
    for sweeper in SWEEPERS:
        _guarded(sweeper)


def _judge(repository: Repository) -> None:
    verdicts.judge_waiting(repository, Mirror(repository.mirror))


def _guarded(step: Callable[[], object]) -> None:
    """One step's trouble, or one repository's, is not the others'."""
    try:
        step()
    except Exception:
        log.exception("%s failed; what it had to move on waits for the next beat", step)


@shared_task(name="cells.remind")
def remind(**_: object) -> None:
    """Each due reminder is a job of its own: a webhook that hangs delays nobody else's."""
    sending.wake_due()


@shared_task(name="cells.send_reminder")
def send_reminder(*, reminder_id: int, **_: object) -> None:
    row = Reminder.objects.select_related("user", "repository").filter(pk=reminder_id).first()
    if row:
        sending.send(row)


@shared_task(name="cells.tidy")
def tidy(**_: object) -> None:
    """Old webhooks and sessions go. The embedded broker keeps delivered messages; drop them (Redis does this by itself)."""
    deliveries.tidy()
    SessionStore.clear_expired()
    if not settings.CELERY_BROKER_URL.startswith("sqla+sqlite:///"):
        return
    import sqlite3

    with sqlite3.connect(settings.CELERY_BROKER_URL.removeprefix("sqla+sqlite:///"), timeout=5) as broker:
        broker.execute("DELETE FROM kombu_message WHERE visible = 0")
