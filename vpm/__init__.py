"""Wiring only: settings, urls, the Celery app, the supervisor."""

from vpm.celery import app as celery_app

__all__ = ["celery_app"]
