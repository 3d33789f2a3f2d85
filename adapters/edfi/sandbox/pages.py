"""Questions to a collection: filters, limit and offset, and since version 7.3 cursors."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from datetime import date

from student_graph.adapters.edfi.sandbox.filters import is_number
from student_graph.adapters.edfi.sandbox.problems import bad_parameter

LIMIT, MOST = 25, 500
CHANGE_VERSION = 1000
"""The change version of every row: the sandbox's facts never change."""
_PAGING = {"offset", "limit", "totalCount", "minChangeVersion", "maxChangeVersion"}
_CURSOR = {"pageToken", "pageSize"}


@dataclass(frozen=True, slots=True)
class Question:
    """A question to a collection, read and found in order."""

    filters: dict[str, str] = field(default_factory=dict)
    start: int = 0
    size: int = LIMIT
    total: bool = False
    """Whether the number of all rows is asked for."""
    cursor: bool = False
    """Whether the answer may name the next page."""
    changed: bool = True
    """Whether the rows' change version is in the range asked for."""


def question(items: list[tuple[str, str]], allowed: frozenset[str], *, cursors: bool) -> Question:
    """
    Read the query of a request.

    Raises:
        ProblemError: a parameter is unknown, given twice, or cannot be read.
    """
    given = dict(items)
    if len(given) != len(items):
        raise bad_parameter("A parameter was given twice.")
    known = allowed | _PAGING | (_CURSOR if cursors else set())
    if unknown := sorted(given.keys() - known):
        raise bad_parameter(f"The parameter '{unknown[0]}' is not a property of the resource.")
    if given.keys() & _CURSOR and given.keys() & {"offset", "limit", "totalCount"}:
        raise bad_parameter("'pageToken' and 'pageSize' exclude 'offset', 'limit' and 'totalCount'.")
    token = given.get("pageToken")
    return Question(
        filters={name: _value(name, given[name]) for name in given.keys() & allowed},
        start=_whole(given, "offset", 0) if token is None else read_token(token),
        size=_whole(given, "pageSize" if "pageSize" in given else "limit", LIMIT, MOST),
        total=_truth(given, "totalCount"),
        cursor=cursors and not given.keys() & {"offset", "limit", "totalCount"},
        changed=_whole(given, "minChangeVersion", 0)
        <= CHANGE_VERSION
        <= _whole(given, "maxChangeVersion", CHANGE_VERSION),
    )


def next_token(start: int) -> str:
    """The opaque name of the page that starts there."""
    return base64.urlsafe_b64encode(f"p{start:08}".encode()).decode()


def read_token(token: str) -> int:
    """
    Where a page starts.

    Raises:
        ProblemError: the sandbox never gave this token.
    """
    try:
        text = base64.urlsafe_b64decode(token.encode()).decode("ascii")
    except (binascii.Error, UnicodeError):
        text = ""
    if not (text.startswith("p") and text[1:].isdigit() and next_token(int(text[1:])) == token):
        raise bad_parameter("The page token is not valid.")
    return int(text[1:])


def _whole(given: dict[str, str], name: str, default: int, most: int = 2**63 - 1) -> int:
    text = given.get(name, str(default))
    if not (text.isascii() and text.isdigit() and int(text) <= most):
        raise bad_parameter(f"'{name}' must be a whole number from 0 to {most}.")
    return int(text)


def _truth(given: dict[str, str], name: str) -> bool:
    text = given.get(name, "false").lower()
    if text not in {"true", "false"}:
        raise bad_parameter(f"'{name}' must be true or false.")
    return text == "true"


def _value(name: str, text: str) -> str:
    """A filter's value as rows spell it."""
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
