"""Stores the progress of a long count: numbers of groups, and no record of a student."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

from student_graph.adapters.errors import AdapterError
from student_graph.adapters.model import StudentId

T = TypeVar("T")


class Counted(NamedTuple):
    """The progress of a count."""

    students: int
    """Number of students that were counted: the first ones of the cohort."""
    state: Mapping[str, Any]
    """The counts so far, as JSON values."""


class Checkpoint(Protocol):
    """Stores the progress of a count after each part of the students."""

    def load(self, students: Sequence[StudentId]) -> Counted | None:
        """
        Return the progress of a count of these students; None if it has not begun, or counted other students.
        """

    def save(self, students: Sequence[StudentId], counted: Counted) -> None:
        """Store the progress of the count of these students."""

    async def may_read_again(self, attempts: int) -> bool:
        """Wait before students are read again because a source failed in so many attempts; False to go on."""


async def reading_again(checkpoint: Checkpoint | None, read: Callable[[int], Awaitable[T]]) -> T:
    """
    Return the result of `read`, which gets the number of earlier attempts. A long count tries again for a while.

    Raises:
        AdapterError: the last attempt failed.
    """
    attempts = 0
    while True:
        try:
            return await read(attempts)
        except AdapterError as error:
            attempts += 1
            if checkpoint is None or not error.retryable or not await checkpoint.may_read_again(attempts):
                raise
