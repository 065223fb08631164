"""The cells app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CellsConfig(AppConfig):
    """Imports the tasks so that `signature(name)` honours eager mode; listens to Django's own pages."""

    name = "cells"

    def ready(self) -> None:
        from cells import signals, tasks  # noqa: F401
        from cells.permissions import make_groups

        post_migrate.connect(make_groups, sender=self)
        signals.connect()
