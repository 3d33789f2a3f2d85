"""
The metrics of records once more, from their definitions in docs/metrics.md: slow, and without the code under test.

Each function returns the value, or None if there is none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from student_graph.adapters.model import AcademicSubject, GradeType
from student_graph.resolvers.metrics.facts import MetricRequest, StudentFacts
from student_graph.resolvers.metrics.measure import Metric
from tests.resolvers.metrics.records.oracle import behavior, courses, results, work
from tests.resolvers.metrics.records.oracle.common import Value

Compute: TypeAlias = Callable[[StudentFacts, MetricRequest], Value]


def _subjects(request: MetricRequest) -> set[AcademicSubject]:
    return {request.subject} if request.subject else set()


NAIVE: dict[Metric, Compute] = {
    Metric.INCIDENTS: behavior.incidents,
    Metric.STATE_OFFENSES: behavior.with_behavior("state offense"),
    Metric.CONDUCT_VIOLATIONS: behavior.with_behavior("school violation", "school code of conduct"),
    Metric.SUSPENSIONS: behavior.suspensions,
    Metric.SUSPENSION_DAYS_IMPOSED: behavior.suspension_days("length"),
    Metric.SUSPENSION_DAYS_SERVED: behavior.suspension_days("actual_length"),
    Metric.CURRENT_AVERAGE: lambda facts, request: courses.average(
        courses.current(facts, request, _subjects(request)),
        with_letters=False,
    ),
    Metric.GRADING_PERIOD_AVERAGE: lambda facts, request: courses.average(
        courses.posted(facts, request, _subjects(request), GradeType.GRADING_PERIOD),
        with_letters=False,
    ),
    Metric.FAILING_COURSES: lambda facts, request: courses.failing(
        courses.current(facts, request, _subjects(request)),
        request,
    ),
    Metric.FAILED_SEMESTER_COURSES: lambda facts, request: courses.failing(
        courses.semesters(facts, request, _subjects(request)),
        request,
    ),
    Metric.GRADE_POINT_AVERAGE: courses.gpa,
    Metric.CREDITS_EARNED: courses.credits_earned,
    Metric.MISSING_WORK: work.missing(returned=False),
    Metric.LATE_WORK: work.late,
    Metric.GRADED_WORK: work.graded,
    Metric.WORK_AVERAGE: work.work_average,
    Metric.ASSESSMENT_LEVEL: results.level_rank,
    Metric.ASSESSMENT_PROFICIENT: results.proficient,
    Metric.OBJECTIVES_NOT_MET: results.objectives_not_met,
    Metric.ASSESSMENT_PERCENTILE: results.percentile,
    Metric.PAGE_VIEWS: work.engagement("page_views"),
    Metric.PARTICIPATIONS: work.engagement("participations"),
    Metric.SCHOOL_CHANGES: behavior.changes,
}
"""The naive computation of each metric; growth and days with an incident have tests of their own."""
