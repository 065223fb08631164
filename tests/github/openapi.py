"""GitHub's own description of its API, as a judge of what is asked, answered and told.

It is the npm package @octokit/openapi, which is not kept here: `VPM_OPENAPI` is the folder it was installed in.
`Judge.complaints` collects what the description does not allow; the fixture `github` fails a test that has any.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from tests.github.calls import pattern_of
from tests.github.server import Seen

INSTALLED = "node_modules/@octokit/openapi/generated/api.github.com.json"
HOW = "needs GitHub's description of its API: npm install --prefix FOLDER @octokit/openapi, and VPM_OPENAPI=FOLDER"
# Any operation can end so, whether or not the description says it; the body is then GitHub's usual one.
ANYWHERE = {301, 304, 307, 401, 403, 404, 429, 500, 502, 503}
USUAL = {"$ref": "#/components/schemas/basic-error"}
# The words say that a bare list of names will do, and PyGithub sends one; the schema knows only the object.
BARE_LABELS = "/repos/{owner}/{repo}/issues/{issue_number}/labels"


def where() -> Path | None:
    path = Path(os.environ.get("VPM_OPENAPI", "")) / INSTALLED
    return path if os.environ.get("VPM_OPENAPI") and path.exists() else None


@cache
def description() -> Description:
    """Read once in a process: it is 13 MB."""
    path = where()
    assert path is not None, HOW
    return Description(json.loads(path.read_bytes()))


class Description:
    """Finds the operation of a call, and says what is wrong with a value."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        paths = sorted(document["paths"].items(), key=lambda one: (one[0].count("{"), -len(one[0])))
        self._paths = [(pattern_of(template), template, item) for template, item in paths]
        self._validators: dict[str, Any] = {}
        self._plain: dict[str, Any] = {}

    def operation(self, method: str, path: str) -> tuple[str, dict[str, Any]] | None:
        """Templates with fewer gaps first, so that /pulls/comments is not taken for a number."""
        for pattern, template, item in self._paths:
            if method.lower() in item and pattern.match(path):
                return template, item[method.lower()]
        return None

    def resolve(self, value: Any) -> Any:
        while isinstance(value, dict) and "$ref" in value:
            target = self.document
            for part in value["$ref"].removeprefix("#/").split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            value = target
        return value

    def hook(self, event: str, action: str | None) -> Any:
        name = "-".join(filter(None, (event, action))).replace("_", "-")
        told = self.document["x-webhooks"].get(name)
        return told and told["post"]["requestBody"]["content"]["application/json"]["schema"]

    def errors(self, schema: Mapping[str, Any], value: Any) -> Iterator[str]:
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            self._validators[key] = self._validator(schema)
        for error in self._validators[key].iter_errors(value):
            at = "/".join(str(part) for part in error.instance_path) or "the whole"
            yield f"{at}: {error.message[:300]}"

    def _validator(self, schema: Mapping[str, Any]) -> Any:
        needed: dict[str, Any] = {}
        whole = self._converted(schema, needed)
        document = {"allOf": [whole], "components": {"schemas": needed}}
        return jsonschema_rs.Draft7Validator(document, validate_formats=True)

    def _converted(self, value: Any, needed: dict[str, Any]) -> Any:
        """OpenAPI 3.0 to JSON Schema: `nullable`, and only the schemas it leads to.

        GitHub's alternatives overlap, so `oneOf` is read as `anyOf`."""
        if isinstance(value, list):
            return [self._converted(one, needed) for one in value]
        if not isinstance(value, dict):
            return value
        if "$ref" in value:
            name = value["$ref"].rsplit("/", 1)[1]
            if name not in needed:
                needed[name] = True  # it may lead to itself
                needed[name] = self._converted(self.resolve(value), needed)
            return {"$ref": value["$ref"]}
        loose = {"oneOf"} | ({"allOf"} if _is_alternative(value) else set())
        made = {
            "anyOf" if key in loose else key: self._converted(one, needed)
            for key, one in value.items()
            if key not in ("example", "examples")
        }
        return {"anyOf": [{"type": "null"}, made]} if value.get("nullable") is True else made


def _is_alternative(value: Mapping[str, Any]) -> bool:
    """The account of GET /app/installations is described as a user and an enterprise at once; GitHub's own example
    is a user."""
    parts = value.get("allOf")
    titles = (
        {part.get("title") for part in parts if isinstance(part, dict)} if isinstance(parts, list) else set()
    )
    return titles == {"Simple User", "Enterprise"}


class Judge:
    """Holds what the double sees and says against the description."""

    def __init__(self, description: Description) -> None:
        self.description = description
        self.complaints: list[str] = []
        self.judged: set[str] = set()  # "GET /repos/{owner}/{repo} 200" and "hook push"

    def call(self, seen: Seen) -> None:
        found = self.description.operation(seen.method, seen.path)
        if found is None:
            self._complain(f"{seen.method} {seen.path}", ["no such operation"])
            return
        template, operation = found
        name = f"{seen.method} {template}"
        self.judged.add(f"{name} {seen.status}")
        self._complain(
            f"asked {name}", [*self._query(operation, seen.query), *self._asked(template, operation, seen)]
        )
        self._complain(f"answered {name} with {seen.status}", self._answered(operation, seen))

    def hook(self, event: str, payload: Mapping[str, Any]) -> None:
        schema = self.description.hook(event, payload.get("action"))
        name = f"hook {event} {payload.get('action', '')}".strip()
        self.judged.add(name)
        if schema is None:
            self._complain(name, ["no such event"])
        else:
            self._complain(name, self.description.errors(schema, payload))

    def _complain(self, about: str, errors: Any) -> None:
        self.complaints += [f"{about}: {error}" for error in errors]

    def _query(self, operation: Mapping[str, Any], query: Mapping[str, str]) -> Iterator[str]:
        given = [self.description.resolve(one) for one in operation.get("parameters", [])]
        known = {one["name"]: one for one in given if one["in"] == "query"}
        for name, text in query.items():
            if name not in known:
                yield f"?{name}= is not a parameter"
                continue
            for error in self.description.errors(known[name]["schema"], self._typed(known[name], text)):
                yield f"?{name}={text}: {error}"
        missing = [name for name, one in known.items() if one.get("required") and name not in query]
        yield from (f"?{name}= is missing" for name in missing)

    def _typed(self, parameter: Mapping[str, Any], text: str) -> Any:
        kind = self.description.resolve(parameter["schema"]).get("type")
        if kind == "integer" and re.fullmatch(r"-?\d+", text):
            return int(text)
        return {"true": True, "false": False}.get(text, text) if kind == "boolean" else text

    def _asked(self, template: str, operation: Mapping[str, Any], seen: Seen) -> Iterator[str]:
        described = self.description.resolve(operation.get("requestBody", {}))
        content = described.get("content", {}).get("application/json")
        if seen.data is None:
            if described.get("required"):
                yield "a body is missing"
        elif content is None:
            yield "takes no body"
        else:
            bare = template == BARE_LABELS and isinstance(seen.data, list)
            yield from self.description.errors(
                content["schema"], {"labels": seen.data} if bare else seen.data
            )
            known = self.description.resolve(content["schema"]).get("properties")
            if known is not None and isinstance(seen.data, dict):
                yield from (f"{name} is not described" for name in seen.data.keys() - known.keys())

    def _answered(self, operation: Mapping[str, Any], seen: Seen) -> Iterator[str]:
        described = self.description.resolve(operation["responses"].get(str(seen.status)))
        if described is None and seen.status not in ANYWHERE:
            yield "no such answer"
            return
        content = (described or {}).get("content", {}).get("application/json")
        if described is not None and content is None and seen.status < 300:
            if seen.body is not None:
                yield "has a body, and should have none"
        elif content is not None or seen.body is not None:
            schema = content["schema"] if content else USUAL
            yield from self.description.errors(schema, seen.body)
