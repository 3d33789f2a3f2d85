"""How much the cache may hold."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """How much the cache may hold; what was used longest ago goes first."""

    memory: int = 64 * MIB
    """Bytes; 0 keeps nothing, and questions under way are still shared."""
    entries: int = 200_000
    """Answers, each for one key of one lookup."""
    whole: bool = True
    """Whether the bytes of whole answers are kept too, in a quarter of the memory."""

    @property
    def whole_memory(self) -> int:
        """Bytes that whole answers may take."""
        return self.memory // 4 if self.whole else 0
