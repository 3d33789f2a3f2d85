"""Assigned work and engagement, as the learning management system knows them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Annotated, ClassVar

import strawberry

from adapters import model
from adapters.contract import Adapter
from adapters.model import SubmissionStatus
from adapters.sources import District
from resolvers.context import Info
from resolvers.docstrings import described, described_enum
from resolvers.field import field
from resolvers.load import district_calendar, key_of, load_many
from resolvers.lookup import lookup
from resolvers.record import record_type
from resolvers.times import year_start


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


@field
async def assignments(
    student: strawberry.Parent[model.Student],
    info: Info,
    status: Annotated[
        list[SubmissionStatus] | None, strawberry.argument(description="Only work that has come so far.")
    ] = None,
    due_after: Annotated[
        datetime | None, strawberry.argument(description="Only work due after this instant; UTC without a zone.")
    ] = None,
) -> list[model.AssignmentWork] | None:
    """The student's work on published assignments of current courses, by due time; work without one last."""
    works = await load_many(info, Adapter.assignment_work_by_student, key_of(student, "student_id"))
    if due_after is not None:
        bound = due_after if due_after.tzinfo else due_after.replace(tzinfo=UTC)
        works = [work for work in works if work.due_at and work.due_at > bound]
    return [work for work in works if status is None or work.status in status]


@field
async def engagement(
    student: strawberry.Parent[model.Student],
    info: Info,
    window: Annotated[Window, strawberry.argument(description="How far back to count.")] = Window.FOUR_WEEKS,
) -> LmsEngagement | None:
    """How the student takes part in courses of the learning management system; null when in none."""
    since = _since(district_calendar(info, student), window)
    courses = await load_many(
        info, Adapter.course_engagement_by_student, key_of(student, "student_id"), since=since
    )
    if not courses:
        return None
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
