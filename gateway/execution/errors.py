"""Located errors of a column. An error that many values share is located in the document only once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphql import FieldNode, GraphQLError, located_error


def located_errors(
    nodes: list[FieldNode], errors: Sequence[Exception], paths: Sequence[list[str | int]]
) -> list[GraphQLError]:
    """Return each error of a field as graphql-core's `located_error` does, with the path of its value."""
    located: list[GraphQLError] = []
    first_by_error: dict[int, GraphQLError] = {}
    for error, path in zip(errors, paths, strict=True):
        first = first_by_error.get(id(error))
        if first is None:
            if isinstance(error, GraphQLError):  # the frames of its traceback refer to this operation's errors
                error.__traceback__ = None
            first = first_by_error[id(error)] = located_error(error, nodes, path)
            located.append(first)
        else:
            located.append(first if first is error else _at_path(first, path))
    return located


def _at_path(error: GraphQLError, path: list[str | int]) -> GraphQLError:
    """Return the same error with another path."""
    copy: Any = GraphQLError.__new__(GraphQLError, error.message)
    copy.message, copy.extensions, copy.path = error.message, error.extensions, path
    copy.nodes, copy.source, copy.positions, copy.locations = (
        error.nodes,
        error.source,
        error.positions,
        error.locations,
    )
    copy.original_error, copy.cause = error.original_error, error.cause
    copy.__traceback__, copy.__cause__, copy.__context__ = (
        error.__traceback__,
        error.__cause__,
        error.__context__,
    )
    located: GraphQLError = copy
    return located
