"""Comparison of two responses to one operation, as strict as the specification allows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from graphql import GraphQLError


def ordered(data: Any) -> Any:
    """Return data in a form in which the order of keys and the types of values count."""
    if isinstance(data, dict):
        return [(key, ordered(value)) for key, value in data.items()]
    if isinstance(data, (list, tuple)):
        return [ordered(value) for value in data]
    return (type(data).__name__, repr(data))


def null_path(data: Any, path: Iterable[str | int]) -> tuple[str | int, ...]:
    """Return the path of the null that the error at `path` caused: the path itself, or a part of it."""
    walked: list[str | int] = []
    for part in path:
        if data is None:
            break
        walked.append(part)
        data = data[part]
    return tuple(walked)


def error_key(error: GraphQLError) -> tuple[Any, ...]:
    """Return message, path and locations of an error."""
    locations = tuple((location.line, location.column) for location in error.locations or ())
    return error.message, tuple(error.path or ()), locations


def differences(actual: Any, expected: Any) -> list[str]:
    """
    Return how a response differs from graphql-core's.

    An error whose own field is null must be the same. If a null replaced a parent, the specification allows any of
    several errors to explain it, but there must be one.
    """
    result = []
    if ordered(actual.data) != ordered(expected.data):
        result.append(f"data: {actual.data} instead of {expected.data}")
    errors, explained = _errors_by_null(actual)
    expected_errors, expected_explained = _errors_by_null(expected)
    if errors != expected_errors:
        result.append(f"errors: {errors - expected_errors} too many, {expected_errors - errors} missing")
    if explained != expected_explained:
        result.append(f"nulls explained: {explained} instead of {expected_explained}")
    return result


def _errors_by_null(response: Any) -> tuple[Counter[Any], set[Any]]:
    """Return the errors at their own null, and the paths of nulls further up that errors explain."""
    own: Counter[Any] = Counter()
    above: set[Any] = set()
    for error in response.errors or ():
        path = tuple(error.path or ())
        path_of_null = null_path(response.data, path)
        if path_of_null == path and path:
            own[error_key(error)] += 1
        else:
            above.add(path_of_null)
    return own, above
