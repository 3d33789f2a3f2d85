"""Organizations, academic sessions, classes and courses as records."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from student_graph.adapters.errors import PayloadError
from student_graph.adapters.model import (
    Course,
    Descriptor,
    GradingPeriod,
    LocalEducationAgency,
    School,
    SchoolId,
    Section,
    SectionId,
    Session,
)
from student_graph.adapters.oneroster.api import rostering as api
from student_graph.adapters.oneroster.api.payload import Ref
from student_graph.adapters.oneroster.mapping.codes import subject

SCHOOL_YEAR, GRADING_PERIOD = "schoolYear", "gradingPeriod"
_JULY = 7


class Calendar:
    """Academic sessions by id, and what school year they belong to."""

    def __init__(self, sessions: Iterable[api.AcademicSession]) -> None:
        self.sessions = {session.sourcedId: session for session in sessions}
        years = [each for each in self.sessions.values() if each.type == SCHOOL_YEAR and each.startDate]
        self._years = sorted(years, key=lambda each: (each.startDate or dt.date.min, each.sourcedId))

    def year_of(self, sourced_id: str | None) -> int | None:
        """
        School year of a session, by the calendar year in which it ends.

        As it says itself, as its parents say, or by the day on which it ends.
        """
        session, seen = self.sessions.get(sourced_id or ""), set[str]()
        ends: dt.date | None = None
        while session and session.sourcedId not in seen:
            if session.schoolYear:
                return session.schoolYear
            seen.add(session.sourcedId)
            ends = session.endDate or ends
            session = self.sessions.get(session.parent.sourcedId) if session.parent else None
        return None if ends is None else ends.year + (ends.month > _JULY)

    def year_at(self, day: dt.date) -> int | None:
        """School year of a day; None when no school year holds it."""
        for session in self._years:
            if session.startDate and session.endDate and session.startDate <= day <= session.endDate:
                return self.year_of(session.sourcedId)
        return None

    def first_day(self, today: dt.date) -> dt.date:
        """
        First day of the school year that began last, or of the first one when none has begun.

        Raises:
            PayloadError: the server tells no school year.
        """
        days = [each.startDate for each in self._years if each.startDate]
        days = days or sorted(each.startDate for each in self.sessions.values() if each.startDate)
        if not days:
            raise PayloadError("no academic session tells when the school year begins")
        return max((day for day in days if day <= today), default=days[0])


def agency(row: api.Org) -> LocalEducationAgency:
    """An organization of type `district`."""
    return LocalEducationAgency(
        vendor_id=row.sourcedId, local_education_agency_id=row.identifier or row.sourcedId, name=row.name
    )


def org_number(row: api.Org) -> str:
    """The district's number of an organization: `identifier`, and `sourcedId` where there is none."""
    return row.identifier or row.sourcedId


def school_id(row: api.Org) -> SchoolId:
    """The district's number of a school."""
    return SchoolId(org_number(row))


def school(row: api.Org) -> School:
    """An organization of type `school`; OneRoster does not tell the grade levels that it serves."""
    return School(vendor_id=row.sourcedId, school_id=school_id(row), name=row.name, grade_levels=[])


def session(row: api.AcademicSession, at: SchoolId, calendar: Calendar) -> Session | None:
    """A term of a school; None for one without days or year."""
    year = calendar.year_of(row.sourcedId)
    if row.startDate is None or row.endDate is None or year is None:
        return None
    return Session(
        vendor_id=row.sourcedId,
        school_id=at,
        school_year=year,
        session_name=row.title,
        term=Descriptor(code_value=row.title),
        begin_date=row.startDate,
        end_date=row.endDate,
    )


def section(row: api.Class, at: SchoolId, calendar: Calendar, courses: Mapping[str, api.Course]) -> Section:
    """
    A class, in the first of its terms.

    Raises:
        PayloadError: no session tells its school year.
    """
    terms = [calendar.sessions[each.sourcedId] for each in row.terms if each.sourcedId in calendar.sessions]
    terms.sort(key=lambda each: (each.startDate or dt.date.max, each.sourcedId))
    year = calendar.year_of(terms[0].sourcedId) if terms else None
    if year is None:
        raise PayloadError("a class without a term that tells its school year")
    taught = courses.get(row.course.sourcedId) if row.course else None
    code = taught.courseCode if taught else None
    return Section(
        vendor_id=row.sourcedId,
        section_id=SectionId(row.sourcedId),
        school_id=at,
        section_identifier=row.classCode or row.sourcedId,
        section_name=row.title,
        session_name=terms[0].title,
        school_year=year,
        local_course_code=code or (row.course.sourcedId if row.course else row.sourcedId),
    )


def course(row: api.Course, of: SectionId) -> Course:
    """What a class teaches."""
    return Course(
        vendor_id=row.sourcedId,
        section_id=of,
        course_code=row.courseCode or row.sourcedId,
        course_title=row.title,
        subjects=[subject(name) for name in row.subjects],
        subject_descriptors=[Descriptor(code_value=name) for name in row.subjects],
    )


def grading_period(link: Ref | None, calendar: Calendar) -> GradingPeriod | None:
    """The period of a grade; None where it is not told."""
    row = calendar.sessions.get(link.sourcedId) if link else None
    year = calendar.year_of(row.sourcedId) if row else None
    if row is None or year is None:
        return None
    return GradingPeriod(name=row.title, descriptor=Descriptor(code_value=row.title), school_year=year)
