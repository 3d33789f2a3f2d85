"""Rows by value, batches without errors, and how many calls rows take."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from student_graph.adapters.errors import AdapterError
from student_graph.adapters.oneroster.api.payload import Item

K = TypeVar("K")
V = TypeVar("V")
R = TypeVar("R", bound=Item)


def rows_by_value(rows: Iterable[R], field: str, values: Iterable[str]) -> dict[str, list[R] | AdapterError]:
    """The rows by those of the values that they have in a field."""
    lists: dict[str, list[R]] = {value: [] for value in values}
    for row in rows:
        for value in set(row.values(field)) & lists.keys():
            lists[value].append(row)
    return dict(lists.items())


def page_count(rows: float, page_size: int) -> float:
    """The number of calls that read `rows` rows, at least 1."""
    return float(max(1, -(-rows // page_size)))


def require_all(batch: dict[K, V | AdapterError]) -> dict[K, V]:
    """
    The answers of a batch in which every key must have succeeded.

    Raises:
        AdapterError: The error of the first key that failed.
    """
    answers: dict[K, V] = {}
    for key, answer in batch.items():
        if isinstance(answer, AdapterError):
            raise answer
        answers[key] = answer
    return answers
