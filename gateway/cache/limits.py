"""The limits of the cache: its size, and the requests that go on in the background."""

from __future__ import annotations

from dataclasses import dataclass, replace

BYTES_PER_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class BackgroundLimits:
    """How long and how many requests go on after their waiters have left."""

    abandoned_seconds: float = 90.0
    """
    How long an abandoned request goes on.

    A page that ended at its deadline is usually requested again within a minute. A vendor that counts its quota by
    the minute has allowed new calls by then.
    """
    disconnected_seconds: float = 2.0
    """
    How long a request goes on if its last client has disconnected.

    A page that is loaded again requests it sooner. The time is shorter than the silence after which an attempt
    fails (`READ_TIMEOUT_SECONDS`), so that a client that leaves does not make its source look as if it failed.
    """
    requests_per_source: int = 32
    """Maximum number of abandoned requests of one source: enough for the lookups of three or four large pages."""
    requests_per_viewer: int = 16
    """Maximum number of abandoned requests of one viewer: enough for the lookups of one large page."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The maximum size of the cache. The least recently used answers are evicted first."""

    memory: int = 512 * BYTES_PER_MIB
    """
    Bytes for answers and responses. With 0 nothing is cached, but requests in flight are still shared.

    A school day keeps about 0.15 MiB for each student, with all grades and work: the default holds 2,500 students.
    """
    entries: int = 200_000
    """Number of answers, each for one key of one lookup."""
    responses: bool = True
    """Whether complete responses are cached too, in a quarter of the memory."""
    background: BackgroundLimits = BackgroundLimits()
    """Limits of requests that nobody waits for."""

    @property
    def response_memory(self) -> int:
        """Bytes for complete responses."""
        return self.memory // 4 if self.responses else 0

    @property
    def table_memory(self) -> int:
        """Bytes for finished tables."""
        return self.memory // 16

    def share(self, processes: int) -> Limits:
        """The limits of one process of several, which all of them together keep."""
        return replace(self, memory=self.memory // processes, entries=max(1, self.entries // processes))
