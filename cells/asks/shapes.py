"""What a pydantic model asks for, read from its annotations: its keys, its main text, its lists, its validators."""

from __future__ import annotations

import types
from collections.abc import Iterable
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AliasChoices, BaseModel, BeforeValidator, PlainValidator, WrapValidator
from pydantic.fields import FieldInfo

# Where a model's words go when it wrote a text instead of an object, best first.
_MAIN = ("C", "summary", "text", "desc", "description", "sentence", "details", "reason", "markdown", "title")


@cache
def names_of(model: type[BaseModel]) -> dict[str, str]:
    """Every key the model reads, as written and in its plainest spelling → the field's name."""
    found: dict[str, str] = {}
    for name, info in model.model_fields.items():
        for key in _keys(name, info):
            found.setdefault(key, name)
            found.setdefault(plain(key), name)
    return found


def input_key(model: type[BaseModel], name: str) -> str:
    """The key under which the field is validated."""
    info = model.model_fields[name]
    by_name = model.model_config.get("populate_by_name") or model.model_config.get("validate_by_name")
    return name if by_name else _keys(name, info)[0]


def _keys(name: str, info: FieldInfo) -> list[str]:
    alias = info.validation_alias
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    return [*(choice for choice in choices if isinstance(choice, str)), name]


def plain(key: str) -> str:
    """A key or a word in its plainest spelling: "Next-actions" and "next_actions" are the same."""
    return "".join(character for character in key if character.isalnum()).casefold()


def stripped(annotation: Any) -> Any:
    """The annotation without Annotated."""
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def runs_first(extras: Iterable[Any]) -> bool:
    """Whether one of an annotation's extras is a validator that runs before pydantic's own."""
    return any(isinstance(extra, BeforeValidator | WrapValidator | PlainValidator) for extra in extras)


def is_union(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, types.UnionType)


def shape(annotation: Any) -> Any:
    """list of list[str], dict of dict[str, Any], the annotation itself where there is nothing inside."""
    bare = stripped(annotation)
    return get_origin(bare) or bare


def models(annotation: Any) -> list[type[BaseModel]]:
    """The model an annotation names, or each member of its union."""
    bare = stripped(annotation)
    options = get_args(bare) if is_union(bare) else (bare,)
    return [stripped(option) for option in options if _is_model(option)]


def _is_model(annotation: Any) -> bool:
    bare = stripped(annotation)
    return isinstance(bare, type) and issubclass(bare, BaseModel)


def likeness(value: dict[str, Any], model: type[BaseModel]) -> tuple[int, int]:
    """How well an object fits a model: a discriminating word first, then the number of its keys."""
    words = 0
    for name, info in model.model_fields.items():
        if get_origin(info.annotation) is Literal and name in value:
            words += 1 if value[name] in get_args(info.annotation) else -1
    return words, known(value, model)


def known(value: Any, model: type[BaseModel]) -> int:
    """How many of the model's fields the value gives."""
    if isinstance(value, list):
        return max(known(value[0], model) if len(value) == 1 else 0, 1 if list_field(value, model) else 0)
    if not isinstance(value, dict):
        return 0
    names = names_of(model)
    return len({name for key in value if (name := names.get(key) or names.get(plain(key)))})


def main_field(model: type[BaseModel]) -> str | None:
    """The text field that a text in the place of the whole object belongs to."""
    texts = [name for name, info in model.model_fields.items() if stripped(info.annotation) is str]
    return next((name for name in _MAIN if name in texts), texts[0] if texts else None)


def takes_null(info: FieldInfo) -> bool:
    bare = stripped(info.annotation)
    return bare is Any or (is_union(bare) and type(None) in get_args(bare))


def has_own_validator(model: type[BaseModel]) -> bool:
    """Whether the model looks at what it is given before pydantic does."""
    return any(one.info.mode != "after" for one in model.__pydantic_decorators__.model_validators.values())


def is_lenient(model: type[BaseModel], name: str) -> bool:
    """Whether the field does."""
    decorated = model.__pydantic_decorators__.field_validators.values()
    own = any(one.info.mode != "after" and {name, "*"} & set(one.info.fields) for one in decorated)
    return own or runs_first(model.model_fields[name].metadata)


def list_field(value: list[Any], model: type[BaseModel]) -> str | None:
    """The list the items belong to: of objects that know their keys, or of texts."""
    for name, info in model.model_fields.items():
        bare = stripped(info.annotation)
        if get_origin(bare) not in (list, tuple):
            continue
        inner = stripped((*get_args(bare), Any)[0])
        if any(known(item, option) for option in models(inner) for item in value):
            return name
        if inner is str and value and all(isinstance(item, str) for item in value):
            return name
    return None
