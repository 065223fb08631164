"""Rendering: edits, or whole files, become new bytes on top of one commit. What comes in is hostile: paths stay inside,
nothing is written over links and folders, everything is bounded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cells.patches import edits
from cells.patches.edits import AddFile, Edit, EditRefused, ReplaceFile
from cells.patches.edits.checks import check_path, shown
from cells.sentences import sentence
from cells.ssot import told
from cells.ssot.mirror import FILE_MODES, READ_LIMIT, Mirror

MOST_EVIDENCE = 50  # paths that support one edit


def rendered(
    mirror: Mirror, base: str, made: tuple[Edit, ...], wanted: Mapping[str, str | None]
) -> dict[str, bytes | None]:
    """Path to new bytes, None for one that goes away. Raises EditRefused."""
    documents = _Documents(mirror, base)
    if bool(made) == bool(wanted):
        raise EditRefused(sentence("Say what to change: either edits, or whole files."))
    gone = documents.without([path for path, text in wanted.items() if text is None])
    texts = {path: text for path, text in wanted.items() if text is not None}
    whole = tuple(documents.whole(path, text) for path, text in texts.items())
    files = edits.render(made or whole, documents.read).files
    documents.check_room(files)
    documents.check_evidence(made, files)
    return {**files, **dict.fromkeys(gone)}


class _Documents:
    """The files of one commit; a link, another repository or what is too large is none that could be written."""

    def __init__(self, mirror: Mirror, commit: str) -> None:
        self.mirror = mirror
        self.files = mirror.files(commit)
        self.gone: set[str] = set()

    def read(self, path: str) -> bytes | None:
        """For rendering: None where no file is. Raises EditRefused."""
        found = self.files.get(path)
        if found is None or path in self.gone:
            return None
        if found.mode not in FILE_MODES:
            raise EditRefused(
                sentence(
                    "%(path)s is a link or another repository; nothing is written there.", path=shown(path)
                )
            )
        if self.mirror.sizes([found.blob])[found.blob] > READ_LIMIT:
            raise EditRefused(sentence("%(path)s is too large to be edited here.", path=shown(path)))
        return self.mirror.data(found.blob)

    def without(self, names: Sequence[str]) -> list[str]:
        """Takes these files away. Raises EditRefused for one that is not there."""
        for path in names:
            check_path(path)
            if path not in self.files:
                raise EditRefused(sentence("There is no %(path)s to delete.", path=shown(path)))
        self.gone.update(names)
        return list(names)

    def whole(self, path: str, text: str) -> Edit:
        """The whole text of one file, there already or not."""
        check_path(path)
        there = path in self.files
        return ReplaceFile(path=path, content=text) if there else AddFile(path=path, content=text)

    def check_room(self, files: Mapping[str, bytes | None]) -> None:
        """Git would take a folder away, with all it holds, to put a file of its name there."""
        left = [path for path in self.files if path not in self.gone and files.get(path, b"") is not None]
        for path in (
            path for path, content in files.items() if content is not None and path not in self.files
        ):
            if other := next((one for one in left if one.startswith(f"{path}/")), ""):
                raise EditRefused(
                    sentence(
                        "%(path)s cannot be written beside the file %(other)s, because one would have to be the other's folder; choose another name.",
                        path=shown(path), other=shown(other),
                    )
                )  # fmt: skip

    def check_evidence(self, made: Sequence[Edit], files: Mapping[str, bytes | None]) -> None:
        """Refuse an edit that rests on what neither main nor the proposal holds, and GitHub did not tell either."""
        for edit in made:
            if len(edit.evidence) > MOST_EVIDENCE:
                raise EditRefused(
                    sentence("An edit names at most %(most)s pieces of evidence.", most=MOST_EVIDENCE)
                )
            for path in edit.evidence:
                if path not in self.files and path not in files and not told.text(self.mirror, path):
                    raise EditRefused(
                        sentence(
                            "%(path)s is named as evidence, and there is no such file.", path=shown(path)
                        )
                    )
