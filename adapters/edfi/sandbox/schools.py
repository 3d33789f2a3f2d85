"""Serializes schools, their sessions and calendars, courses and sections."""

from __future__ import annotations

from datetime import date

from student_graph.adapters.edfi.sandbox.filters import DataStandard, is_since
from student_graph.adapters.edfi.sandbox.serializers import (
    ResourceFacts,
    descriptor,
    descriptors,
    omit_none,
    organization_reference,
    school_reference,
    section_reference,
    year_reference,
)
from student_graph.adapters.sandbox.facts import (
    CalendarFact,
    ClassPeriodFact,
    CourseFact,
    DistrictFacts,
    SchoolFact,
    SectionEnrollmentFact,
    SectionFact,
    SessionFact,
)
from student_graph.adapters.sandbox.records.folder import Payload
from student_graph.adapters.sandbox.years import instructional_days


def resources(facts: DistrictFacts, standard: DataStandard) -> dict[str, ResourceFacts]:
    """The resources of this module by name."""
    by_sequence = not is_since(standard, "5.0")
    offerings = {(s.course, s.school, s.year, s.session): s for s in facts.sections}
    return {
        "localEducationAgencies": ([facts], _agency),
        "schools": (facts.schools, lambda fact: _school(fact, facts.lea)),
        "sessions": (facts.sessions, lambda fact: _session(fact, by_sequence=by_sequence)),
        "gradingPeriods": (
            [(session, period) for session in facts.sessions for period in session.periods],
            lambda period: _grading_period(*period, by_sequence=by_sequence),
        ),
        "calendars": (facts.calendars, _calendar),
        "calendarDates": (
            [(calendar, day, event) for calendar in facts.calendars for day, event in calendar.days],
            lambda day: _calendar_date(*day),
        ),
        "courses": (facts.courses, lambda fact: _course(fact, single_subject=by_sequence)),
        "courseOfferings": (list(offerings.values()), _offering),
        "classPeriods": (facts.class_periods, _class_period),
        "sections": (facts.sections, _section),
        "studentSectionAssociations": (facts.section_enrollments, _section_enrollment),
        "staffSectionAssociations": (
            [(fact, *assignment) for fact in facts.sections for assignment in fact.staff],
            lambda assignment: _section_staff(*assignment),
        ),
    }


def _agency(facts: DistrictFacts) -> Payload:
    return {
        "categories": descriptors(
            "educationOrganizationCategoryDescriptor", "EducationOrganizationCategory", ["Local Education Agency"]
        ),
        "localEducationAgencyId": facts.lea,
        "localEducationAgencyCategoryDescriptor": descriptor("LocalEducationAgencyCategory", "Independent"),
        "nameOfInstitution": facts.name,
    }


def _school(fact: SchoolFact, agency: int) -> Payload:
    return {
        "educationOrganizationCategories": descriptors(
            "educationOrganizationCategoryDescriptor", "EducationOrganizationCategory", ["School"]
        ),
        "gradeLevels": descriptors("gradeLevelDescriptor", "GradeLevel", fact.grades),
        "schoolId": fact.id,
        "localEducationAgencyReference": {"localEducationAgencyId": agency},
        "nameOfInstitution": fact.name,
        "shortNameOfInstitution": fact.short_name,
    }


def period_reference(
    school_id: int, school_year: int, period: tuple[str, str, int, date, date], *, by_sequence: bool
) -> Payload:
    """A `gradingPeriodReference`: by sequence before Data Standard 5, and by name from 5 on."""
    name, code, sequence, _, _ = period
    key = {"periodSequence": sequence} if by_sequence else {"gradingPeriodName": name}
    return {
        "gradingPeriodDescriptor": descriptor("GradingPeriod", code),
        **key,
        "schoolId": school_id,
        "schoolYear": school_year,
    }


def _session(fact: SessionFact, *, by_sequence: bool) -> Payload:
    return {
        "sessionName": fact.name,
        "schoolReference": school_reference(fact.school),
        "schoolYearTypeReference": year_reference(fact.year),
        "beginDate": fact.begin.isoformat(),
        "endDate": fact.end.isoformat(),
        "gradingPeriods": [
            {"gradingPeriodReference": period_reference(fact.school, fact.year, period, by_sequence=by_sequence)}
            for period in fact.periods
        ],
        "termDescriptor": descriptor("Term", fact.term),
        "totalInstructionalDays": fact.instructional_days,
    }


def _grading_period(
    session: SessionFact, period: tuple[str, str, int, date, date], *, by_sequence: bool
) -> Payload:
    name, code, sequence, first_day, last_day = period
    return omit_none(
        gradingPeriodDescriptor=descriptor("GradingPeriod", code),
        gradingPeriodName=None if by_sequence else name,
        schoolReference=school_reference(session.school),
        schoolYearTypeReference=year_reference(session.year),
        beginDate=first_day.isoformat(),
        endDate=last_day.isoformat(),
        periodSequence=sequence,
        totalInstructionalDays=len(instructional_days(first_day, last_day)),
    )


def _calendar(fact: CalendarFact) -> Payload:
    return {
        "calendarCode": fact.code,
        "schoolReference": school_reference(fact.school),
        "schoolYearTypeReference": year_reference(fact.year),
        "calendarTypeDescriptor": descriptor("CalendarType", "School"),
    }


def _calendar_date(calendar: CalendarFact, day: date, event: str) -> Payload:
    return {
        "calendarEvents": descriptors("calendarEventDescriptor", "CalendarEvent", [event]),
        "date": day.isoformat(),
        "calendarReference": {
            "calendarCode": calendar.code,
            "schoolId": calendar.school,
            "schoolYear": calendar.year,
        },
    }


def _course(fact: CourseFact, *, single_subject: bool) -> Payload:
    """A course, with one subject before Data Standard 5 and with a list of subjects from 5 on."""
    subject = {"academicSubjectDescriptor": descriptor("AcademicSubject", fact.subject)}
    system = descriptor("CourseIdentificationSystem", "LEA course code")
    return {
        "courseCode": fact.code,
        "identificationCodes": [{"courseIdentificationSystemDescriptor": system, "identificationCode": fact.code}],
        "educationOrganizationReference": organization_reference(fact.school),
        **(subject if single_subject else {"academicSubjects": [subject]}),
        "courseTitle": fact.title,
        "numberOfParts": 1,
    }


def _offering(fact: SectionFact) -> Payload:
    return {
        "localCourseCode": fact.course,
        "courseReference": {"courseCode": fact.course, "educationOrganizationId": fact.school},
        "schoolReference": school_reference(fact.school),
        "sessionReference": {"schoolId": fact.school, "schoolYear": fact.year, "sessionName": fact.session},
    }


def _section(fact: SectionFact) -> Payload:
    offering = {
        "localCourseCode": fact.course,
        "schoolId": fact.school,
        "schoolYear": fact.year,
        "sessionName": fact.session,
    }
    room = {"classroomIdentificationCode": fact.room, "schoolId": fact.school} if fact.room else None
    periods = [{"classPeriodName": name, "schoolId": fact.school} for name in fact.periods]
    return omit_none(
        sectionIdentifier=fact.identifier,
        courseOfferingReference=offering,
        locationReference=room,
        locationSchoolReference=school_reference(fact.school) if room else None,
        classPeriods=[{"classPeriodReference": period} for period in periods],
        sectionName=fact.name,
    )


def _class_period(fact: ClassPeriodFact) -> Payload:
    return omit_none(
        classPeriodName=fact.name,
        schoolReference=school_reference(fact.school),
        meetingTimes=[
            {"startTime": start.isoformat(), "endTime": end.isoformat()} for start, end in fact.meetings
        ],
        officialAttendancePeriod=fact.official,
    )


def _section_enrollment(fact: SectionEnrollmentFact) -> Payload:
    return omit_none(
        beginDate=fact.begin.isoformat(),
        sectionReference=section_reference(fact.section),
        studentReference={"studentUniqueId": fact.student},
        endDate=fact.end.isoformat() if fact.end else None,
        homeroomIndicator=fact.homeroom,
    )


def _section_staff(
    fact: SectionFact, staff_id: str, position: str, first_day: date, last_day: date | None
) -> Payload:
    return omit_none(
        beginDate=first_day.isoformat(),
        sectionReference=section_reference(fact),
        staffReference={"staffUniqueId": staff_id},
        classroomPositionDescriptor=descriptor("ClassroomPosition", position),
        endDate=last_day.isoformat() if last_day else None,
    )
