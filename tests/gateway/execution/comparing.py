"""Two answers to one operation, compared as strictly as the specification lets them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from graphql import GraphQLError


def ordered(data: Any) -> Any:
    """Data in which the order of keys counts."""
    if isinstance(data, dict):
        return [(key, ordered(value)) for key, value in data.items()]
    if isinstance(data, (list, tuple)):
        return [ordered(value) for value in data]
    return (type(data).__name__, repr(data))


def nulled(data: Any, path: Iterable[str | int]) -> tuple[str | int, ...]:
    """The place where a path meets the null that its error made."""
    walked: list[str | int] = []
    for part in path:
        if data is None:
            break
        walked.append(part)
        data = data[part]
    return tuple(walked)


def told(error: GraphQLError) -> tuple[Any, ...]:
    """What an error says, and where."""
    places = tuple((place.line, place.column) for place in error.locations or ())
    return error.message, tuple(error.path or ()), places


def differences(ours: Any, stocks: Any) -> list[str]:
    """
    What an answer says otherwise than stock's.

    An error at a null of its own must be the same. Where a null has swallowed its parent, the specification lets
    either of several errors explain it: there must be one.
    """
    found = []
    if ordered(ours.data) != ordered(stocks.data):
        found.append(f"data: {ours.data} instead of {stocks.data}")
    own, swallowed = _sorted(ours), _sorted(stocks)
    if own[0] != swallowed[0]:
        found.append(f"errors: {own[0] - swallowed[0]} too many, {swallowed[0] - own[0]} missing")
    if own[1] != swallowed[1]:
        found.append(f"nulls explained: {own[1]} instead of {swallowed[1]}")
    return found


def _sorted(answer: Any) -> tuple[Counter[Any], set[Any]]:
    """Errors at their own null, and the nulls further up that others explain."""
    exact: Counter[Any] = Counter()
    above: set[Any] = set()
    for error in answer.errors or ():
        path = tuple(error.path or ())
        place = nulled(answer.data, path)
        if place == path and path:
            exact[told(error)] += 1
        else:
            above.add(place)
    return exact, above
