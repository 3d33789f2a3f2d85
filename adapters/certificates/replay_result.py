"""What an adapter read from a recording of its sandbox."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """What an adapter read from the recording of its sandbox."""

    requests: int
    """Number of requests that were recorded."""
    lookups: int
    """Number of lookups that answered some key of the sandbox."""
    differing: tuple[str, ...]
    """Names of the lookups whose answer was another one."""

    @property
    def replays(self) -> bool:
        """Whether the recording holds something, and every answer from it is the sandbox's."""
        return self.requests > 0 and self.lookups > 0 and not self.differing
