"""Facts of schools, terms, people and classes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time


@dataclass(slots=True, kw_only=True)
class SchoolFact:
    """A school and the grade levels it serves."""

    id: int
    name: str
    short_name: str
    grades: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class SessionFact:
    """A term of one school, with its grading periods."""

    school: int
    year: int
    name: str
    term: str
    begin: date
    end: date
    instructional_days: int
    periods: tuple[tuple[str, str, int, date, date], ...]
    """(name, descriptor code, sequence in the year, first day, last day)"""


@dataclass(slots=True, kw_only=True)
class CalendarFact:
    """A calendar of one school."""

    school: int
    year: int
    code: str
    days: tuple[tuple[date, str], ...]
    """(day, calendar event code such as `Instructional day` or `Holiday`)"""


@dataclass(slots=True, kw_only=True)
class AddressFact:
    """An address of a student."""

    kind: str
    """Address type code, such as `Home`"""
    street: str
    city: str
    state: str
    postal_code: str
    apartment: str | None = None
    periods: tuple[tuple[date, date | None], ...] = ()
    """(first day, last day)"""
    unlisted: bool = False
    """Whether the address must not be published"""


@dataclass(slots=True, kw_only=True)
class StudentFact:
    """A student, with all identifiers in the system of record."""

    id: str
    first: str
    last: str
    birth: date
    sex: str
    middle: str | None = None
    suffix: str | None = None
    preferred_first: str | None = None
    races: tuple[str, ...] = ()
    hispanic: bool = False
    email: str = ""
    codes: tuple[tuple[str, str], ...] = ()
    """(identification system, code), such as `("District", "604822")`; `SSN` must never leave an adapter"""
    addresses: tuple[AddressFact, ...] = ()
    languages: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(language code, language use codes)"""
    english: str | None = None
    """Limited English proficiency code, such as `Limited`"""


@dataclass(slots=True, kw_only=True)
class EnrollmentFact:
    """A student's enrollment at a school; a student may have several."""

    student: str
    school: int
    year: int
    grade: str
    entry: date
    exit: date | None = None
    entry_type: str | None = None
    exit_type: str | None = None
    primary: bool = True
    calendar: str | None = None
    fte: float = 1.0


@dataclass(slots=True, kw_only=True)
class StaffFact:
    """A person employed by the district, and the position."""

    id: str
    first: str
    last: str
    email: str
    classification: str
    """Staff classification code, such as `Teacher`, `Principal`, `Superintendent`"""
    organization: int
    title: str
    begin: date


@dataclass(slots=True, kw_only=True)
class CourseFact:
    """A course of a school."""

    code: str
    title: str
    subject: str
    school: int


@dataclass(slots=True, kw_only=True)
class SectionFact:
    """A class: one course, taught to one group of students in one session."""

    identifier: str
    school: int
    year: int
    session: str
    course: str
    name: str
    staff: tuple[tuple[str, str, date, date | None], ...]
    """(staff id, classroom position code, first day, last day)"""
    periods: tuple[str, ...] = ()
    """Names of the class periods in which it meets"""
    room: str | None = None

    @property
    def key(self) -> tuple[int, int, str, str, str]:
        """School, year, session, course, identifier: unique."""
        return self.school, self.year, self.session, self.course, self.identifier


@dataclass(slots=True, kw_only=True)
class ClassPeriodFact:
    """A class period of one school."""

    school: int
    name: str
    meetings: tuple[tuple[time, time], ...]
    """(start, end)"""
    official: bool | None = None
    """Whether the school takes its official attendance in it; None if not recorded"""


@dataclass(slots=True, kw_only=True)
class SectionEnrollmentFact:
    """A student's enrollment in a section."""

    student: str
    section: SectionFact
    begin: date
    end: date | None = None
    homeroom: bool = False


@dataclass(slots=True, kw_only=True)
class ContactFact:
    """A parent, guardian or other contact of one student; siblings share the id."""

    id: str
    student: str
    first: str
    last: str
    relation: str
    email: str
    phone: str
    primary: bool
    lives_with: bool
    legal_guardian: bool = True
    restrictions: str | None = None
    """A restriction of contact, such as a court order"""
    unlisted: bool = False
    """Whether the telephone number must not be published"""
