"""What became of a request, for the metrics."""

from __future__ import annotations

from enum import Enum

from student_graph.gateway.concurrency.observation import RequestNotes

SHED_CODES = frozenset({"OVERLOADED", "RATE_LIMITED"})
"""Codes of requests that are refused because there is too much to do, or that a viewer sends too many of."""


class Outcome(Enum):
    """What became of a GraphQL request."""

    COMPLETE = "complete"
    """Executed, without an error."""
    CACHED = "cached"
    """Answered from the cache of responses."""
    PARTIAL = "partial"
    """Executed, with errors in its response."""
    REFUSED = "refused"
    """Not executed: the request or its document was refused."""
    SHED = "shed"
    """Not executed, because there was too much to do or the viewer sent too many."""
    FAILED = "failed"
    """Not answered, because of a bug or because the disclosure could not be recorded."""
    GONE = "gone"
    """Its client disconnected before the end of the response."""


def outcome_of(notes: RequestNotes, status: int | None) -> Outcome | None:
    """What became of a request; `status` is None if its response was not sent completely. None for a page."""
    if status is None:
        return Outcome.GONE
    if notes.was_cached:
        return Outcome.CACHED
    if notes.was_executed and status < 500:
        return Outcome.PARTIAL if notes.codes else Outcome.COMPLETE
    if notes.codes & SHED_CODES:
        return Outcome.SHED
    if status >= 500:
        return Outcome.FAILED
    return Outcome.REFUSED if notes.codes else None
