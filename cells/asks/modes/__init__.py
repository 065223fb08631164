"""The modes of /ask, one file each: a module here that has a MODE is a mode."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from cells.asks.modes.base import Mode


@cache
def modes() -> dict[str, Mode]:
    """Every mode by its key. A new mode is a new file; a name that begins with "_" is a helper's."""
    names = (module.name for module in iter_modules(__path__) if not module.name.startswith("_"))
    found = (getattr(import_module(f"{__name__}.{name}"), "MODE", None) for name in names)
    return {each.key: each for each in found if isinstance(each, Mode)}


def mode(key: str) -> Mode:
    """The mode of that key. Raises KeyError."""
    return modes()[key]
