"""
Schools, their calendars and what is taught in the Ed-Fi API (ODS/API 5 to 7, Data Standards 3.3 to 5.2).

https://docs.ed-fi.org/reference/ods-api; property names as in the published OpenAPI documents.
"""

from __future__ import annotations

import datetime as dt

from student_graph.adapters.edfi.api.payload import (
    EducationOrganizationReference,
    Item,
    Many,
    Payload,
    Resource,
    SchoolReference,
    SchoolYearTypeReference,
    SessionReference,
)


class LocalEducationAgency(Item):
    """`localEducationAgencies`."""

    localEducationAgencyId: int
    nameOfInstitution: str


class OfferedGradeLevel(Payload):
    """A grade level that a school serves."""

    gradeLevelDescriptor: str


class School(Item):
    """`schools`."""

    schoolId: int
    nameOfInstitution: str
    shortNameOfInstitution: str | None = None
    gradeLevels: Many[OfferedGradeLevel]


class Session(Item):
    """`sessions`."""

    schoolReference: SchoolReference
    schoolYearTypeReference: SchoolYearTypeReference
    sessionName: str
    termDescriptor: str
    beginDate: dt.date
    endDate: dt.date
    totalInstructionalDays: int | None = None


class CalendarReference(Payload):
    """Names a calendar of a school."""

    calendarCode: str
    schoolId: int
    schoolYear: int


class CalendarEvent(Payload):
    """What a day is."""

    calendarEventDescriptor: str


class CalendarDate(Item):
    """`calendarDates`."""

    calendarReference: CalendarReference
    date: dt.date
    calendarEvents: Many[CalendarEvent]


class CourseOfferingReference(Payload):
    """Names a course as one school offers it in one session."""

    localCourseCode: str
    schoolId: int
    schoolYear: int
    sessionName: str


class Section(Item):
    """`sections`."""

    sectionIdentifier: str
    courseOfferingReference: CourseOfferingReference
    sectionName: str | None = None


class CourseReference(Payload):
    """Names a course."""

    courseCode: str
    educationOrganizationId: int


class CourseOffering(Item):
    """`courseOfferings`: the link between a section and its course."""

    localCourseCode: str
    sessionReference: SessionReference
    courseReference: CourseReference


class CourseSubject(Payload):
    """What a course or an assessment is about."""

    academicSubjectDescriptor: str


class Course(Item):
    """`courses`: one subject until Data Standard 4, a list of them from 5 on."""

    courseCode: str
    courseTitle: str
    educationOrganizationReference: EducationOrganizationReference
    academicSubjectDescriptor: str | None = None
    academicSubjects: Many[CourseSubject]


LOCAL_EDUCATION_AGENCIES = Resource.of("localEducationAgencies", LocalEducationAgency)
SCHOOLS = Resource.of("schools", School)
SESSIONS = Resource.of("sessions", Session)
CALENDAR_DATES = Resource.of("calendarDates", CalendarDate)
SECTIONS = Resource.of("sections", Section)
COURSE_OFFERINGS = Resource.of("courseOfferings", CourseOffering)
COURSES = Resource.of("courses", Course)
