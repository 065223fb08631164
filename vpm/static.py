"""Which static files we collect, and how they are stored."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class OwnStatic(CompressedManifestStaticFilesStorage):
    """Hashed names and gzip for production; plain names where nothing was collected (tests)."""

    manifest_strict = False
