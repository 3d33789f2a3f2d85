"""Course grades as Canvas computes them: from graded work only (current) or with ungraded work as 0 (final)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from student_graph.adapters.sandbox.facts import AssignmentFact, SubmissionFact

GRADING_SCHEME = (
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
"""Canvas's default grading scheme: lowest percentage of each letter; a lower percentage than the last is an F."""


@dataclass(frozen=True, slots=True)
class CourseScores:
    """A student's scores in percent with two decimals; None if no work counts."""

    current: float | None
    final: float | None


def course_scores(
    assignments: Iterable[AssignmentFact], submissions: Mapping[int, SubmissionFact], unposted: frozenset[int]
) -> CourseScores:
    """
    A student's scores over the published assignments of a course.

    `submissions` holds the student's submissions by assignment id. Submissions in `unposted`, by id, count as
    ungraded.
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
    return CourseScores(_percent(earned, graded), _percent(earned, possible))


def letter_grade(percent: float | None) -> str | None:
    """The letter of a score in percent, by Canvas's default grading scheme."""
    if percent is None:
        return None
    return next((letter for lowest, letter in GRADING_SCHEME if percent >= lowest), "F")


def _percent(earned: float, possible: float) -> float | None:
    return round(100 * earned / possible, 2) if possible else None
