"""Writes a settings file from the models of the settings: each setting with its description and its default."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from student_graph.adapters.contract import AdapterSettings
from student_graph.adapters.registry import secret_names

LINE_CHARACTERS = 100
NOT_SET = "  # not set"
"""Behind a setting without a default; its value only shows the form."""
EMPTY_VALUES: Mapping[type, Any] = {bool: False, int: 0, float: 0.0}


def comment(text: str) -> Iterator[str]:
    """A text as lines of a comment."""
    for paragraph in textwrap.dedent(text).strip().split("\n\n"):
        yield from (f"# {line}" for line in textwrap.wrap(" ".join(paragraph.split()), LINE_CHARACTERS))


def table(
    header: str,
    model: type[BaseModel],
    values: Mapping[str, Any],
    *,
    active: bool = True,
    title: str | None = None,
) -> Iterator[str]:
    """
    A table of the file: settings with a value as they are, all others as comments with their defaults.

    A table that is not `active` is a comment as a whole. Settings that are tables themselves are not among them.
    """
    yield ""
    yield from comment(title or model.__doc__ or "")
    yield header if active else f"#{header}"
    for name, field in model.model_fields.items():
        if not models_in(field.annotation):
            yield from _setting(field.alias or name, field, values)


def adapter_settings(settings: type[AdapterSettings], values: Mapping[str, Any]) -> Iterator[str]:
    """The settings of a source's adapter; a secret is the name of a variable."""
    secrets = set(secret_names(settings))
    for name, field in settings.model_fields.items():
        if name not in secrets:
            yield from _setting(name, field, values)
            continue
        key = f"{name}_env"
        yield from comment(f"Name of the environment variable with: {field.description or name}")
        yield f"{key} = {_toml(values[key])}" if key in values else f'#{key} = ""{NOT_SET}'


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """The settings models that a type is made of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in models_in(part)]


def _setting(key: str, field: FieldInfo, values: Mapping[str, Any]) -> Iterator[str]:
    yield from comment(field.description or "")
    if key in values:
        yield f"{key} = {_toml(values[key])}"
        return
    default = field.get_default(call_default_factory=True)
    if default is None or default is PydanticUndefined:
        yield f"#{key} = {_toml(_example(field.annotation))}{NOT_SET}"
    else:
        yield f"#{key} = {_toml(TypeAdapter(type(default)).dump_python(default, mode='json'))}"


def _example(annotation: Any) -> Any:
    """A value of the form of a type; the first choice if there are some."""
    if get_origin(annotation) is Literal:
        return get_args(annotation)[0]
    types = [part for part in get_args(annotation) if part is not type(None)]
    if get_origin(annotation) in {tuple, list, set, frozenset}:
        return []
    if get_origin(annotation) is dict or annotation is dict:
        return {}
    return _example(types[0]) if types else EMPTY_VALUES.get(annotation, "")


def _toml(value: Any) -> str:
    """A value as TOML, which for these types is JSON except for tables."""
    if isinstance(value, dict):
        members = ", ".join(f"{json.dumps(key)} = {_toml(member)}" for key, member in value.items())
        return f"{{ {members} }}" if members else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
