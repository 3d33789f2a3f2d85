"""Facts about students in the system of record: attendance, behavior, grades, tests and services."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time

from student_graph.adapters.sandbox.facts.roster import SectionEnrollmentFact, SectionFact


@dataclass(slots=True, kw_only=True)
class AttendanceFact:
    """An attendance event of a student on a school day, or in one section on a day."""

    student: str
    school: int
    year: int
    session: str
    day: date
    category: str
    """Attendance event category code; no standard maps `Truant (local)` in the namespace `uri://local`"""
    namespace: str = "uri://ed-fi.org"
    reason: str | None = None
    duration: float | None = None
    section: SectionFact | None = None
    """None for an event about the school day"""
    arrival: time | None = None
    departure: time | None = None
    periods: tuple[str, ...] = ()
    """Names of the section's class periods that it is about; empty if not recorded"""


@dataclass(slots=True, kw_only=True)
class IncidentFact:
    """A discipline incident, with the students in it and their parts."""

    id: str
    school: int
    day: date
    at: time | None
    location: str | None
    parts: tuple[tuple[str, str, str], ...]
    """(student, behavior code, participation code)"""


@dataclass(slots=True, kw_only=True)
class ActionFact:
    """An action taken with one student after incidents."""

    id: str
    student: str
    school: int
    day: date
    disciplines: tuple[str, ...]
    length: float
    incidents: tuple[tuple[str, str], ...]
    """(incident, behavior code)"""


@dataclass(slots=True, kw_only=True)
class GradeFact:
    """A posted grade: numeric, letter or both."""

    enrollment: SectionEnrollmentFact
    period: tuple[str, str, int, date, date] | None
    kind: str
    """Grade type code, such as `Grading Period`, `Semester`, `Final`"""
    numeric: float | None
    letter: str | None
    current: bool = False


@dataclass(slots=True, kw_only=True)
class TranscriptFact:
    """Credits and grade point average of a student at the end of a term, earlier terms included."""

    student: str
    year: int
    term: str
    earned: float
    attempted: float
    gpa: float | None


@dataclass(slots=True, kw_only=True)
class AssessmentFact:
    """A test, independent of the students who take it."""

    id: str
    namespace: str
    title: str
    family: str
    subject: str
    version: int
    objectives: tuple[tuple[str, str], ...] = ()
    """(identification code, description)"""


@dataclass(slots=True, kw_only=True, frozen=True)
class AssessmentTakerFact:
    """The test taker as an assessment vendor's file describes them, which may be wrong."""

    ids: tuple[tuple[str, str], ...]
    """(system of the number, number), such as `("State", "604822")`, the vendor's primary number first"""
    first: str | None = None
    last: str | None = None
    birth: date | None = None


@dataclass(slots=True, kw_only=True)
class ResultFact:
    """A student's result in a test on one occasion."""

    id: str
    student: str
    assessment: AssessmentFact
    at: datetime
    year: int
    grade: str
    scores: tuple[tuple[str, str, str], ...]
    """(reporting method code, datatype code, result as text)"""
    level: tuple[str, str] | None = None
    """(reporting method code, performance level code)"""
    objectives: tuple[tuple[str, str], ...] = ()
    """(objective's identification code, raw score as text)"""
    objective_levels: tuple[tuple[str, str], ...] = ()
    """(objective's identification code, performance level code)"""
    retest: bool = False
    taker: AssessmentTakerFact | None = None
    """The test taker, for a vendor with its own users; `student` is then the vendor's primary number"""


@dataclass(slots=True, kw_only=True)
class ProgramFact:
    """A student's participation in a program."""

    student: str
    kind: str
    """
    `special education`, `section 504`, `language`, `title i`, `homeless`, `migrant`, `food service` or `other`
    """
    program: str
    program_type: str
    begin: date
    end: date | None = None
    services: tuple[str, ...] = ()
    details: dict[str, str] = field(default_factory=dict)
    """Further codes of the kind of program: `disability`, `setting`, `residence`"""


@dataclass(slots=True, kw_only=True)
class ProgramStaffFact:
    """A staff member of a program."""

    staff: str
    program: str
    program_type: str
    begin: date
    end: date | None = None
    records: bool | None = True
    """Whether the person may see the students' records; None if not recorded"""


@dataclass(slots=True, kw_only=True)
class CohortFact:
    """A group of students of one school or agency who are served outside classes, and its staff."""

    id: str
    organization: int
    staff: tuple[tuple[str, date, date | None, bool | None], ...]
    """(staff id, first day, last day, whether the person may see the students' records or None)"""
    students: tuple[tuple[str, date, date | None], ...]
    """(student, first day, last day)"""


@dataclass(slots=True, kw_only=True)
class BusFact:
    """A student's school bus."""

    student: str
    bus: str
    route: str
    miles: float
    days: tuple[str, ...]
    direction: str
