"""Parses the query of a collection: filters, limit and offset, and from version 7.3 on cursors."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

from student_graph.adapters.edfi.sandbox.filters import is_number
from student_graph.adapters.edfi.sandbox.problems import bad_parameter

DEFAULT_PAGE_ROWS, MAX_PAGE_ROWS = 25, 500
FIRST_CHANGE_VERSION = 1000
"""The change version of every row that has not been changed since the sandbox was created."""
INITIAL_VERSION = 2000
"""The newest change version at the start: other data were changed after the rows were written."""
MAX_CHANGE_VERSION = 2**63 - 1
_PAGING_PARAMETERS = {"offset", "limit", "totalCount", "minChangeVersion", "maxChangeVersion"}
_CURSOR_PARAMETERS = {"pageToken", "pageSize"}


@dataclass(frozen=True, slots=True)
class Query:
    """The parsed query of a collection."""

    filters: dict[str, str] = field(default_factory=dict)
    start: int = 0
    """Position of the first row of the page."""
    size: int = DEFAULT_PAGE_ROWS
    with_total: bool = False
    """Whether the response has the number of all rows."""
    with_cursor: bool = False
    """Whether the response may have the token of the next page."""
    first: int = 0
    """Number of the first row that the token of a page names."""
    last: int | None = None
    """Number of the row at which the part of the list ends that the token names; None if it is the whole list."""
    change_versions: tuple[int, int] | None = None
    """The first and the last change version of the requested rows; None for rows of all versions."""


def parse_query(items: list[tuple[str, str]], filter_names: frozenset[str], *, cursors: bool) -> Query:
    """
    Parse the query parameters of a request; `cursors` allows page tokens.

    Raises:
        ProblemError: A parameter is unknown, is in the query twice or has an invalid value.
    """
    values = dict(items)
    if len(values) != len(items):
        raise bad_parameter("A parameter was given twice.")
    known_names = filter_names | _PAGING_PARAMETERS | (_CURSOR_PARAMETERS if cursors else set())
    if unknown := sorted(values.keys() - known_names):
        raise bad_parameter(f"The parameter '{unknown[0]}' is not a property of the resource.")
    if values.keys() & _CURSOR_PARAMETERS and values.keys() & {"offset", "limit", "totalCount"}:
        raise bad_parameter("'pageToken' and 'pageSize' exclude 'offset', 'limit' and 'totalCount'.")
    first, last = parse_token(values["pageToken"]) if "pageToken" in values else (0, None)
    return Query(
        filters={name: _filter_value(name, values[name]) for name in values.keys() & filter_names},
        start=_non_negative(values, "offset", 0),
        size=_non_negative(
            values, "pageSize" if "pageSize" in values else "limit", DEFAULT_PAGE_ROWS, MAX_PAGE_ROWS
        ),
        with_total=_boolean(values, "totalCount"),
        with_cursor=cursors and not values.keys() & {"offset", "limit", "totalCount"},
        first=first,
        last=last,
        change_versions=_change_versions(values),
    )


def _change_versions(values: dict[str, str]) -> tuple[int, int] | None:
    if not values.keys() & {"minChangeVersion", "maxChangeVersion"}:
        return None
    return (
        _non_negative(values, "minChangeVersion", 0),
        _non_negative(values, "maxChangeVersion", MAX_CHANGE_VERSION),
    )


def page_token(first: int, last: int | None) -> str:
    """The opaque token of the page that starts with a row, in a part of the list that ends before another one."""
    return base64.urlsafe_b64encode(f"p{first:08}-{'' if last is None else last}".encode()).decode()


def parse_token(token: str) -> tuple[int, int | None]:
    """
    The numbers of the rows in a token.

    Raises:
        ProblemError: The token does not come from this sandbox.
    """
    try:
        text = base64.urlsafe_b64decode(token.encode()).decode("ascii")
    except (binascii.Error, UnicodeError):
        text = ""
    first, _, last = text.removeprefix("p").partition("-")
    if not (first.isdigit() and (last.isdigit() or not last)):
        raise bad_parameter("The page token is not valid.")
    numbers = int(first), int(last) if last else None
    if page_token(*numbers) != token:
        raise bad_parameter("The page token is not valid.")
    return numbers


def partition_tokens(
    items: list[tuple[str, str]],
    filter_names: frozenset[str],
    positions_where: Callable[[dict[str, str]], Sequence[int]],
) -> list[str]:
    """
    The tokens of as many parts of a list as a request asks for, in which the rows are divided evenly.

    Raises:
        ProblemError: A parameter is unknown or has an invalid value.
    """
    count = _non_negative(dict(items), "number", 1, 200)
    if not count:
        raise bad_parameter("'number' must be a whole number from 1 to 200.")
    filters = [(name, value) for name, value in items if name != "number"]
    positions = positions_where(parse_query(filters, filter_names, cursors=False).filters)
    size = -(-len(positions) // count) or 1
    starts = list(positions[::size])
    return [page_token(first, last) for first, last in zip(starts, [*starts[1:], None], strict=True)]


def _non_negative(values: dict[str, str], name: str, default: int, maximum: int = 2**63 - 1) -> int:
    """The whole number of a parameter, from 0 to a maximum."""
    text = values.get(name, str(default))
    if not (text.isascii() and text.isdigit() and int(text) <= maximum):
        raise bad_parameter(f"'{name}' must be a whole number from 0 to {maximum}.")
    return int(text)


def _boolean(values: dict[str, str], name: str) -> bool:
    text = values.get(name, "false").lower()
    if text not in {"true", "false"}:
        raise bad_parameter(f"'{name}' must be true or false.")
    return text == "true"


def _filter_value(name: str, text: str) -> str:
    """The value of a filter in the form that it has in rows."""
    if is_number(name):
        if not (text.isascii() and text.removeprefix("-").isdigit()):
            raise bad_parameter(f"The value of '{name}' is not a whole number.")
        return str(int(text))
    if name.endswith("Date") and name != "administrationDate":
        try:
            date.fromisoformat(text)
        except ValueError:
            raise bad_parameter(f"The value of '{name}' is not a date.") from None
    return text
