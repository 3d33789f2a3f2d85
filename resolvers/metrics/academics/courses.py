"""Averages of grades, and failing courses."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from student_graph.resolvers.metrics.academics.grades import (
    Grades,
    current_grades,
    grading_period_grades,
    is_failing,
    number_of,
    semester_grades,
)
from student_graph.resolvers.metrics.exact import count_of, mean
from student_graph.resolvers.metrics.facts import Part, StudentFacts
from student_graph.resolvers.metrics.measure import DataQuality, Metric
from student_graph.resolvers.metrics.tally import Count, Scope, Tally, spec

_PARTS = (Part.ENROLLMENTS, Part.GRADES)


def _count_average(select: Callable[[StudentFacts, Scope], Grades], noun: str) -> Count:
    def count(facts: StudentFacts, scope: Scope) -> Tally:
        grades = select(facts, scope)
        numbers = [(row, number_of(row, scope.rule.letter_values)) for row in grades.rows]
        numeric = [number for _, number in numbers if number is not None]
        tally = Tally(
            value=mean(numeric),
            quality=grades.quality,
            reasons=[grades.source],
            evidence=[row for row, number in numbers if number is not None],
        )
        if numeric:
            tally.reasons.append(f"Mean of {count_of(len(numeric), noun)}.")
        if len(numeric) < len(grades.rows):
            tally.quality.add(DataQuality.NOT_NUMERIC)
            tally.reasons.append(f"{count_of(len(grades.rows) - len(numeric), noun)} without a number.")
        return tally

    return count


def _count_failing(select: Callable[[StudentFacts, Scope], Grades], noun: str) -> Count:
    def count(facts: StudentFacts, scope: Scope) -> Tally:
        grades = select(facts, scope)
        judged = [(row, is_failing(row, scope.request.settings)) for row in grades.rows]
        failing = [row for row, fails in judged if fails]
        unjudged = sum(fails is None for _, fails in judged)
        tally = Tally(
            value=None if unjudged and unjudged == len(judged) else Fraction(len(failing)),
            is_lower_bound=bool(unjudged) or DataQuality.SUBJECT_UNKNOWN in grades.quality,
            quality=grades.quality,
            reasons=[grades.source],
            evidence=[*failing],
        )
        if unjudged:
            tally.quality.add(DataQuality.NO_GRADE_SCALE)
            tally.reasons.append(f"{count_of(unjudged, noun)} with a grade that no setting judges.")
        if tally.value is not None and judged:
            tally.reasons.append(f"{count_of(len(failing), noun)} of {len(judged)} failing.")
        if not judged:
            tally.value = None
        return tally

    return count


COURSE_SPECS = (
    spec(
        Metric.CURRENT_AVERAGE,
        "Mean of the current grades of the student's courses, each course once. The current grade is the one that "
        "the source marks, else the latest. If the SIS posts grades, those that the LMS computes do not count.",
        _count_average(current_grades, "course"),
        _PARTS,
        high_is_risk=False,
        has_scopes=True,
    ),
    spec(
        Metric.GRADING_PERIOD_AVERAGE,
        "Mean of the posted grades of all grading periods of the year, each course and period once.",
        _count_average(grading_period_grades, "grade"),
        _PARTS,
        high_is_risk=False,
        has_scopes=True,
    ),
    spec(
        Metric.FAILING_COURSES,
        "Courses whose current grade is failing by the district's settings: below `failing_below`, or a letter of "
        "`failing_letters`. A grade that no setting judges is not counted.",
        _count_failing(current_grades, "course"),
        _PARTS,
        has_scopes=True,
    ),
    spec(
        Metric.FAILED_SEMESTER_COURSES,
        "Posted semester grades of the year that are failing by the district's settings, each course and semester "
        "once; the final grade for a course without a semester grade.",
        _count_failing(semester_grades, "semester course"),
        _PARTS,
        has_scopes=True,
    ),
)
"""The metrics of grades."""
