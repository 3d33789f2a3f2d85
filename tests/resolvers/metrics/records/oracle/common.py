"""What all naive computations use."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any, TypeAlias

from student_graph.adapters.model import AcademicSubject
from student_graph.resolvers.metrics.facts import MetricRequest, StudentFacts

Value: TypeAlias = Fraction | None


def number(value: float) -> Fraction:
    """A decimal as written."""
    return Fraction(str(value))


def days(request: MetricRequest) -> tuple[date, date]:
    """The first and last day of a request."""
    return max(request.first or request.year_start, request.year_start), min(
        request.last or request.as_of, request.as_of
    )


def subjects_of(facts: StudentFacts, section: Any) -> set[AcademicSubject]:
    """The known subjects of a section."""
    course = facts.courses.get(section)
    return set(course.subjects) - {AcademicSubject.UNMAPPED} if course else set()
