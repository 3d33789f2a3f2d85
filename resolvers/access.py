"""Whom a viewer may see, and which classes of data: grants as given, and a viewer's students as found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from student_graph.adapters.answers import Ref
from student_graph.adapters.model import DistrictId, GradeLevel, SchoolId, Sensitivity, StaffId, StudentId


@dataclass(frozen=True, slots=True)
class Grant:
    """Classes of data beside the open one, and within which bounds they may be seen."""

    classes: frozenset[Sensitivity]
    district: DistrictId | None = None
    """The district whose records it opens; None for all districts of the viewer."""
    schools: frozenset[SchoolId] | None = None
    """Only of students enrolled at one of these schools; None for all."""
    students: frozenset[StudentId] | None = None
    """Only of these students; None for all."""
    purpose: str | None = None
    """Only for requests that state this purpose; None for all requests."""
    until: date | None = None
    """Last day, in the district's calendar; None for as long as the settings say so."""

    @property
    def bounded(self) -> bool:
        """Whether it opens its classes for some students only."""
        return self.schools is not None or self.students is not None

    def holds(self, district: DistrictId, today: date, purpose: str | None) -> bool:
        """Whether it opens anything of a district on a day, for a request that states a purpose."""
        return (
            self.district in (None, district)
            and (self.until is None or today <= self.until)
            and self.purpose in (None, purpose)
        )


def unlimited_grants(*classes: Sensitivity) -> frozenset[Grant]:
    """Classes without bounds, in all districts of a viewer."""
    return frozenset({Grant(frozenset(classes))}) if classes else frozenset()


@dataclass(frozen=True, slots=True)
class AssignedStudents:
    """Students whom a district gave to a member of staff beside those whom the SIS tells: a grade, a caseload."""

    district: DistrictId
    schools: frozenset[SchoolId] = frozenset()
    """Students enrolled at these schools."""
    grade_levels: frozenset[GradeLevel] | None = None
    """Only in these grade levels; None for all."""
    students: frozenset[StudentId] = frozenset()
    """These students, such as a caseload."""
    begin: date | None = None
    """First day, in the district's calendar; None for always."""
    until: date | None = None
    """Last day; None while the settings say so."""

    def holds(self, district: DistrictId, today: date) -> bool:
        """Whether it counts in a district on a day."""
        return (
            self.district == district
            and (self.begin is None or self.begin <= today)
            and (self.until is None or today <= self.until)
        )


@dataclass(frozen=True, slots=True)
class Emergency:
    """What was opened for a child's health or safety: while it is used, its viewer sees these students only."""

    name: str
    """What the opening is called in the record of disclosures."""
    district: DistrictId
    students: frozenset[StudentId]
    classes: frozenset[Sensitivity]


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """The students of one district whom a viewer may see."""

    everybody: bool = False
    """Whether all of the district."""
    through: Mapping[Ref, frozenset[StudentId]] = field(default_factory=dict)
    """By what they are reached, such as the section that the viewer teaches."""
    staff_id: StaffId | None = None
    """The viewer's number as a member of staff; None for others."""
    bounded: Mapping[Sensitivity, frozenset[StudentId]] = field(default_factory=dict)
    """Of classes that are granted for some students only: for whom."""
    students: frozenset[StudentId] = field(init=False)
    """All of them; empty for everybody."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "students", frozenset().union(*self.through.values()))

    def has(self, student: StudentId) -> bool:
        """Whether the student is one of them."""
        return self.everybody or student in self.students

    def why(self, student: StudentId) -> list[Ref]:
        """Through what a student is reached; nothing for everybody else, whether or not they exist."""
        return [ref for ref, students in self.through.items() if student in students]


def merge_students(parts: Iterable[tuple[Ref, frozenset[StudentId]]]) -> dict[Ref, frozenset[StudentId]]:
    """Students by what they are reached through; what reaches nobody is left out."""
    found: dict[Ref, frozenset[StudentId]] = {}
    for ref, students in parts:
        if students:
            found[ref] = found.get(ref, frozenset()) | students
    return found
