"""
Estimates how much memory an answer takes.

Each value that a record holds is counted as if no other record held it: a string in two records counts twice. The
estimate is therefore too high rather than too low.
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

_ALLOCATION_BYTES = 16
"""The allocator rounds sizes up to a multiple of this: half of it is lost on average."""
_SHARED_TYPES = (NoneType, bool, type, Enum)
"""Types whose values exist once per process and take no extra memory."""
_FLAT_TYPES = (str, bytes, int, float, complex, date, datetime, time)


def size_in_bytes(value: Any) -> int:
    """Estimated bytes that a value takes, with everything it holds."""
    return _total_size((value,))


def _flat_size(value: Any) -> int:
    """Size of a value that holds no other values."""
    return getsizeof(value) + _ALLOCATION_BYTES // 2


def _no_size(_: Any) -> int:
    return 0


def _total_size(values: Iterable[Any]) -> int:
    total = 0
    for value in values:
        kind: Any = type(value)
        total += _size_function(kind)(value)
    return total


def _collection_size(value: Any) -> int:
    """Size of a list, a tuple or a set."""
    return getsizeof(value) + _ALLOCATION_BYTES // 2 + _total_size(value)


def _mapping_size(value: Mapping[Any, Any]) -> int:
    return getsizeof(value) + _ALLOCATION_BYTES // 2 + _total_size(value) + _total_size(value.values())


@cache
def _size_function(kind: type) -> Callable[[Any], int]:
    """The function that estimates the size of values of a type."""
    if issubclass(kind, _SHARED_TYPES):
        return _no_size
    if issubclass(kind, _FLAT_TYPES):
        return _flat_size
    if issubclass(kind, (list, tuple, set, frozenset)):
        return _collection_size
    if issubclass(kind, Mapping):
        return _mapping_size
    return _record_size_function(kind) if is_dataclass(kind) else _flat_size


def _record_size_function(kind: Any) -> Callable[[Any], int]:
    """The function that estimates the size of records of a dataclass."""
    names = [field.name for field in fields(kind)]
    if not names:
        return _flat_size
    field_values = attrgetter(*names) if len(names) > 1 else lambda record: (getattr(record, names[0]),)

    def record_size(record: Any) -> int:
        return getsizeof(record) + _ALLOCATION_BYTES // 2 + _total_size(field_values(record))

    return record_size
