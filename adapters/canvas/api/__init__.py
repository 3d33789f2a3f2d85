"""
Payloads of the Canvas REST API v1: https://developerdocs.instructure.com/services/canvas.

Only the properties that the adapter reads are declared. Canvas may send as little as `{id, name}`, so a property
that a token or a server may leave out is optional. Absent and null differ for three properties of a submission:
`posted_at`, `excused` and `cached_due_date`.
"""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from student_graph.adapters.reading import Deciding, IdText, Instant, Integer, Number, Payload

CourseNumber = Annotated[Integer, Field(gt=0)]
"""The id of a course, which becomes a name in a question: a negative one would spoil the whole question."""


class User(Payload):
    """A user, with SIS ids if the token has "SIS Data - read" and with an e-mail address if it is requested."""

    id: Integer
    sortable_name: str | None = None
    sis_user_id: IdText | None = None
    integration_id: IdText | None = None
    login_id: IdText | None = None
    email: str | None = None


class Course(Payload):
    """A course; some servers send only `id` and `name`, and `id` alone outside of the dates of the course."""

    id: CourseNumber
    name: str | None = None
    course_code: str | None = None
    workflow_state: str | None = None
    access_restricted_by_date: bool | None = None


class Section(Payload):
    """A section of a course."""

    id: Integer
    course_id: Integer
    sis_section_id: IdText | None = None


class Grades(Payload):
    """Grades that the gradebook computes from posted scores; the `unposted_*` properties are never read."""

    current_score: Number | None = None
    current_grade: str | None = None
    final_score: Number | None = None
    final_grade: str | None = None
    override_score: Number | None = None
    override_grade: str | None = None
    """The grade that a teacher entered in place of the computed ones."""


class Enrollment(Payload):
    """A user's enrollment in a section of a course."""

    id: Integer
    course_id: CourseNumber
    user_id: Integer
    type: Deciding[str | None] = None
    enrollment_state: Deciding[str | None] = None
    sis_section_id: IdText | None = None
    sis_user_id: IdText | None = None
    last_activity_at: Instant | None = None
    total_activity_time: Integer | None = None
    user: User | None = None
    grades: Grades | None = None

    @property
    def active_student(self) -> bool:
        """Whether this is an active student's enrollment; some servers ignore the filters of the request."""
        return self.type in (None, "StudentEnrollment") and self.enrollment_state in (None, "active")


class Assignment(Payload):
    """An assignment, without its description."""

    id: Integer
    course_id: Integer | None = None
    name: str
    due_at: Instant | None = None
    points_possible: Number | None = None
    published: Deciding[bool | None] = None


class Submission(Payload):
    """A student's submission, without its text."""

    id: Integer
    assignment_id: Integer
    workflow_state: str | None = None
    score: Number | None = None
    grade: str | None = None
    late: bool | None = None
    missing: bool | None = None
    excused: bool | None = None
    submitted_at: Instant | None = None
    graded_at: Instant | None = None
    posted_at: Instant | None = None
    cached_due_date: Instant | None = None
    """When the work of this student is due: by an extension, the date of the student's section, or that of all."""

    @property
    def is_excused(self) -> bool | None:
        """Whether the student need not hand it in, which Canvas's null denies; None if Canvas does not say."""
        return bool(self.excused) if "excused" in self.model_fields_set else None

    @property
    def unposted(self) -> bool:
        """Whether the teacher has not posted the grade to the student; without `posted_at` grades post at once."""
        return "posted_at" in self.model_fields_set and self.posted_at is None

    def due_at(self, assignment: Assignment) -> datetime | None:
        """When the work of this student is due, if Canvas says it, else when that of all is; None for no date."""
        return self.cached_due_date if "cached_due_date" in self.model_fields_set else assignment.due_at


class StudentSubmissions(Payload):
    """One student's submissions, in the shape of a request with `grouped=1`."""

    user_id: Integer
    section_id: Integer | None = None
    submissions: list[Submission]


class Tardiness(Payload):
    """Counts of assignments by when they were submitted; some versions of Canvas send fractions."""

    on_time: Number | None = None
    late: Number | None = None
    missing: Number | None = None


class Summary(Payload):
    """A student's analytics in a course."""

    id: Integer
    page_views: Integer | None = None
    participations: Integer | None = None
    tardiness_breakdown: Tardiness | None = None


class Participation(Payload):
    """An action of a student in a course, such as submitting work or posting."""

    created_at: Instant


class Activity(Payload):
    """A student's page views by hour and single participations in a course."""

    page_views: dict[Instant, Integer] = Field(default_factory=dict)
    participations: list[Participation] = Field(default_factory=list)
