"""
Compares keys as the databases behind Ed-Fi APIs do.

SQL Server ignores case and blanks at the end of a text, and PostgreSQL does not. A reference has the spelling that
was sent with it, so that it may differ from the spelling of the object. The API does not say which database it
uses. If spellings differ, the adapter therefore asks the server: once it is known that the server applies a filter
at all, the rows that the filter returns are the server's decision.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Generic, TypeVar
from urllib.parse import quote, unquote

from pydantic_core import from_json

from student_graph.adapters.keys import loose_form

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")

MAX_REMEMBERED_KEYS = 20_000
"""Keys whose loose form is remembered."""
NO_KEY = "no-such-key"
"""A value that no key has. A server that returns rows for it ignores the filter."""


def loose_value(value: Any) -> Any:
    """The common form of all texts that differ only in case and in blanks at the end."""
    return value.rstrip(" ").casefold() if isinstance(value, str) else value


def names_another(row: bytes, filters: Mapping[str, str | int]) -> bool:
    """
    Whether an unreadable row is about another object: one of its filters finds only other values in it.

    A number, or a text with a leading zero, does not count as another value, because it may be the reason why the
    row cannot be read.
    """
    values: dict[str, set[Any]] = {}
    for name, value in _leaves(from_json(row)):
        if name in filters and isinstance(value, str | int):
            values.setdefault(name, set()).add(loose_form(str(value)))
    return any(loose_form(str(filters[name])) not in sent for name, sent in values.items())


def _leaves(raw: Any) -> Iterator[tuple[str, Any]]:
    """The properties of a row and of its references."""
    for name, value in raw.items() if isinstance(raw, dict) else ():
        if isinstance(value, dict):
            yield from _leaves(value)
        else:
            yield name, value


def loose_id(id: str) -> str:
    """The common form of all ids of the graph whose parts differ only in case and in blanks at the end."""
    # Most students have numbers. A list of more of them than are remembered would find none of them remembered.
    return id if id.isascii() and id.isdigit() else _loose_id(id)


@lru_cache(MAX_REMEMBERED_KEYS)
def _loose_id(id: str) -> str:
    return "/".join(quote(loose_value(unquote(part)), safe="") for part in id.split("/"))


class RowsByKey(Generic[K, R]):
    """Rows by their natural key, which is a tuple or a text."""

    def __init__(self, rows: Iterable[R], key_of: Callable[[R], K]) -> None:
        self.exact: dict[K, R] = {key_of(row): row for row in rows}
        """Rows by the key as the row spells it."""
        self._loose = {_loose(key) for key in self.exact}

    def other_spellings(self, keys: Iterable[K]) -> list[K]:
        """
        The keys that no row has exactly, but that some row has in another spelling. The server must compare them.
        """
        return [key for key in dict.fromkeys(keys) if key not in self.exact and _loose(key) in self._loose]


def _loose(key: Any) -> Any:
    return tuple(map(loose_value, key)) if isinstance(key, tuple) else loose_value(key)
