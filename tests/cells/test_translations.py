"""The interface is complete in Japanese: every message the product can say is in the catalogue, and nothing else is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from django.utils.translation.template import templatize

from cells import health, permissions
from cells.models import Cell, SyncRun
from cells.patches import change, life
from cells.sync import proposals
from egspace.words import RELATION

ROOT = Path(__file__).resolve().parent.parent.parent
CATALOGUE = ROOT / "locale/ja/LC_MESSAGES/django.po"
WORD = "word"  # the context that the template filter `word` looks names up in
CONTEXTUAL, PLURAL = {"pgettext", "pgettext_lazy", "npgettext"}, {"ngettext", "ngettext_lazy", "npgettext"}
CALLS = {"_", "gettext", "gettext_lazy", "gettext_noop", "sentence"} | CONTEXTUAL | PLURAL
LITERAL = r"u?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
TEMPLATE_CALL = re.compile(rf"\b(?:{'|'.join(CALLS)})\((?:\s*(?:{LITERAL}|count)\s*,?)+\)")
PLACEHOLDER = re.compile(r"%\(\w+\)s|%%\w?")


class Id(NamedTuple):
    """What gettext looks up; `plural` is empty where nothing is counted."""

    text: str
    plural: str = ""
    context: str | None = None


def name_of(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else call.func.attr if isinstance(call.func, ast.Attribute) else ""


def literal(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def calls(source: str) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]


def ids_in_python(source: str) -> Iterator[Id]:
    for call in calls(source):
        name = name_of(call)
        texts = [literal(argument) for argument in call.args[:3]]
        if name not in CALLS or not texts or not texts[0]:
            continue
        context = texts.pop(0) if name in CONTEXTUAL else None
        yield Id(texts[0], texts[1] if name in PLURAL else "", context)


def ids_in_template(source: str) -> Iterator[Id]:
    """Django turns a template into calls between blanked-out text; those calls are Python."""
    for call in TEMPLATE_CALL.finditer(templatize(source)):
        yield from ids_in_python(call[0])


def python_files() -> list[Path]:
    files = [path for app in ("cells", "egspace", "vpm") for path in sorted((ROOT / app).rglob("*.py"))]
    return [path for path in files if not {"migrations", "demo"} & set(path.relative_to(ROOT).parts)]


def said() -> dict[Id, str]:
    """Every message id, with a file that says it."""
    found = {one: path.name for path in python_files() for one in ids_in_python(path.read_text())}
    for path in sorted((ROOT / "templates").rglob("*.html")):
        found |= dict.fromkeys(ids_in_template(path.read_text()), path.name)
    return found


def literals(function: str, argument: str | int) -> set[str]:
    """The literal values that calls of `function` ("" is any) give to one argument."""
    found = set()
    for path in python_files():
        for call in calls(path.read_text()):
            if function in ("", name_of(call)):
                positional = call.args[argument : argument + 1] if isinstance(argument, int) else []
                named = [keyword.value for keyword in call.keywords if keyword.arg == argument]
                found |= {literal(node) for node in [*positional, *named]}
    return found - {""}


def kinds_of_evidence() -> set[str]:
    """As the docstring of `kind_of` promises them to its readers."""
    from cells.evidence.kinds import kind_of

    listed = re.search(r"One of ([^.]+)\.", kind_of.__doc__ or "")
    assert listed
    return set(re.findall(r"\w+", listed[1]))


def names() -> set[str]:
    """Every name that a page may show through the `word` filter."""
    kinds = {kind for _, kind in (*proposals.FAMILIES, *proposals.BY_PATH)} | literals("create", "kind") | {"change"}
    subjects = {"patch", "repository", "evidence", "apitoken", "user"}
    observed = {"high", "medium", "low", "written", "JST", "UTC", "commit"}
    run = {SyncRun.QUEUED, SyncRun.RUNNING, SyncRun.DONE, SyncRun.FAILED}
    return {
        *life.STATES, *life.LIFE, *Cell.STAGES, *health.STATES, *permissions.RIGHTS, *change.STATUS.values(), *RELATION,
        *kinds, *kinds_of_evidence(), *literals("Flag", 0), *literals("record", "verb"), *literals("progress", 0),
        *subjects, *observed, *run,
    }  # fmt: skip
