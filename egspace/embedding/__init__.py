"""What turns texts into vectors, by name."""

from __future__ import annotations

from django.conf import settings

from cells.sentences import sentence
from egspace.embedding.base import Embedder, EmbedderAway, EmbedderBroken, Matrix
from egspace.embedding.ngrams import Ngrams

__all__ = ["Embedder", "EmbedderAway", "EmbedderBroken", "Matrix", "embedder", "names"]

_NAMES = ("ngrams", "openai", "minilm")


def names() -> tuple[str, ...]:
    """Every embedder; the first needs nothing."""
    return _NAMES


def embedder(name: str = "") -> Embedder:
    """The embedder of that name, else the one VPM_EMBEDDER chooses. Raises EmbedderBroken when it cannot work here."""
    name = name or settings.VPM_EMBEDDER
    if name == "ngrams":
        return Ngrams()
    # The others cost seconds to import, which an installation that does not use them never pays.
    if name == "openai":
        from egspace.embedding.openai import OpenAI

        return OpenAI.of_settings()
    if name == "minilm":
        from egspace.embedding.minilm import MiniLM

        return MiniLM()
    raise EmbedderBroken(
        sentence(
            "There is no embedder %(name)s; set VPM_EMBEDDER to one of %(known)s.",
            name=name, known=", ".join(_NAMES),
        )
    )  # fmt: skip
