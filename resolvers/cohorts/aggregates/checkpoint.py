"""Where a long count keeps how far it is: numbers of groups, and no record of a student."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

from student_graph.adapters.errors import AdapterError
from student_graph.adapters.model import StudentId

T = TypeVar("T")


class Counted(NamedTuple):
    """How far a count is."""

    students: int
    """Students that are counted, the first ones of the cohort."""
    state: Mapping[str, Any]
    """The counts so far, as JSON values."""


class Checkpoint(Protocol):
    """Keeps how far a count is after each part of the students."""

    def load(self, students: Sequence[StudentId]) -> Counted | None:
        """Return how far the count of these students is; None if it has not begun, or was of other students."""

    def save(self, students: Sequence[StudentId], counted: Counted) -> None:
        """Keep how far the count of these students is."""

    async def may_read_again(self, attempts: int) -> bool:
        """Wait before students are read again because a source failed in so many attempts; False to go on."""


async def reading_again(checkpoint: Checkpoint | None, read: Callable[[int], Awaitable[T]]) -> T:
    """
    Return what `read` returns, which gets the number of earlier attempts; a long count tries again for a while.

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
