"""Vectors as they are kept for drawing: float16, exact to one part in two thousand."""

from __future__ import annotations

import numpy as np

from egspace.geometry import Array


def half(vector: Array | None) -> bytes:
    """Empty where nothing is known."""
    return b"" if vector is None else np.asarray(vector, "<f2").tobytes()


def whole(stored: bytes) -> Array | None:
    return np.frombuffer(bytes(stored), "<f2").astype(np.float32) if stored else None
