"""The interface is complete in Japanese: every message the product can say is in the catalogue, and nothing else is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple, get_args

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import normalize, read_po
from django.utils.translation import override
from django.utils.translation.template import templatize

from cells import arriving, health, permissions
from cells.asks import life as ask_life
from cells.asks import modes, providers
from cells.asks.modes import pr_groomer
from cells.contract.case import CATEGORIES, DECISIONS
from cells.evidence.conflicts import KINDS
from cells.evidence.kinds import kind_of
from cells.evidence.told import KINDS as TOLD
from cells.models import Cell, Errand, PullRequest, SyncRun
from cells.patches import change, checks, inbox, life
from cells.patches.edits import Edit
from cells.pulls import grooming
from cells.refusals import say
from cells.sentences import sentence
from cells.sync import proposals
from cells.templatetags.words import word
from egspace.drawing.words import RELATION

ROOT = Path(__file__).resolve().parent.parent.parent
CATALOGUE = ROOT / "locale/ja/LC_MESSAGES/django.po"
WORD = "word"  # the context that the template filter `word` looks names up in
CONTEXTUAL, PLURAL = {"pgettext", "pgettext_lazy", "npgettext"}, {"ngettext", "ngettext_lazy", "npgettext"}
CALLS = {"_", "gettext", "gettext_lazy", "gettext_noop", "sentence"} | CONTEXTUAL | PLURAL
BLOCK = re.compile(r"{%\s*blocktranslate.*?endblocktranslate\s*%}|{#.*?#}|{%.*?%}|{{.*?}}", re.DOTALL)
MARKUP = re.compile(r"<(?:[^>\"]|\"[^\"]*\")*>")
SPOKEN = re.compile(r"\b(?:title|alt|aria-label)=\"([^\"]*)\"")
SAME_IN_EVERY_LANGUAGE = {"VPM", "English", "Enter", "Esc", "EG", "Space", "PNG", "SVG", "JSON", "GitHub"}
LITERAL = r"u?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
TEMPLATE_CALL = re.compile(rf"\b(?:{'|'.join(CALLS)})\((?:\s*(?:{LITERAL}|count)\s*,?)+\)")
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%%[A-Z]?")


class Id(NamedTuple):
    """What gettext looks up; `plural` is empty where nothing is counted."""

    text: str
    plural: str = ""
    context: str | None = None


def name_of(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def literal(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


@cache
def calls(source: str) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]


def ids_in_python(source: str) -> Iterator[Id]:
    for call in calls(source):
        name, texts = name_of(call), [literal(argument) for argument in call.args]
        context = texts.pop(0) if name in CONTEXTUAL and texts else None
        if name in CALLS and texts and texts[0]:
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


def given(function: str, *, position: int = -1, keyword: str = "") -> set[str]:
    """The words that calls of `function` have in one argument, whichever branch of it they stand in."""
    found: set[str] = set()
    for call in (call for path in python_files() for call in calls(path.read_text())):
        if name_of(call) == function:
            nodes = [node for number, node in enumerate(call.args) if number == position]
            nodes += [one.value for one in call.keywords if one.arg == keyword]
            found |= {
                literal(part) for node in nodes for part in ast.walk(node) if isinstance(part, ast.Constant)
            }
    return found - {""}


def kinds_of_evidence() -> set[str]:
    """Those that the docstring of `kind_of` promises."""
    listed = re.search(r"One of ([^.]+)\.", kind_of.__doc__ or "")
    assert listed
    return set(re.findall(r"\w+", listed[1]))


def names() -> set[str]:
    """Every name that a page may show through the `word` filter."""
    patch_kinds = {kind for _, kind in (*proposals.FAMILIES, *proposals.BY_PATH)} | {"change"}
    subjects = {
        "patch",
        "repository",
        "evidence",
        "apitoken",
        "user",
        "ask",
        "lane",
        "backtest",
        "outsidecommit",
        "githubperson",
    }
    dating = {"high", "medium", "low", "written", "JST", "UTC", "commit"}
    asks = {
        *ask_life.STATES, *(f"ask_{verb}" for verb in ask_life.LIFE), *given("_step", position=1), "away",
        "page", "api", "command", "schedule", "github", "demo", *modes.modes(), *providers.names(), *given("take", position=0),
    }  # fmt: skip
    contract = {
        *(decision.lower() for decision in DECISIONS), *CATEGORIES, "low", "medium", "high", *checks.STATES, *KINDS,
        *(edit.model_fields["operation"].default for edit in get_args(get_args(Edit)[0])),
    }  # fmt: skip
    runs = {SyncRun.QUEUED, SyncRun.RUNNING, SyncRun.DONE, SyncRun.FAILED}
    return {
        *life.STATES, *life.LIFE, *Cell.STAGES, *health.STATES, *permissions.RIGHTS, *change.STATUS.values(), *runs,
        *PullRequest.STATES, *Errand.VERBS, arriving.REFUSED,
        *asks, *contract, *RELATION, "mentions", *patch_kinds, *kinds_of_evidence(), *TOLD, *subjects, *dating, *inbox.HIDDEN,
        *grooming.WAYS, *pr_groomer.CATEGORIES, *given("Flag", position=0),
        *given("record", keyword="verb"), *given("_record", position=2), *given("progress", position=0),
    }  # fmt: skip


@cache
def wanted() -> dict[Id, str]:
    return said() | {Id(name, context=WORD): "the word filter" for name in names()}


@pytest.fixture(scope="module")
def japanese() -> Catalog:
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="ja", abort_invalid=True)


def entries(catalogue: Catalog) -> dict[Id, Message]:
    """Without the header; one entry is one id, as gettext looks it up."""
    pairs = ((one.id if isinstance(one.id, tuple) else (one.id, ""), one) for one in catalogue if one.id)
    return {Id(text, plural, one.context): one for (text, plural), one in pairs}


def translation(message: Message) -> str:
    return message.string if isinstance(message.string, str) else "".join(message.string)


def stub(one: Id, where: str) -> str:
    """What to paste into the catalogue."""
    context = f"msgctxt {normalize(one.context)}\n" if one.context else ""
    plural = f"msgid_plural {normalize(one.plural)}\nmsgstr[0]" if one.plural else "msgstr"
    return f'# {where}\n{context}msgid {normalize(one.text)}\n{plural} ""\n'


def test_every_message_has_a_japanese_translation(japanese: Catalog) -> None:
    done = {one for one, message in entries(japanese).items() if translation(message).strip()}
    missing = [stub(one, where) for one, where in wanted().items() if one not in done]
    assert not missing, "\n" + "\n".join(missing)


def test_a_translation_names_the_same_values_as_its_message(japanese: Catalog) -> None:
    differ = [
        translation(message)
        for one, message in entries(japanese).items()
        if set(PLACEHOLDER.findall(translation(message))) != set(PLACEHOLDER.findall(one.plural or one.text))
    ]
    assert not differ


def test_nothing_in_the_catalogue_is_unsure_or_unused(japanese: Catalog) -> None:
    assert not [message.id for message in japanese if message.id and message.fuzzy]
    assert not japanese.obsolete
    assert not set(entries(japanese)) - set(wanted())


def test_a_sentence_is_written_out_where_it_is_said() -> None:
    computed = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in python_files()
        for call in calls(path.read_text())
        if name_of(call) == "sentence" and not (call.args and literal(call.args[0]))
    ]
    assert not computed


def test_no_english_stands_in_a_template_outside_the_tags_that_translate_it() -> None:
    untold = {}
    for path in (ROOT / "templates").rglob("*.html"):
        text = BLOCK.sub(" ", path.read_text())
        words = re.findall(r"[A-Za-z]{2,}", " ".join([*SPOKEN.findall(text), MARKUP.sub(" ", text)]))
        untold[path.name] = set(words) - SAME_IN_EVERY_LANGUAGE
    assert not {name: words for name, words in untold.items() if words}


def test_a_name_without_an_entry_is_shown_in_words() -> None:
    assert [word(name) for name in ("depends_on", "no-evidence", "")] == ["depends on", "no evidence", ""]


def test_a_sentence_within_a_sentence_is_told_in_the_same_language(japanese: Catalog) -> None:
    inner = sentence("Main already contains this change.")
    outer = sentence("The approval by %(name)s no longer counts: %(why)s", name="mika", why=inner)
    assert str(outer) == "The approval by mika no longer counts: Main already contains this change."
    assert say(outer.as_json()) == say(outer) == str(outer)
    with override("ja"):
        assert say(outer.as_json()).endswith(translation(entries(japanese)[Id(inner.text)]))
