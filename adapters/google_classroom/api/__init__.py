"""
Payloads of the Google Classroom API v1: https://developers.google.com/workspace/classroom/reference/rest.

Only the properties that the adapter reads are declared, and only they are requested: `api.masks` turns each model
into the `fields` parameter of its request. So a draft grade, which is the teacher's alone, and the text of a
submission are never sent. Every property is optional in Google's document, and JSON leaves out false, zero and
empty lists.
"""

from typing import Annotated

from pydantic import Field

from student_graph.adapters.reading import Deciding, Instant, Integer, Number, Payload

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$")]
"""An id that Classroom assigns. It becomes part of addresses, and Google encodes none that needs escaping."""


class Course(Payload):
    """A course."""

    id: Id
    name: str | None = None
    section: str | None = None
    """What the teacher writes under the name, such as `Period 2`."""
    courseState: str | None = None
    """`ACTIVE`, `ARCHIVED`, `PROVISIONED`, `DECLINED` or `SUSPENDED`."""


class CourseAlias(Payload):
    """Another id of a course: `d:` and a text of the domain, or `p:` and a text of a project."""

    alias: str


class Name(Payload):
    """A person's name; the other parts are not read."""

    familyName: str | None = None


class UserProfile(Payload):
    """A user. The address is there with the scope `classroom.profile.emails` only."""

    id: Id
    name: Name | None = None
    emailAddress: str | None = None


class Student(Payload):
    """A student of a course."""

    userId: Id
    courseId: str | None = None
    profile: UserProfile | None = None


class DueDate(Payload):
    """A date in UTC; a part that is 0 or absent is not significant."""

    year: Integer = 0
    month: Integer = 0
    day: Integer = 0


class DueTime(Payload):
    """A time of day in UTC; JSON leaves out parts that are 0."""

    hours: Integer = 0
    minutes: Integer = 0


class CourseWork(Payload):
    """An assignment or a question of a course, without its description and materials."""

    id: Id
    courseId: str | None = None
    title: str
    dueDate: DueDate | None = None
    dueTime: DueTime | None = None
    maxPoints: Number | None = None
    state: Deciding[str | None] = None
    """`PUBLISHED`, `DRAFT` or `DELETED`."""

    @property
    def published(self) -> bool:
        """Whether students see it; requests ask for published work, which some servers may ignore."""
        return self.state in (None, "PUBLISHED")


class StateChange(Payload):
    """A change of a submission's state."""

    state: str | None = None
    stateTimestamp: Instant | None = None


class GradeChange(Payload):
    """When a grade was changed, without the points: those of a draft are the teacher's alone."""

    gradeChangeType: str | None = None
    gradeTimestamp: Instant | None = None


class HistoryEntry(Payload):
    """A change of a submission: of its state, or of its grade."""

    stateHistory: StateChange | None = None
    gradeHistory: GradeChange | None = None


class StudentSubmission(Payload):
    """A student's work on a piece of course work, without what the student wrote and without the draft grade."""

    id: Id
    courseId: str | None = None
    courseWorkId: str
    userId: str
    state: str | None = None
    """`NEW`, `CREATED`, `TURNED_IN`, `RETURNED` or `RECLAIMED_BY_STUDENT`."""
    late: bool | None = False
    assignedGrade: Number | None = None
    submissionHistory: list[HistoryEntry] = Field(default_factory=list)


class Page(Payload):
    """A page of a list; the last one has no token, and one with a token may have no rows."""

    nextPageToken: Deciding[str | None] = None


class CoursePage(Page):
    """A page of courses."""

    courses: list[Course] = Field(default_factory=list)


class AliasPage(Page):
    """A page of aliases of a course."""

    aliases: list[CourseAlias] = Field(default_factory=list)


class StudentPage(Page):
    """A page of students of a course."""

    students: list[Student] = Field(default_factory=list)


class CourseWorkPage(Page):
    """A page of course work."""

    courseWork: list[CourseWork] = Field(default_factory=list)


class SubmissionPage(Page):
    """A page of submissions."""

    studentSubmissions: list[StudentSubmission] = Field(default_factory=list)
