"""The JSON bodies of declared POST requests, with placeholders."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from student_graph.adapters.keys import query_text
from student_graph.adapters.rest.client.templates import Template, TemplateError, Text, parse_text

KEY_LIST = "keys as a list"
"""Name of the value with several requested keys as a list; it has blanks, so no placeholder can have it."""
Render = Callable[[Mapping[str, Any]], Any]
"""Returns the JSON value of a part of a body; None if a placeholder in it has no value."""
MAX_BODY_DEPTH = 5
"""Maximum number of tables and lists inside each other in a body."""


class BodyError(TemplateError):
    """A part of a body is wrong. `path` leads to it in the body."""

    def __init__(self, path: tuple[str | int, ...], problem: str) -> None:
        super().__init__(problem)
        self.path = path


@dataclass(frozen=True, slots=True)
class Body:
    """A JSON object with placeholders."""

    render: Render
    names: frozenset[str]
    """The names of its placeholders."""


@dataclass(frozen=True, slots=True)
class PostTemplate(Template):
    """A POST request that only reads."""

    body: Body

    @property
    def names(self) -> frozenset[str]:
        """The names of all placeholders."""
        own = self.path.names.union(*(value.names for _, value in self.query))
        return own | self.body.names

    def json(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """
        Return the body of the request, without members whose placeholder has no value.

        Raises:
            BadKeyError: a value cannot be a part of a request.
        """
        body: dict[str, Any] = self.body.render(values)
        return body


def parse_body(body: Mapping[str, Any], known: Collection[str]) -> Body:
    """
    Parse the body of a declaration; `known` are the names of the placeholders that have a value.

    Raises:
        BodyError: it has an unknown placeholder, or too many levels.
    """
    names: set[str] = set()
    return Body(_object(body, known, names, ()), frozenset(names))


def _part(part: Any, known: Collection[str], names: set[str], path: tuple[str | int, ...]) -> Render:
    if len(path) > MAX_BODY_DEPTH:
        raise BodyError(path, f"a body has at most {MAX_BODY_DEPTH} levels")
    if isinstance(part, Mapping):
        return _object(part, known, names, path)
    if isinstance(part, list):
        return _list(part, known, names, path)
    if not isinstance(part, str):
        return lambda _: part
    try:
        text = parse_text(part, known)
    except TemplateError as exc:
        raise BodyError(path, str(exc)) from None
    names |= text.names
    if len(text.parts) == 1 and text.parts[0][0]:
        name = text.parts[0][1]
        return lambda values: _checked(values.get(name))
    return lambda values: _joined(text, values)


def _object(
    part: Mapping[str, Any], known: Collection[str], names: set[str], path: tuple[str | int, ...]
) -> Render:
    members = [(name, _part(value, known, names, (*path, name))) for name, value in part.items()]

    def render(values: Mapping[str, Any]) -> dict[str, Any]:
        rendered = ((name, member(values)) for name, member in members)
        return {name: value for name, value in rendered if value is not None}

    return render


def _list(part: Sequence[Any], known: Collection[str], names: set[str], path: tuple[str | int, ...]) -> Render:
    if list(part) == ["{keys}"] and "keys" in known:
        names.add("keys")
        return lambda values: [_checked(key) for key in values[KEY_LIST]]
    elements = [_part(value, known, names, (*path, position)) for position, value in enumerate(part)]
    return lambda values: [value for element in elements if (value := element(values)) is not None]


def _checked(value: Any) -> Any:
    """A value that is the only content of a text: numbers stay numbers, days are texts such as 2027-06-30."""
    if value is None or type(value) in (int, float, bool):
        return value
    return query_text(str(value))


def _joined(text: Text, values: Mapping[str, Any]) -> str | None:
    parts = [str(values.get(part)) if is_name else part for is_name, part in text.parts]
    if any(values.get(part) is None for is_name, part in text.parts if is_name):
        return None
    return query_text("".join(parts)) if text.names else "".join(parts)
