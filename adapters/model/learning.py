"""What the learning management system knows: courses, assigned work and engagement."""

from datetime import datetime
from enum import Enum

from student_graph.adapters.model.codes import SectionId, StudentId
from student_graph.adapters.model.record import Record, Sensitivity, internal, record


class SubmissionStatus(Enum):
    """How far a student's work has come."""

    UNSUBMITTED = "unsubmitted"
    SUBMITTED = "submitted"
    PENDING_REVIEW = "pending_review"
    GRADED = "graded"
    MISSING = "missing"
    EXCUSED = "excused"
    UNMAPPED = "UNMAPPED"


@record(Sensitivity.OPEN)
class LmsCourse(Record):
    """A course of the learning management system."""

    section_id: SectionId | None = internal(default=None)
    name: str
    """Name for people."""
    course_code: str | None = None
    """Short code; null when not recorded."""
    state: str | None = None
    """State as the vendor spells it, such as `available`."""


@record(Sensitivity.OPEN, about="student_id")
class AssignmentWork(Record):
    """One student's work on one published assignment."""

    student_id: StudentId = internal()
    section_id: SectionId | None = internal(default=None)
    assignment_id: str
    """The vendor's id of the assignment."""
    title: str
    """Title of the assignment."""
    course_name: str | None = None
    """Name of the course; null when the source does not give it beside the work."""
    due_at: datetime | None = None
    """When due (UTC); null when never."""
    points_possible: float | None = None
    """Maximum points; null when not scored in points."""
    status: SubmissionStatus
    """Excused before missing before the vendor's own state of the submission."""
    score: float | None = None
    """Points earned; null while ungraded."""
    grade: str | None = None
    """Grade as shown to the student; null while ungraded."""
    late: bool | None = None
    """Whether submitted after the due time; null when the vendor does not say."""
    missing: bool | None = None
    """Whether due, not submitted and not excused; null when the vendor does not say."""
    excused: bool | None = None
    """Whether excused; null when the vendor does not say."""
    submitted_at: datetime | None = None
    """When submitted (UTC); null when not."""
    graded_at: datetime | None = None
    """When graded (UTC); null when not."""


@record(Sensitivity.OPEN, about="student_id")
class CourseEngagement(Record):
    """How a student takes part in one course of the LMS."""

    student_id: StudentId = internal()
    course_name: str | None = None
    """Name of the course; null when the source does not give it."""
    page_views: int | None = None
    """Pages viewed; null where the token does not allow it."""
    participations: int | None = None
    """Actions such as submitting or posting; null where the token does not allow it."""
    on_time: int | None = None
    """Assignments submitted on time; null when not known."""
    late: int | None = None
    """Assignments submitted late; null when not known."""
    missing: int | None = None
    """Assignments not submitted although due; null when not known."""
    last_activity_at: datetime | None = None
    """Last activity in the course (UTC); null when none or not known."""
    total_activity_seconds: int | None = None
    """Seconds of activity in the course; null when not known."""
