"""
Estimates how much memory an answer takes.

A value that is not a record, such as a code or a score, is counted once in an answer, because adapters let records
share equal values. Everything else that a record holds is counted as if no other record held it: a string in two
records counts twice. The estimate is therefore too high rather than too low.
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
from typing import Any, TypeAlias

from student_graph.adapters.model import Record

_ALLOCATION_BYTES = 16
"""The allocator rounds sizes up to a multiple of this, so half of it is lost on average."""
_SHARED_TYPES = (NoneType, bool, type, Enum)
"""Types whose values exist once per process and take no extra memory."""
_FLAT_TYPES = (str, bytes, int, float, complex, date, datetime, time)


_Seen: TypeAlias = set[int]
"""The identities of the values that were counted and that records may share."""
_Size: TypeAlias = Callable[[Any, _Seen], int]


def size_in_bytes(value: Any) -> int:
    """Estimated bytes that a value takes, with everything it holds."""
    return _total_size((value,), set())


def _flat_size(value: Any, _: _Seen) -> int:
    """Size of a value that holds no other values."""
    return getsizeof(value) + _ALLOCATION_BYTES // 2


def _no_size(_: Any, __: _Seen) -> int:
    return 0


def _total_size(values: Iterable[Any], seen: _Seen) -> int:
    total = 0
    for value in values:
        kind: Any = type(value)
        if kind is str:  # as `_flat_size`: most values of records are texts or None, in lists of 20,000 records
            total += getsizeof(value) + _ALLOCATION_BYTES // 2
        elif value is not None:
            total += _size_function(kind)(value, seen)
    return total


def _collection_size(value: Any, seen: _Seen) -> int:
    """Size of a list, a tuple or a set."""
    return getsizeof(value) + _ALLOCATION_BYTES // 2 + _total_size(value, seen)


def _mapping_size(value: Mapping[Any, Any], seen: _Seen) -> int:
    size = getsizeof(value) + _ALLOCATION_BYTES // 2
    return size + _total_size(value, seen) + _total_size(value.values(), seen)


@cache
def _size_function(kind: type) -> _Size:
    """The function that estimates the size of values of a type."""
    if issubclass(kind, _SHARED_TYPES):
        return _no_size
    if issubclass(kind, _FLAT_TYPES):
        return _flat_size
    if issubclass(kind, (list, tuple, set, frozenset)):
        return _collection_size
    if issubclass(kind, Mapping):
        return _mapping_size
    if not is_dataclass(kind):
        return _flat_size
    return _record_size_function(kind) if issubclass(kind, Record) else _shared_size_function(kind)


def _record_size_function(kind: Any) -> _Size:
    """The function that estimates the size of instances of a dataclass."""
    names = [field.name for field in fields(kind)]
    if not names:
        return _flat_size
    field_values = attrgetter(*names) if len(names) > 1 else lambda record: (getattr(record, names[0]),)

    def record_size(record: Any, seen: _Seen) -> int:
        return getsizeof(record) + _ALLOCATION_BYTES // 2 + _total_size(field_values(record), seen)

    return record_size


def _shared_size_function(kind: Any) -> _Size:
    """The size function of a dataclass whose instances records may share: each instance is counted once."""
    size = _record_size_function(kind)

    def shared_size(value: Any, seen: _Seen) -> int:
        if id(value) in seen:
            return 0
        seen.add(id(value))
        return size(value, seen)

    return shared_size
