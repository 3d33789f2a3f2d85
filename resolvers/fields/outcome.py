"""
Outcomes of a lookup or a field for all parents at once.

Each outcome is a value, the error that took its place, or a partial value.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from student_graph.adapters.answers import SharedValues, has_instances
from student_graph.adapters.errors import AdapterError, NotOfferedError, translate

T = TypeVar("T")
R = TypeVar("R")
H = TypeVar("H", bound=Hashable)
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Partial(Generic[T_co]):
    """A value of which a part is missing because one of several sources failed."""

    value: T_co
    failures: tuple[AdapterError, ...]


Outcome: TypeAlias = T | AdapterError | Partial[T]
"""A value, the error that took its place, or a partial value."""

Outcomes: TypeAlias = Sequence[T | AdapterError | Partial[T]]
"""One outcome for each parent, in the order of the parents."""


def map_values(outcomes: Outcomes[T], change: Callable[[T], R]) -> Outcomes[R]:
    """Apply `change` to every value; errors and the failures of partial values stay."""
    if all_complete(outcomes):
        return list(map(change, outcomes))  # type: ignore[arg-type] # all of them are values
    return [_map_value(outcome, change) for outcome in outcomes]


def map_shared(outcomes: Outcomes[T], name: str, basis: Hashable, change: Callable[[T], R]) -> Outcomes[R]:
    """
    Apply `change`, which depends on nothing but the value and `basis`, to every value.

    If the outcomes are shared by operations, the changed ones are as well, until another basis comes.
    """
    if isinstance(outcomes, SharedValues):
        return outcomes.latest(name, basis, lambda shared: SharedValues(map_values(shared, change)))
    return map_values(outcomes, change)


def try_map(outcomes: Outcomes[T], change: Callable[[T], R]) -> Outcomes[R]:
    """Apply `change` to every value; an AdapterError that it raises takes the place of the value."""

    def changed(outcome: Outcome[T]) -> Outcome[R]:
        try:
            return _map_value(outcome, change)
        except AdapterError as error:
            return translate(error)

    return [changed(outcome) for outcome in outcomes]


def map_with_parents(parents: Sequence[Any], outcomes: Outcomes[T], change: Callable[[Any, T], R]) -> Outcomes[R]:
    """Apply `change` to every parent and its value; errors and the failures of partial values stay."""
    return [
        _map_value(outcome, lambda value, parent=parent: change(parent, value))  # type: ignore[misc]
        for parent, outcome in zip(parents, outcomes, strict=True)
    ]


def values_of(outcomes: Outcomes[T]) -> list[T]:
    """Return the values, partial ones included, without the errors."""
    return [
        outcome.value if isinstance(outcome, Partial) else outcome
        for outcome in outcomes
        if not isinstance(outcome, AdapterError)
    ]


def all_complete(outcomes: Outcomes[T]) -> bool:
    """Return whether every outcome is a complete value, which is nearly always so."""
    return not has_instances(outcomes, AdapterError, Partial)


def _map_value(outcome: Outcome[T], change: Callable[[T], R]) -> Outcome[R]:
    if isinstance(outcome, AdapterError):
        return outcome
    return Partial(change(outcome.value), outcome.failures) if isinstance(outcome, Partial) else change(outcome)


def merge_lists(parts: Sequence[Outcomes[list[T]]]) -> Outcomes[list[T]]:
    """
    Merge the outcomes of several lookups into one list for each parent.

    A lookup that no source offers makes the list partial. A lookup that failed makes it an error, because a list
    without its records would pass for complete.
    """
    return [_merge_lists(outcomes) for outcomes in zip(*parts, strict=True)]


def _merge_lists(outcomes: Sequence[Any]) -> Any:
    errors = [outcome for outcome in outcomes if isinstance(outcome, AdapterError)]
    failed = [error for error in errors if not isinstance(error, NotOfferedError)]
    if failed or len(errors) == len(outcomes):
        return (failed or errors)[0]
    rows: list[Any] = []
    failures: list[AdapterError] = list(errors)
    for outcome in outcomes:
        if isinstance(outcome, Partial):
            rows += outcome.value
            failures += outcome.failures
        elif not isinstance(outcome, AdapterError):
            rows += outcome
    return Partial(rows, tuple(failures)) if failures else rows


def indexes_by_value(values: Sequence[H]) -> dict[H, list[int]]:
    """Return the indexes of each distinct value."""
    if len(set(values)) == 1:
        return {values[0]: list(range(len(values)))}
    indexes: dict[H, list[int]] = {}
    for index, value in enumerate(values):
        indexes.setdefault(value, []).append(index)
    return indexes


def scatter(length: int, indexes: Iterable[Sequence[int]], parts: Iterable[Sequence[Any]]) -> list[Any]:
    """Put the values of parts at their indexes in one list; None at an index that no part has."""
    values: list[Any] = [None] * length
    for group, part in zip(indexes, parts, strict=True):
        for index, value in zip(group, part, strict=True):
            values[index] = value
    return values


def as_lists(outcomes: Sequence[Any]) -> Sequence[Any]:
    """Return the outcomes with an empty list where no source knows the key."""
    if not isinstance(outcomes, SharedValues):
        return _without_none(outcomes) if None in outcomes else outcomes
    return outcomes.once("lists", _without_none) if outcomes.once("has_none", _has_none) else outcomes


def _has_none(outcomes: Sequence[Any]) -> bool:
    return None in outcomes


def _without_none(outcomes: Sequence[Any]) -> Sequence[Any]:
    """Return the outcomes with an empty list in place of None, shared if they are."""
    lists = [[] if outcome is None else outcome for outcome in outcomes]
    return SharedValues(lists) if isinstance(outcomes, SharedValues) else lists
