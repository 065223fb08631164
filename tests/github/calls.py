"""A call of the API, on its way from a path to the function that answers it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tests.github.bodies import Address
from tests.github.refusals import Refused, not_found
from tests.github.state import App, Person, Repo, Token
from tests.github.world import World

WORDS = {"ref": "(.+)", "branch": "(.+)", "basehead": "(.+)"}  # may hold slashes


@dataclass
class Answer:
    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Page:
    """A list that is shown in pieces; only what is shown is rendered."""

    items: Sequence[Any]
    render: Callable[[Any], Any]
    wrapped: str | None = None  # the key under which the items stand, beside total_count


class Data(dict[str, Any]):
    """The object a call came with; what it must have and has not is refused where it is needed."""

    def __missing__(self, key: str) -> Any:
        raise Refused(422, f'Invalid request.\n\n"{key}" wasn\'t supplied.', errors=[])


@dataclass
class Call:
    world: World
    method: str
    path: str
    query: dict[str, str]
    data: Any
    token: Token | None = None
    app: App | None = None
    args: dict[str, str] = field(default_factory=dict)
    found: Repo | None = None

    @property
    def at(self) -> Address:
        return self.world.at

    @property
    def repo(self) -> Repo:
        assert self.found is not None
        return self.found

    @property
    def by(self) -> Person:
        if self.token is None:
            raise Refused(401, "Requires authentication")
        return self.token.person

    def number(self, name: str) -> int:
        return int(self.args[name])


Function = Callable[[Call], Any]


@dataclass(frozen=True)
class Route:
    """`needs` names permissions, one of which is enough: "issues:write|pull_requests:write"."""

    method: str
    template: str
    pattern: re.Pattern[str]
    function: Function
    needs: str
    level: str  # what the person must be to the repository
    as_app: bool

    @property
    def permissions(self) -> list[tuple[str, str]]:
        pairs = [need.split(":") for need in self.needs.split("|") if need]
        return [(name, level) for name, level in pairs]


ROUTES: list[Route] = []


def pattern_of(template: str) -> re.Pattern[str]:
    """Numbers are digits, names of refs may hold slashes, everything else is one piece."""
    parts = re.split(r"\{(\w+)\}", template)
    made = re.escape(parts[0])
    for name, literal in zip(parts[1::2], parts[2::2], strict=True):
        numeric = name.endswith(("_number", "_id"))
        made += (r"(\d+)" if numeric else WORDS.get(name, "([^/]+)")) + re.escape(literal)
    return re.compile(made + "$")


def route(
    method: str, template: str, needs: str = "", level: str = "", as_app: bool = False
) -> Callable[[Function], Function]:
    """Writing wants a person who may write, unless `level` says otherwise."""

    def keep(function: Function) -> Function:
        asked = level or ("write" if ":write" in needs else "read")
        ROUTES.append(Route(method, template, pattern_of(template), function, needs, asked, as_app))
        ROUTES.sort(key=lambda one: -one.template.count("/"))  # the longer one is meant where both match
        return function

    return keep


def find(method: str, path: str) -> tuple[Route, dict[str, str]]:
    for one in ROUTES:
        if one.method == method and (match := one.pattern.match(path)):
            names = re.findall(r"\{(\w+)\}", one.template)
            return one, dict(zip(names, match.groups(), strict=True))
    raise not_found()


def answered(call: Call, made: Any) -> Answer:
    """A body, nothing, a list in pieces, or already an answer."""
    if isinstance(made, Answer):
        return made
    if isinstance(made, Page):
        return _piece(call, made)
    return Answer(204) if made is None else Answer(200, made)


def _piece(call: Call, page: Page) -> Answer:
    size = min(max(int(call.query.get("per_page", 30)), 1), 100)
    number = max(int(call.query.get("page", 1)), 1)
    last = max(-(-len(page.items) // size), 1)
    shown = [page.render(item) for item in page.items[(number - 1) * size : number * size]]
    turns = {}
    if number < last:
        turns |= {"next": number + 1, "last": last}
    if number > 1:
        turns |= {"first": 1, "prev": number - 1}
    links = [f'<{_url(call, {"page": str(to)})}>; rel="{name}"' for name, to in turns.items()]
    headers = {"Link": ", ".join(links)} if links else {}
    body = {"total_count": len(page.items), page.wrapped: shown} if page.wrapped else shown
    return Answer(200, body, headers)


def _url(call: Call, changed: Mapping[str, str]) -> str:
    return f"{call.at.api}{call.path}?{urlencode(call.query | dict(changed))}"
