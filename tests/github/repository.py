"""One repository of the double, with what people, programs and agents do to it as verbs."""

from __future__ import annotations

from collections.abc import Mapping

from tests.github import acts, remarks
from tests.github.state import App, Hook, Pull, Repo
from tests.github.world import World

Files = Mapping[str, str | bytes | None]


class Repository:
    """What people, programs and agents do to one repository of the double."""

    def __init__(self, world: World, it: Repo) -> None:
        self.world, self.it, self.git = world, it, it.git

    @property
    def name(self) -> str:
        return self.it.full_name

    @property
    def clone_url(self) -> str:
        return f"{self.world.at.page(self.it)}.git"

    def tip(self, branch: str = "main") -> str:
        return self.git.ref(f"refs/heads/{branch}")

    def log(self, branch: str = "main") -> list[str]:
        """First lines, newest first."""
        walk = self.git.repo.walk(self.tip(branch))
        return [commit.message.splitlines()[0] for commit in walk]

    def read(self, path: str, branch: str = "main") -> str:
        commit = self.git.commit_of(branch)
        assert commit is not None
        return str(commit.tree[path].data.decode())  # type: ignore[attr-defined]

    def pull(self, number: int) -> Pull:
        return self.it.pull(number)

    def push(self, branch: str, files: Files, message: str = "Change", by: str = "codex") -> str:
        """One commit on top of the branch; a new branch begins at the default one."""
        return self._push(
            self.it, branch, self.tip(branch) or self.tip(self.it.default_branch), files, message, by
        )

    def force_push(self, branch: str, files: Files, message: str = "Change", by: str = "codex") -> str:
        """The branch is this one commit on top of the default branch, whatever it was."""
        return self._push(self.it, branch, self.tip(self.it.default_branch), files, message, by)

    def push_to_fork(self, branch: str, files: Files, message: str = "Change", by: str = "stranger") -> str:
        with self.world.lock:
            fork = self.world.fork(self.it, by)
        parent = fork.git.ref(f"refs/heads/{branch}") or fork.git.ref(f"refs/heads/{fork.default_branch}")
        return self._push(fork, branch, parent, files, message, by)

    def delete_branch(self, branch: str, by: str = "codex") -> None:
        with self.world.lock:
            acts.set_ref(self.world, self.it, f"refs/heads/{branch}", "", self.world.person(by))

    def open_issue(self, title: str, body: str = "", by: str = "rin") -> int:
        with self.world.lock:
            asked = {"title": title, "body": body}
            return acts.open_issue(self.world, self.it, self.world.person(by), asked).number

    def open_pull(
        self,
        branch: str,
        title: str,
        *,
        body: str = "",
        by: str = "codex",
        from_fork: bool = False,
        draft: bool = False,
    ) -> int:
        """From a fork: `push_to_fork` by the same person made its branch."""
        head = f"{by}:{branch}" if from_fork else branch
        asked = {"title": title, "body": body, "head": head, "base": self.it.default_branch, "draft": draft}
        with self.world.lock:
            return acts.open_pull(self.world, self.it, self.world.person(by), asked).number

    def merge(self, number: int, by: str = "rin", method: str = "merge", sha: str | None = None) -> str:
        asked = {"merge_method": method, "sha": sha}
        with self.world.lock:
            return acts.merge(self.world, self.it, self.it.pull(number), self.world.person(by), asked)

    def close(self, number: int, by: str = "rin") -> None:
        with self.world.lock:
            acts.close(self.world, self.it, self.it.issues[number], self.world.person(by))

    def reopen(self, number: int, by: str = "rin") -> None:
        with self.world.lock:
            acts.reopen(self.world, self.it, self.it.pull(number), self.world.person(by))

    def comment(self, number: int, text: str, by: str = "rin", via: int = 0) -> int:
        """`via`: the id of an App that writes in that person's name."""
        with self.world.lock:
            one, who, app = self.it.issues[number], self.world.person(by), self.world.apps.get(via)
            return remarks.comment(self.world, self.it, one, who, text, app).id

    def edit_comment(self, comment: int, text: str, by: str = "rin") -> None:
        with self.world.lock:
            remarks.edit_comment(self.world, self.it, self.it.comments[comment], self.world.person(by), text)

    def label(self, number: int, *names: str, by: str = "rin") -> None:
        """These and no others."""
        with self.world.lock:
            remarks.set_labels(self.world, self.it, self.it.issues[number], self.world.person(by), names)

    def review(self, number: int, event: str = "APPROVE", text: str = "", by: str = "rin") -> int:
        with self.world.lock:
            who = self.world.person(by)
            return remarks.review(self.world, self.it, self.it.pull(number), who, event, text).id

    def check(self, sha: str, name: str, conclusion: str | None = None, app: str = "github-actions") -> int:
        """Without a conclusion it is in progress; the same name once more is another attempt."""
        asked = {"head_sha": sha, "name": name, "status": "in_progress"}
        asked |= {"conclusion": conclusion} if conclusion else {}
        with self.world.lock:
            return remarks.check(self.world, self.it, self._checker(app), asked).id

    def status(self, sha: str, context: str, state: str, by: str = "codex", description: str = "") -> None:
        asked = {"context": context, "state": state, "description": description}
        with self.world.lock:
            remarks.status(self.world, self.it, self.world.person(by), sha, asked)

    def release(self, tag: str, name: str = "", body: str = "", by: str = "rin") -> int:
        asked = {"tag_name": tag, "name": name, "body": body}
        with self.world.lock:
            return remarks.release(self.world, self.it, self.world.person(by), asked).id

    def hook(self, url: str | None, secret: str, events: list[str] | None = None) -> None:
        self.it.hooks.append(Hook(self.world.new_id(), url, secret, events))

    def allows(self, login: str, level: str = "write") -> None:
        """A collaborator: read, triage, write, maintain or admin."""
        self.it.people[self.world.person(login).login] = level

    def protect(self, branch: str = "main", checks: list[str] | None = None) -> None:
        self.it.required[branch] = checks or []
        self.git.protect(branch)

    def rename(self, name: str) -> None:
        with self.world.lock:
            self.world.rename(self.it, name)

    def reckons_late(self) -> None:
        """The first to ask whether a pull request can be merged hears that GitHub does not know yet."""
        self.it.late = True

    def _push(self, it: Repo, branch: str, parent: str, files: Files, message: str, by: str) -> str:
        with self.world.lock:
            who = self.world.person(by)
            made = it.git.commit(parent, files, message, self.world.signature(who))
            acts.set_ref(self.world, it, f"refs/heads/{branch}", made, who)
        return made

    def _checker(self, slug: str) -> App:
        for app in self.world.apps.values():
            if app.slug == slug:
                return app
        made = App(self.world.new_id(), slug, "", {"checks": "write"}, self.world.person(slug))
        return self.world.apps.setdefault(made.id, made)
