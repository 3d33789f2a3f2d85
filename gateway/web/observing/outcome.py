"""Outcomes of requests, for the metrics."""

from __future__ import annotations

from typing import Final

from student_graph.gateway.concurrency.observation import RequestNotes

SHED_CODES = frozenset({"OVERLOADED", "RATE_LIMITED"})
"""Codes of requests that are refused because there is too much to do, or that a viewer sends too many of."""


COMPLETE: Final = "complete"
"""Executed, without an error."""
CACHED: Final = "cached"
"""Answered from the cache of responses."""
PARTIAL: Final = "partial"
"""Executed, with errors in its response."""
REFUSED: Final = "refused"
"""Not executed: the request or its document was refused."""
SHED: Final = "shed"
"""Not executed, because there was too much to do or the viewer sent too many."""
FAILED: Final = "failed"
"""Not answered, because of a bug or because the disclosure could not be recorded."""
GONE: Final = "gone"
"""Its client disconnected before the end of the response."""


def outcome_of(notes: RequestNotes) -> str | None:
    """The outcome of a request; None for a page of a browser."""
    status = notes.status
    if notes.was_page or status is None:
        return None if notes.was_page else GONE
    if notes.was_cached:
        return CACHED
    if notes.was_executed and status < 500:
        return PARTIAL if notes.codes else COMPLETE
    if notes.codes & SHED_CODES:
        return SHED
    if status >= 500:
        return FAILED
    return REFUSED if notes.codes else None
