"""How much of the processor the process has used, and how much of it within budgets."""

from __future__ import annotations

from dataclasses import dataclass

from student_graph.gateway.concurrency.loop_time import LoopBudgets


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used until some moment."""

    cpu: float
    """Seconds of processor time."""
    charged: float
    """Loop time charged to clients, in seconds. Other processes may have taken the processor meanwhile."""
    charged_within: float
    """The part of it that clients used within their budgets."""

    @classmethod
    def now(cls, cpu: float, budgets: LoopBudgets) -> Usage:
        """What was used until now: so many seconds of processor time, and what is charged to budgets."""
        return cls(cpu, budgets.charged_seconds, budgets.charged_within_seconds)

    def within_budgets(self, before: Usage) -> float:
        """Seconds of processor time since then for clients within their budgets; all of it if none is charged."""
        charged = self.charged - before.charged
        share = (self.charged_within - before.charged_within) / charged if charged > 0 else 1.0
        return (self.cpu - before.cpu) * share
