"""What tests of the double ask it with: plain HTTP and plain git."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import requests

from tests.github.double import Double
from tests.github.repository import Repository


def ask(github: Double, path: str, method: str = "GET", by: str = "rin", **more: Any) -> requests.Response:
    token = next((t for t, one in github.world.tokens.items() if one.person.login == by), None)
    headers = {"Authorization": f"Bearer {token or github.token(by)}"} | more.pop("headers", {})
    url = path if path.startswith("http") else github.url + path
    return requests.request(method, url, headers=headers, timeout=5, **more)


def git(*command: str, at: Path | None = None) -> subprocess.CompletedProcess[str]:
    who = ["-c", "user.name=Codex", "-c", "user.email=codex@example.org", "-c", "credential.helper="]
    env = {"PATH": "/usr/bin:/bin:/usr/local/bin", "GIT_TERMINAL_PROMPT": "0", "HOME": "/nonexistent"}
    return subprocess.run(["git", *who, *command], cwd=at, env=env, capture_output=True, text=True)


def with_token(bread: Repository, token: str) -> str:
    return bread.clone_url.replace("http://", f"http://x-access-token:{token}@")


def cloned(bread: Repository, token: str, folder: Path) -> Path:
    done = git("clone", "--quiet", with_token(bread, token), str(folder))
    assert done.returncode == 0, done.stderr
    return folder


def a_pull(bread: Repository, branch: str = "loaf", **files: str) -> int:
    bread.push(branch, files or {"a.txt": "a"}, f"On {branch}")
    return bread.open_pull(branch, branch.capitalize())
