"""What models really send → an answer of the mode's schema. Pure; never raises; nothing that said something is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ValidationError

from cells.asks.fitting import Notes, coerce, join
from cells.asks.parsing import Found, Twice, values_in
from cells.asks.shapes import known, names_of
from cells.sentences import Sentence, sentence

_CANDIDATES = 5  # JSON values of one reply that are tried in earnest
_WRAPPERS = 3  # levels of {"answer": {…}} that are looked through
_ROUNDS = 20  # times that a value which does not fit is taken out


@dataclass(frozen=True, slots=True)
class Read:
    """`answer` is None when the reply was not understood: `problem` says why, and the text is worth keeping whole.

    `kept` is everything said that the schema has no place for: by JSON pointer, "text" for prose around the JSON,
    "#2" for the second JSON value of the reply. `repairs` names every tolerance that was applied.
    """

    answer: BaseModel | None
    kept: dict[str, Any] = field(default_factory=dict)
    repairs: tuple[Sentence, ...] = ()
    problem: Sentence | None = None


def read(text: str, schema: type[BaseModel]) -> Read:
    """The answer in a reply. Takes time in proportion to its length; longer ones than `parsing.LIMIT` are refused."""
    found = values_in(text)
    if found.problem:
        return Read(None, repairs=tuple(found.repairs), problem=found.problem)
    order = sorted(
        range(len(found.values)), key=lambda number: (_worth(found.values[number], schema), number)
    )
    problem: Sentence | None = None
    for number in reversed(order[-_CANDIDATES:]):
        attempt = _fit(found.values[number], schema)
        if attempt.answer is not None:
            return _whole(attempt, found, number)
        problem = problem or attempt.problem
    if len(found.values) > 1:
        attempt = _fit(found.values, schema)
        if attempt.answer is not None:
            return _whole(attempt, found, None)
    return Read(None, repairs=tuple(found.repairs), problem=problem)


def _worth(value: Any, schema: type[BaseModel]) -> int:
    inner, _ = _unwrap(value, schema)
    return known(inner, schema)


def _whole(attempt: Read, found: Found, taken: int | None) -> Read:
    """The answer with the rest of the reply kept beside it."""
    kept, repairs = dict(attempt.kept), [*found.repairs]
    others = [] if taken is None else [one for one in enumerate(found.values, start=1) if one[0] != taken + 1]
    kept |= {f"#{number}": value for number, value in others}
    if others:
        repairs.append(
            sentence(
                "The reply held %(count)s JSON values; the one that fits best was taken (of equals the last), the others are kept.",
                count=len(found.values),
            )
        )
    if found.around:
        kept["text"] = found.around
    return Read(attempt.answer, kept, (*repairs, *attempt.repairs))


def _fit(value: Any, schema: type[BaseModel]) -> Read:
    inner, path = _unwrap(value, schema)
    notes = Notes()
    if not known(inner, schema):
        keys = ", ".join(schema.model_fields)
        return Read(
            None, problem=sentence("The reply's JSON has none of the keys of an answer: %(keys)s.", keys=keys)
        )
    pointer = ""
    outer = value
    for key in path:
        for name, item in _pairs(outer):
            if name != key or item is not outer[key]:
                notes.keep(join(pointer, name), item)
        pointer, outer = join(pointer, key), outer[key]
        notes.repaired(sentence("The answer stood inside %(place)s; it was taken from there.", place=pointer))
    around, notes.kept = notes.kept, {}
    given = coerce(inner, schema, pointer, notes)
    answer, problem = _validated(given, schema, pointer, notes)
    if answer is None:
        return Read(None, problem=problem)
    _keep_lost(inner, answer, pointer, notes)
    return Read(answer, around | notes.kept, tuple(notes.repairs))


def _unwrap(value: Any, schema: type[BaseModel]) -> tuple[Any, list[str]]:
    """The part of the value that knows the most of the schema's keys, and the keys that lead to it."""
    path: list[str] = []
    names = names_of(schema)
    while isinstance(value, dict) and len(path) < _WRAPPERS:
        inside = [key for key, item in value.items() if isinstance(item, dict | list) and key not in names]
        best = max(inside, key=lambda key: known(value[key], schema), default=None)
        if best is None or known(value[best], schema) <= known(value, schema):
            deeper = [key for key in inside if isinstance(value[key], dict)]
            if len(value) != 1 or not deeper or known(value, schema):
                break
            best = deeper[0]
        path.append(best)
        value = value[best]
    return value, path


def _validated(
    given: Any, schema: type[BaseModel], pointer: str, notes: Notes
) -> tuple[BaseModel | None, Sentence | None]:
    """The model; what it forbids, or what stands where its default is empty, is taken out (and kept)."""
    for _ in range(_ROUNDS):
        try:
            return schema.model_validate(given), None
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False)[0]
        except Exception:  # a schema's own validator met a value nobody thought of
            return None, sentence("The reply holds values that cannot be checked; ask again.")
        if not _take_out(given, schema, first, pointer, notes):
            return None, _problem(first, pointer)
    return None, sentence("The reply holds too many values that do not fit; ask again.")


def _take_out(given: Any, schema: type[BaseModel], problem: Any, pointer: str, notes: Notes) -> bool:
    """Remove the value pydantic refuses, if that is safe: a key it forbids, or a field that may be left out."""
    *way, last = problem["loc"] or ("",)
    holder = given
    for step in way:
        # Pydantic also names the member of a union, which is no step of the value.
        inside = isinstance(holder, dict) and step in holder
        if inside or (isinstance(holder, list) and isinstance(step, int) and step < len(holder)):
            holder = holder[step]
    if not isinstance(holder, dict) or last not in holder:
        return False
    if problem["type"] != "extra_forbidden" and (way or not _unsaid(schema, last)):
        return False
    del holder[last]
    where = pointer + "".join(join("", step) for step in (*way, last))
    notes.repaired(
        sentence("What stands at %(place)s does not fit there; it is kept, and not used.", place=where)
    )
    return True


def _unsaid(schema: type[BaseModel], key: Any) -> bool:
    """Whether leaving the field out claims nothing: its default is empty, or a number."""
    info = schema.model_fields.get(names_of(schema).get(key, ""))
    if info is None or info.is_required():
        return False
    default = info.get_default(call_default_factory=True, validated_data={})
    return default in (None, "", [], (), {}) or (
        isinstance(default, int | float) and not isinstance(default, bool)
    )


def _problem(problem: Any, pointer: str) -> Sentence:
    where = pointer + "".join(join("", step) for step in problem["loc"]) or "/"
    if problem["type"] == "missing":
        return sentence("The reply lacks %(place)s, which an answer needs; ask again.", place=where)
    return sentence(
        "What the reply holds at %(place)s does not fit there: %(value)s. Ask again, or choose another model.",
        place=where,
        value=str(problem.get("input"))[:80],
    )


def _pairs(value: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from value.items()
    yield from value.others if isinstance(value, Twice) else ()


def _keep_lost(value: Any, answer: BaseModel, pointer: str, notes: Notes) -> None:
    """Keep every leaf that is neither in the answer nor kept already; a whole branch when none of it is."""
    said = Counter(_said(answer.model_dump(mode="json", exclude_unset=True)))
    had = Counter(text for item in notes.kept.values() for text in _said(item))
    for place, text, leaf in _leaves(value, pointer):
        if said[text]:
            said[text] -= 1
        elif had[text]:
            had[text] -= 1
        else:
            notes.keep(place, leaf)


def _said(value: Any) -> Iterator[str]:
    for _, text, leaf in _leaves(value, ""):
        yield text
        if isinstance(leaf, str) and "\n" in leaf:
            yield from (line.strip() for line in leaf.splitlines())


def _leaves(value: Any, pointer: str) -> Iterator[tuple[str, str, Any]]:
    """(pointer, comparable text, value) of everything that says something; null and empty texts do not."""
    if isinstance(value, dict):
        for key, item in _pairs(value):
            yield from _leaves(item, join(pointer, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _leaves(item, join(pointer, number))
    elif value is not None and (text := comparable(value)):
        yield pointer, text, value


def comparable(leaf: Any) -> str:
    """A scalar as text, so that 5, 5.0 and "5" are the same statement."""
    if isinstance(leaf, bool):
        return str(leaf).lower()
    if isinstance(leaf, float) and leaf.is_integer():
        return str(int(leaf))
    text = str(leaf).strip()
    return str(int(float(text))) if text.endswith(".0") and text[:-2].lstrip("-").isdecimal() else text
