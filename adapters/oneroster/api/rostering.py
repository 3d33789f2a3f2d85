"""Payloads of the rostering service: organizations, sessions, classes, people and enrollments."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from student_graph.adapters.oneroster.api.payload import (
    Day,
    DecidingDay,
    DecidingText,
    Flag,
    Item,
    Link,
    Many,
    OptionalWord,
    Payload,
    Ref,
    SchoolYear,
    Text,
    Word,
)
from student_graph.adapters.oneroster.api.resources import Resource
from student_graph.adapters.reading import EndDate, last_day

STAFF_ROLES = frozenset(
    {
        "administrator", "aide", "counselor", "districtAdministrator", "principal", "proctor", "siteAdministrator",
        "systemAdministrator", "teacher",
    }
)  # fmt: skip
CONTACT_ROLES = frozenset({"guardian", "parent", "relative"})


def _texts(value: Any) -> Any:
    """A list of texts without blanks; some servers send one text instead of a list."""
    items = [value] if isinstance(value, str | int) else value or []
    return [item for item in items if item not in (None, "")] if isinstance(items, list) else items


def _listed(value: Any) -> Any:
    """A list of texts; the Ed-Fi service sends one text with commas, as the standard's CSV files have it."""
    return _texts([part.strip() for part in value.split(",")] if isinstance(value, str) else value)


class Org(Item):
    """A school, a district, or an organization above or below them."""

    name: str
    type: Word
    identifier: DecidingText = None
    parent: Link = None


class AcademicSession(Item):
    """A school year, a term or a grading period."""

    title: str
    type: Word
    startDate: Day = None
    endDate: Day = None
    parent: Link = None
    schoolYear: SchoolYear = None


class Course(Item):
    """A course, which classes teach."""

    title: str
    courseCode: Text = None
    subjects: Annotated[list[str], BeforeValidator(_texts)] = Field(default_factory=list)


class Class(Item):
    """A class."""

    title: Text = None
    classCode: Text = None
    classType: Text = None
    course: Link = None
    school: Link = None
    terms: Many[Ref]
    periods: Annotated[list[str], BeforeValidator(_listed)] = Field(default_factory=list)
    location: Text = None


class UserId(Payload):
    """The identifier of a user in some system."""

    type: DecidingText = None
    identifier: DecidingText = None


class Role(Payload):
    """The role of a user at an organization."""

    roleType: OptionalWord = None
    role: Word
    org: Link = None
    beginDate: DecidingDay = None
    endDate: DecidingDay = None


class User(Item):
    """A person: a student, a member of staff or a contact."""

    identifier: DecidingText = None
    userMasterIdentifier: DecidingText = None
    userIds: Many[UserId]
    username: Text = None
    givenName: Text = None
    familyName: Text = None
    middleName: Text = None
    preferredFirstName: Text = None
    preferredMiddleName: Text = None
    preferredLastName: Text = None
    email: Text = None
    phone: Text = None
    sms: Text = None
    grades: Annotated[list[str], BeforeValidator(_texts)] = Field(default_factory=list)
    agents: Many[Ref]
    role: OptionalWord = None
    orgs: Many[Ref]
    roles: Many[Role]

    @property
    def all_roles(self) -> list[Role]:
        """The roles of the user; in version 1.1 the same `role` at each of `orgs`."""
        if self.roles or self.role is None:
            return self.roles
        return [Role(role=self.role, org=org) for org in self.orgs] or [Role(role=self.role)]

    def has_role(self, *roles: str) -> bool:
        """Whether the user has one of the roles at any organization."""
        return any(role.role in roles for role in self.all_roles)

    def has_current_role(self, roles: Collection[str], today: date, role_end: EndDate) -> bool:
        """Whether the user has one of the roles today anywhere; `role_end` says what an end date is."""
        return any(
            role.role in roles
            and (role.beginDate or today) <= today <= (last_day(role.endDate, role_end) or today)
            for role in self.all_roles
        )

    def values(self, field: str) -> Iterator[str]:
        """The texts in a field; `userIds:TYPE` and `userIds.TYPE` are the identifiers of that type."""
        if not field.startswith(("userIds:", "userIds.")):
            yield from super().values(field)
            return
        kind = field[len("userIds:") :]
        yield from (user_id.identifier for user_id in self.userIds if user_id.type == kind and user_id.identifier)


class Enrollment(Item):
    """The enrollment of a user in a class, as a student or as staff."""

    user: Link = None
    class_: Link = Field(default=None, alias="class")
    school: Link = None
    role: Word
    primary: Flag = None
    beginDate: DecidingDay = None
    endDate: DecidingDay = None


class Demographics(Item):
    """Birth date, sex and ethnicity of the user with the same `sourcedId`."""

    birthDate: Day = None
    sex: Text = None
    americanIndianOrAlaskaNative: Flag = None
    asian: Flag = None
    blackOrAfricanAmerican: Flag = None
    nativeHawaiianOrOtherPacificIslander: Flag = None
    white: Flag = None
    demographicRaceTwoOrMoreRaces: Flag = None
    hispanicOrLatinoEthnicity: Flag = None


ORGS = Resource.of("rostering", "orgs", Org)
SCHOOLS = Resource.of("rostering", "schools", Org)
SESSIONS = Resource.of("rostering", "academicSessions", AcademicSession)
TERMS = Resource.of("rostering", "terms", AcademicSession)
COURSES = Resource.of("rostering", "courses", Course)
CLASSES = Resource.of("rostering", "classes", Class)
USERS = Resource.of("rostering", "users", User)
STUDENTS = Resource.of("rostering", "students", User)
ENROLLMENTS = Resource.of("rostering", "enrollments", Enrollment)
DEMOGRAPHICS = Resource.of("rostering", "demographics", Demographics)
