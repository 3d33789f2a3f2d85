"""Converts schools, their calendars, sections and courses."""

from __future__ import annotations

from collections.abc import Iterable

from student_graph.adapters.edfi.api import schools as api
from student_graph.adapters.edfi.api.payload import SectionClassPeriod
from student_graph.adapters.edfi.client.keys import section_id
from student_graph.adapters.edfi.mapping.descriptors import DescriptorCodes, descriptor, normalized_code
from student_graph.adapters.model import (
    AcademicSubject,
    CalendarDay,
    ClassPeriod,
    Course,
    GradeLevel,
    LocalEducationAgency,
    MeetingTime,
    School,
    SchoolId,
    Section,
    SectionId,
    Session,
)
from student_graph.adapters.reading import EndDate, last_day

_INSTRUCTIONAL_EVENTS = frozenset({"instructional day", "make-up day", "student late arrival/early dismissal"})
"""
Codes of the calendar events that make a day instructional.

The Data Standard describes the last one as an abbreviated instructional day.
"""


def local_education_agency(row: api.LocalEducationAgency) -> LocalEducationAgency:
    """A local education agency."""
    return LocalEducationAgency(
        vendor_id=row.id,
        local_education_agency_id=str(row.localEducationAgencyId),
        name=row.nameOfInstitution,
    )


def school(codes: DescriptorCodes, row: api.School) -> School:
    """A school and its grade levels."""
    return School(
        vendor_id=row.id,
        school_id=SchoolId(str(row.schoolId)),
        name=row.nameOfInstitution,
        short_name=row.shortNameOfInstitution,
        grade_levels=[codes.to_enum(GradeLevel, offered.gradeLevelDescriptor) for offered in row.gradeLevels],
    )


def session(end: EndDate, row: api.Session) -> Session:
    """A session of a school, which is a term; one that begins and ends on one date is of that day."""
    return Session(
        vendor_id=row.id,
        school_id=SchoolId(str(row.schoolReference.schoolId)),
        school_year=row.schoolYearTypeReference.schoolYear,
        session_name=row.sessionName,
        term=descriptor(row.termDescriptor),
        begin_date=row.beginDate,
        end_date=row.endDate if row.beginDate == row.endDate else last_day(row.endDate, end) or row.endDate,
        total_instructional_days=row.totalInstructionalDays,
    )


def calendar_day(row: api.CalendarDate) -> CalendarDay:
    """A day of a school calendar and its events."""
    codes = [event.calendarEventDescriptor for event in row.calendarEvents]
    return CalendarDay(
        vendor_id=row.id,
        school_id=SchoolId(str(row.calendarReference.schoolId)),
        calendar_code=row.calendarReference.calendarCode,
        date=row.date,
        events=[descriptor(code) for code in codes],
        instructional=any(normalized_code(code) in _INSTRUCTIONAL_EVENTS for code in codes),
    )


def section(row: api.Section) -> Section:
    """A section; school, school year and session are those of Ed-Fi `courseOfferingReference`."""
    offering = row.courseOfferingReference
    return Section(
        vendor_id=row.id,
        section_id=section_id(
            offering.schoolId,
            offering.schoolYear,
            offering.sessionName,
            offering.localCourseCode,
            row.sectionIdentifier,
        ),
        school_id=SchoolId(str(offering.schoolId)),
        section_identifier=row.sectionIdentifier,
        section_name=row.sectionName,
        session_name=offering.sessionName,
        school_year=offering.schoolYear,
        local_course_code=offering.localCourseCode,
        class_periods=class_period_names(row.classPeriods),
        room=_text(row.locationReference.classroomIdentificationCode if row.locationReference else None),
    )


def class_period(row: api.ClassPeriod) -> ClassPeriod:
    """A class period of a school, with each of its meeting times once."""
    times = sorted({(meeting.startTime, meeting.endTime) for meeting in row.meetingTimes})
    return ClassPeriod(
        vendor_id=row.id,
        school_id=SchoolId(str(row.schoolReference.schoolId)),
        name=row.classPeriodName.strip(),
        meeting_times=[MeetingTime(start_time=start, end_time=end) for start, end in times],
        official_attendance=row.officialAttendancePeriod,
    )


def class_period_names(periods: Iterable[SectionClassPeriod]) -> list[str]:
    """The names of class periods, each once and sorted, without blanks around them, which SQL Server ignores."""
    names = {period.classPeriodReference.classPeriodName.strip() for period in periods}
    return sorted(names - {""})


def _text(value: str | None) -> str | None:
    """A text without blanks around it; None if nothing is left."""
    return (value or "").strip() or None


def course(codes: DescriptorCodes, section_id: SectionId, row: api.Course) -> Course:
    """The course of a section; up to Data Standard 4 Ed-Fi has one subject of a course and no list."""
    subjects = [subject.academicSubjectDescriptor for subject in row.academicSubjects]
    if not subjects and row.academicSubjectDescriptor is not None:
        subjects = [row.academicSubjectDescriptor]
    return Course(
        vendor_id=row.id,
        section_id=section_id,
        course_code=row.courseCode,
        course_title=row.courseTitle,
        subjects=[codes.to_enum(AcademicSubject, subject) for subject in subjects],
        subject_descriptors=[descriptor(subject) for subject in subjects],
    )
