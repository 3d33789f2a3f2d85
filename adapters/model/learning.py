"""Records of the learning management system (LMS): courses, assigned work and engagement."""

from datetime import datetime
from enum import Enum

from student_graph.adapters.model.codes import LmsCourseId, SectionId, StudentId
from student_graph.adapters.model.record import Record, Sensitivity, internal, record


class SubmissionStatus(Enum):
    """The state of a student's work on an assignment."""

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
    lms_course_id: LmsCourseId | None = internal(default=None)
    name: str
    """Name."""
    course_code: str | None = None
    """Short code; null if not recorded."""
    state: str | None = None
    """State as the vendor's code, such as `available`; null if not recorded."""


@record(Sensitivity.OPEN, about="student_id")
class LmsAccount(Record):
    """A student's account in the LMS, with the courses that the student takes now."""

    student_id: StudentId = internal()
    course_ids: tuple[LmsCourseId, ...] = internal()
    """Ids of the courses in which the student has an active enrollment, in order; empty if there is none."""


@record(Sensitivity.OPEN, about="student_id")
class AssignmentWork(Record):
    """A student's work on a published assignment."""

    student_id: StudentId = internal()
    section_id: SectionId | None = internal(default=None)
    lms_course_id: LmsCourseId | None = internal(default=None)
    is_repeated: bool = internal(default=False, compare=False)
    """
    Whether a list of a course has the same work under an earlier section of the student; False in other lists.

    A student in two sections of a course has one piece of work, which belongs to both sections.
    """
    assignment_id: str
    """The vendor's id of the assignment."""
    title: str
    """Title of the assignment."""
    course_name: str | None = None
    """Name of the course; null if the source does not send it with the work."""
    due_at: datetime | None = None
    """When the work is due, in UTC; null if it has no due time."""
    points_possible: float | None = None
    """Maximum points; null if the assignment is not scored in points."""
    status: SubmissionStatus
    """State of the work: EXCUSED or MISSING if either applies, in this order; otherwise the vendor's own state."""
    score: float | None = None
    """Points earned; null until the work is graded."""
    grade: str | None = None
    """Grade as the student sees it; null until the work is graded."""
    late: bool | None = None
    """Whether it was submitted after the due time; null if the vendor does not say."""
    missing: bool | None = None
    """Whether it is past due, not submitted and not excused; null if the vendor does not say."""
    excused: bool | None = None
    """Whether the student is excused from it; null if the vendor does not say."""
    submitted_at: datetime | None = None
    """When it was submitted, in UTC; null if it was not."""
    graded_at: datetime | None = None
    """When it was graded, in UTC; null if it was not."""


@record(Sensitivity.OPEN, about="student_id")
class CourseEngagement(Record):
    """A student's activity in a course of the LMS."""

    student_id: StudentId = internal()
    course_name: str | None = None
    """Name of the course; null if the source does not send it."""
    page_views: int | None = None
    """Number of pages viewed; null if the source's token may not read it."""
    participations: int | None = None
    """Number of actions, such as a submission or a post; null if the source's token may not read it."""
    on_time: int | None = None
    """Number of assignments submitted on time; null if not known."""
    late: int | None = None
    """Number of assignments submitted late; null if not known."""
    missing: int | None = None
    """Number of assignments past due and not submitted; null if not known."""
    last_activity_at: datetime | None = None
    """Time of the last activity in the course, in UTC; null if there was none or it is not known."""
    total_activity_seconds: int | None = None
    """Time of activity in the course, in seconds; null if not known."""
