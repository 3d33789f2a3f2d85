"""
What an answer takes in memory, as far as one can know.

Everything that a record holds is counted as if nobody else held it: a string of two records counts twice, so
that the estimate errs on the side of keeping less.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from enum import Enum
from functools import cache
from operator import attrgetter
from sys import getsizeof
from types import NoneType
from typing import Any

_WORD = 16
"""Bytes to which the allocator rounds."""
_FREE = (NoneType, bool, type, Enum)
"""Kinds of values that are there once for all."""
_FLAT = (str, bytes, int, float, complex, date, datetime, time)


def size_of(value: Any) -> int:
    """Bytes that a value takes, with everything it holds."""
    return _sum((value,))


def _flat(value: Any) -> int:
    """Size of a value that holds no others."""
    return getsizeof(value) + _WORD // 2


def _nothing(_: Any) -> int:
    return 0


def _sum(values: Iterable[Any]) -> int:
    total = 0
    for value in values:
        kind: Any = type(value)
        total += _sizer(kind)(value)
    return total


def _items(value: Any) -> int:
    """Size of a list, a tuple or a set."""
    return getsizeof(value) + _WORD // 2 + _sum(value)


def _mapping(value: Mapping[Any, Any]) -> int:
    return getsizeof(value) + _WORD // 2 + _sum(value) + _sum(value.values())


@cache
def _sizer(kind: type) -> Callable[[Any], int]:
    """What tells the size of values of a type."""
    if issubclass(kind, _FREE):
        return _nothing
    if issubclass(kind, _FLAT):
        return _flat
    if issubclass(kind, (list, tuple, set, frozenset)):
        return _items
    if issubclass(kind, Mapping):
        return _mapping
    return _record(kind) if is_dataclass(kind) else _flat


def _record(kind: Any) -> Callable[[Any], int]:
    """What tells the size of records of a type, with all that they hold."""
    names = [field.name for field in fields(kind)]
    if not names:
        return _flat
    held = attrgetter(*names) if len(names) > 1 else lambda record: (getattr(record, names[0]),)

    def size(record: Any) -> int:
        return getsizeof(record) + _WORD // 2 + _sum(held(record))

    return size
