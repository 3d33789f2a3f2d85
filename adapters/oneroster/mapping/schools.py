"""Maps organizations, academic sessions, classes and courses to records."""

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
from student_graph.adapters.reading import EndDate, last_day

SCHOOL_YEAR, GRADING_PERIOD = "schoolYear", "gradingPeriod"
_LAST_MONTH = 7
"""A session that ends after July belongs to the school year that ends in the next calendar year."""


class Calendar:
    """
    Academic sessions by id, and the school years to which they belong.

    `endDate` of these sessions is their last day; `session_end` says what the server writes.
    """

    def __init__(self, sessions: Iterable[api.AcademicSession], session_end: EndDate) -> None:
        self.sessions = {row.sourcedId: _with_last_day(row, session_end) for row in sessions}
        years = [row for row in self.sessions.values() if row.type == SCHOOL_YEAR and row.startDate]
        self._years = sorted(years, key=lambda row: (row.startDate or dt.date.min, row.sourcedId))

    def year_of(self, sourced_id: str | None) -> int | None:
        """
        The school year of a session, as the calendar year in which it ends; None if it is unknown.

        It is the `schoolYear` of the session or of its nearest parent that has one, or else the year of
        the last day.
        """
        session, seen = self.sessions.get(sourced_id or ""), set[str]()
        last_day: dt.date | None = None
        while session and session.sourcedId not in seen:
            if session.schoolYear:
                return session.schoolYear
            seen.add(session.sourcedId)
            last_day = session.endDate or last_day
            session = self.sessions.get(session.parent.sourcedId) if session.parent else None
        return None if last_day is None else last_day.year + (last_day.month > _LAST_MONTH)

    def year_at(self, date: dt.date) -> int | None:
        """The school year of a date; None if it is in no school year."""
        for session in self._years:
            if session.startDate and session.endDate and session.startDate <= date <= session.endDate:
                return self.year_of(session.sourcedId)
        return None

    def first_day(self, today: dt.date) -> dt.date:
        """
        The first day of the latest school year that has begun, or of the first one if none has.

        Raises:
            PayloadError: The server has no sessions with dates.
        """
        days = [row.startDate for row in self._years if row.startDate]
        days = days or sorted(row.startDate for row in self.sessions.values() if row.startDate)
        if not days:
            raise PayloadError("no academic session has the first day of the school year")
        return max((day for day in days if day <= today), default=days[0])


def _with_last_day(row: api.AcademicSession, session_end: EndDate) -> api.AcademicSession:
    """The session with its last day as `endDate`; one that begins and ends on one date is of that day."""
    if session_end == "last_day" or row.endDate is None or row.startDate == row.endDate:
        return row
    return row.model_copy(update={"endDate": last_day(row.endDate, session_end)})


def agency(row: api.Org) -> LocalEducationAgency:
    """An agency: an organization of type `district`."""
    return LocalEducationAgency(
        vendor_id=row.sourcedId, local_education_agency_id=row.identifier or row.sourcedId, name=row.name
    )


def org_number(row: api.Org) -> str:
    """The district's number of an organization: `identifier`, or `sourcedId` if there is none."""
    return row.identifier or row.sourcedId


def school_id(row: api.Org) -> SchoolId:
    """The district's number of a school."""
    return SchoolId(org_number(row))


def school(row: api.Org) -> School:
    """A school: an organization of type `school`. OneRoster does not have the grade levels of schools."""
    return School(vendor_id=row.sourcedId, school_id=school_id(row), name=row.name, grade_levels=[])


def session(row: api.AcademicSession, school: SchoolId, calendar: Calendar) -> Session | None:
    """A term of a school; None if it has no dates or no school year."""
    year = calendar.year_of(row.sourcedId)
    if row.startDate is None or row.endDate is None or year is None:
        return None
    return Session(
        vendor_id=row.sourcedId,
        school_id=school,
        school_year=year,
        session_name=row.title,
        term=Descriptor(code_value=row.title),
        begin_date=row.startDate,
        end_date=row.endDate,
    )


def section(row: api.Class, school: SchoolId, calendar: Calendar, courses: Mapping[str, api.Course]) -> Section:
    """
    A section: a class, with the first of its terms.

    Raises:
        PayloadError: The class has no term with a school year.
    """
    terms = [calendar.sessions[term.sourcedId] for term in row.terms if term.sourcedId in calendar.sessions]
    terms.sort(key=lambda term: (term.startDate or dt.date.max, term.sourcedId))
    year = calendar.year_of(terms[0].sourcedId) if terms else None
    if year is None:
        raise PayloadError("a class without a term that has a school year")
    course = courses.get(row.course.sourcedId) if row.course else None
    code = course.courseCode if course else None
    return Section(
        vendor_id=row.sourcedId,
        section_id=SectionId(row.sourcedId),
        school_id=school,
        section_identifier=row.classCode or row.sourcedId,
        section_name=row.title,
        session_name=terms[0].title,
        school_year=year,
        local_course_code=code or (row.course.sourcedId if row.course else row.sourcedId),
        class_periods=sorted({period.strip() for period in row.periods} - {""}),
        room=row.location,
    )


def course(row: api.Course, section: SectionId) -> Course:
    """The course that a section teaches."""
    return Course(
        vendor_id=row.sourcedId,
        section_id=section,
        course_code=row.courseCode or row.sourcedId,
        course_title=row.title,
        subjects=[subject(name) for name in row.subjects],
        subject_descriptors=[Descriptor(code_value=name) for name in row.subjects],
    )


def grading_period(link: Ref | None, calendar: Calendar) -> GradingPeriod | None:
    """The grading period of a grade; None if the grade names none, or one without a school year."""
    row = calendar.sessions.get(link.sourcedId) if link else None
    year = calendar.year_of(row.sourcedId) if row else None
    if row is None or year is None:
        return None
    return GradingPeriod(name=row.title, descriptor=Descriptor(code_value=row.title), school_year=year)
