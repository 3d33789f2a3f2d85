"""A student's activity in the LMS."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from student_graph.adapters.model import CourseEngagement
from student_graph.resolvers.metrics.exact import count_of
from student_graph.resolvers.metrics.facts import Part, StudentFacts
from student_graph.resolvers.metrics.measure import Metric
from student_graph.resolvers.metrics.tally import Count, Scope, Tally, spec


def _sum_of(attribute: Callable[[CourseEngagement], int | None], noun: str) -> Count:
    """A count that adds up a number over all courses; no value if no course states it."""

    def count(facts: StudentFacts, scope: Scope) -> Tally:
        del scope
        stated = [(row, number) for row in facts.engagement if (number := attribute(row)) is not None]
        if not stated:
            return Tally(reasons=[f"The source states no {noun}s."])
        total = sum(number for _, number in stated)
        return Tally(
            value=Fraction(total),
            reasons=[f"{count_of(total, noun)} in {count_of(len(stated), 'course')}."],
            evidence=[row for row, _ in stated],
        )

    return count


ENGAGEMENT_SPECS = (
    spec(
        Metric.PAGE_VIEWS,
        "Pages that the student viewed in all courses of the LMS since the first day of the school year.",
        _sum_of(lambda row: row.page_views, "page view"),
        (Part.ENGAGEMENT,),
        high_is_risk=False,
    ),
    spec(
        Metric.PARTICIPATIONS,
        "Actions of the student in all courses of the LMS since the first day of the school year, as the LMS "
        "counts them.",
        _sum_of(lambda row: row.participations, "participation"),
        (Part.ENGAGEMENT,),
        high_is_risk=False,
    ),
)
"""The metrics of activity in the LMS."""
