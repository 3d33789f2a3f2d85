"""Whether an adapter read from a recording what it read from the server, with its made-up values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from enum import Enum
from typing import Any

from student_graph.adapters.answers import records_in
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.recording import Fictions


def is_same_answer(real: Any, replayed: Any, key_in_recording: Mapping[Any, Any], fictions: Fictions) -> bool:
    """
    Whether the answers of a lookup are the same ones.

    Args:
        real: The answers of the server by key, or the error of the whole batch.
        replayed: Those of the recording.
        key_in_recording: The made-up key of each key.
        fictions: The made-up values of the recording.
    """
    if isinstance(real, AdapterError) or isinstance(replayed, AdapterError):
        return type(real) is type(replayed)
    return {key_in_recording[key] for key in real} == set(replayed) and all(
        _is_same_value(value, replayed[key_in_recording[key]], fictions) for key, value in real.items()
    )


def _is_same_value(real: Any, replayed: Any, fictions: Fictions) -> bool:
    """Whether one key has the same answer: as many records, of which each is another one's made-up record."""
    if isinstance(real, AdapterError) or isinstance(replayed, AdapterError):
        return type(real) is type(replayed)
    return type(real) is type(replayed) and is_same(records_in(real), records_in(replayed), fictions)


def is_same(real: Any, replayed: Any, fictions: Fictions) -> bool:
    """
    Whether a value is the made-up one of another, or the same.

    A text that the adapter made of several values has no made-up one in the recording: any text is the same.
    """
    if isinstance(real, list | tuple) and isinstance(replayed, list | tuple):
        return len(real) == len(replayed) and _are_same(real, replayed, fictions)
    if real is None or replayed is None or isinstance(real, bool | Enum):
        return real is replayed
    if isinstance(real, float | int) and isinstance(replayed, float | int):
        return math.isfinite(replayed)
    if type(real) is not type(replayed):
        return False
    if is_dataclass(real):
        names = [part.name for part in fields(real)]
        return all(is_same(getattr(real, name), getattr(replayed, name), fictions) for name in names)
    text, other = (value.isoformat() if isinstance(value, date) else str(value) for value in (real, replayed))
    return text == other or text not in fictions or fictions.of(text) == other


def _are_same(real: Sequence[Any], replayed: Sequence[Any], fictions: Fictions) -> bool:
    """Whether each value of a list has its own in the other list, in any order: adapters sort what they read."""
    matching = _Matching(real, replayed, fictions)
    return all(matching.find(index, set()) for index in range(len(real)))


@dataclass(slots=True)
class _Matching:
    """Gives each value of a list one of its own in another list."""

    real: Sequence[Any]
    replayed: Sequence[Any]
    fictions: Fictions
    owners: dict[int, int] = field(default_factory=dict)
    """The index of the real value, by that of the one it has."""

    def find(self, index: int, tried: set[int]) -> bool:
        """Find one for a value; its owner takes another, if it can."""
        free_first = sorted(range(len(self.replayed)), key=lambda other: other in self.owners)
        for other in free_first:
            if other in tried or not is_same(self.real[index], self.replayed[other], self.fictions):
                continue
            tried.add(other)
            if other not in self.owners or self.find(self.owners[other], tried):
                self.owners[other] = index
                return True
        return False
