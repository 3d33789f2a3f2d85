"""
What may be counted for viewers who may not see all of the students: one definition of each kind of number.

Two tables that differ in one choice may differ by few students, such as those between two thresholds, or those who
were absent in one more week. Suppression within a table does not prevent that. Therefore there is only one table
of each cohort, dimension and kind of number: by the district's own preset and its window. The counted students
cannot be chosen either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graphql import GraphQLError

from student_graph.resolvers.cohorts.aggregates.dimensions import DIMENSIONS, Dimension
from student_graph.resolvers.cohorts.measurement.requests import Choices, default_preset
from student_graph.resolvers.metrics.facts import MetricSettings
from student_graph.resolvers.metrics.measure import Metric

KINDS: Sequence[Sequence[Metric]] = (
    (
        Metric.CHRONIC_ABSENCE,
        Metric.ATTENDANCE_RATE,
        Metric.ABSENT_DAYS,
        Metric.EXCUSED_ABSENT_DAYS,
        Metric.UNEXCUSED_ABSENT_DAYS,
        Metric.ABSENCE_STREAK,
        Metric.MAX_ABSENCE_STREAK,
        Metric.ATTENDANCE_TREND,
        Metric.FIRST_WEEKS_ABSENCE,
        Metric.NEWLY_ABSENT,
        Metric.AFFORDABLE_DAYS,
    ),
    (Metric.FIRST_PERIOD_TARDIES, Metric.PERIOD_TARDIES, Metric.TARDIES),
    (Metric.PERIOD_ABSENCE_RATE,),
    (
        Metric.INCIDENTS,
        Metric.STATE_OFFENSES,
        Metric.CONDUCT_VIOLATIONS,
        Metric.INCIDENT_DAY_SHARE,
        Metric.SUSPENSIONS,
        Metric.SUSPENSION_DAYS_IMPOSED,
        Metric.SUSPENSION_DAYS_SERVED,
    ),
    (
        Metric.FAILING_COURSES,
        Metric.FAILED_SEMESTER_COURSES,
        Metric.CURRENT_AVERAGE,
        Metric.GRADING_PERIOD_AVERAGE,
        Metric.GRADE_POINT_AVERAGE,
    ),
    (Metric.ON_TRACK, Metric.CREDITS_EARNED),
    (Metric.MISSING_WORK, Metric.LATE_WORK, Metric.GRADED_WORK, Metric.WORK_AVERAGE),
    (
        Metric.ASSESSMENT_LEVEL,
        Metric.ASSESSMENT_PROFICIENT,
        Metric.OBJECTIVES_NOT_MET,
        Metric.ASSESSMENT_PERCENTILE,
        Metric.ASSESSMENT_GROWTH,
    ),
    (Metric.PAGE_VIEWS, Metric.PARTICIPATIONS),
    (Metric.SCHOOL_CHANGES,),
)
"""Metrics that judge the same facts. Of each kind, the first one is counted."""

COUNTED_METRIC: Mapping[Metric, Metric] = {metric: kind[0] for kind in KINDS for metric in kind}
"""The metric of the same kind that is counted."""


def refuse_unless_published(
    metric: Metric, choices: Choices, dimensions: Sequence[Dimension], settings: MetricSettings
) -> None:
    """
    Check that a table is the one for viewers who may not see all of the students.

    Raises:
        GraphQLError: it is not; the message names what to change, the code is `SUPPRESSED`.
    """
    counted = COUNTED_METRIC.get(metric)
    if counted is not metric:
        instead = f"count {counted.name}" if counted else "it is not counted"
        raise _refusal(f"metric: {instead}, which judges the same facts as {metric.name}.")
    own = default_preset(settings, metric).name
    if choices.preset not in (None, own):
        raise _refusal(f"preset: omit it, or use the district's own for {metric.name}, {own}.")
    if any(bound is not None for bound in (choices.window, choices.first, choices.last, choices.as_of)):
        raise _refusal("window, from, to, asOf: omit them; the window is that of the preset, up to today.")
    if choices.subject is not None or choices.family is not None:
        raise _refusal("subject, family: omit them; all courses or tests are counted.")
    if len(dimensions) > 1:
        raise _refusal("by: name one dimension.")
    for dimension in dimensions:
        if dimension is Dimension.SECTION:
            raise _refusal("by: sections are too small; use another dimension.")
        if (finer := DIMENSIONS[dimension].refused_for) is not None:
            raise _refusal(f"by: use {finer.name} instead of {dimension.name}; its groups are parts of it.")


def refuse_cross(metric: Metric, crossed: Metric, dimensions: Sequence[Dimension]) -> None:
    """
    Check that two metrics may be crossed for viewers who may not see all of the students.

    Raises:
        GraphQLError: they may not; the message names what to change, the code is `SUPPRESSED`.
    """
    if dimensions:
        raise _refusal("by, crossedWith: pass one of them.")
    if crossed is metric:
        raise _refusal("crossedWith: name another metric.")


def _refusal(change: str) -> GraphQLError:
    """The error for a table that would reveal small cells by its difference from another one."""
    return GraphQLError(
        f"You may not see all of these students, so there is one table of each kind of number: two that differ a "
        f"little would reveal few students. {change[0].upper()}{change[1:]}",
        extensions={"code": "SUPPRESSED", "retryable": False},
    )
