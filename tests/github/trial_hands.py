"""Somebody's hands at GitHub, for the trial: pushes by git, pull requests, comments and releases by the API."""

from __future__ import annotations

import os
import subprocess
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from github import Auth, Github
from github.PullRequest import PullRequest

MARKER = ".vpm-trial"
SECONDS = 60  # that one command of git may take


class Unfit(Exception):
    """This repository is not one to try things out in; the text says why."""


class Hands:
    """Of the person whose token it is, on one repository."""

    def __init__(self, name: str, token: str, base_url: str, folder: Path) -> None:
        self.github = Github(auth=Auth.Token(token), base_url=base_url, timeout=20, retry=None)
        self.remote = self.github.get_repo(name)
        self.login = self.github.get_user().login
        self.clone_url = self.remote.clone_url
        self._token, self._folder = token, folder / "clone"

    def check_scratch(self) -> str:
        """What it holds already: nothing, or what an earlier trial left. Raises Unfit."""
        if not self._git("ls-remote", self.clone_url, at=self._folder.parent):
            self._git("init", "--quiet", "--initial-branch=main", str(self._folder), at=self._folder.parent)
            self._git("remote", "add", "origin", self.clone_url)
            return "empty"
        if self.remote.default_branch != "main":
            raise Unfit(f"Its default branch is {self.remote.default_branch}; the trial needs main.")
        self._git("clone", "--quiet", self.clone_url, str(self._folder), at=self._folder.parent)
        if MARKER not in self._git("ls-tree", "--name-only", "HEAD").split():
            raise Unfit(
                f"It holds something, and no {MARKER}: the trial writes only where nothing can be lost. "
                "Make an empty repository, without a README."
            )
        return "left by an earlier trial"

    def push(self, branch: str, files: Mapping[str, str], message: str) -> str:
        """One commit on top of main, as it stands at GitHub; its name."""
        if self._git("ls-remote", "origin", "refs/heads/main"):
            self._git("fetch", "--quiet", "origin", "main")
            self._git("checkout", "--quiet", "-B", branch, "FETCH_HEAD")
        for path, text in files.items():
            (self._folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self._folder / path).write_text(text)
        self._git("add", "--all")
        self._git("commit", "--quiet", "--message", message)
        self._git("push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")
        return self._git("rev-parse", "HEAD")

    def branches(self) -> set[str]:
        lines = self._git("ls-remote", "--heads", "origin").splitlines()
        return {line.partition("refs/heads/")[2] for line in lines}

    def tip(self, branch: str = "main") -> str:
        return self._git("ls-remote", "origin", f"refs/heads/{branch}").partition("\t")[0]

    def open_pull(self, branch: str, title: str) -> int:
        return self.remote.create_pull(base="main", head=branch, title=title, body="By the trial.").number

    def pull(self, number: int) -> PullRequest:
        return self.remote.get_pull(number)

    def pull_from(self, branch: str) -> PullRequest | None:
        """The newest one of this branch, whatever its state."""
        owner = self.remote.full_name.partition("/")[0]
        found = self.remote.get_pulls(state="all", head=f"{owner}:{branch}")
        return next((one for one in found if one.head.ref == branch), None)

    def open_issue(self, title: str) -> int:
        return self.remote.create_issue(title, body="By the trial.").number

    def comment(self, number: int, text: str) -> None:
        self.remote.get_issue(number).create_comment(text)

    def comments(self, number: int) -> list[str]:
        return [one.body for one in self.remote.get_issue(number).get_comments()]

    def release(self, tag: str, title: str) -> None:
        self.remote.create_git_release(tag, title, "By the trial.", target_commitish="main")

    def _git(self, *arguments: str, at: Path | None = None) -> str:
        """Git asks nobody, and has the token from its environment: not from an argument, which others can read."""
        parts = urlsplit(self.clone_url)
        basic = b64encode(f"x-access-token:{self._token}".encode()).decode()
        own = {
            "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_COUNT": "3", "GIT_CONFIG_KEY_0": f"http.{parts.scheme}://{parts.netloc}/.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}", "GIT_CONFIG_KEY_1": "user.name", "GIT_CONFIG_VALUE_1": "VPM trial",
            "GIT_CONFIG_KEY_2": "user.email", "GIT_CONFIG_VALUE_2": "trial@vpm.invalid",
        }  # fmt: skip
        command = ["git", *arguments]
        run = subprocess.run(
            command,
            cwd=at or self._folder,
            env=os.environ | own,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        if run.returncode:
            raise RuntimeError(f"git {arguments[0]} failed: {run.stderr.strip()[-300:]}")
        return run.stdout.strip()
