"""The egspace app."""

from django.apps import AppConfig


class EgspaceConfig(AppConfig):
    name = "egspace"
