"""Assigned work from the LMS: missing, late, graded, and its average."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo
from fractions import Fraction

from student_graph.adapters.model import AssignmentWork, SubmissionStatus
from student_graph.resolvers.metrics.academics.grades import is_in_subjects
from student_graph.resolvers.metrics.exact import count_of, exact, mean
from student_graph.resolvers.metrics.facts import MetricRequest, MetricSpec, Part, StudentFacts
from student_graph.resolvers.metrics.measure import DataQuality, Metric
from student_graph.resolvers.metrics.tally import Count, Scope, Tally, spec

_PARTS = (Part.WORK,)
NO_FLAG_REASON = "The source does not say which work is missing."
LMS_FLAG_REASON = "Missing as the LMS marks it."
RETURNED_REASON = "Missing as the LMS marks it, or returned with 0 and never handed in."


def is_excused(work: AssignmentWork) -> bool:
    """Whether the student is excused from the work."""
    return bool(work.excused) or work.status is SubmissionStatus.EXCUSED


def is_flagged_missing(work: AssignmentWork) -> bool | None:
    """Whether the LMS marks the work as missing; None if it does not say."""
    return True if work.status is SubmissionStatus.MISSING else work.missing


def is_returned_unsubmitted(work: AssignmentWork) -> bool:
    """Whether the work was returned with 0 points and never handed in; the LMS may not mark it as missing."""
    return work.score == 0 and work.submitted_at is None


def now_of(request: MetricRequest) -> datetime:
    """The time of the computation; the end of its day if that is in the past."""
    return request.now or datetime.combine(request.as_of + timedelta(days=1), time(), request.zone)


def count_due(facts: StudentFacts, request: MetricRequest) -> int:
    """
    How many of the student's assignments were due before now.

    For the same assignments, it changes only if more work becomes missing: nothing else about work depends on the
    time.
    """
    now = now_of(request)
    return sum(row.due_at is not None and row.due_at < now for row in facts.work)


def work_in_scope(facts: StudentFacts, scope: Scope) -> tuple[list[AssignmentWork], set[DataQuality]]:
    """The student's work in the window, in the subjects and at the school of the request, each assignment once."""
    quality: set[DataQuality] = set()
    rows: dict[object, AssignmentWork] = {}
    for row in facts.work:
        if not _is_in_window(row, scope) or not _is_at_school(facts, row, scope):
            continue
        if is_in_subjects(facts, row.section_id, scope, quality):
            rows.setdefault(_identity(row), row)
    return list(rows.values()), quality


def _is_in_window(row: AssignmentWork, scope: Scope) -> bool:
    """
    Whether work belongs to the window, by the day on which it is due, or else was handed in or graded.

    Days are those of the district: work that is due at 23:59 there is due on the next day in UTC. A window up to
    the present also has work that is due later, because it may be graded already. Work without a day belongs to no
    window with explicit days.
    """
    instant = row.due_at or row.submitted_at or row.graded_at
    if instant is None:
        return scope.request.first is None and scope.request.last is None
    day = _day_of(instant, scope.request.zone)
    is_open = scope.request.now is not None and scope.window.last >= scope.request.as_of
    return scope.window.first <= day and (is_open or day <= scope.window.last)


def _day_of(instant: datetime, zone: tzinfo) -> date:
    """The day of an instant in a time zone; that in UTC if it is in no year from 1 to 9999 there."""
    try:
        return instant.astimezone(zone).date()
    except OverflowError:
        return instant.date()


def _is_at_school(facts: StudentFacts, row: AssignmentWork, scope: Scope) -> bool:
    if scope.request.school is None:
        return True
    section = None if row.section_id is None else facts.sections.get(row.section_id)
    return section is not None and section.school_id == scope.request.school


def _identity(row: AssignmentWork) -> object:
    """What identifies a piece of work: work of a student in two sections of a course is listed in both."""
    source = row.fetched.source if row.fetched else None
    return source, row.lms_course_id, row.assignment_id


def count_missing(facts: StudentFacts, scope: Scope) -> Tally:
    """Missing work that is not excused and was due before now, by the mark that the rule names."""
    rows, quality = work_in_scope(facts, scope)
    now = now_of(scope.request)
    due = [row for row in rows if not is_excused(row) and row.due_at is not None and row.due_at < now]
    counts_returned = scope.rule.counts_returned_work
    missing = [row for row in due if is_flagged_missing(row) or (counts_returned and is_returned_unsubmitted(row))]
    unsaid = [row for row in due if is_flagged_missing(row) is None and row not in missing]
    if unsaid and len(unsaid) == len(due):
        return Tally(quality=quality, reasons=[NO_FLAG_REASON])
    tally = _tally(missing, rows, quality, "missing assignment")
    tally.is_lower_bound |= bool(unsaid)
    without_due_time = [
        row for row in rows if row.due_at is None and is_flagged_missing(row) and not is_excused(row)
    ]
    if without_due_time:
        count = count_of(len(without_due_time), "assignment")
        tally.reasons.append(f"{count} marked as missing without a due time, not counted.")
    tally.reasons.append(RETURNED_REASON if counts_returned else LMS_FLAG_REASON)
    return tally


def count_late(facts: StudentFacts, scope: Scope) -> Tally:
    """Work that was handed in late, as the LMS marks it."""
    rows, quality = work_in_scope(facts, scope)
    if rows and all(row.late is None for row in rows):
        return Tally(quality=quality, reasons=["The source does not say which work is late."])
    late = [row for row in rows if row.late and not is_excused(row)]
    tally = _tally(late, rows, quality, "late assignment")
    tally.is_lower_bound |= any(row.late is None and not is_excused(row) for row in rows)
    return tally


def count_graded(facts: StudentFacts, scope: Scope) -> Tally:
    """Work with a score."""
    rows, quality = work_in_scope(facts, scope)
    return _tally(_graded(rows), rows, quality, "graded assignment")


def count_average(facts: StudentFacts, scope: Scope) -> Tally:
    """The mean share of the possible points; work without possible points is left out."""
    rows, quality = work_in_scope(facts, scope)
    shares = [(row, share) for row in _graded(rows) if (share := _share(row)) is not None]
    if len(shares) < len(_graded(rows)):
        quality.add(DataQuality.NOT_NUMERIC)
    return Tally(
        value=mean(share for _, share in shares),
        quality=quality,
        reasons=[f"Mean of {count_of(len(shares), 'graded assignment')}."],
        evidence=[row for row, _ in shares],
    )


def _graded(rows: list[AssignmentWork]) -> list[AssignmentWork]:
    return [row for row in rows if exact(row.score) is not None and not is_excused(row)]


def _share(row: AssignmentWork) -> Fraction | None:
    score, possible = exact(row.score), exact(row.points_possible)
    return score / possible if score is not None and possible is not None and possible > 0 else None


def _tally(
    counted: list[AssignmentWork], rows: list[AssignmentWork], quality: set[DataQuality], noun: str
) -> Tally:
    return Tally(
        value=Fraction(len(counted)),
        is_lower_bound=DataQuality.SUBJECT_UNKNOWN in quality,
        quality=quality,
        reasons=[f"{count_of(len(counted), noun)} of {len(rows)}."],
        evidence=[*counted],
    )


def _spec(metric: Metric, description: str, count: Count, *, high_is_risk: bool = True) -> MetricSpec:
    return spec(metric, description, count, _PARTS, high_is_risk=high_is_risk, has_scopes=True)


WORK_SPECS = (
    _spec(
        Metric.MISSING_WORK,
        "Assignments that the LMS itself marks as missing, that are not excused and were due before now. Work "
        "that was returned with 0 and never handed in is not among them unless the LMS marks it.",
        count_missing,
    ),
    _spec(
        Metric.LATE_WORK,
        "Assignments that the LMS marks as handed in late and that are not excused.",
        count_late,
    ),
    _spec(Metric.GRADED_WORK, "Assignments with a score that are not excused.", count_graded, high_is_risk=False),
    _spec(
        Metric.WORK_AVERAGE,
        "Mean share of the possible points over graded assignments, each assignment with equal weight. Extra "
        "credit is kept; assignments without possible points are left out.",
        count_average,
        high_is_risk=False,
    ),
)
"""The metrics of assigned work."""
