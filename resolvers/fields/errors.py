"""
Errors as clients see them: a code to act on, and a message of our own.

No text from a vendor gets into a message, nor does an address, an id or a name.
"""

from __future__ import annotations

from typing import Any

from graphql import GraphQLError

from student_graph.adapters.errors import AdapterError, ForbiddenError

MESSAGES = {
    "SOURCE_UNAVAILABLE": "The source did not answer.",
    "RATE_LIMITED": "The source accepts no more requests for now.",
    "SOURCE_AUTH": "The source refused the gateway's credentials.",
    "SOURCE_FORBIDDEN": "The source does not allow the gateway to read this.",
    "SOURCE_BAD_RESPONSE": "The source sent something that cannot be read.",
    "SOURCE_SCHEMA": "The source sent something that does not have the documented shape.",
    "SOURCE_SETTINGS": "A setting of the source is missing or not accepted.",
    "SOURCE_UNSUPPORTED": "The source has a version that the gateway does not support.",
    "NO_IDENTITY_LINK": "The source has no certain link to this student.",
    "IDENTITY_CONFLICT": "The source's record contradicts the student's record; it is withheld.",
    "IDENTITY_UNCONFIRMED": "The district's records cannot confirm whose record this is; it is withheld.",
    "NOT_OFFERED": "No source of the district offers this.",
    "SUPPRESSED": "The value is about too few people to be shown.",
    "DEADLINE": "The time limit of the operation ran out.",
    "FORBIDDEN": "The viewer may not see this.",
    "NOT_FOUND": "There is no such object that the viewer may see.",
    "BAD_ID": "The graph did not return this id or cursor for this field. Send it unchanged; a cursor belongs to "
    "one viewer, filter and order.",
}
"""Message of each error code. A code that is not listed here is a bug of the gateway."""

INTERNAL = "Something went wrong in the gateway."


def graph_error(error: AdapterError) -> GraphQLError:
    """
    Return an adapter's error as clients see it.

    All operations that wait for an answer get its error, the same object. It loses its traceback, whose frames
    hold what these operations have read.
    """
    error.__traceback__ = error.__context__ = None
    extensions: dict[str, Any] = {
        "code": error.code,
        "source": error.source,
        "retryable": error.retryable,
        "retryAfter": error.retry_after,
    }
    message = MESSAGES.get(error.code, INTERNAL)
    if isinstance(error, ForbiddenError):
        extensions["sensitivity"] = error.sensitivity
        message = (
            f"The viewer may not see this: {error.reason}." if error.sensitivity is None else _grant_needed(error)
        )
    known = {name: value for name, value in extensions.items() if value is not None}
    return GraphQLError(message, extensions=known)


def _grant_needed(error: ForbiddenError) -> str:
    """Return the message of an error about a class of data, which says which grant is needed."""
    message = "The viewer has no grant for this."
    if error.limited:
        return f"{message} The viewer's grant of the class {error.sensitivity} is for other students only."
    if error.purpose is not None:
        return (
            f"{message} It is data of the class {error.sensitivity}, which the viewer is granted for the purpose "
            f"'{error.purpose}': state it in the header Student-Graph-Purpose."
        )
    needed = f"It is data of the class {error.sensitivity}, which the district's settings grant by role or person."
    return f"{message} {needed}"


def bad_input(message: str) -> GraphQLError:
    """Return the error for an invalid argument; `message` names the argument and what to change."""
    return GraphQLError(message, extensions={"code": "BAD_INPUT", "retryable": False})


def missing_object() -> GraphQLError:
    """Return the error for an object that another subgraph names: it is unknown, or hidden from the viewer."""
    return GraphQLError(MESSAGES["NOT_FOUND"], extensions={"code": "NOT_FOUND", "retryable": False})
