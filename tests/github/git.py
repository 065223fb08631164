"""A bare repository of the double: what GitHub's servers do to git when a button is pressed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pygit2

NOBODY = "0" * 40
FILES_SHOWN = 3000  # GitHub lists no more of a pull request's files, and no more of its commits than this
COMMITS_SHOWN = 250
REFUSES = """\
#!/bin/sh
while read before after ref; do
  if grep -qxF "$ref" protected; then
    echo "error: GH006: Protected branch update failed for $ref." >&2
    echo "error: Changes must be made through a pull request." >&2
    exit 1
  fi
  if [ -n "$WITHOUT_WORKFLOWS" ] && git rev-parse -q --verify "$after^{commit}" >/dev/null; then
    touched=$(git log --format= --name-only "$after" --not --all -- .github/workflows | head -n 1)
    if [ -n "$touched" ]; then
      echo "refusing to allow a $WITHOUT_WORKFLOWS to create or update workflow \\`$touched\\`" \
        "without \\`workflows\\` permission" >&2
      exit 1
    fi
  fi
done
"""


class Conflict(Exception):
    """The two sides do not merge by themselves."""


@dataclass(frozen=True)
class File:
    """One file of a comparison."""

    path: str
    before: str
    status: str
    blob: str
    additions: int
    deletions: int
    patch: str


class Git:
    """Commits, refs and merges in one bare repository."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.repo = pygit2.Repository(str(path))
        self._compared: dict[tuple[str, str], list[File]] = {}

    @classmethod
    def begun(cls, path: Path, branch: str, source: Path | None) -> Git:
        """From a repository on this machine with all its branches, or empty."""
        if source is None:
            pygit2.init_repository(str(path), bare=True, initial_head=branch)
        else:
            pygit2.clone_repository(str(source), str(path), bare=True)
        made = cls(path)
        for name in [ref for ref in made.repo.references if ref.startswith("refs/remotes/origin/")]:
            if not name.endswith("/HEAD"):
                made.point("refs/heads/" + name.removeprefix("refs/remotes/origin/"), made.ref(name))
            made.repo.references.delete(name)
        made.repo.set_head(f"refs/heads/{branch}")
        made.repo.config["http.receivepack"] = True
        (path / "protected").touch()
        hook = path / "hooks" / "pre-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(REFUSES)
        hook.chmod(0o755)
        return made

    def refs(self) -> dict[str, str]:
        kept = ("refs/heads/", "refs/tags/")
        return {name: self.ref(name) for name in self.repo.references if name.startswith(kept)}

    def branches(self) -> dict[str, str]:
        return {
            name.removeprefix("refs/heads/"): sha for name, sha in self.refs().items() if "/heads/" in name
        }

    def ref(self, name: str) -> str:
        """The commit a ref stands on, or an empty text."""
        found = self.repo.references.get(name)
        return str(found.peel(pygit2.Commit).id) if found else ""

    def point(self, name: str, sha: str) -> None:
        """Move, make or (with an empty text) delete a ref."""
        if sha:
            self.repo.references.create(name, sha, force=True)
        elif self.ref(name):
            self.repo.references.delete(name)

    def commit_of(self, name: str) -> pygit2.Commit | None:
        """By full or short sha, branch, tag or full ref."""
        try:
            return self.repo.revparse_single(self.ref(f"refs/heads/{name}") or name).peel(pygit2.Commit)
        except (KeyError, ValueError, pygit2.GitError):
            return None

    def commit(
        self, parent: str, files: Mapping[str, str | bytes | None], message: str, who: pygit2.Signature
    ) -> str:
        """A commit with these files written, or removed where the text is None; no ref moves."""
        index = pygit2.Index()
        if parent:
            index.read_tree(self.repo[parent].peel(pygit2.Tree))
        for path, text in files.items():
            if text is None:
                index.remove(path)
                continue
            data = text.encode() if isinstance(text, str) else text
            index.add(pygit2.IndexEntry(path, self.repo.create_blob(data), pygit2.enums.FileMode.BLOB))
        return self._written(index.write_tree(self.repo), [parent] if parent else [], message, who)

    def merge(self, base: str, head: str, message: str, who: pygit2.Signature) -> str:
        return self._written(self._merged(base, head), [base, head], message, who)

    def squash(self, base: str, head: str, message: str, who: pygit2.Signature) -> str:
        return self._written(self._merged(base, head), [base], message, who)

    def rebase(self, base: str, head: str, who: pygit2.Signature) -> str:
        """Each commit again on top of the base, with its author and message."""
        on = base
        for commit in reversed(self.commits(base, head)):
            before = commit.parents[0].peel(pygit2.Tree) if commit.parents else None
            index = self.repo.merge_trees(before, self.repo[on].peel(pygit2.Tree), commit.tree)
            if index.conflicts:
                raise Conflict
            tree = index.write_tree(self.repo)
            on = str(self.repo.create_commit(None, commit.author, who, commit.message, tree, [on]))
        return on

    def merges(self, base: str, head: str) -> bool:
        try:
            self._merged(base, head)
        except Conflict:
            return False
        return True

    def holds(self, later: str, earlier: str) -> bool:
        return later == earlier or bool(self.repo.descendant_of(later, earlier))

    def fork_point(self, base: str, head: str) -> str:
        return str(self.repo.merge_base(base, head) or "")

    def commits(self, base: str, head: str) -> list[pygit2.Commit]:
        """Of head and not of base, newest first."""
        walk = self.repo.walk(head, pygit2.enums.SortMode.TOPOLOGICAL)
        walk.hide(base)
        return list(walk)

    def files(self, base: str, head: str) -> list[File]:
        """What head changed since it left base, as GitHub's three-dot comparison shows it."""
        if (base, head) not in self._compared:
            since = self.repo[self.fork_point(base, head) or base].peel(pygit2.Tree)
            diff = self.repo.diff(since, self.repo[head].peel(pygit2.Tree))
            diff.find_similar()
            self._compared[base, head] = [file for patch in diff if (file := _file(patch))]
        return self._compared[base, head]

    def protect(self, branch: str) -> None:
        """From now on a push to this branch is refused in git's own way."""
        with (self.path / "protected").open("a") as names:
            names.write(f"refs/heads/{branch}\n")

    def share(self, other: Git) -> None:
        """See the commits of a fork, too: GitHub keeps the objects of a network of forks together."""
        (self.path / "objects" / "info" / "alternates").write_text(f"{other.path / 'objects'}\n")
        self.repo.odb.add_disk_alternate(str(other.path / "objects"))

    def _merged(self, base: str, head: str) -> pygit2.Oid:
        index = self.repo.merge_commits(self.repo[base], self.repo[head])
        if index.conflicts:
            raise Conflict
        return index.write_tree(self.repo)

    def _written(self, tree: pygit2.Oid, parents: list[str], message: str, who: pygit2.Signature) -> str:
        return str(self.repo.create_commit(None, who, who, message, tree, parents))


def _file(patch: pygit2.Patch | None) -> File | None:
    if patch is None:
        return None
    delta = patch.delta
    statuses = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied"}
    _, added, removed = patch.line_stats
    blob = delta.old_file.id if delta.status_char() == "D" else delta.new_file.id
    text = "" if delta.is_binary else (patch.text or "")
    return File(
        path=delta.new_file.path,
        before=delta.old_file.path,
        status=statuses.get(delta.status_char(), "changed"),
        blob=str(blob),
        additions=added,
        deletions=removed,
        patch=text[text.find("@@") :] if "@@" in text else "",
    )
