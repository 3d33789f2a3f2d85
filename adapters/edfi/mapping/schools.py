"""Schools, their calendars and what is taught."""

from __future__ import annotations

from student_graph.adapters.edfi.api import schools as api
from student_graph.adapters.edfi.client.keys import section_id
from student_graph.adapters.edfi.mapping.descriptors import Codes, code_of, descriptor
from student_graph.adapters.model import (
    AcademicSubject,
    CalendarDay,
    Course,
    GradeLevel,
    LocalEducationAgency,
    School,
    SchoolId,
    Section,
    SectionId,
    Session,
)

_INSTRUCTION = frozenset({"instructional day", "make-up day"})
"""Calendar events that make a day one of instruction."""


def local_education_agency(row: api.LocalEducationAgency) -> LocalEducationAgency:
    """An agency."""
    return LocalEducationAgency(
        vendor_id=row.id,
        local_education_agency_id=str(row.localEducationAgencyId),
        name=row.nameOfInstitution,
    )


def school(codes: Codes, row: api.School) -> School:
    """A school."""
    return School(
        vendor_id=row.id,
        school_id=SchoolId(str(row.schoolId)),
        name=row.nameOfInstitution,
        short_name=row.shortNameOfInstitution,
        grade_levels=[codes.read(GradeLevel, offered.gradeLevelDescriptor) for offered in row.gradeLevels],
    )


def session(row: api.Session) -> Session:
    """A term."""
    return Session(
        vendor_id=row.id,
        school_id=SchoolId(str(row.schoolReference.schoolId)),
        school_year=row.schoolYearTypeReference.schoolYear,
        session_name=row.sessionName,
        term=descriptor(row.termDescriptor),
        begin_date=row.beginDate,
        end_date=row.endDate,
        total_instructional_days=row.totalInstructionalDays,
    )


def calendar_day(row: api.CalendarDate) -> CalendarDay:
    """A day of a calendar."""
    codes = [event.calendarEventDescriptor for event in row.calendarEvents]
    return CalendarDay(
        vendor_id=row.id,
        school_id=SchoolId(str(row.calendarReference.schoolId)),
        calendar_code=row.calendarReference.calendarCode,
        date=row.date,
        events=[descriptor(code) for code in codes],
        instructional=any(code_of(code) in _INSTRUCTION for code in codes),
    )


def section(row: api.Section) -> Section:
    """A section."""
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
    )


def course(codes: Codes, section: SectionId, row: api.Course) -> Course:
    """What a section teaches; until Data Standard 4 a course has one subject."""
    subjects = [subject.academicSubjectDescriptor for subject in row.academicSubjects]
    if not subjects and row.academicSubjectDescriptor is not None:
        subjects = [row.academicSubjectDescriptor]
    return Course(
        vendor_id=row.id,
        section_id=section,
        course_code=row.courseCode,
        course_title=row.courseTitle,
        subjects=[codes.read(AcademicSubject, subject) for subject in subjects],
        subject_descriptors=[descriptor(subject) for subject in subjects],
    )
