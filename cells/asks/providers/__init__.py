"""The providers an ask can go to, by name."""

from __future__ import annotations

from django.conf import settings

from cells.asks.providers.base import Provider, ProviderFailed
from cells.asks.providers.rules import Rules
from cells.sentences import sentence

_NAMES = ("rules", "openai")


def names() -> tuple[str, ...]:
    """Every provider; the first needs nothing."""
    return _NAMES


def default() -> str:
    """The provider an ask goes to when none is named: VPM_PROVIDER, else the one that needs nothing."""
    return getattr(settings, "VPM_PROVIDER", "") or _NAMES[0]


def model(name: str) -> str:
    """The model that provider asks, "" when it asks none."""
    return getattr(settings, "VPM_MODEL", "") if name == "openai" else ""


def ready(name: str) -> bool:
    """Whether the provider has what it needs to answer here."""
    return name != "openai" or bool(settings.VPM_OPENAI_API_KEY)


def provider(name: str) -> Provider:
    """The provider of that name. Raises ProviderFailed when there is none."""
    if name == "rules":
        return Rules()
    if name == "openai":
        # Its client takes most of a second to import, which an installation without a key never pays.
        from cells.asks.providers.openai import OpenAI

        return OpenAI()
    known = ", ".join(_NAMES)
    raise ProviderFailed(
        sentence("There is no provider %(name)s; there are %(known)s.", name=name, known=known), again=False
    )
