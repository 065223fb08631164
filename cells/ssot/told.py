"""What others told about the repository: documents on a ref of the mirror's own, never on a branch, never pushed."""

from __future__ import annotations

from collections.abc import Mapping

import pygit2
from pygit2.enums import FileMode

from cells.ssot import commit as commits
from cells.ssot.commands import swap
from cells.ssot.commit import COMMITTER, Author
from cells.ssot.mirror import Mirror

GITHUB = "refs/vpm/github"


def text(mirror: Mirror, path: str) -> str:
    """The newest version of a document, "" when GitHub told none of that name."""
    tip = mirror.tip(GITHUB)
    return (mirror.text(tip, path) if tip else None) or ""


def write(mirror: Mirror, texts: Mapping[str, str], now: int) -> bool:
    """Put these documents beside the others: one commit, none when all stand there already. False: somebody was faster."""
    tip = mirror.tip(GITHUB)
    index = pygit2.Index()
    if tip:
        index.read_tree(mirror.commit(tip).tree)
    for path, text in texts.items():
        index.add(pygit2.IndexEntry(path, mirror.repo.create_blob(text.encode()), FileMode.BLOB))
    tree = str(index.write_tree(mirror.repo))
    if not texts or (tip and tree == str(mirror.commit(tip).tree.id)):
        return True
    message = f"GitHub told {len(texts)}\n"
    made = commits.build(
        mirror, tree=tree, parent=tip, author=Author(*COMMITTER, now, 0), message=message, now=now
    )
    return swap(mirror.path, GITHUB, made, tip)
