"""Stores the progress of a long count: numbers of groups, and no record of a student."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

from student_graph.adapters.errors import AdapterError
from student_graph.adapters.model import StudentId

T = TypeVar("T")
MAX_REREADS = 3
"""Times that a long count reads students again: if a source stays away, it soon says what is missing."""
REREAD_PAUSE_SECONDS = 5.0


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


class Rereads:
    """How often a long count without a checkpoint reads students again because a source failed."""

    left = MAX_REREADS

    async def may_read_again(self) -> bool:
        """Wait before students are read again; False if it was done often enough."""
        if not self.left:
            return False
        self.left -= 1
        await asyncio.sleep(REREAD_PAUSE_SECONDS)
        return True


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
