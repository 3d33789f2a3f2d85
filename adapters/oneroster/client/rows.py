"""Rows by value, batches without errors, and how many calls rows take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from student_graph.adapters.errors import AdapterError, another_object, listed_and_unknown
from student_graph.adapters.keys import (
    check_own_keys,
    has_other_form,
    loose_form,
    report_other_form,
    unanswered_keys,
)
from student_graph.adapters.oneroster.api.payload import Item
from student_graph.adapters.reading import leave_out_unreadable, reading_key

K = TypeVar("K")
V = TypeVar("V")
R = TypeVar("R", bound=Item)


def rows_by_value(rows: Iterable[R], field: str, values: Iterable[str]) -> dict[str, list[R] | AdapterError]:
    """
    The rows by those of the values that they have in a field.

    A row that spells one of the values in another way is left out and reported.
    """
    lists: dict[str, list[R]] = {value: [] for value in values}
    forms = frozenset(map(loose_form, lists))
    for row in rows:
        own = set(row.values(field))
        for value in own & lists.keys():
            lists[value].append(row)
        if own.isdisjoint(lists) and has_other_form(own, forms):
            report_other_form(row.sourcedId)
    return dict(lists.items())


def check_own(rows: Iterable[Item], field: str, values: Iterable[str]) -> None:
    """
    Check that rows which were requested by values of a field are not all those of other values.

    Raises:
        PayloadError: They are, so that the response is that of another request.
    """
    check_own_keys((value for row in rows for value in row.values(field)), values)


def answers_by_value(
    rows: Sequence[R] | AdapterError, field: str, values: Sequence[str], *, is_filtered: bool
) -> dict[str, list[R] | AdapterError]:
    """
    The rows by value, or the error of all values; see `rows_by_value`.

    Of filtered rows, a value that `unanswered_keys` finds is an error.
    """
    if isinstance(rows, AdapterError):
        return dict.fromkeys(values, rows)
    answers = rows_by_value(rows, field, values)
    if is_filtered:
        for value in unanswered_keys((list(row.values(field)) for row in rows), values):
            answers[value] = another_object()
    return answers


def rows_of(rows: Sequence[R], field: str, value: str) -> list[R]:
    """
    The rows with a value in a field, or with none; see `rows_by_value` for other spellings.

    Raises:
        PayloadError: All rows have other values, so that the response is that of another request.
    """
    check_own(rows, field, [value])
    own: list[R] = []
    for row in rows:
        if value in (values := list(row.values(field))) or not values:
            own.append(row)
        elif has_other_form(values, {loose_form(value)}):
            report_other_form(row.sourcedId)
    return own


def known_objects(objects: Mapping[str, R | AdapterError], ids: Iterable[str]) -> dict[str, R]:
    """
    The active objects with these ids, which other rows name.

    If the server has no object with an id, or one with wrong values, the id is left out and reported. An object
    that is not active is left out without a report.

    Raises:
        AdapterError: An object could not be read.
    """
    known: dict[str, R] = {}
    for key in sorted(set(ids)):
        answer = objects.get(key, listed_and_unknown())
        if isinstance(answer, AdapterError):
            with reading_key(key):
                leave_out_unreadable(answer, key)
        elif answer.is_active:
            known[key] = answer
    return known


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


def merge_rows(lists: Sequence[list[V] | AdapterError]) -> list[V] | AdapterError:
    """The rows of all lists, or the first error."""
    error = next((answer for answer in lists if isinstance(answer, AdapterError)), None)
    return error or [row for answer in lists if isinstance(answer, list) for row in answer]


def readable_rows(answer: list[V] | AdapterError) -> list[V]:
    """The rows of an answer; empty for an error, which fails its key elsewhere."""
    return [] if isinstance(answer, AdapterError) else answer
