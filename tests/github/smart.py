"""Clone, fetch and push over HTTP: git's own http-backend, behind GitHub's rules about who may."""

from __future__ import annotations

import os
import subprocess
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass

from tests.github import access, acts
from tests.github.refusals import Refused
from tests.github.state import Repo, Token
from tests.github.world import World

Raw = tuple[int, dict[str, str], bytes]
WRITES = [("contents", "write")]


@dataclass(frozen=True)
class Wire:
    """A request of git, as it came: `rest` is info/refs, git-upload-pack or git-receive-pack."""

    rest: str
    query: str
    method: str
    headers: Mapping[str, str]
    body: bytes


def serve(world: World, full_name: str, wire: Wire) -> Raw:
    if moved := world.renamed.get(full_name.casefold()):
        return 301, {"Location": f"{world.at.page(moved)}.git/{wire.rest}?{wire.query}"}, b""
    pushing = "git-receive-pack" in wire.rest + wire.query
    try:
        token = _token(world, wire.headers.get("Authorization", ""))
        it = world.repo(full_name)
    except Refused as refused:
        return _refused(refused.status if wire.headers.get("Authorization") else 401, "Repository not found.")
    if not access.sees(it, token):
        return _refused(404 if token else 401, "Repository not found.")
    if pushing and not access.may(it, token, WRITES):
        return _refused(403 if token else 401, "Write access to repository not granted.")
    with world.lock:
        before = it.git.refs()
        answer = _backend(world, it, token, wire)
        if pushing and wire.method == "POST" and token:
            _notice(world, it, before, token)
    return answer


def _notice(world: World, it: Repo, before: Mapping[str, str], token: Token) -> None:
    after = it.git.refs()
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            acts.moved(world, it, name, before.get(name, ""), token.person)


def _token(world: World, header: str) -> Token | None:
    """The token is the password; the name does not matter."""
    if not header.startswith("Basic "):
        return access.identify(world, header)[0]
    _, _, password = b64decode(header.removeprefix("Basic ")).decode().partition(":")
    return access.identify(world, f"token {password}")[0]


def _refused(status: int, text: str) -> Raw:
    headers = {"Content-Type": "text/plain"}
    if status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="GitHub"'
    return status, headers, text.encode()


def _backend(world: World, it: Repo, token: Token | None, wire: Wire) -> Raw:
    env = {
        "PATH": os.environ["PATH"],
        "GIT_PROJECT_ROOT": str(world.folder),
        "GIT_HTTP_EXPORT_ALL": "1",
        "REMOTE_USER": token.person.login if token else "",
        "REQUEST_METHOD": wire.method,
        "PATH_INFO": f"/{it.git.path.relative_to(world.folder)}/{wire.rest}",
        "QUERY_STRING": wire.query,
        "CONTENT_TYPE": wire.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(wire.body)),
        "HTTP_CONTENT_ENCODING": wire.headers.get("Content-Encoding", ""),
        "GIT_PROTOCOL": wire.headers.get("Git-Protocol", ""),
    }
    if token and token.permissions.get("workflows") != "write":
        env["WITHOUT_WORKFLOWS"] = "GitHub App" if token.installation else "Personal Access Token"
    done = subprocess.run(["git", "http-backend"], input=wire.body, env=env, capture_output=True, check=True)
    head, _, content = done.stdout.partition(b"\r\n\r\n")
    found = dict(line.split(": ", 1) for line in head.decode().splitlines())
    return int(found.pop("Status", "200").split()[0]), found, content
