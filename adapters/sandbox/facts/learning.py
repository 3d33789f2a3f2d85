"""Facts of the LMS: accounts, courses, work and engagement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from student_graph.adapters.sandbox.facts.roster import SectionFact


@dataclass(slots=True, kw_only=True)
class LmsAccountFact:
    """
    An LMS account. `owner` is the person who uses it; `sis_id` is the number that the LMS has for the person.
    """

    id: int
    owner: str
    sis_id: str | None
    login: str
    name: str
    sortable_name: str
    email: str
    birth: date | None


@dataclass(slots=True, kw_only=True)
class LmsEnrollmentFact:
    """An enrollment in an LMS course that is not an active student's or teacher's in its first section."""

    account: int
    kind: str = "StudentEnrollment"
    """`StudentEnrollment`, `ObserverEnrollment` or another type of Canvas"""
    state: str = "active"
    """`active`, `inactive`, `completed` or another state of Canvas"""
    lms_section: int | None = None
    """The section of the course; None for the first one"""
    sis_section: str | None = None
    """The id that the LMS has for that section"""


@dataclass(slots=True, kw_only=True)
class LmsCourseFact:
    """An LMS course. It teaches `section`; `sis_section` is the id that the LMS has for the section."""

    id: int
    name: str
    code: str
    section: SectionFact | None
    lms_section: int
    sis_section: str | None
    members: tuple[int, ...]
    """Account ids of students"""
    teachers: tuple[int, ...] = ()
    other_enrollments: tuple[LmsEnrollmentFact, ...] = ()


@dataclass(slots=True, kw_only=True)
class AssignmentFact:
    """A piece of assigned work in one LMS course."""

    id: int
    course: int
    title: str
    due: datetime | None
    points: float | None
    published: bool = True


@dataclass(slots=True, kw_only=True)
class SubmissionFact:
    """One account's work on one assignment."""

    id: int
    assignment: int
    account: int
    state: str
    """`unsubmitted`, `submitted`, `graded` or `pending_review`"""
    score: float | None = None
    grade: str | None = None
    late: bool = False
    missing: bool = False
    excused: bool = False
    submitted: datetime | None = None
    graded: datetime | None = None
    due: datetime | None = None
    """When the work of this account is due, as by an extension; None if it is due when the assignment is."""


@dataclass(slots=True, kw_only=True)
class EngagementFact:
    """The activity of one account in one LMS course."""

    account: int
    course: int
    views: tuple[tuple[datetime, int], ...]
    """(hour, pages viewed)"""
    participations: tuple[datetime, ...]
    seconds: int
