"""
Payloads of Canvas's GraphQL API. Its schema is `schema.graphql` in the published source of Canvas.

Only the fields that the adapter asks for are declared. `_id` is the id that the REST API has for the same object.
"""

from __future__ import annotations

from html import unescape
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, Field

from student_graph.adapters.reading import Deciding, IdText, Instant, Integer, Number, Payload

T = TypeVar("T")

EncodedText = Annotated[str, AfterValidator(unescape)]
"""A text in which Canvas has replaced HTML's special characters: `O&#39;Neil`."""


class PageInfo(Payload):
    """Where a connection goes on."""

    hasNextPage: bool
    endCursor: str | None = None


class Connection(Payload, Generic[T]):
    """One page of a list."""

    nodes: list[T]
    pageInfo: PageInfo


class OwnEnrollment(Payload):
    """One of a user's enrollments in a course."""

    type: str


class User(Payload):
    """A user; the ids and the address are null if the token may not see them."""

    legacy_id: Integer = Field(alias="_id")
    sisId: IdText | None = None
    integrationId: str | None = None
    loginId: IdText | None = None
    email: str | None = None
    sortableName: EncodedText | None = None
    enrollments: list[OwnEnrollment] | None = None
    """Those in the course that are active by the dates of course, section and term; null if not asked for."""

    @property
    def is_student_now(self) -> bool:
        """Whether the user is a student of the course on this day, for all that is known."""
        return any(enrollment.type == "StudentEnrollment" for enrollment in self.enrollments or ())


class Section(Payload):
    """A section of a course."""

    sisId: IdText | None = None


class Grades(Payload):
    """Grades that the gradebook computes from posted scores."""

    currentScore: Number | None = None
    currentGrade: str | None = None
    finalScore: Number | None = None
    finalGrade: str | None = None
    overrideScore: Number | None = None
    overrideGrade: str | None = None


class Enrollment(Payload):
    """A user's enrollment in a section of a course."""

    legacy_id: Integer | None = Field(default=None, alias="_id")
    type: str
    state: str
    user: User
    section: Section | None = None
    grades: Grades | None = None

    @property
    def active_student(self) -> bool:
        """Whether this is an active student's enrollment, as the question asked."""
        return self.type == "StudentEnrollment" and self.state == "active"


class Assignment(Payload):
    """An assignment, without its description."""

    legacy_id: Integer = Field(alias="_id")
    name: str
    dueAt: Instant | None = None
    pointsPossible: Number | None = None
    published: Deciding[bool | None] = None


class Reference(Payload):
    """Names an object."""

    legacy_id: Integer = Field(alias="_id")


class Submission(Payload):
    """A student's submission, without its text."""

    legacy_id: Integer = Field(alias="_id")
    assignment: Reference
    user: Reference | None = None
    """Null while the assignment is graded anonymously."""
    state: str | None = None
    score: Number | None = None
    grade: str | None = None
    late: bool | None = None
    missing: bool | None = None
    excused: bool | None = None
    submittedAt: Instant | None = None
    gradedAt: Instant | None = None
    postedAt: Instant | None = None
    cachedDueDate: Instant | None = None


class Course(Payload):
    """A course, with the lists that were asked for; a list is null if the token may not see it."""

    legacy_id: Integer = Field(alias="_id")
    name: str | None = None
    courseCode: str | None = None
    state: str | None = None
    enrollmentsConnection: Connection[Enrollment] | None = None
    assignmentsConnection: Connection[Assignment] | None = None
    submissionsConnection: Connection[Submission] | None = None


class Answer(Payload):
    """The answer to a question by alias; an object that Canvas does not know is null."""

    data: dict[str, Any]
