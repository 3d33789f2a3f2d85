"""
A source that fails is left alone for a while, and asked again by one question at a time.

Envoy's outlier detection and Hystrix are the models. A question whose asker went away says nothing of the source.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from enum import Enum

IN_A_ROW = 5
"""Failures without a success between them that open it."""
WINDOW, ENOUGH, SHARE = 10.0, 20, 0.5
"""Of so many questions in so many seconds, this share of failures opens it too."""
OPEN, LONGEST = 30.0, 300.0
"""Seconds for which it stays open at first, and at most: twice as long each time that a probe fails."""
GOOD_PROBES = 3
"""Good answers that close it again."""


class Ticket(Enum):
    """In what way a question is asked."""

    USUAL = "usual"
    PROBE = "probe"
    """The one question that finds out whether the source is well again."""


class Breaker:
    """Whether a source may be asked, by how it answered."""

    def __init__(self, opened: float = OPEN, clock: Callable[[], float] = time.monotonic) -> None:
        """Closed; stays open for so many seconds at first."""
        self._opened, self._clock = opened, clock
        self._row = 0
        self._told: deque[tuple[float, bool]] = deque()
        self._failures = 0
        """How many of them are failures."""
        self._times = 0
        """How many times it opened since it was closed for good."""
        self._until: float | None = None
        """Until when it stays open; None while it is closed."""
        self._probing = False
        self._good = 0

    @property
    def closed(self) -> bool:
        """Whether the source is asked as usual."""
        return self._until is None

    @property
    def probing(self) -> bool:
        """Whether somebody is finding out if the source is well again."""
        return self._probing

    @property
    def waits(self) -> float:
        """Seconds for which nobody may ask; 0 when somebody may, or is finding out."""
        return 0.0 if self._until is None else max(self._until - self._clock(), 0.0)

    def enter(self) -> Ticket | None:
        """How a question may be asked now, None for not at all; while there is a probe, nobody else may ask."""
        if self._until is None:
            return Ticket.USUAL
        if self.waits or self._probing:
            return None
        self._probing = True
        return Ticket.PROBE

    def leave(self, ticket: Ticket, *, good: bool | None) -> None:
        """How a question ended; None when its asker went away."""
        if ticket is Ticket.PROBE:
            self._probing = False
        if good is None:
            return
        if self._until is not None:
            if ticket is Ticket.PROBE:
                self._probed(good=good)
            return
        self._row = 0 if good else self._row + 1
        self._note(good=good)
        asked = len(self._told)
        if self._row >= IN_A_ROW or (asked >= ENOUGH and self._failures >= SHARE * asked):
            self._open()

    def open(self) -> None:
        """Leave the source alone, whatever its statuses say."""
        if self._until is None:
            self._open()

    def _note(self, *, good: bool) -> None:
        """Add to what was told in the window."""
        now = self._clock()
        self._told.append((now, good))
        self._failures += not good
        while self._told[0][0] < now - WINDOW:
            _, was_good = self._told.popleft()
            self._failures -= not was_good

    def _probed(self, *, good: bool) -> None:
        self._good = self._good + 1 if good else 0
        if not good:
            self._open()
        elif self._good >= GOOD_PROBES:
            self._until, self._times, self._row, self._good = None, 0, 0, 0
            self._told.clear()
            self._failures = 0

    def _open(self) -> None:
        self._until = self._clock() + min(self._opened * math.exp2(self._times), max(LONGEST, self._opened))
        self._times = min(self._times + 1, 16)
        self._good = 0
