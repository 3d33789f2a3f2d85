"""What is told of all parents of a field at once: values, errors in their place, and values that are not whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from student_graph.adapters.errors import AdapterError

T = TypeVar("T")
R = TypeVar("R")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Partial(Generic[T_co]):
    """A value of which a part is missing, because one of several sources failed."""

    value: T_co
    failures: tuple[AdapterError, ...]


Told: TypeAlias = Sequence[T | AdapterError | Partial[T]]
"""What is told of each parent: a value, why there is none, or a value that is not whole."""


def mapped(told: Told[T], change: Callable[[T], R]) -> Told[R]:
    """The same with every value changed; errors and what is missing stay."""
    if _all_whole(told):
        return list(map(change, told))  # type: ignore[arg-type] # values all of them
    return [_changed(each, change) for each in told]


def zipped(parents: Sequence[Any], told: Told[T], change: Callable[[Any, T], R]) -> Told[R]:
    """The same with every value changed by its parent."""
    return [
        _changed(each, lambda value, parent=parent: change(parent, value))  # type: ignore[misc]
        for parent, each in zip(parents, told, strict=True)
    ]


def _all_whole(told: Told[T]) -> bool:
    """Whether each is a value, as nearly always."""
    return not any(issubclass(each, (AdapterError, Partial)) for each in set(map(type, told)))


def present(told: Told[T]) -> list[T]:
    """The values that were told, whole or not."""
    return [
        each.value if isinstance(each, Partial) else each for each in told if not isinstance(each, AdapterError)
    ]


def _changed(told: T | AdapterError | Partial[T], change: Callable[[T], R]) -> R | AdapterError | Partial[R]:
    if isinstance(told, AdapterError):
        return told
    return Partial(change(told.value), told.failures) if isinstance(told, Partial) else change(told)
