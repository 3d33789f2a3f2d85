"""Payloads of schools, their year and their classes."""

from __future__ import annotations

from datetime import date

from student_graph.adapters.edfi.sandbox.filters import DataStandard
from student_graph.adapters.edfi.sandbox.serializers import (
    Table,
    descriptor,
    descriptors,
    organization,
    present,
    school,
    section,
    year,
)
from student_graph.adapters.sandbox.facts import (
    CalendarFact,
    CourseFact,
    DistrictFacts,
    SchoolFact,
    SectionEnrollmentFact,
    SectionFact,
    SessionFact,
)
from student_graph.adapters.sandbox.records.folder import Payload
from student_graph.adapters.sandbox.years import instructional_days


def tables(facts: DistrictFacts, standard: DataStandard) -> dict[str, Table]:
    """The resources of this part."""
    numbered = standard in {"3.3", "4.0"}
    offerings = {(s.course, s.school, s.year, s.session): s for s in facts.sections}
    return {
        "localEducationAgencies": ([facts], _agency),
        "schools": (facts.schools, lambda one: _school(one, facts.lea)),
        "sessions": (facts.sessions, lambda one: _session(one, numbered=numbered)),
        "gradingPeriods": (
            [(session, period) for session in facts.sessions for period in session.periods],
            lambda one: _grading_period(*one, numbered=numbered),
        ),
        "calendars": (facts.calendars, _calendar),
        "calendarDates": (
            [(calendar, day, event) for calendar in facts.calendars for day, event in calendar.days],
            lambda one: _calendar_date(*one),
        ),
        "courses": (facts.courses, lambda one: _course(one, single=numbered)),
        "courseOfferings": (list(offerings.values()), _offering),
        "sections": (facts.sections, _section),
        "studentSectionAssociations": (facts.section_enrollments, _place),
        "staffSectionAssociations": (
            [(one, *assigned) for one in facts.sections for assigned in one.staff],
            lambda one: _staff_place(*one),
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
    school_id: int, school_year: int, period: tuple[str, str, int, date, date], *, numbered: bool
) -> Payload:
    """A `gradingPeriodReference`: by sequence before Data Standard 5, by name since."""
    name, code, sequence, _, _ = period
    key = {"periodSequence": sequence} if numbered else {"gradingPeriodName": name}
    return {
        "gradingPeriodDescriptor": descriptor("GradingPeriod", code),
        **key,
        "schoolId": school_id,
        "schoolYear": school_year,
    }


def _session(fact: SessionFact, *, numbered: bool) -> Payload:
    return {
        "sessionName": fact.name,
        "schoolReference": school(fact.school),
        "schoolYearTypeReference": year(fact.year),
        "beginDate": fact.begin.isoformat(),
        "endDate": fact.end.isoformat(),
        "gradingPeriods": [
            {"gradingPeriodReference": period_reference(fact.school, fact.year, period, numbered=numbered)}
            for period in fact.periods
        ],
        "termDescriptor": descriptor("Term", fact.term),
        "totalInstructionalDays": fact.instructional_days,
    }


def _grading_period(session: SessionFact, period: tuple[str, str, int, date, date], *, numbered: bool) -> Payload:
    name, code, sequence, first, last = period
    return present(
        gradingPeriodDescriptor=descriptor("GradingPeriod", code),
        gradingPeriodName=None if numbered else name,
        schoolReference=school(session.school),
        schoolYearTypeReference=year(session.year),
        beginDate=first.isoformat(),
        endDate=last.isoformat(),
        periodSequence=sequence,
        totalInstructionalDays=len(instructional_days(first, last)),
    )


def _calendar(fact: CalendarFact) -> Payload:
    return {
        "calendarCode": fact.code,
        "schoolReference": school(fact.school),
        "schoolYearTypeReference": year(fact.year),
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


def _course(fact: CourseFact, *, single: bool) -> Payload:
    """A course; before Data Standard 5 it has one subject, since then a list."""
    subject = {"academicSubjectDescriptor": descriptor("AcademicSubject", fact.subject)}
    system = descriptor("CourseIdentificationSystem", "LEA course code")
    return {
        "courseCode": fact.code,
        "identificationCodes": [{"courseIdentificationSystemDescriptor": system, "identificationCode": fact.code}],
        "educationOrganizationReference": organization(fact.school),
        **(subject if single else {"academicSubjects": [subject]}),
        "courseTitle": fact.title,
        "numberOfParts": 1,
    }


def _offering(fact: SectionFact) -> Payload:
    return {
        "localCourseCode": fact.course,
        "courseReference": {"courseCode": fact.course, "educationOrganizationId": fact.school},
        "schoolReference": school(fact.school),
        "sessionReference": {"schoolId": fact.school, "schoolYear": fact.year, "sessionName": fact.session},
    }


def _section(fact: SectionFact) -> Payload:
    return {
        "sectionIdentifier": fact.identifier,
        "courseOfferingReference": {
            "localCourseCode": fact.course,
            "schoolId": fact.school,
            "schoolYear": fact.year,
            "sessionName": fact.session,
        },
        "sectionName": fact.name,
    }


def _place(fact: SectionEnrollmentFact) -> Payload:
    return present(
        beginDate=fact.begin.isoformat(),
        sectionReference=section(fact.section),
        studentReference={"studentUniqueId": fact.student},
        endDate=fact.end.isoformat() if fact.end else None,
        homeroomIndicator=fact.homeroom,
    )


def _staff_place(taught: SectionFact, staff: str, position: str, first: date, last: date | None) -> Payload:
    return present(
        beginDate=first.isoformat(),
        sectionReference=section(taught),
        staffReference={"staffUniqueId": staff},
        classroomPositionDescriptor=descriptor("ClassroomPosition", position),
        endDate=last.isoformat() if last else None,
    )
