"""Whether main describes the swarm as it was last read. Until it does, nobody knows who has to agree."""

from __future__ import annotations

import pygit2

from cells.models import Repository
from cells.ssot.mirror import Mirror

FILE = "swarm.toml"


def as_read(repository: Repository, mirror: Mirror, main: str) -> bool:
    """Whether every swarm.toml of `main` is one that sync has seen, usable or not."""
    head = Repository.objects.values_list("head", flat=True).get(pk=repository.pk)
    return head == main or (mirror.has(head) and _files(mirror, main) == _files(mirror, head))


def _files(mirror: Mirror, commit: str) -> dict[bytes | None, str]:
    """Folder to blob of the root's and of each project's."""
    tree = mirror.commit(commit).tree
    found: dict[bytes | None, str] = {None: _blob(tree, FILE)}
    if "STATE" in tree and isinstance(state := tree["STATE"], pygit2.Tree):
        found |= {item.raw_name: _blob(item, FILE) for item in state if isinstance(item, pygit2.Tree)}
    return {folder: blob for folder, blob in found.items() if blob}


def _blob(tree: pygit2.Tree, name: str) -> str:
    return str(tree[name].id) if name in tree else ""
