"""A process whose processor works for the requests that a test names; all times are simulated."""

from __future__ import annotations

import contextlib
from collections.abc import Hashable

from student_graph.gateway.web.load_shedding import LoadShedder, OverloadError
from tests.gateway.cache.small_cache import Clock

SAMPLES_PER_SECOND = 200


class Process:
    """A process with a load shedder, whose clock and processor a test controls."""

    def __init__(self) -> None:
        self.cpu, self.clock = Clock(), Clock()
        self.shedder = LoadShedder(cpu=self.cpu, clock=self.clock)
        self._sampled_at = 0.0
        self.in_progress = contextlib.ExitStack()
        """Ends the requests that are in progress for the whole test."""

    def begin(self, person: Hashable) -> None:
        """
        Let one more request of a person be in progress until `in_progress` is closed.

        Raises:
            OverloadError: it is refused.
        """
        sender = self.shedder.admit(person)._sender
        self.shedder.begin(sender)
        self.in_progress.callback(self.shedder.finish, sender)

    def work(self, seconds: float, person: Hashable, factor: float = 1.0) -> None:
        """Work for a person; other processes make it take `factor` times as long."""
        for _ in range(max(1, round(seconds * SAMPLES_PER_SECOND))):
            part = seconds / max(1, round(seconds * SAMPLES_PER_SECOND))
            self.cpu.now += part
            self.clock.now += part * factor
            self.shedder.budgets.of(person).charge(part * factor)
            self.sample()

    def work_for_strangers(self, seconds: float) -> None:
        """Work for requests whose sender is not known, such as those that are refused at once."""
        self.cpu.now += seconds
        self.clock.now += seconds
        self.shedder.budgets.strangers.charge(seconds)
        if self.clock.now - self._sampled_at >= 1 / SAMPLES_PER_SECOND:
            self.sample()

    def rest(self, seconds: float) -> None:
        """Let time pass without work."""
        self.clock.now += seconds
        self.sample()

    def sample(self) -> None:
        """Let the load shedder measure how busy the process is."""
        self._sampled_at = self.clock.now
        self.shedder.stop()
        self.shedder.start()

    def refuses(self, person: Hashable, *, bulk: bool = False) -> bool:
        """Whether a request of a person is refused, by its head or once it was received."""
        try:
            self.shedder.check()
            with self.shedder.admit_viewer(person, bulk=bulk), self.shedder.admit(person, bulk=bulk):
                return False
        except OverloadError:
            return True
