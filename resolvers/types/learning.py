"""Assigned work and engagement, as the learning management system knows them."""

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
from student_graph.resolvers.fields.dates import year_start
from student_graph.resolvers.fields.docstrings import described, described_enum
from student_graph.resolvers.fields.field import asks, field
from student_graph.resolvers.fields.load import by_district, lists
from student_graph.resolvers.fields.lookup import lookup
from student_graph.resolvers.fields.outcome import Told, mapped
from student_graph.resolvers.fields.record import record_type


class Window(Enum):
    """How far back engagement is counted."""

    ONE_WEEK = "The last 7 days"
    FOUR_WEEKS = "The last 28 days"
    EIGHT_WEEKS = "The last 56 days"
    SCHOOL_YEAR = "Since the school year began"


DAYS = {Window.ONE_WEEK: 7, Window.FOUR_WEEKS: 28, Window.EIGHT_WEEKS: 56}

described_enum(Window)


@record_type
class AssignmentWork(model.AssignmentWork):
    """A student's work, and the section it was assigned in."""

    section = lookup(Adapter.sections_by_id, key="section_id")


@described
@strawberry.type
class LmsEngagement:
    """How a student takes part in the current courses of the learning management system."""

    connects: ClassVar[type[model.Record]] = model.CourseEngagement

    since: date
    """First day that views and participations are counted from."""
    page_views: int | None
    """Pages viewed, over all courses; null when no course tells."""
    participations: int | None
    """Actions such as submitting or posting, over all courses; null when no course tells."""
    last_activity_at: datetime | None
    """Last activity in any course (UTC); null when none or not known."""
    told: strawberry.Private[list[model.CourseEngagement]]

    @field
    def courses(self) -> list[model.CourseEngagement]:
        """The same by course."""
        return self.told


@batched
@asks(Adapter.assignment_work_by_student)
async def assignments(
    students: Sequence[model.Student],
    info: Info,
    status: Annotated[
        list[SubmissionStatus] | None, strawberry.argument(description="Only work that has come so far.")
    ] = None,
    due_after: Annotated[
        datetime | None, strawberry.argument(description="Only work due after this instant; UTC without a zone.")
    ] = None,
) -> Told[list[model.AssignmentWork] | None]:
    """The student's work on published assignments of current courses, by due time; work without one last."""
    bound = due_after.replace(tzinfo=UTC) if due_after is not None and due_after.tzinfo is None else due_after

    def chosen(works: list[model.AssignmentWork]) -> list[model.AssignmentWork] | None:
        return [
            work
            for work in works
            if (status is None or work.status in status)
            and (bound is None or (work.due_at is not None and work.due_at > bound))
        ]

    told = await lists(info, Adapter.assignment_work_by_student, students, "student_id")
    return told if status is None and bound is None else mapped(told, chosen)


@batched
@asks(Adapter.course_engagement_by_student)
async def engagement(
    students: Sequence[model.Student],
    info: Info,
    window: Annotated[Window, strawberry.argument(description="How far back to count.")] = Window.FOUR_WEEKS,
) -> Told[LmsEngagement | None]:
    """How the student takes part in courses of the learning management system; null when in none."""

    async def ask(where: District, some: Sequence[model.Student]) -> Told[LmsEngagement | None]:
        since = _since(where, window)
        told = await lists(info, Adapter.course_engagement_by_student, some, "student_id", since=since)
        return mapped(told, lambda courses: _summed(since, courses) if courses else None)

    return await by_district(info, students, ask)


def _summed(since: date, courses: list[model.CourseEngagement]) -> LmsEngagement:
    """All courses together."""
    return LmsEngagement(
        since=since,
        page_views=_sum(course.page_views for course in courses),
        participations=_sum(course.participations for course in courses),
        last_activity_at=max((c.last_activity_at for c in courses if c.last_activity_at), default=None),
        told=courses,
    )


def _since(district: District, window: Window) -> date:
    """First day of a window that ends today."""
    today = district.today()
    return year_start(district, today) if window is Window.SCHOOL_YEAR else today - timedelta(DAYS[window] - 1)


def _sum(numbers: Iterable[int | None]) -> int | None:
    """The sum of what is known; None when nothing is."""
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None
