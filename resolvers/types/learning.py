"""Assignments and engagement from the learning management system (LMS)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Annotated, ClassVar

import strawberry

from student_graph.adapters import model
from student_graph.adapters.contract import Adapter
from student_graph.adapters.model import SubmissionStatus
from student_graph.adapters.sources import District
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.batched import batched
from student_graph.resolvers.fields.dates import school_year_start
from student_graph.resolvers.fields.docstrings import described, described_enum
from student_graph.resolvers.fields.field import field, uses_lookups
from student_graph.resolvers.fields.load import load_by_district, load_lists
from student_graph.resolvers.fields.lookup import lookup
from student_graph.resolvers.fields.outcome import Outcomes, map_values
from student_graph.resolvers.fields.record import record_type


class Window(Enum):
    """Time over which engagement is counted. It ends today, in the district's calendar."""

    ONE_WEEK = "The last 7 days, including today"
    FOUR_WEEKS = "The last 28 days, including today"
    EIGHT_WEEKS = "The last 56 days, including today"
    SCHOOL_YEAR = "Since the first day of the current school year"


WINDOW_DAYS = {Window.ONE_WEEK: 7, Window.FOUR_WEEKS: 28, Window.EIGHT_WEEKS: 56}

described_enum(Window)


@record_type
class AssignmentWork(model.AssignmentWork):
    """A student's work on an assignment, with its section."""

    section = lookup(Adapter.sections_by_id, key="section_id")
    """The section in which the work was assigned; null if the LMS course is not linked to a section."""


@described
@strawberry.type
class LmsEngagement:
    """A student's activity in current courses of the learning management system (LMS)."""

    connects: ClassVar[type[model.Record]] = model.CourseEngagement

    since: date
    """First day of the counted time, in the district's calendar."""
    page_views: int | None
    """Page views in all courses since that day; null if no course reports them."""
    participations: int | None
    """Actions such as submitting or posting, in all courses since that day; null if no course reports them."""
    last_activity_at: datetime | None
    """Time of the last activity in any course, in UTC; null if there was none or no course reports it."""
    by_course: strawberry.Private[list[model.CourseEngagement]]

    @field
    def courses(self) -> list[model.CourseEngagement]:
        """Activity in each course."""
        return self.by_course


@batched
@uses_lookups(Adapter.assignment_work_by_student)
async def assignments(
    students: Sequence[model.Student],
    info: Info,
    status: Annotated[
        list[SubmissionStatus] | None, strawberry.argument(description="Only work with one of these statuses.")
    ] = None,
    due_after: Annotated[
        datetime | None,
        strawberry.argument(description="Only work due after this time; a time without a zone is UTC."),
    ] = None,
) -> Outcomes[list[model.AssignmentWork] | None]:
    """
    The student's work on published assignments of current LMS courses, by due time.

    Work without a due time comes last.
    """
    due_after_utc = (
        due_after.replace(tzinfo=UTC) if due_after is not None and due_after.tzinfo is None else due_after
    )

    def matching(rows: list[model.AssignmentWork]) -> list[model.AssignmentWork] | None:
        return [
            work
            for work in rows
            if (status is None or work.status in status)
            and (due_after_utc is None or (work.due_at is not None and work.due_at > due_after_utc))
        ]

    work_by_student = await load_lists(info, Adapter.assignment_work_by_student, students, "student_id")
    unfiltered = status is None and due_after_utc is None
    return work_by_student if unfiltered else map_values(work_by_student, matching)


@batched
@uses_lookups(Adapter.course_engagement_by_student)
async def engagement(
    students: Sequence[model.Student],
    info: Info,
    window: Annotated[
        Window, strawberry.argument(description="Time over which activity is counted.")
    ] = Window.FOUR_WEEKS,
) -> Outcomes[LmsEngagement | None]:
    """The student's activity in current LMS courses; null if the student is in none."""

    async def load_district(
        district: District, members: Sequence[model.Student]
    ) -> Outcomes[LmsEngagement | None]:
        since = _window_start(district, window)
        by_student = await load_lists(
            info, Adapter.course_engagement_by_student, members, "student_id", since=since
        )
        return map_values(by_student, lambda courses: _total(since, courses) if courses else None)

    return await load_by_district(info, students, load_district)


def _total(since: date, courses: list[model.CourseEngagement]) -> LmsEngagement:
    """Activity in all courses together."""
    return LmsEngagement(
        since=since,
        page_views=_sum_of_reported(course.page_views for course in courses),
        participations=_sum_of_reported(course.participations for course in courses),
        last_activity_at=max((c.last_activity_at for c in courses if c.last_activity_at), default=None),
        by_course=courses,
    )


def _window_start(district: District, window: Window) -> date:
    """First day of a window that ends today, in the district's calendar."""
    today = district.today()
    return (
        school_year_start(district, today)
        if window is Window.SCHOOL_YEAR
        else today - timedelta(WINDOW_DAYS[window] - 1)
    )


def _sum_of_reported(numbers: Iterable[int | None]) -> int | None:
    """The sum of the numbers that are not None; None if all are."""
    reported = [number for number in numbers if number is not None]
    return sum(reported) if reported else None
