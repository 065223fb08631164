"""The egspace app."""

from django.apps import AppConfig


class EgspaceConfig(AppConfig):
    """Imports the tasks so that `signature(name)` honours eager mode; listens for what moves the map."""

    name = "egspace"

    def ready(self) -> None:
        from cells.views.pulse import MOVERS
        from egspace import refresh, signals, tasks  # noqa: F401
        from egspace.telling import ranking

        signals.connect()
        ranking.register()
        MOVERS.append(refresh.last)
