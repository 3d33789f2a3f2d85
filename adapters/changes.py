"""
Earlier answers, which a lookup may bring up to date instead of reading them again.

A vendor with change queries sends only what changed since a version of its data. The gateway gives a lookup its
earlier answers; the adapter itself keeps no records.
"""

from __future__ import annotations

import contextlib
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class EarlierAnswer:
    """The answer to a key of a list lookup at an earlier time."""

    records: Sequence[Any]
    """Its records. They must not be changed, because operations share them."""
    version: str
    """The version of the vendor's data (`Adapter.version`), read before the records were."""


_earlier: ContextVar[Mapping[Any, EarlierAnswer]] = ContextVar("earlier_answers", default={})  # noqa: B039 - never changed


@contextlib.contextmanager
def earlier_answers(answers: Mapping[Any, EarlierAnswer]) -> Iterator[None]:
    """Give the lookup that is called in the block its earlier answers, by key."""
    token = _earlier.set(answers)
    try:
        yield
    finally:
        _earlier.reset(token)


def earlier_answer(key: Hashable) -> EarlierAnswer | None:
    """Return the earlier answer to a key of the current lookup; None if the lookup must be read in full."""
    return _earlier.get().get(key)
