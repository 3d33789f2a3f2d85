"""The limits of live documents."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LiveLimits:
    """How many documents are live in one process, and how often and how long their answers are."""

    documents: int = 256
    """Live documents of all viewers."""
    documents_per_viewer: int = 8
    """Live documents of one viewer."""
    interval: float = 5.0
    """Shortest time in seconds between two executions of one document."""
    answer_mib: int = 1
    """MiB that one answer takes."""
    at_once: int = 4
    """Documents that are executed again at the same time: the others wait for their turn."""
