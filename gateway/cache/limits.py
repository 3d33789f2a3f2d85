"""The size limits of the cache."""

from __future__ import annotations

from dataclasses import dataclass

BYTES_PER_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """How much the cache holds at most. The least recently used answers are evicted first."""

    memory: int = 64 * BYTES_PER_MIB
    """Bytes for answers and responses. With 0 nothing is cached, but requests in flight are still shared."""
    entries: int = 200_000
    """Number of answers, each for one key of one lookup."""
    responses: bool = True
    """Whether complete responses are cached too, in a quarter of the memory."""

    @property
    def response_memory(self) -> int:
        """Bytes for complete responses."""
        return self.memory // 4 if self.responses else 0
