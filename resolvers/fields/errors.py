"""
Errors as clients see them: a code to act on, and a sentence of our own.

Nothing of what a vendor said reaches a message, and no address, id or name does.
"""

from __future__ import annotations

from typing import Any

from graphql import GraphQLError

from student_graph.adapters.errors import AdapterError

MESSAGES = {
    "SOURCE_UNAVAILABLE": "The source did not answer.",
    "RATE_LIMITED": "The source takes no more questions for the moment.",
    "SOURCE_AUTH": "The source refused the gateway's credentials.",
    "SOURCE_FORBIDDEN": "The source does not let the gateway read this.",
    "SOURCE_BAD_RESPONSE": "The source sent something that cannot be read.",
    "SOURCE_SCHEMA": "The source sent something of another shape than it documents.",
    "NO_IDENTITY_LINK": "The source has no certain link to this student.",
    "IDENTITY_CONFLICT": "The source's record contradicts the student's; it is withheld.",
    "NOT_OFFERED": "No source of the district answers this.",
    "SUPPRESSED": "Too few people stand behind this value.",
    "DEADLINE": "The time for this question ran out.",
    "FORBIDDEN": "This is not granted to the viewer.",
    "BAD_ID": "This is not an id or cursor of this graph.",
}
"""What each code means; a code without a sentence is our own fault."""

INTERNAL = "Something went wrong in the gateway."


def graph_error(error: AdapterError) -> GraphQLError:
    """An adapter's error as clients see it."""
    extensions: dict[str, Any] = {
        "code": error.code,
        "source": error.source,
        "retryable": error.retryable,
        "retryAfter": error.retry_after,
    }
    known = {name: told for name, told in extensions.items() if told is not None}
    return GraphQLError(MESSAGES.get(error.code, INTERNAL), extensions=known)


def bad_input(message: str) -> GraphQLError:
    """An argument that cannot be what was meant; `message` names what to change."""
    return GraphQLError(message, extensions={"code": "BAD_INPUT", "retryable": False})
