"""Which static files are collected, and how they are stored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.contrib.staticfiles.finders import AppDirectoriesFinder, FileSystemFinder
from whitenoise.storage import CompressedManifestStaticFilesStorage

# `import { … } from "./other.js";` of our own modules. Imported by its plain name while a page loads the hashed one, a
# module would run twice: every key and click would count double.
IMPORT = (
    r"""(?P<matched>import(?P<names>\s*\{[^}]*\}\s*)from\s*"(?P<url>\./[^"]+)"\s*;)""",
    """import%(names)sfrom "%(url)s";""",
)

# The packages hold more than we serve; the rest would only be copied and compressed.
SERVED = {"htmx": {"htmx-2.min.js"}, "plotly": {"plotly.min.js"}}


class OwnFinder(FileSystemFinder):
    """Our own files, and of the installed packages only what the pages load."""

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterable[Any]:
        for path, storage in super().list(ignore_patterns):
            served = SERVED.get(getattr(storage, "prefix", None) or "")
            if served is None or path in served:
                yield path, storage


class AppsFinder(AppDirectoriesFinder):
    """Files of the apps whose pages we show: of django-allauth none is."""

    def __init__(self, app_names: Any = None, *args: Any, **more: Any) -> None:
        shown = [one.name for one in apps.get_app_configs() if not one.name.startswith("allauth.")]
        super().__init__(app_names or shown, *args, **more)


class OwnStatic(CompressedManifestStaticFilesStorage):
    """Hashed names and compression once collected; plain names before that (tests, runserver)."""

    patterns = (*CompressedManifestStaticFilesStorage.patterns, ("js/*.js", (IMPORT,)))

    def stored_name(self, name: str) -> str:
        return super().stored_name(name) if self.hashed_files else name
