"""Assigned work and activity in the LMS."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from fractions import Fraction

from student_graph.adapters.model import AssignmentWork, SubmissionStatus
from student_graph.resolvers.metrics.facts import MetricRequest, StudentFacts
from tests.resolvers.metrics.records.oracle.common import Value, days, number, subjects_of


def work_rows(facts: StudentFacts, request: MetricRequest) -> list[AssignmentWork]:
    """The work of the window, each assignment once."""
    first, last = days(request)
    rows: list[AssignmentWork] = []
    for row in facts.work:
        instant = row.due_at or row.submitted_at or row.graded_at
        section = facts.sections.get(row.section_id) if row.section_id else None
        if instant is None and (request.first or request.last):
            continue
        has_ended = request.now is None or last < request.as_of
        day = instant and instant.astimezone(request.zone).date()
        if day is not None and (day < first or (day > last and has_ended)):
            continue
        if request.school is not None and (section is None or section.school_id != request.school):
            continue
        if request.subject is not None and request.subject not in subjects_of(facts, row.section_id):
            continue
        if row.assignment_id not in [other.assignment_id for other in rows]:
            rows.append(row)
    return rows


def is_excused(row: AssignmentWork) -> bool:
    """Whether the work is excused."""
    return row.excused is True or row.status == SubmissionStatus.EXCUSED


def missing(*, returned: bool) -> Callable[[StudentFacts, MetricRequest], Value]:
    """Missing work, by the LMS's mark, or also returned with 0 and never handed in."""

    def count(facts: StudentFacts, request: MetricRequest) -> Value:
        now = request.now or datetime(
            request.as_of.year, request.as_of.month, request.as_of.day, tzinfo=request.zone
        ) + timedelta(1)
        due = [
            r for r in work_rows(facts, request) if not is_excused(r) and r.due_at is not None and r.due_at < now
        ]
        marks: list[bool | None] = []
        for row in due:
            mark = True if row.status == SubmissionStatus.MISSING else row.missing
            if returned and row.score == 0 and row.submitted_at is None:
                mark = True
            marks.append(mark)
        return None if marks and set(marks) == {None} else Fraction(marks.count(True))

    return count


def late(facts: StudentFacts, request: MetricRequest) -> Value:
    """Late work."""
    rows = work_rows(facts, request)
    if rows and {row.late for row in rows} == {None}:
        return None
    return Fraction(len([row for row in rows if row.late and not is_excused(row)]))


def graded(facts: StudentFacts, request: MetricRequest) -> Value:
    """Graded work."""
    return Fraction(len([r for r in work_rows(facts, request) if r.score is not None and not is_excused(r)]))


def work_average(facts: StudentFacts, request: MetricRequest) -> Value:
    """The mean share of points."""
    shares = [
        number(row.score) / number(row.points_possible)
        for row in work_rows(facts, request)
        if row.score is not None and row.points_possible and not is_excused(row)
    ]
    return sum(shares, Fraction(0)) / len(shares) if shares else None


def engagement(attribute: str) -> Callable[[StudentFacts, MetricRequest], Value]:
    """The sum over courses."""

    def count(facts: StudentFacts, _: MetricRequest) -> Value:
        stated = [value for row in facts.engagement if (value := getattr(row, attribute)) is not None]
        return Fraction(sum(stated)) if stated else None

    return count
