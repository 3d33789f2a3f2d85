"""Access of viewers: their grants, the students in their reach, and what viewers of one scope may share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Protocol, TypeVar

from student_graph.adapters.answers import Ref
from student_graph.adapters.model import DistrictId, GradeLevel, SchoolId, Sensitivity, StaffId, StudentId
from student_graph.adapters.sources import District

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Grant:
    """Classes of data that a viewer may see in addition to the open one, and the limits within which."""

    classes: frozenset[Sensitivity]
    district: DistrictId | None = None
    """Only records of this district; None for all districts of the viewer."""
    schools: frozenset[SchoolId] | None = None
    """Only students enrolled at one of these schools; None for all students."""
    students: frozenset[StudentId] | None = None
    """Only these students; None for all students."""
    purpose: str | None = None
    """Only requests that state this purpose; None for all requests."""
    until: date | None = None
    """Last day, in the district's calendar; None if the grant does not end."""

    @property
    def is_limited(self) -> bool:
        """Whether the grant is for some students only."""
        return self.schools is not None or self.students is not None

    def applies(self, district: DistrictId, today: date, purpose: str | None) -> bool:
        """Return whether the grant applies in a district on a day, for a request that states a purpose."""
        return (
            self.district in (None, district)
            and (self.until is None or today <= self.until)
            and self.purpose in (None, purpose)
        )


OPEN_CLASSES = frozenset({Sensitivity.OPEN})
"""Classes of data that need no grant."""


def unlimited_grants(*classes: Sensitivity) -> frozenset[Grant]:
    """Return a grant of classes without limits, in all districts of a viewer; no grant without classes."""
    return frozenset({Grant(frozenset(classes))}) if classes else frozenset()


@dataclass(frozen=True, slots=True)
class AssignedStudents:
    """Students that a district assigned to a member of staff outside the SIS: a grade level or a caseload."""

    district: DistrictId
    schools: frozenset[SchoolId] = frozenset()
    """Students enrolled at these schools."""
    grade_levels: frozenset[GradeLevel] | None = None
    """Only students of the schools in these grade levels; None for all."""
    students: frozenset[StudentId] = frozenset()
    """These students, such as a caseload."""
    begin: date | None = None
    """First day, in the district's calendar; None if there is no first day."""
    until: date | None = None
    """Last day; None if the assignment does not end."""

    def applies(self, district: DistrictId, today: date) -> bool:
        """Return whether the assignment applies in a district on a day."""
        return (
            self.district == district
            and (self.begin is None or self.begin <= today)
            and (self.until is None or today <= self.until)
        )


@dataclass(frozen=True, slots=True)
class Emergency:
    """Break-glass access for a child's health or safety. A request that uses it sees these students only."""

    name: str
    """Name of the emergency in the disclosure log."""
    district: DistrictId
    students: frozenset[StudentId]
    classes: frozenset[Sensitivity]


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """The students of one district that a viewer may see."""

    everybody: bool = False
    """Whether the viewer may see all students of the district."""
    groups: Mapping[Ref, frozenset[StudentId]] = field(default_factory=dict)
    """Students by the section, school, caseload or person that connects them to the viewer."""
    staff_id: StaffId | None = None
    """The viewer's number as a member of staff; None for others."""
    limited_classes: Mapping[Sensitivity, frozenset[StudentId]] = field(default_factory=dict)
    """For each class of data that is granted for some students only: these students."""
    students: frozenset[StudentId] = field(init=False)
    """All students in the groups; empty if the viewer may see everybody."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "students", frozenset().union(*self.groups.values()))

    def contains(self, student: StudentId) -> bool:
        """Return whether the viewer may see the student."""
        return self.everybody or student in self.students

    def with_spellings(self, spellings: Mapping[StudentId, frozenset[StudentId]]) -> Reach:
        """Return the same reach, in which each of these students has other spellings of the number as well."""

        def spelled(students: frozenset[StudentId]) -> frozenset[StudentId]:
            return students.union(*(spellings[student] for student in students & spellings.keys()))

        return replace(
            self,
            groups={ref: spelled(students) for ref, students in self.groups.items()},
            limited_classes={kind: spelled(students) for kind, students in self.limited_classes.items()},
        )

    def refs_of(self, student: StudentId) -> list[Ref]:
        """Return what connects a student to the viewer; empty for other students, whether or not they exist."""
        return [ref for ref, students in self.groups.items() if student in students]


@dataclass(frozen=True, slots=True)
class Rights:
    """The classes of data that a viewer may see in one district today."""

    for_all: frozenset[Sensitivity]
    """Classes that the viewer may see of every student within reach."""
    for_some: frozenset[Sensitivity] = frozenset()
    """Classes that the viewer may see of some of these students only."""
    for_any: frozenset[Sensitivity] = field(init=False)
    """Classes that the viewer may see of at least some students."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "for_any", self.for_all | self.for_some)

    def allow(self, sensitivity: Sensitivity) -> bool:
        """Return whether the viewer may see a class of at least some students."""
        return sensitivity in self.for_any

    def visible_students(self, sensitivity: Sensitivity, reach: Reach) -> frozenset[StudentId] | None:
        """Return the students whose records of a class the viewer may see; None for all of the district."""
        if sensitivity in self.for_all:
            return None if reach.everybody else reach.students
        students = reach.limited_classes.get(sensitivity, frozenset())
        return students if reach.everybody else students & reach.students


@dataclass(frozen=True, slots=True)
class TableScope:
    """
    Everything about a viewer that decides what the viewer can compute in a district.

    Viewers of an equal scope get the same records for every lookup, so they may share what is computed from them.
    """

    district: DistrictId
    day: date
    """The day in the district's calendar: rights and tables change with it."""
    students: frozenset[StudentId] | None
    """The students within reach; None if these are all students of the district."""
    classes: frozenset[Sensitivity]
    """The classes of data that are granted for all of these students."""
    limited_classes: frozenset[tuple[Sensitivity, frozenset[StudentId]]]
    """The classes that are granted for some of these students only, with these students."""
    limited_rights: frozenset[Sensitivity]
    """The classes that are granted for some students only, also if none of these students is within reach."""

    @classmethod
    def of(cls, district: District, reach: Reach, rights: Rights) -> TableScope:
        """Return the scope of a viewer with a reach and rights in a district."""
        return cls(
            district.id,
            district.today(),
            None if reach.everybody else reach.students,
            rights.for_all,
            frozenset(reach.limited_classes.items()),
            rights.for_some,
        )


@dataclass(frozen=True, slots=True)
class TableKey:
    """What a finished table is kept under."""

    scope: TableScope
    kind: str
    """What is computed, such as `population`."""
    request: Hashable
    """The request, complete: equal requests of an equal scope give equal tables from the same records."""


class FinishedTables(Protocol):
    """The finished tables of a process, as one operation uses them."""

    async def get(
        self,
        key: TableKey,
        compute: Callable[[Any], Awaitable[T]],
        size_of: Callable[[T], int],
        *,
        goes_on: bool = False,
    ) -> T:
        """
        Return a finished table, or compute it and keep it.

        With `goes_on`, what reads many students for the table (`Context.counting`) may take longer than the
        operation: that gets the error `DEADLINE`, and a later one waits for the same computation.

        `compute` gets a `Context` of the same viewer and operation, and must read all records through it, because
        what it reads decides how long the table is kept: until the first of the records is no longer fresh, or is
        replaced or removed. A table is not kept if a record is stale or an answer failed. `size_of` returns the
        bytes that a table takes, by estimate. The operation counts what the table rests on as read, whether or not
        it was kept.

        Raises:
            Exception: whatever `compute` raises. Nothing is kept then.
        """


def merge_groups(groups: Iterable[tuple[Ref, frozenset[StudentId]]]) -> dict[Ref, frozenset[StudentId]]:
    """Merge the groups with the same reference, and leave out empty ones."""
    merged: dict[Ref, frozenset[StudentId]] = {}
    for ref, students in groups:
        if students:
            merged[ref] = merged.get(ref, frozenset()) | students
    return merged
