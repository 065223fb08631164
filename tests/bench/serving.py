"""The product's server with the pages of `bare` beside its own; gunicorn loads it by name."""

from __future__ import annotations

from django.conf import settings

from vpm.wsgi import application

settings.ROOT_URLCONF = "tests.bench.bare"

__all__ = ["application"]
