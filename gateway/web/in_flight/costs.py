"""How much processor time one response takes, measured at the responses that were sent."""

from __future__ import annotations

from collections.abc import Callable

from student_graph.gateway.concurrency.loop_time import LoopBudgets
from student_graph.gateway.web.in_flight.lane import Lane
from student_graph.gateway.web.in_flight.usage import Usage

RESPONSES_PER_SAMPLE = 8
"""Responses between two readings of the processor's clock: a reading after each response would cost too much."""


class ResponseCosts:
    """Tells two lanes, that of all requests and that of those within their budgets, what a response costs."""

    def __init__(
        self, cpu: Callable[[], float], budgets: LoopBudgets, everybody: Lane, within_budget: Lane
    ) -> None:
        """`cpu` returns seconds of processor time; `budgets` know how much of it was used within budgets."""
        self._cpu, self._budgets = cpu, budgets
        self._everybody, self._within_budget = everybody, within_budget
        self._last = Usage.now(cpu(), budgets)
        self._within_budget_seconds = 0.0
        """Seconds of processor time since start that requests within their budgets took."""

    def start(self) -> None:
        """Count from now on, if no response was sent yet: the start of the process is no work for a response."""
        if not self._everybody.responses:
            self._sample()

    def note_response(self, *, is_within_budget: bool) -> None:
        """Count a response that was sent."""
        self._everybody.responses += 1
        self._within_budget.responses += is_within_budget
        if self._everybody.responses % RESPONSES_PER_SAMPLE == 0:
            self._sample()

    def _sample(self) -> None:
        usage = Usage.now(self._cpu(), self._budgets)
        self._within_budget_seconds += usage.within_budgets(self._last)
        self._last = usage
        self._everybody.sample_cost(usage.cpu)
        self._within_budget.sample_cost(self._within_budget_seconds)
