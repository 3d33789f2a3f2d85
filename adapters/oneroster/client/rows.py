"""Rows by value, batches without errors, and how many calls rows take."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeGuard, TypeVar

from student_graph.adapters.errors import WRONG_KEY_REASON, AdapterError, PayloadError
from student_graph.adapters.keys import check_own_keys
from student_graph.adapters.oneroster.api.payload import Item
from student_graph.adapters.reading.unreadable import SCHEMA_CODE

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


def check_own(rows: Iterable[Item], field: str, values: Iterable[str]) -> None:
    """
    Check that rows which were requested by values of a field are not all those of other values.

    Raises:
        PayloadError: They are, so that the response is that of another request.
    """
    check_own_keys((value for row in rows for value in row.values(field)), values)


def is_unreadable(answer: object) -> TypeGuard[PayloadError]:
    """Whether an object was sent, with values that make no object; another object was not sent for its key."""
    return isinstance(answer, PayloadError) and answer.code == SCHEMA_CODE and answer.reason != WRONG_KEY_REASON


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
