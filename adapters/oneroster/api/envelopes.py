"""
The JSON objects that responses wrap rows in, under the name of the standard or another name for the same rows.

Servers name a list after the path (`students`), an object in the singular (`demographic`), or send one row as an
object where the standard has a list. A name for other rows, such as `classes` in a list of users, is not accepted.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Annotated, Any

import httpx
from pydantic import AliasChoices, BeforeValidator, Field, TypeAdapter, ValidationError, create_model
from pydantic_core import from_json

from student_graph.adapters.oneroster.api.payload import Payload
from student_graph.adapters.reading import content_of, read

_NAMES = (
    ("user", "users", "student", "students", "teacher", "teachers"),
    ("org", "orgs", "school", "schools"),
    ("academicSession", "academicSessions", "term", "terms", "gradingPeriod", "gradingPeriods"),
    ("demographics", "demographic"),
    ("class", "classes"),
    ("course", "courses"),
    ("enrollment", "enrollments"),
    ("category", "categories"),
    ("lineItem", "lineItems"),
    ("result", "results"),
    ("assessmentLineItem", "assessmentLineItems"),
    ("assessmentResult", "assessmentResults"),
)
"""Names of the standard for the same kind of rows: of one row and of lists, by path and by type."""
_KNOWN_NAMES = frozenset(name.casefold() for names in _NAMES for name in names)
_GENERIC_NAME = "data"
"""The name of rows in other standards, whose paging and totals are not those of OneRoster."""
_MAX_UNKNOWN_NAMES = 64
"""Parsers that are kept for names that servers invented."""


class Envelope(Payload):
    """A JSON object that holds rows or one row under some name."""

    content: Any


def read_rows(response: httpx.Response, item: Any, name: str) -> Any:
    """
    The rows of a response with a list of `item`; `name` is any name of the standard for such rows.

    Raises:
        pydantic.ValidationError: it has no such list, or several rows and none with an id.
        PayloadError, httpx.HTTPStatusError: as `read`.
    """
    rows = _read(response, Annotated[list[item], BeforeValidator(_as_list)], name)
    if not rows and _has_rows_of_another_standard(parsed_json(response)):
        read(response, _envelope(list[item], _names_of(name)), complete=True)
    return rows


def read_row(response: httpx.Response, item: Any, name: str) -> Any:
    """The object of a response with one object, which may be in a list of one; the rest as `read_rows`."""
    return _read(response, Annotated[item, BeforeValidator(_as_object)], name)


def _read(response: httpx.Response, content: Any, name: str) -> Any:
    try:
        return read(response, _envelope(content, _names_of(name))).content
    except ValidationError:
        own_name = _name_by_shape(parsed_json(response), name)
        if own_name is None:
            raise
        return read(response, _envelope_of_unknown_name(content, own_name)).content


def parsed_json(response: httpx.Response) -> Any:
    """The parsed body; None if it is no JSON, or JSON that only the reader mends."""
    try:
        return from_json(content_of(response))
    except ValueError:
        return None


def _names_of(name: str) -> tuple[str, ...]:
    """All names for the rows with a name."""
    return next(names for names in _NAMES if name in names)


def _name_by_shape(body: Any, name: str) -> str | None:
    """The only property of a body that holds rows with ids and has a name of no other rows; None if none does."""
    if not isinstance(body, dict) or any(own_name in body for own_name in _names_of(name)):
        return None
    own_names = {own_name.casefold() for own_name in _names_of(name)}
    candidates = [
        key
        for key, value in body.items()
        if _holds_rows(value) and (key.casefold() in own_names or key.casefold() not in _KNOWN_NAMES)
    ]
    return candidates[0] if len(candidates) == 1 and candidates[0] != _GENERIC_NAME else None


def _holds_rows(value: Any) -> bool:
    rows = value if isinstance(value, list) else [value]
    return bool(rows) and all(isinstance(row, dict) and row.get("sourcedId") for row in rows)


def _has_rows_of_another_standard(body: Any) -> bool:
    """Whether a body has a list of several rows, and none of them has an id of OneRoster."""
    lists = [value for value in body.values() if isinstance(value, list)] if isinstance(body, dict) else []
    return any(
        len(rows) > 1 and not any(isinstance(row, dict) and "sourcedId" in row for row in rows) for rows in lists
    )


def _as_list(value: Any) -> Any:
    """A list of rows; null is none, and an object is a list of one."""
    return [] if value is None else [value] if isinstance(value, dict) else value


def _as_object(value: Any) -> Any:
    """One row; a list of one is its row."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


@cache
def _envelope(content: Any, names: tuple[str, ...]) -> TypeAdapter[Envelope]:
    """A JSON object that has the content under one of the names."""
    field = Annotated[content, Field(validation_alias=AliasChoices(*names))]
    return TypeAdapter(create_model("NamedEnvelope", __base__=Envelope, content=(field, ...)))


@lru_cache(maxsize=_MAX_UNKNOWN_NAMES)
def _envelope_of_unknown_name(content: Any, name: str) -> TypeAdapter[Envelope]:
    """A JSON object that has the content under a name that is not in the standard."""
    return _envelope.__wrapped__(content, (name,))
