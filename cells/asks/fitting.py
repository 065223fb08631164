"""A value that almost has the shape of a pydantic model → that shape, led by the model's own annotations.

Nothing is invented and nothing is thrown away: what changes its shape is said, what has no place is kept by JSON
pointer. A field or model with validators of its own that run before pydantic's is left to them: they know better.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel

from cells.asks.parsing import Twice
from cells.asks.shapes import (
    has_own_validator,
    input_key,
    is_lenient,
    is_union,
    known,
    likeness,
    list_field,
    main_field,
    models,
    names_of,
    plain,
    runs_first,
    shape,
    stripped,
    takes_null,
)  # fmt: skip
from cells.sentences import Sentence, sentence

_MOST_REPAIRS = 50


@dataclass(slots=True)
class Notes:
    """What the fitting found: what is kept, by JSON pointer, and what was tolerated."""

    kept: dict[str, Any] = field(default_factory=dict)
    repairs: list[Sentence] = field(default_factory=list)
    taken: dict[str, int] = field(default_factory=dict)

    def keep(self, pointer: str, value: Any) -> None:
        """Under its own pointer, or a numbered one beside it: a second value does not push out the first."""
        number = self.taken[pointer] = self.taken.get(pointer, 0) + 1
        if number == 1 and pointer not in self.kept:
            self.kept[pointer] = value
            return
        # "#" may stand in a key of the reply, so the numbered pointer can be taken as well.
        self.keep(f"{pointer}#{number}" if number > 1 else f"{pointer}#", value)

    def repaired(self, how: Sentence) -> None:
        if len(self.repairs) < _MOST_REPAIRS and how not in self.repairs:
            self.repairs.append(how)


def join(pointer: str, key: str | int) -> str:
    """The JSON pointer one step further down."""
    return f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"


def coerce(value: Any, annotation: Any, pointer: str, notes: Notes, *, lenient: bool = False) -> Any:
    """The value in the shape the annotation asks for, as far as that is certain; else as it came.

    `lenient`: the place has a validator of its own, so only what already has the right shape is looked into.
    """
    lenient = lenient or (get_origin(annotation) is Annotated and runs_first(get_args(annotation)))
    annotation = stripped(annotation)
    if is_union(annotation):
        return _one_of(value, get_args(annotation), pointer, notes)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _model(value, annotation, pointer, notes, lenient=lenient)
    origin = get_origin(annotation) or annotation
    if origin in (list, tuple, set, frozenset):
        inner = (*get_args(annotation), Any)[0]
        if lenient and not isinstance(value, list):
            return value
        return _list(value, inner, pointer, notes)
    if lenient:
        return value
    if origin is dict:
        return _mapping(value, annotation, pointer, notes)
    if origin is Literal:
        return _word(value, get_args(annotation))
    return _text(value, pointer, notes) if annotation is str else value


def _one_of(value: Any, options: tuple[Any, ...], pointer: str, notes: Notes) -> Any:
    if value is None and type(None) in options:
        return None
    rest = [option for option in options if option is not type(None)]
    members = [option for one in rest for option in models(one)]
    if isinstance(value, dict) and members:
        return coerce(value, max(members, key=lambda model: likeness(value, model)), pointer, notes)
    if isinstance(value, list) and (lists := [option for option in rest if shape(option) is list]):
        return coerce(value, lists[0], pointer, notes)
    return coerce(value, rest[0], pointer, notes) if len(rest) == 1 else value


def _model(value: Any, model: type[BaseModel], pointer: str, notes: Notes, *, lenient: bool = False) -> Any:
    if isinstance(value, dict):
        return _object(value, model, pointer, notes)
    if lenient or value is None or has_own_validator(model):
        return value
    if isinstance(value, list):
        return _object_of_list(value, model, pointer, notes)
    main = main_field(model)
    if main is None:
        return value
    notes.repaired(
        sentence(
            "At %(place)s a text stood where an object belongs; it became the object's “%(field)s”.",
            place=pointer or "/", field=main,
        )
    )  # fmt: skip
    return {input_key(model, main): _text(value, pointer, notes)}


def _object(value: dict[str, Any], model: type[BaseModel], pointer: str, notes: Notes) -> dict[str, Any]:
    names, result = names_of(model), dict[str, Any]()
    exact = {names[key] for key in value if key in names}
    allowed = model.model_config.get("extra") == "allow"
    for key, item in value.items():
        name = names.get(key)
        if name is None and (near := names.get(plain(key))) and near not in exact:
            name = near
            exact.add(near)
            notes.repaired(sentence("The key %(key)s was read as %(name)s.", key=key, name=near))
            key = input_key(model, near)
        if name is None:
            if allowed or has_own_validator(model):
                result[key] = item
            if not allowed:
                notes.keep(join(pointer, key), item)
            continue
        info = model.model_fields[name]
        if item is None and not info.is_required() and not takes_null(info):
            notes.repaired(
                sentence("At %(place)s stood null; it counts as not given.", place=join(pointer, key))
            )
            continue
        result[key] = coerce(
            item, info.annotation, join(pointer, key), notes, lenient=is_lenient(model, name)
        )
    _keep_earlier(value, pointer, notes)
    return result


def _keep_earlier(value: dict[str, Any], pointer: str, notes: Notes) -> None:
    for key, item in value.others if isinstance(value, Twice) else ():
        notes.keep(join(pointer, key), item)
        notes.repaired(
            sentence("The key %(key)s stood there twice; the last one counts, the others are kept.", key=key)
        )


def _object_of_list(value: list[Any], model: type[BaseModel], pointer: str, notes: Notes) -> Any:
    if len(value) == 1 and isinstance(value[0], dict) and known(value[0], model):
        notes.repaired(
            sentence("At %(place)s a list of one object stood for the object.", place=pointer or "/")
        )
        return _object(value[0], model, pointer, notes)
    name = list_field(value, model)
    if name is None:
        return value
    notes.repaired(
        sentence(
            "At %(place)s a list stood where an object belongs; it became the object's “%(field)s”.",
            place=pointer or "/", field=name,
        )
    )  # fmt: skip
    return _object({input_key(model, name): value}, model, pointer, notes)


def _list(value: Any, inner: Any, pointer: str, notes: Notes) -> Any:
    if value is None or value == "":
        return []
    if isinstance(value, list):
        return [
            coerce(item, inner, join(pointer, number), notes)
            for number, item in enumerate(value)
            if item is not None
        ]
    if not isinstance(value, dict):
        notes.repaired(
            sentence(
                "At %(place)s one value stood where a list belongs; it became the list's only entry.",
                place=pointer,
            )
        )
        return [coerce(value, inner, pointer, notes)]
    notes.repaired(
        sentence("At %(place)s an object stood where a list belongs; it became entries.", place=pointer)
    )
    if stripped(inner) is Any or shape(inner) is dict:
        return [value]
    if any(known(value, model) for model in models(inner)):
        return [coerce(value, inner, pointer, notes)]
    # Its keys have no place among the entries, and may say something.
    notes.keep(pointer, value)
    return [coerce(item, inner, pointer, notes) for item in _entries(value)]


def _entries(value: dict[str, Any]) -> Iterator[Any]:
    for item in value.values():
        yield from item if isinstance(item, list) else () if item is None else (item,)


def _mapping(value: Any, annotation: Any, pointer: str, notes: Notes) -> Any:
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        merged: dict[str, Any] = {}
        for item in value:
            merged.update(item)
        if len(merged) == sum(len(item) for item in value):
            notes.repaired(
                sentence(
                    "At %(place)s a list of objects stood where one belongs; they were joined.", place=pointer
                )
            )
            value = merged
    if value is None or (isinstance(value, list) and not value):
        return {}
    if not isinstance(value, dict):
        return value
    _keep_earlier(value, pointer, notes)
    inner = (*get_args(annotation), Any, Any)[1]
    return {key: coerce(item, inner, join(pointer, key), notes) for key, item in value.items()}


def _word(value: Any, words: tuple[Any, ...]) -> Any:
    """One of the allowed words, however it is spelled; a list of one counts as its entry."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, str) or value in words:
        return value
    same = [word for word in words if isinstance(word, str) and plain(word) == plain(value)]
    return same[0] if len(same) == 1 else value


def _text(value: Any, pointer: str, notes: Notes) -> Any:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        notes.repaired(
            sentence(
                "At %(place)s a list stood where a text belongs; its entries became lines.", place=pointer
            )
        )
        return "\n".join(value)
    if isinstance(value, dict | list):
        notes.repaired(
            sentence("At %(place)s an object stood where a text belongs; it is kept.", place=pointer)
        )
        notes.keep(pointer, value)
    return json.dumps(value, ensure_ascii=False)
