"""Compares responses with what the vendors held, when data change and sources fail."""

from __future__ import annotations

import dataclasses
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from tests.scenarios.helpers.changing_vendors import State

Path: TypeAlias = tuple[str | int, ...]
ABOUT_STUDENT = ("studentUniqueId", "name", "gradeLevel", "provenance")
"""The fields of a student that are selected and compared together, as `name`."""


@dataclass(frozen=True)
class Ages:
    """How old values may be when they are requested, in seconds."""

    fresh: float
    """The limit of values that are not marked as stale."""
    stale: float
    """The limit of values that are marked as stale."""


def value_of(student: Any, field: str) -> Any:
    """What a response has for a field of `SELECTIONS`; None if it has no student."""
    if student is None or field != "name":
        return student and student[field]
    return {name: student[name] for name in ABOUT_STUDENT}


class Records(tuple[tuple[int, Any], ...]):
    """The records of one source in a list, each with its index."""

    __slots__ = ()


def _of_source(records: Any, source: str) -> Records | None:
    """The records of a list that came from a source; None if there is no list."""
    if records is None:
        return None
    pairs = enumerate(records)
    return Records((index, record) for index, record in pairs if record["provenance"]["source"] == source)


def _pairs(expected: Any, actual: Any) -> list[tuple[int, Any, Any]] | None:
    """The items of two lists of one length, each pair with its actual index; None if they are no such lists."""
    if isinstance(expected, list) and isinstance(actual, list):
        expected, actual = Records(enumerate(expected)), Records(enumerate(actual))
    if not isinstance(expected, Records) or not isinstance(actual, Records) or len(expected) != len(actual):
        return None
    return [(index, value, own) for (_, value), (index, own) in zip(expected, actual, strict=True)]


def _provenances(value: Any) -> Iterator[dict[str, Any]]:
    """Every provenance in a value."""
    if isinstance(value, dict):
        if value.get("provenance") is not None:
            yield value["provenance"]
        for part in value.values():
            yield from _provenances(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _provenances(part)


class Comparison:
    """Compares the data of a response with what the vendors held, and counts what it finds."""

    def __init__(self, response: Mapping[str, Any], requested_at: float, ages: Ages, counts: Counter[str]) -> None:
        """`requested_at` is the time at which the response was requested; it has just arrived."""
        self._data, extensions = response["data"], response["extensions"]
        self._errors = [tuple(error["path"]) for error in response.get("errors", ()) if "path" in error]
        self._degraded = [tuple(part["path"]) for part in extensions.get("degraded", ())]
        self._is_stale_allowed = any(source["stale"] for source in extensions["sources"].values())
        self._requested_at, self._arrived_at = requested_at, time.time()
        self._ages, self._counts = ages, counts
        counts["errors"] += len(self._errors)
        counts["degraded"] += len(self._degraded)

    def unexplained(self, student: str, field: str, states: Sequence[State]) -> list[str]:
        """
        Return a line for each difference of a field from the nearest of its states that has no reason.

        The records of each source are compared with a state of their own: one source may be read later.
        """
        alias = f"s{student}"
        actual = value_of(self._data[alias], field)
        path: Path = (alias,) if field == "name" or self._data[alias] is None else (alias, field)
        if not isinstance(actual, list):
            return self._unexplained_part(path, states, actual)
        lists = [actual, *(state.value for state in states if state.value)]
        sources = {record["provenance"]["source"] for records in lists for record in records}
        lines = []
        for source in sources or {""}:
            parts = [dataclasses.replace(state, value=_of_source(state.value, source)) for state in states]
            lines += self._unexplained_part(path, parts, _of_source(actual, source))
        return lines

    def _unexplained_part(self, path: Path, states: Sequence[State], actual: Any) -> list[str]:
        provenances = list(_provenances(actual))
        is_stale = any(provenance["stale"] for provenance in provenances)
        self._counts["stale"] += is_stale
        lines = [f"{path}: marked as stale, unlike its source"] if is_stale and not self._is_stale_allowed else []
        may_be_stale = is_stale or (self._is_stale_allowed and not provenances)
        since = self._requested_at - (self._ages.stale if may_be_stale else self._ages.fresh)
        held = [state.value for state in states if state.since <= self._arrived_at and state.until >= since]
        return lines + self._nearest(path, held, actual)

    def _nearest(self, path: Path, held: Sequence[Any], actual: Any) -> list[str]:
        """The differences from the state that explains most."""
        comparisons: list[tuple[list[str], Counter[str]]] = []
        for value in reversed(held):
            counts: Counter[str] = Counter()
            lines = list(self._differences(value, actual, path, counts))
            comparisons.append((lines, counts))
            if not lines:
                counts["an earlier state"] += len(comparisons) > 1
                break
        lines, counts = min(comparisons, key=lambda comparison: len(comparison[0]))
        self._counts.update(counts)
        return lines

    def _differences(self, expected: Any, actual: Any, path: Path, counts: Counter[str]) -> Iterator[str]:
        """Yield a line for each difference at a path or below it that has no reason."""
        if actual == expected:
            counts["as the vendor"] += 1
        elif actual is None and any(reason[: len(path)] == path for reason in self._errors + self._degraded):
            counts["null with a reason"] += 1
        elif isinstance(expected, dict) and isinstance(actual, dict):
            for name, value in expected.items():
                if name != "stale":
                    yield from self._differences(value, actual.get(name), (*path, name), counts)
        elif any(reason[: len(path)] == path or path[: len(reason)] == reason for reason in self._degraded):
            counts["a part with a reason"] += 1
        elif (pairs := _pairs(expected, actual)) is not None:
            for index, value, own in pairs:
                yield from self._differences(value, own, (*path, index), counts)
        else:
            yield f"{path}: {type(actual).__name__} instead of {type(expected).__name__}, without a reason"
