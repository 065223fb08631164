"""Which contract governs a repository: the one on its default branch, never a proposal's own."""

from __future__ import annotations

import re

import pygit2

from cells.contract.policy import Contract, ContractBroken, broken, default, parse
from cells.sentences import sentence
from cells.ssot.mirror import Mirror

PATH = "contract.toml"
_GOVERNING = re.compile(r"(contract|swarm)\.toml|STATE/[^/]+/swarm\.toml")


def governs(path: str) -> bool:
    """Whether a file says who has to agree, or what the contract asks for."""
    return _GOVERNING.fullmatch(path) is not None


def contract_of(mirror: Mirror, main: str) -> Contract:
    """The repository's contract at commit `main`, else the default. One that cannot be used has everything reviewed."""
    if not main or PATH not in mirror.commit(main).tree:
        return default()
    entry = mirror.commit(main).tree[PATH]
    text = mirror.text(main, PATH) if isinstance(entry, pygit2.Blob) else None
    if text is None:
        return broken(
            sentence("The contract file is too large or not a file, so it is not used; replace it on main.")
        )
    try:
        return parse(text)
    except ContractBroken as wrong:
        return broken(wrong.sentence)
