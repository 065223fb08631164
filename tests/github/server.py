"""HTTP on loopback: the API under /api/v3, git under /owner/name.git, signing in under /login/oauth."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from tests.github import access, calls, routes, smart
from tests.github.calls import Answer, Call, Data
from tests.github.faults import Faults, Lost, Rate
from tests.github.oauth import Web
from tests.github.refusals import Refused, not_found
from tests.github.world import World

assert routes  # the endpoints are known from here on
API = "/api/v3"
GIT = re.compile(r"/([^/]+/[^/]+?)(?:\.git)?/(info/refs|git-upload-pack|git-receive-pack)$")
OF_REPO = re.compile(r"/repos/([^/]+/[^/]+)(/.*)?$")
BY_ID = re.compile(r"/repositories/(\d+)(/.*)?$")


@dataclass
class Seen:
    """One call as it came and as it was answered; `path` is without the base."""

    method: str
    path: str
    query: dict[str, str]
    data: Any
    status: int = 0
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Api:
    """Calls, one at a time: limit, caller, route, answer."""

    def __init__(self, world: World) -> None:
        self.world, self.faults, self.rate = world, Faults(), Rate()
        self.web = Web(world)
        self.seen: list[Seen] = []
        self.watching: Callable[[Seen], None] = lambda seen: None
        self.broken: list[str] = []

    def answer(self, method: str, url: str, headers: Mapping[str, str], raw: bytes) -> Answer:
        parts = urlsplit(url)
        path = _by_name(self.world, parts.path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        seen = Seen(method, path, query, json.loads(raw) if raw else None)
        self.seen.append(seen)
        with self.world.lock:
            fault = self.faults.taken(method, path)
            if fault and not fault.lost:
                body = {"message": fault.message, "documentation_url": "https://docs.github.com/rest"}
                return Answer(fault.status, body, dict(fault.headers))
            answer = self._done(seen, headers)
            seen.status, seen.body, seen.headers = answer.status, answer.body, answer.headers
            self.watching(seen)
        if fault:
            raise Lost
        return answer

    def _done(self, seen: Seen, headers: Mapping[str, str]) -> Answer:
        now = self.world.now()
        try:
            if seen.path == "/rate_limit":
                body = self.rate.body(now)
                return Answer(200, {"resources": {"core": body, "search": body}, "rate": body})
            token, app = access.identify(self.world, headers.get("Authorization", ""))
            data = Data(seen.data) if isinstance(seen.data, dict) else seen.data
            call = Call(self.world, seen.method, seen.path, seen.query, data, token, app)
            self.rate.count(seen.method, now)
            answer = self._routed(call)
        except Refused as refused:
            answer = Answer(refused.status, refused.body, refused.headers)
        except Exception:
            self.broken.append(f"{seen.method} {seen.path}\n{traceback.format_exc()}")
            answer = Answer(500, {"message": "The double broke."})
        answer.headers = self.rate.headers(now) | answer.headers
        return self._unless_known(seen, headers, answer)

    def _routed(self, call: Call) -> Answer:
        if of := OF_REPO.match(call.path):
            name = of[1].casefold()
            if moved := self.world.renamed.get(name):
                call.found = moved
                if not access.sees(moved, call.token):
                    raise not_found()
                there = f"{call.at.api}/repositories/{moved.id}{of[2] or ''}"
                body = {
                    "message": "Moved Permanently",
                    "url": there,
                    "documentation_url": "https://docs.github.com",
                }
                return Answer(301 if call.method == "GET" else 307, body, {"Location": there})
            call.found = self.world.repo(name)
        route, args = calls.find(call.method, call.path)
        call.args = {name: unquote(value) for name, value in args.items()}
        access.admit(call, route)
        return calls.answered(call, route.function(call))

    def _unless_known(self, seen: Seen, headers: Mapping[str, str], answer: Answer) -> Answer:
        """304 for who has it already; that costs nothing of the limit."""
        if seen.method != "GET" or answer.status != 200:
            return answer
        digest = hashlib.sha256(json.dumps(answer.body).encode()).hexdigest()
        answer.headers["ETag"] = f'W/"{digest}"'
        if headers.get("If-None-Match", "").removeprefix("W/") != f'"{digest}"':
            return answer
        self.rate.used -= 1
        return Answer(304, None, answer.headers | self.rate.headers(self.world.now()))


def _by_name(world: World, path: str) -> str:
    """/repositories/7/pulls is /repos/acme/bread/pulls."""
    if found := BY_ID.match(path):
        named = [it.full_name for it in world.repos.values() if it.id == int(found[1])]
        return f"/repos/{quote(named[0])}{found[2] or ''}" if named else path
    return path


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # an answer leaves in one piece
    api: Api

    def do_GET(self) -> None:
        body = self._body()
        parts = urlsplit(self.path)
        try:
            if git := GIT.match(parts.path):
                wire = smart.Wire(git[2], parts.query, self.command, self.headers, body)
                self._send(*smart.serve(self.api.world, git[1], wire))
            elif parts.path.startswith(API):
                answer = self.api.answer(self.command, self.path.removeprefix(API), self.headers, body)
                raw = b"" if answer.body is None else json.dumps(answer.body).encode()
                self._send(answer.status, answer.headers, raw)
            elif page := self.api.web.answer(self.command, self.path, body):
                self._send(*page)
            else:
                raise Lost
        except (Lost, ConnectionError):
            self.close_connection = True
        except Exception:
            self.api.broken.append(f"{self.command} {self.path}\n{traceback.format_exc()}")
            self.close_connection = True

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        read = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            read += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return read

    def _send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in ({"Content-Type": "application/json; charset=utf-8"} | dict(headers)).items():
            self.send_header(name, value)
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


class Server:
    """Listens from the start; serves once it has an Api."""

    def __init__(self) -> None:
        handler = type("Handler", (Handler,), {})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._handler = handler
        self.web = f"http://127.0.0.1:{self._server.server_port}"

    def serve(self, api: Api) -> None:
        self._handler.api = api  # type: ignore[attr-defined]
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
