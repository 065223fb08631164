"""Drafts: what main would hold if a change landed now, as documents that a person can rewrite."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import pygit2

from cells.patches.edits.checks import FILE_BYTES, shown
from cells.patches.proposing import put
from cells.refusals import Refused
from cells.sentences import Sentence, sentence
from cells.ssot.mirror import FILE_MODES, Mirror

MOST = 40  # documents of one draft that can be rewritten
BYTES = 600_000  # of all of them together: a form has to come back in one piece
MAIN, PROPOSAL = "main", "proposal"
UNDECIDED = re.compile(rf"^(<{{7}} {MAIN}|>{{7}} {PROPOSAL})\r?$", re.MULTILINE)

Conflict = tuple[pygit2.IndexEntry | None, pygit2.IndexEntry | None, pygit2.IndexEntry | None]


@dataclass(frozen=True, slots=True)
class Document:
    """`text` is what it would hold, None when it cannot be rewritten here (`why`) or would go away. In a conflict
    it holds both sides between marks."""

    path: str
    status: str  # modified, added, deleted, conflicting
    text: str | None = None
    why: Sentence | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """`tree` on top of `main`, without the documents whose two sides conflict."""

    main: str
    tree: str
    documents: tuple[Document, ...]

    def get(self, path: str) -> Document:
        """Raises Refused for a document it does not touch."""
        for document in self.documents:
            if document.path == path:
                return document
        raise Refused(
            sentence(
                "%(path)s is not among the documents of this change; propose a change to it by itself.",
                path=shown(path),
            )
        )


def of_merge(mirror: Mirror, base: str, main: str, tip: str) -> Draft:
    """The change from `base` to `tip`, on `main`."""
    index = mirror.merge(base, main, tip).index
    conflicts = _without_conflicts(index)
    deltas = mirror.commit(main).tree.diff_to_index(index).deltas
    room = _Room()
    found = [_conflicting(mirror, path, sides, room) for path, sides in sorted(conflicts.items())]
    found += [_changed(mirror, delta, room) for delta in deltas if delta.new_file.path not in conflicts]
    return Draft(
        main, str(index.write_tree(mirror.repo)), tuple(sorted(found, key=lambda document: document.path))
    )


def of_document(mirror: Mirror, main: str, path: str) -> Draft:
    """One document as main holds it."""
    tree = mirror.commit(main).tree
    try:
        entry = tree[path]
    except (KeyError, ValueError):
        raise Refused(sentence("Main holds no document %(path)s.", path=shown(path))) from None
    mode = f"{int(entry.filemode):o}"
    return Draft(main, str(tree.id), (_readable(mirror, path, "modified", str(entry.id), mode, _Room()),))


@dataclass(slots=True)
class _Room:
    """How much of a form is left."""

    documents: int = MOST
    size: int = BYTES

    def takes(self, size: int) -> bool:
        if self.documents < 1 or size > self.size:
            return False
        self.documents -= 1
        self.size -= size
        return True


def _without_conflicts(index: pygit2.Index) -> dict[str, Conflict]:
    """Takes them out of the index, and gives them back by path."""
    found: dict[str, Conflict] = {}
    for sides in list(index.conflicts or ()):
        found |= {side.path: sides for side in sides if side is not None}
    for path in found:
        if index.conflicts is not None and path in index.conflicts:
            del index.conflicts[path]
    return found


def _conflicting(mirror: Mirror, path: str, sides: Conflict, room: _Room) -> Document:
    """Both texts in one, with marks where they differ; where one side deleted it, what the other one holds."""
    there = [side for side in sides[1:] if side is not None]
    documents = [
        _readable(mirror, path, "conflicting", str(side.id), f"{int(side.mode):o}", _Room()) for side in there
    ]
    refused = next((document for document in documents if document.why), None)
    if refused or not documents:
        return refused or Document(path, "conflicting")
    both = len(there) == 2
    text = _marked(mirror.repo.merge_file_from_index(*sides)) if both else documents[0].text or ""
    if not room.takes(len(text.encode())):
        return Document(path, "conflicting", None, _too_much())
    return Document(path, "conflicting", text)


def _marked(merged: pygit2.index.MergeFileResult | str) -> str:
    """Git marks both sides with the path; a person wants to know whose they are."""
    text = merged if isinstance(merged, str) else merged.contents
    text = re.sub(r"^(<{7}) .*?(\r?)$", rf"\1 {MAIN}\2", text, flags=re.MULTILINE)
    return re.sub(r"^(>{7}) .*?(\r?)$", rf"\1 {PROPOSAL}\2", text, flags=re.MULTILINE)


def _changed(mirror: Mirror, delta: pygit2.DiffDelta, room: _Room) -> Document:
    side, status = delta.new_file, {"A": "added", "D": "deleted"}.get(delta.status_char(), "modified")
    if status == "deleted":
        return Document(side.path, status)
    return _readable(mirror, side.path, status, str(side.id), f"{int(side.mode):o}", room)


def _readable(mirror: Mirror, path: str, status: str, blob: str, mode: str, room: _Room) -> Document:
    if mode not in FILE_MODES:
        why = sentence("A link, a folder or another repository is no text, so it cannot be rewritten here.")
        return Document(path, status, None, why)
    size = mirror.sizes([blob])[blob]
    if size > FILE_BYTES:
        return Document(path, status, None, sentence("It is too large to be rewritten here."))
    try:
        text = mirror.data(blob).decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        return Document(path, status, None, sentence("It is not UTF-8 text, so it cannot be rewritten here."))
    return Document(path, status, text) if room.takes(size) else Document(path, status, None, _too_much())


def _too_much() -> Sentence:
    return sentence(
        "This change is too large to be rewritten here as a whole; send it back or use its branch."
    )


def tree_with(
    mirror: Mirror, draft: Draft, files: Mapping[str, str | bytes | None], without: Collection[str] = ()
) -> str:
    """The draft's tree with these texts (None deletes), and the documents `without` as main has them. Raises Refused."""
    index = pygit2.Index()
    index.read_tree(mirror.repo[draft.tree].peel(pygit2.Tree))
    main = mirror.commit(draft.main).tree
    for path, content in files.items():
        document = draft.get(path)
        if content is not None and document.why:
            raise Refused(document.why)
        put(mirror, index, main, path, None if content is None else checked(document, content))
    for path in without:
        _restore(mirror, index, main, draft.get(path).path)
    for path in _undecided(draft, {*files, *without}):
        raise Refused(
            sentence(
                "Main and this change say different things in %(path)s; say what should stand there.",
                path=shown(path),
            )
        )
    return str(index.write_tree(mirror.repo))


def _undecided(draft: Draft, decided: set[str]) -> Iterator[str]:
    return (
        document.path
        for document in draft.documents
        if document.status == "conflicting" and document.path not in decided
    )


def _restore(mirror: Mirror, index: pygit2.Index, main: pygit2.Tree, path: str) -> None:
    """As it stands on main, mode and all, or not at all."""
    try:
        entry = main[path]
    except KeyError:
        put(mirror, index, main, path, None)
    else:
        index.add(pygit2.IndexEntry(path, entry.id, entry.filemode))


def checked(document: Document, content: str | bytes) -> bytes:
    """The bytes to write. Raises Refused for what is no text, too large, or still holds both sides of a conflict."""
    try:
        data = content.encode() if isinstance(content, str) else content
        text = data.decode()
    except UnicodeError:
        text = "\0"
    if "\0" in text:
        raise Refused(
            sentence(
                "The new text of %(path)s holds something that is not text (NUL, half a character); leave it out.",
                path=shown(document.path),
            )
        )
    if len(data) > FILE_BYTES:
        raise Refused(
            sentence(
                "%(path)s would hold more than %(limit)s bytes; propose something smaller.",
                path=shown(document.path), limit=FILE_BYTES,
            )
        )  # fmt: skip
    if document.status == "conflicting" and UNDECIDED.search(text):
        raise Refused(
            sentence(
                "%(path)s still holds lines that begin with <<<<<<< or >>>>>>>; keep what should stand there, and take the marks out.",
                path=shown(document.path),
            )
        )
    return data
