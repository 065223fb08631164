"""contract.toml as a frozen value: categories, lanes and rules. What a file leaves out is as in the default."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cells.contract.case import DECISIONS, Decision, Risk
from cells.sentences import Sentence, sentence

_DEFAULT = Path(__file__).with_name("contract.toml")
_LONGEST = 100_000
_RISKS = ("LOW", "MEDIUM", "HIGH")
_SAYS = {"review": ("review", "note", "off"), "archive": ("archive", "note", "off")}
# These rules are what AUTO_MERGE_OK means; a file that turns one off is a mistake or an attack.
ALWAYS = frozenset(
    {
        "protected", "path-form", "path-shadow", "checks", "applies", "fork", "draft", "unseen", "unread", "empty-change",
        "file-type", "extension", "binary", "secrets", "invisible", "look-alikes", "injection",
    }
)  # fmt: skip

Raw = dict[str, Any]


class ContractBroken(Exception):
    """A contract file that cannot be used; `sentence` says why and, where it can, in which line."""

    def __init__(self, why: Sentence) -> None:
        super().__init__(str(why))
        self.sentence = why


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of proposal: the globs of its paths, what it may become, and the risk a review of it carries."""

    name: str
    paths: tuple[str, ...]
    decision: Decision
    risk: Risk


@dataclass(frozen=True, slots=True)
class Rule:
    """How one rule is set: `says` is "review", "archive", "note" or "off"; `params` are its own numbers and globs."""

    name: str
    says: str
    risk: Risk
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Contract:
    """The whole policy. `version` is the first 12 hex digits of the sha256 of the default's text and the
    file's own after it; `work` bounds the reading.

    With `why` set the file it came from was broken, and every verdict asks for a person.
    """

    version: str
    categories: tuple[Category, ...]
    lanes: Mapping[str, tuple[str, ...]]
    rules: Mapping[str, Rule]
    work: Mapping[str, int]
    why: Sentence | None = None


@cache
def default() -> Contract:
    """The contract that comes with the product."""
    return _contract(_default_text(), _default_raw())


def broken(why: Sentence) -> Contract:
    """A contract under which everything is reviewed, because the repository's own cannot be used."""
    return replace(default(), version="broken", why=why)


def parse(text: str) -> Contract:
    """A repository's contract.toml laid over the default. Raises ContractBroken."""
    if len(text) > _LONGEST:
        raise ContractBroken(
            sentence("The contract file is longer than %(most)s characters; shorten it.", most=_LONGEST)
        )
    try:
        own: Raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ContractBroken(
            sentence(
                "The contract file is not valid TOML (%(error)s); correct it on the default branch.",
                error=str(error)[:200],
            )
        ) from None
    # What it leaves out comes from the default, so both texts make the version.
    return _contract(_default_text() + text, _laid_over(_default_raw(), own, text))


@cache
def _default_text() -> str:
    return _DEFAULT.read_text(encoding="utf-8")


@cache
def _default_raw() -> Raw:
    return tomllib.loads(_default_text())


def _laid_over(base: Raw, own: Raw, text: str) -> Raw:
    """The default with the file's own values in their places; every name and type is checked against the default."""
    for section in own:
        if section not in base:
            raise _unknown(section, section, text)
    lanes = _table(own, "lanes", "lanes", text)
    return {
        "work": _values(base["work"], _table(own, "work", "work", text), "work", text),
        "categories": _named(
            base["categories"], _table(own, "categories", "categories", text), "categories", text
        ),
        "lanes": {name: _lane(lanes, name, text) for name in lanes},
        "rules": _named(base["rules"], _table(own, "rules", "rules", text), "rules", text),
    }


def _named(base: Raw, own: Raw, section: str, text: str) -> Raw:
    """Every rule or category of the default, in its order, with the file's own values."""
    for name in own:
        if name not in base:
            raise _unknown(name, f"{section}.{name}", text)
    return {
        name: _values(params, _table(own, name, f"{section}.{name}", text), f"{section}.{name}", text)
        for name, params in base.items()
    }


def _lane(lanes: Raw, name: str, text: str) -> Raw:
    where = f"lanes.{name}"
    lane = _values({"paths": [""]}, _table(lanes, name, where, text), where, text)
    if lane["paths"] == [""]:
        raise _wrong("paths", where, text)
    return lane


def _table(holder: Raw, name: str, where: str, text: str) -> Raw:
    value = holder.get(name, {})
    if not isinstance(value, dict):
        raise _wrong(name, where, text)
    return value


def _values(base: Raw, own: Raw, where: str, text: str) -> Raw:
    for key, value in own.items():
        if key not in base:
            raise _unknown(key, where, text)
        if not _fits(key, value, base[key]) or (key == "says" and value != base[key] and _fixed(where)):
            raise _wrong(key, where, text)
    return {**base, **own}


def _fixed(where: str) -> bool:
    return where.removeprefix("rules.") in ALWAYS


def _fits(key: str, value: Any, model: Any) -> bool:
    """Whether a value may stand where the default has `model`."""
    match key:
        case "says":
            return value in _SAYS["archive" if model == "archive" else "review"]
        case "risk":
            return value in _RISKS
        case "decision":
            return value in DECISIONS
    if isinstance(model, list):
        return isinstance(value, list) and all(isinstance(item, str) and item.strip() for item in value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return value >= 0 and (isinstance(model, float) or isinstance(value, int))


def _contract(text: str, raw: Raw) -> Contract:
    categories = tuple(
        Category(name, tuple(row["paths"]), row["decision"], row["risk"])
        for name, row in raw["categories"].items()
    )
    rules = {
        name: Rule(
            name,
            row["says"],
            row["risk"],
            MappingProxyType({k: v for k, v in row.items() if k not in ("says", "risk")}),
        )
        for name, row in raw["rules"].items()
    }
    lanes = {name: tuple(row["paths"]) for name, row in raw["lanes"].items()}
    version = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return Contract(version, categories, MappingProxyType(lanes), MappingProxyType(rules), raw["work"])


def _unknown(name: str, where: str, text: str) -> ContractBroken:
    return ContractBroken(
        sentence(
            "Line %(line)s of the contract file names %(name)s, which nobody knows; correct the spelling.",
            line=_line(name, where, text),
            name=_full(name, where),
        )
    )


def _wrong(name: str, where: str, text: str) -> ContractBroken:
    return ContractBroken(
        sentence(
            "Line %(line)s of the contract file gives %(name)s a value it cannot have; "
            "look at the default contract.",
            line=_line(name, where, text),
            name=_full(name, where),
        )
    )


def _full(name: str, where: str) -> str:
    """A key with its table, or the table itself, no longer than a person reads."""
    return (where if where.rpartition(".")[2] == name else f"{where}.{name}")[:100]


def _line(name: str, where: str, text: str) -> int:
    """The line that names it: under its table's header when there is one, else the first that has the word."""
    lines = text.split("\n")
    spaced = [re.sub(r"""[\s"']""", "", line) for line in lines]
    start = next((n for n, line in enumerate(spaced) if line.startswith(f"[{where}]")), 0)
    order = [*range(start, len(lines)), *range(start)]
    return next((n for n in order if name in lines[n]), start) + 1
