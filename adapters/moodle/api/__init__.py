"""
Payloads of Moodle's web services: https://docs.moodle.org/dev/Web_service_API_functions.

Only the properties that the adapter reads are declared. Moodle leaves out what the token's account may not see,
and sends numbers also as texts, flags as 0 and 1, and times as seconds since 1970 in which 0 stands for none.
"""

from typing import TypeAlias

from pydantic import Field

from student_graph.adapters.reading import Deciding, IdText, Integer, Number, Payload

EpochSeconds: TypeAlias = Integer | None
"""Seconds since 1970; 0 and null stand for no time."""
Flag: TypeAlias = bool | None
"""0 or 1 in some functions, false or true in others."""


class SiteFunction(Payload):
    """A function that the service of the token allows."""

    name: str


class SiteInfo(Payload):
    """The site, without the private key of the token's account that Moodle sends with it."""

    userid: Integer
    """The account of the token."""
    release: str | None = None
    """Such as `4.4.1 (Build: 20240610)`."""
    functions: list[SiteFunction] = Field(default_factory=list)
    userissiteadmin: Flag = None


class Course(Payload):
    """A course. `idnumber` is shown in a user's courses; elsewhere only to those who may change the course."""

    id: Integer
    fullname: str | None = None
    shortname: str | None = None
    idnumber: IdText | None = None
    format: str | None = None
    """`site` for the front page, which is a course too."""
    visible: Deciding[Flag] = None
    enddate: Deciding[EpochSeconds] = None


class Courses(Payload):
    """A list of courses."""

    courses: list[Course]


class User(Payload):
    """A user; `idnumber` is the number of the student information system, and left out if it is empty."""

    id: Integer
    idnumber: IdText | None = None
    username: str | None = None
    email: str | None = None
    lastname: str | None = None


class Role(Payload):
    """A role in a course."""

    shortname: str | None = None


class EnrolledUser(User):
    """A user of a course."""

    roles: list[Role] = Field(default_factory=list)
    lastcourseaccess: EpochSeconds = None


class Notice(Payload):
    """A warning: a part of the answer that is missing."""

    item: str | None = None
    """`course`, `module` or `assignment`."""
    itemid: Integer | None = None
    warningcode: str | None = None
    """`1` for no access, `2` for not enrolled, `3` for nothing found."""


class Assignment(Payload):
    """An assignment, without its description."""

    id: Integer
    course: Integer | None = None
    name: str
    duedate: Deciding[EpochSeconds] = None
    grade: Number | None = None
    """Maximum of points; the number of a scale below zero; 0 if it is not graded."""
    nosubmissions: Deciding[Flag] = None
    """Whether nothing is handed in online."""
    teamsubmission: Deciding[Flag] = None
    """Whether groups hand in, and not students."""


class CourseAssignments(Payload):
    """The assignments of a course that the token's account sees."""

    id: Integer
    assignments: list[Assignment]


class Assignments(Payload):
    """The assignments of courses."""

    courses: list[CourseAssignments]
    warnings: list[Notice] = Field(default_factory=list)


class Submission(Payload):
    """A student's latest attempt, without what the student wrote."""

    userid: Integer
    timemodified: EpochSeconds = None
    status: Deciding[str | None] = None
    """`new`, `draft`, `submitted` or `reopened`."""


class AssignmentSubmissions(Payload):
    """The submissions of an assignment."""

    assignmentid: Integer
    submissions: list[Submission]


class Submissions(Payload):
    """The submissions of assignments."""

    assignments: list[AssignmentSubmissions]
    warnings: list[Notice] = Field(default_factory=list)


class UserFlags(Payload):
    """What a teacher set for a student in an assignment."""

    userid: Integer
    extensionduedate: Deciding[EpochSeconds] = None


class AssignmentFlags(Payload):
    """The flags of the students of an assignment."""

    assignmentid: Integer
    userflags: list[UserFlags]


class Flags(Payload):
    """The flags of assignments; those without any flag are left out."""

    assignments: list[AssignmentFlags]


class GradeItem(Payload):
    """A column of the gradebook with a student's grade, without the feedback."""

    itemtype: str | None = None
    """`mod` for an activity, `course` for the total, `category`, or `manual`."""
    itemmodule: str | None = None
    """The kind of activity, such as `assign`."""
    iteminstance: Integer | None = None
    """The id of the activity."""
    itemnumber: Integer | None = None
    """0 for the grade of an activity; a further one, such as of an outcome, is no grade of the work."""
    scaleid: Integer | None = None
    """Null also for a grade of a scale: Moodle sends the id of an outcome in its place."""
    graderaw: Number | None = None
    """Null without a grade, or for one that the account may not view; absent if the report shows no grades."""
    gradeneedsupdate: Deciding[Flag] = None
    """Whether Moodle has to compute the grade again; until then it shows none."""
    gradeformatted: str | None = None
    """The grade as the course displays it; `-` for none."""
    lettergradeformatted: str | None = None
    """There only if the report of the course shows letters."""
    grademin: Number | None = None
    grademax: Number | None = None
    gradedategraded: EpochSeconds = None
    gradeishidden: Deciding[Flag] = None
    gradehiddenbydate: Deciding[Flag] = None
    status: str | None = None
    """Such as `excluded`, for a grade that does not count."""


class UserGrades(Payload):
    """The gradebook of a course for a student."""

    courseid: Integer
    courseidnumber: IdText | None = None
    userid: Integer
    gradeitems: list[GradeItem]


class GradeReport(Payload):
    """The gradebook of a course."""

    usergrades: list[UserGrades]
