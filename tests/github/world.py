"""The one place that holds the double's state: who exists, what is where, what time it is, who listens."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pygit2

from tests.github import bodies
from tests.github.bodies import Address
from tests.github.git import Git
from tests.github.hooks import Sender
from tests.github.refusals import not_found
from tests.github.state import App, Installation, Label, Person, Repo, Token

Watching = Callable[[str, Mapping[str, Any]], None]


class World:
    """Everything behind one lock: a request and an act of a test do not interleave."""

    def __init__(self, folder: Path, web: str) -> None:
        self.folder, self.at = folder, Address(web, f"{web}/api/v3")
        self.lock = threading.RLock()
        self.people: dict[str, Person] = {}
        self.repos: dict[str, Repo] = {}
        self.renamed: dict[str, Repo] = {}
        self.tokens: dict[str, Token] = {}
        self.apps: dict[int, App] = {}
        self.installations: dict[int, Installation] = {}
        self.sender = Sender()
        self.watching: Watching = lambda event, payload: None
        self.ahead = timedelta()
        self._ids = itertools.count(1001)

    def new_id(self) -> int:
        return next(self._ids)

    def now(self) -> datetime:
        """In whole seconds, as GitHub keeps time."""
        return (datetime.now(UTC) + self.ahead).replace(microsecond=0)

    def person(self, login: str, kind: str = "User") -> Person:
        if login not in self.people:
            self.people[login] = Person(self.new_id(), login, kind)
        return self.people[login]

    def signature(self, who: Person) -> pygit2.Signature:
        mail = f"{who.id}+{who.login}@users.noreply.github.com"
        return pygit2.Signature(who.login, mail, int(self.now().timestamp()), 0)

    def make(
        self, full_name: str, source: Path | None, *, branch: str, private: bool, parent: Repo | None = None
    ) -> Repo:
        owner, _, name = full_name.partition("/")
        path = self.folder / f"{full_name}.git"
        path.parent.mkdir(parents=True, exist_ok=True)
        kind = "User" if parent else "Organization"
        made = Repo(
            id=self.new_id(),
            owner=self.person(owner, kind),
            name=name,
            git=Git.begun(path, branch, source),
            created=self.now(),
            updated=self.now(),
            default_branch=branch,
            private=private,
            parent=parent,
        )
        self.repos[full_name.casefold()] = made
        return made

    def repo(self, full_name: str) -> Repo:
        if found := self.repos.get(full_name.casefold()):
            return found
        raise not_found()

    def rename(self, it: Repo, name: str) -> None:
        """The folder stays: only names lead to it."""
        before = it.full_name
        del self.repos[before.casefold()]
        self.renamed[it.full_name.casefold()] = it
        it.name = name
        self.repos[it.full_name.casefold()] = it
        # GitHub keeps by number what an installation, or a token, was given.
        for one in (*self.installations.values(), *self.tokens.values()):
            if one.repositories is not None:
                one.repositories = [it.full_name if name == before else name for name in one.repositories]

    def fork(self, it: Repo, login: str) -> Repo:
        name = f"{login}/{it.name}"
        if name.casefold() not in self.repos:
            made = self.make(name, it.git.path, branch=it.default_branch, private=it.private, parent=it)
            it.git.share(made.git)
        return self.repos[name.casefold()]

    def label(self, it: Repo, name: str) -> Label:
        """A label that is put on an issue exists from then on."""
        return it.labels.setdefault(name.casefold(), Label(self.new_id(), name))

    def installation_of(self, it: Repo) -> Installation | None:
        held = (one for one in self.installations.values() if it.full_name in one.repositories)
        return next(held, None)

    def emit(self, it: Repo, event: str, by: Person, payload: Callable[[], Mapping[str, Any]]) -> None:
        """Tell the hooks of a repository; the payload is made only when somebody listens."""
        hooks = [hook for hook in it.hooks if hook.events is None or event in hook.events]
        if not hooks:
            return
        told = dict(payload()) | {
            "repository": bodies.repo(self.at, it),
            "sender": bodies.person(self.at, by),
        }
        if held := self.installation_of(it):
            told["installation"] = {"id": held.id, "node_id": bodies.node("Installation", held.id)}
        self.watching(event, told)
        for hook in hooks:
            self.sender.send(hook, event, told)
