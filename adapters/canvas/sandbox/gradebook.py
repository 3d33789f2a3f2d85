"""How Canvas computes a student's course grade: graded work only (current), or ungraded work as zero (final)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from student_graph.adapters.sandbox.facts import AssignmentFact, SubmissionFact

SCALE = (
    (94, "A"),
    (90, "A-"),
    (87, "B+"),
    (84, "B"),
    (80, "B-"),
    (77, "C+"),
    (74, "C"),
    (70, "C-"),
    (67, "D+"),
    (64, "D"),
    (61, "D-"),
)
"""Canvas's default grading scheme: lowest percentage of each letter; below the last it is F."""


@dataclass(frozen=True, slots=True)
class Computed:
    """Percentages to two places; None when nothing counts."""

    current: float | None
    final: float | None


def computed(
    assignments: Iterable[AssignmentFact], submissions: Mapping[int, SubmissionFact], unposted: frozenset[int]
) -> Computed:
    """
    A student's grade over the published assignments of a course.

    `submissions` are the student's by assignment; those in `unposted` count as ungraded.
    """
    earned = graded = possible = 0.0
    for assignment in assignments:
        work = submissions.get(assignment.id)
        if not assignment.published or not assignment.points or (work and work.excused):
            continue
        possible += assignment.points
        if work and work.score is not None and work.id not in unposted:
            earned += work.score
            graded += assignment.points
    return Computed(_percent(earned, graded), _percent(earned, possible))


def letter(percent: float | None) -> str | None:
    """The letter of a percentage by Canvas's default scheme."""
    if percent is None:
        return None
    return next((name for least, name in SCALE if percent >= least), "F")


def _percent(part: float, whole: float) -> float | None:
    return round(100 * part / whole, 2) if whole else None
