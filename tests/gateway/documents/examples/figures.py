"""Key figures of a response's data, in a few words. A path such as `viewer.sections.*.roster` names values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

ANY = "*"
"""Any item of a list, in a path."""

Figure = Callable[[Any], str]
"""Text about the data of a response, such as `classes 6`."""


def values_at(data: Any, path: str) -> Iterator[Any]:
    """Yield the values at a path such as `viewer.sections.*.roster`, without those that are null or absent."""
    name, _, rest = path.partition(".")
    if data is None:
        return
    if not name:
        yield data
    elif name == ANY:
        for item in data:
            yield from values_at(item, rest)
    elif isinstance(data, list):
        for item in data[int(name) :][:1]:
            yield from values_at(item, rest)
    else:
        yield from values_at(data.get(name), rest)


def count(label: str, path: str, *values: Any) -> Figure:
    """Count the values at a path, or only those that are equal to one of `values`."""
    return lambda data: f"{label} {sum(not values or item in values for item in values_at(data, path)):,}"


def distinct(label: str, path: str) -> Figure:
    """Count the different values at a path."""
    return lambda data: f"{label} {len(set(values_at(data, path))):,}"


def total(label: str, path: str) -> Figure:
    """Add up the numbers at a path."""
    return lambda data: f"{label} {sum(values_at(data, path)):,g}"


def text(path: str) -> Figure:
    """Show the first value at a path, without a full stop."""
    return lambda data: str(next(values_at(data, path), "nothing")).rstrip(".")


def percent(label: str, path: str) -> Figure:
    """Show the first share at a path."""
    return lambda data: f"{label} {100 * next(values_at(data, path)):.1f} %"
