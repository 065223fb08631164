"""Which static files are collected, and how they are stored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.staticfiles.finders import FileSystemFinder
from whitenoise.storage import CompressedManifestStaticFilesStorage

# The packages hold more than we serve; the rest would only be copied and compressed.
SERVED = {"htmx": {"htmx-2.min.js"}, "plotly": {"plotly.min.js"}}


class OwnFinder(FileSystemFinder):
    """Our own files, and of the installed packages only what the pages load."""

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterable[Any]:
        for path, storage in super().list(ignore_patterns):
            served = SERVED.get(getattr(storage, "prefix", None) or "")
            if served is None or path in served:
                yield path, storage


class OwnStatic(CompressedManifestStaticFilesStorage):
    """Hashed names and compression once collected; plain names before that (tests, runserver)."""

    def stored_name(self, name: str) -> str:
        return super().stored_name(name) if self.hashed_files else name
