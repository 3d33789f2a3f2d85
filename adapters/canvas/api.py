"""
What Canvas sends: https://developerdocs.instructure.com/services/canvas, REST API v1.

Only what is read is named here. Objects may be as sparse as `{id, name}`: whatever a token or a server may
leave out is optional, and absent is not the same as null for `posted_at`.
"""

from datetime import UTC
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict

from student_graph.adapters.reading import LONGEST_TEXT

Instant = Annotated[AwareDatetime, AfterValidator(lambda at: at.astimezone(UTC))]


class Payload(BaseModel):
    """An object of the API; what is not named is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, str_max_length=LONGEST_TEXT)


class User(Payload):
    """A user; SIS ids come only with the permission "SIS Data - read", the e-mail only when asked for."""

    id: int
    sortable_name: str | None = None
    sis_user_id: str | None = None
    integration_id: str | None = None
    login_id: str | None = None
    email: str | None = None


class Course(Payload):
    """A course."""

    id: int
    name: str
    course_code: str | None = None
    workflow_state: str | None = None


class Section(Payload):
    """A section of a course."""

    id: int
    course_id: int


class Grades(Payload):
    """What the gradebook computes from posted grades; `unposted_*` beside them are never read."""

    current_score: float | None = None
    current_grade: str | None = None
    final_score: float | None = None
    final_grade: str | None = None


class Enrollment(Payload):
    """A student's place in a section of a course."""

    id: int
    course_id: int
    user_id: int
    type: str | None = None
    enrollment_state: str | None = None
    sis_section_id: str | None = None
    sis_user_id: str | None = None
    last_activity_at: Instant | None = None
    total_activity_time: int | None = None
    user: User | None = None
    grades: Grades = Grades()

    @property
    def counts(self) -> bool:
        """Whether it is an active student's; some servers send others although they were not asked for."""
        return self.type in (None, "StudentEnrollment") and self.enrollment_state in (None, "active")


class Assignment(Payload):
    """An assignment, without its description."""

    id: int
    name: str
    due_at: Instant | None = None
    points_possible: float | None = None
    published: bool | None = None


class Submission(Payload):
    """A student's submission, without its text."""

    id: int
    assignment_id: int
    workflow_state: str
    score: float | None = None
    grade: str | None = None
    late: bool | None = None
    missing: bool | None = None
    excused: bool | None = None
    submitted_at: Instant | None = None
    graded_at: Instant | None = None
    posted_at: Instant | None = None

    @property
    def withheld(self) -> bool:
        """Whether the grade is not posted to the student; servers without `posted_at` post at once."""
        return "posted_at" in self.model_fields_set and self.posted_at is None


class StudentSubmissions(Payload):
    """One student's submissions, as `grouped=1` tells them."""

    user_id: int
    submissions: list[Submission]


class Tardiness(Payload):
    """How many assignments were handed in when; Canvas counts in fractions in some versions."""

    on_time: float | None = None
    late: float | None = None
    missing: float | None = None


class Summary(Payload):
    """What analytics tells of a student in a course."""

    id: int
    page_views: int | None = None
    participations: int | None = None
    tardiness_breakdown: Tardiness = Tardiness()


class Participation(Payload):
    """An action such as submitting or posting."""

    created_at: Instant


class Activity(Payload):
    """A student's page views by the hour, and participations one by one, in a course."""

    page_views: dict[Instant, int] = {}
    participations: list[Participation] = []
