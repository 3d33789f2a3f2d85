"""
Payloads of schools, calendars, sections and courses in the Ed-Fi API (Data Standards 3.3 to 6.1).

https://docs.ed-fi.org/reference/ods-api; property names as in the published OpenAPI documents.
"""

from __future__ import annotations

from student_graph.adapters.edfi.api.payload import (
    EducationOrganizationReference,
    Item,
    Many,
    Resource,
    SchoolReference,
    SchoolYearTypeReference,
    SectionClassPeriod,
    SessionReference,
)
from student_graph.adapters.reading import Day, Integer, Payload, TimeOfDay


class LocalEducationAgency(Item):
    """A row of `localEducationAgencies`."""

    localEducationAgencyId: Integer
    nameOfInstitution: str


class OfferedGradeLevel(Payload):
    """A grade level that a school serves."""

    gradeLevelDescriptor: str


class School(Item):
    """A row of `schools`."""

    schoolId: Integer
    nameOfInstitution: str
    shortNameOfInstitution: str | None = None
    gradeLevels: Many[OfferedGradeLevel]


class Session(Item):
    """A row of `sessions`."""

    schoolReference: SchoolReference
    schoolYearTypeReference: SchoolYearTypeReference
    sessionName: str
    termDescriptor: str
    beginDate: Day
    endDate: Day
    totalInstructionalDays: Integer | None = None


class CalendarReference(Payload):
    """Names a calendar of a school."""

    calendarCode: str
    schoolId: Integer
    schoolYear: Integer


class CalendarEvent(Payload):
    """A calendar event, such as an instructional day or a holiday."""

    calendarEventDescriptor: str


class CalendarDate(Item):
    """A row of `calendarDates`."""

    calendarReference: CalendarReference
    date: Day
    calendarEvents: Many[CalendarEvent]


class CourseOfferingReference(Payload):
    """Names a course offering: a course that a school offers in a session."""

    localCourseCode: str
    schoolId: Integer
    schoolYear: Integer
    sessionName: str


class LocationReference(Payload):
    """Names a room."""

    classroomIdentificationCode: str | None = None


class Section(Item):
    """A row of `sections`."""

    sectionIdentifier: str
    courseOfferingReference: CourseOfferingReference
    sectionName: str | None = None
    classPeriods: Many[SectionClassPeriod]
    locationReference: LocationReference | None = None


class MeetingTime(Payload):
    """A time of day at which a class period meets."""

    startTime: TimeOfDay
    endTime: TimeOfDay


class ClassPeriod(Item):
    """A row of `classPeriods`."""

    classPeriodName: str
    schoolReference: SchoolReference
    meetingTimes: Many[MeetingTime]
    officialAttendancePeriod: bool | None = None


class CourseReference(Payload):
    """Names a course."""

    courseCode: str
    educationOrganizationId: Integer


class CourseOffering(Item):
    """A row of `courseOfferings`, which links a section to its course."""

    localCourseCode: str
    sessionReference: SessionReference
    courseReference: CourseReference


class CourseSubject(Payload):
    """The subject of a course or an assessment."""

    academicSubjectDescriptor: str


class Course(Item):
    """A row of `courses`, with one subject up to Data Standard 4 and with a list of subjects from 5 on."""

    courseCode: str
    courseTitle: str
    educationOrganizationReference: EducationOrganizationReference
    academicSubjectDescriptor: str | None = None
    academicSubjects: Many[CourseSubject]


LOCAL_EDUCATION_AGENCIES = Resource.of("localEducationAgencies", LocalEducationAgency)
SCHOOLS = Resource.of("schools", School)
SESSIONS = Resource.of("sessions", Session)
CALENDAR_DATES = Resource.of("calendarDates", CalendarDate)
CLASS_PERIODS = Resource.of("classPeriods", ClassPeriod)
SECTIONS = Resource.of("sections", Section)
COURSE_OFFERINGS = Resource.of("courseOfferings", CourseOffering)
COURSES = Resource.of("courses", Course)
