"""
Errors as an answer may show them: what the client did wrong in full, what went wrong inside as a code.

Anything that is neither the client's doing nor an `AdapterError` is a bug of ours: the answer says that
something went wrong, the log gets the places in the code, and no value of the request reaches either.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterable
from typing import Any

from graphql import GraphQLError

from student_graph.adapters.errors import AdapterError
from student_graph.resolvers.fields.errors import INTERNAL, graph_error

log = logging.getLogger("student_graph.gateway")

# Strawberry logs the document and the text of every exception; what is logged of an error is decided here.
logging.getLogger("strawberry.execution").addFilter(lambda _: False)

LONGEST = 300
"""Characters of a message: it may quote what the client sent."""
SHOWN = ("code", "source", "retryable", "retryAfter", "limit")
"""Extensions that an error may carry, beside its `requestId`."""


def formatted(errors: Iterable[GraphQLError], request_id: str) -> list[dict[str, Any]]:
    """Errors as the answer holds them; each kind of bug among them is logged once."""
    errors = list(errors)
    _report([exc for error in errors if (exc := _bug(error)) is not None], request_id)
    return [_formatted(error, request_id) for error in errors]


def _formatted(error: GraphQLError, request_id: str) -> dict[str, Any]:
    told: dict[str, Any] = {"message": error.message[:LONGEST]}
    if error.locations:
        told["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path is not None:
        told["path"] = list(error.path)
    extensions = {name: text for name in SHOWN if (text := (error.extensions or {}).get(name)) is not None}
    if isinstance(error.original_error, AdapterError):
        seen = graph_error(error.original_error)
        told["message"], extensions = seen.message, dict(seen.extensions or {})
    elif _bug(error) is not None:
        told["message"], extensions = INTERNAL, {"code": "INTERNAL"}
    return told | {"extensions": extensions | {"requestId": request_id}}


def _bug(error: GraphQLError) -> Exception | None:
    """
    The exception behind an error that nobody meant to raise; None for all others.

    An error without a path but with a place in the document comes from reading the document or its variables:
    what stands behind it says what the client wrote, not what we did.
    """
    original = error.original_error
    if original is None or isinstance(original, (AdapterError, GraphQLError)):
        return None
    return None if error.path is None and error.nodes else original


def _report(bugs: list[Exception], request_id: str) -> None:
    """Log each kind of bug once, as its type and places: the text of an exception may hold what a client sent."""
    seen = dict.fromkeys((type(exc).__name__, _places(exc)) for exc in bugs)
    for kind, places in seen:
        log.error("internal error in request %s: %s at %s", request_id, kind, " < ".join(places))


def _places(exc: Exception) -> tuple[str, ...]:
    """Where an exception was raised and through what it came, innermost first."""
    frames = reversed(traceback.extract_tb(exc.__traceback__))
    return tuple(f"{frame.filename}:{frame.lineno}" for frame in frames)
