"""What the system of record keeps about a child: attendance, behavior, grades, tests and services."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time

from student_graph.adapters.sandbox.facts.roster import SectionEnrollmentFact, SectionFact


@dataclass(slots=True, kw_only=True)
class AttendanceFact:
    """Something recorded about a student and a day, or one section on a day."""

    student: str
    school: int
    year: int
    session: str
    day: date
    category: str
    """Attendance event category code; `Truant (local)` in namespace `uri://local` is one no standard maps"""
    namespace: str = "uri://ed-fi.org"
    reason: str | None = None
    duration: float | None = None
    section: SectionFact | None = None
    """None for an event about the school day"""
    arrival: time | None = None


@dataclass(slots=True, kw_only=True)
class IncidentFact:
    """A disciplinary incident and who had which part in it."""

    id: str
    school: int
    day: date
    at: time | None
    location: str | None
    parts: tuple[tuple[str, str, str], ...]
    """(student, behavior code, participation code)"""


@dataclass(slots=True, kw_only=True)
class ActionFact:
    """What followed for one student from incidents."""

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
    """A test as such."""

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
    """Whom an assessment vendor says that results are about, right or wrong: everything that its file says."""

    ids: tuple[tuple[str, str], ...]
    """(whose number, number), such as `("State", "604822")`, the vendor's first one first"""
    first: str | None = None
    last: str | None = None
    birth: date | None = None


@dataclass(slots=True, kw_only=True)
class ResultFact:
    """What a student reached in a test on one occasion."""

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
    retest: bool = False
    taker: AssessmentTakerFact | None = None
    """Whom a vendor with users of its own says it is about; `student` is then the vendor's first number"""


@dataclass(slots=True, kw_only=True)
class ProgramFact:
    """A student's part in a program."""

    student: str
    kind: str
    """`special education`, `language`, `title i`, `homeless`, `migrant`, `food service` or `other`"""
    program: str
    program_type: str
    begin: date
    end: date | None = None
    services: tuple[str, ...] = ()
    details: dict[str, str] = field(default_factory=dict)
    """Codes of what the kind has beside: `disability`, `setting`, `residence`"""


@dataclass(slots=True, kw_only=True)
class ProgramStaffFact:
    """A member of staff of a program, who may see the records of its students or not."""

    staff: str
    program: str
    program_type: str
    begin: date
    end: date | None = None
    records: bool | None = True
    """Whether the students' records are open to the person; None where nobody says"""


@dataclass(slots=True, kw_only=True)
class CohortFact:
    """Students of one organization who are served together beside classes, and by whom."""

    id: str
    organization: int
    staff: tuple[tuple[str, date, date | None, bool | None], ...]
    """(staff id, first day, last day, whether the students' records are open to the person)"""
    students: tuple[tuple[str, date, date | None], ...]
    """(student, first day, last day)"""


@dataclass(slots=True, kw_only=True)
class BusFact:
    """How a student rides to school."""

    student: str
    bus: str
    route: str
    miles: float
    days: tuple[str, ...]
    direction: str
