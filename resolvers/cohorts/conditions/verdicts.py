"""
Whether a student meets a condition: yes, no, or undecided because something could not be read.

These are the three values of Kleene's logic. What is undecided stays undecided when it is negated, so a student
whose data could not be read is never listed as one who does not meet a condition.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from student_graph.adapters.errors import AdapterError


@dataclass(frozen=True, slots=True, eq=False)
class Undecided:
    """What could not be decided, and the errors that are the reason."""

    reasons: tuple[AdapterError, ...]


Verdict: TypeAlias = bool | Undecided


def negate(verdict: Verdict) -> Verdict:
    """Return the opposite verdict; what is undecided stays undecided."""
    return verdict if isinstance(verdict, Undecided) else not verdict


def combine(current: Verdict, other: Verdict, *, decisive: bool) -> Verdict:
    """
    Return the verdict of two conditions. The `decisive` verdict decides alone: False for `all`, True for `any`.

    If neither verdict is decisive and one is undecided, the result is undecided.
    """
    if decisive in (current, other):
        return decisive
    reasons = [
        reason for verdict in (current, other) if isinstance(verdict, Undecided) for reason in verdict.reasons
    ]
    return Undecided(distinct(reasons)) if reasons else not decisive


def distinct(reasons: Iterable[AdapterError]) -> tuple[AdapterError, ...]:
    """Return the first reason of each source and code, in their order."""
    return tuple({(reason.source, reason.code): reason for reason in reasons}.values())
