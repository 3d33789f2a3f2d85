"""The filter of a student list, as clients write it and as it is resolved."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, NamedTuple, TypeAlias

import strawberry

from student_graph.adapters import lookup, model
from student_graph.adapters.sources import District, Key
from student_graph.resolvers.cohorts.conditions.inputs import StudentCondition, StudentOrder
from student_graph.resolvers.context import Context, Info
from student_graph.resolvers.fields.docstrings import described, described_enum
from student_graph.resolvers.fields.errors import bad_input
from student_graph.resolvers.fields.ids import parse_district_id, parse_school, parse_student_id
from student_graph.resolvers.fields.paging import Cursors, PageInfo
from student_graph.resolvers.student_list.matching import fold

MAX_FILTER_IDS = 100
MAX_NAME_CHARACTERS = 100

described_enum(model.GradeLevel)


@described
@strawberry.input
class StudentFilter:
    """Which students to list. Students must meet every condition that is set."""

    district: strawberry.ID | None = None
    """The district, by id or short name; may be omitted by viewers of one district."""
    districts: list[strawberry.ID] | None = None
    """
    Several districts in place of `district`, at most 100; those that you do not have are left out.

    Students are listed district by district. If a district fails, the others are listed, without `totalCount`.
    """
    school: strawberry.ID | None = None
    """Only students enrolled on the day at this school, given as its id or as the district's own number of it."""
    schools: list[strawberry.ID] | None = None
    """Only students enrolled on the day at one of these schools, each given as `school` is; at most 100."""
    ids: list[str] | None = None
    """Only students with these unique numbers of the district; at most 100."""
    identifiers: list[str] | None = None
    """
    Only students with one of these identifiers in any system, such as a local number; at most 100.

    An identifier must be exactly as recorded. Identifiers belong to the class `PII`.
    """
    name: str | None = None
    """Every word must be the beginning of a first, middle, preferred or last name, ignoring case and accents."""
    grade_levels: list[model.GradeLevel] | None = None
    """Only students enrolled in one of these grade levels on the day."""
    as_of: date | None = None
    """The day for enrollment, grade level and `where`; today if omitted."""
    where: StudentCondition | None = None
    """Only students who meet this condition. All of them are found for each page, to count and to order them."""


FilterArgument: TypeAlias = Annotated[
    StudentFilter | None, strawberry.argument(description="Which of the students; all if omitted.")
]
"""A filter within the school or district that the field belongs to."""
OrderBy: TypeAlias = Annotated[
    StudentOrder | None,
    strawberry.argument(description="The order of the list; by student number if omitted."),
]


class StudentGroup(NamedTuple):
    """Students of a district that belong together, such as a caseload."""

    district: model.DistrictId
    key: str
    """Names the group in the district."""
    students: frozenset[model.StudentId]


@dataclass(frozen=True, slots=True)
class ResolvedFilter:
    """A filter whose parts are all checked and resolved."""

    district: District
    schools: tuple[model.SchoolId, ...] | None
    ids: tuple[model.StudentId, ...] | None
    words: tuple[str, ...]
    """Beginnings of names, without case and accents."""
    name: str | None
    grade_levels: tuple[model.GradeLevel, ...] | None
    as_of: date
    where: StudentCondition | None = None
    identifiers: frozenset[str] | None = None
    group: StudentGroup | None = None

    @property
    def named_ids(self) -> tuple[model.StudentId, ...] | None:
        """The only students who may match, by number: those named by `ids`, in the group; None for all."""
        if self.group is None:
            return self.ids
        students = self.group.students if self.ids is None else self.group.students.intersection(self.ids)
        return tuple(sorted(students))

    @property
    def has_conditions(self) -> bool:
        """Whether students must meet conditions on records other than names and enrollments at schools."""
        return self.where is not None or self.identifiers is not None

    def cursors(self, info: Info, parts: int, order: StudentOrder | None = None) -> Cursors:
        """
        Return the cursors of this list, whose positions have so many parts.

        A position in an `order` holds a value of a student, so its cursors are sealed.
        """
        binding = ("students", self.district.id, self.digest(order))
        return Cursors(info.context.signer, binding, parts, sealed=order is not None)

    def key(self, order: StudentOrder | None = None) -> tuple[Any, ...]:
        """Return all conditions and the order, in a form that can be compared; a group by its students, too."""
        return (*self._conditions(), self.group and self.group.students, repr(self.where), repr(order))

    def digest(self, order: StudentOrder | None = None) -> str:
        """Return a text that differs for other conditions, and stays the same when other students meet them."""
        conditions = self._conditions()
        if self.where is not None or order is not None:
            conditions += (repr(self.where), repr(order))
        return hashlib.sha256(repr(conditions).encode()).hexdigest()[:16]

    def _conditions(self) -> tuple[Any, ...]:
        return (
            self.schools,
            self.ids,
            self.words,
            self.grade_levels,
            self.as_of.isoformat(),
            None if self.identifiers is None else tuple(sorted(self.identifiers)),
            self.group and self.group.key,
        )

    def vendor_filter(self) -> lookup.StudentFilter | None:
        """
        Return the conditions that a vendor may apply; None if there are none.

        A vendor does not know the meanings that the district gives to its codes of grade levels.
        """
        maps_levels = any(source.maps("grade_level") for source in self.district.sources)
        levels = None if maps_levels else self.grade_levels
        if not self.words and levels is None:
            return None
        return lookup.StudentFilter(name=self.name, grade_levels=levels)


class ListEntry(NamedTuple):
    """One student of a list."""

    cursor: str
    student_id: model.StudentId
    student: model.Student | None
    """The record, if it has been loaded."""


class StudentPage(NamedTuple):
    """One page of a list of students."""

    entries: list[ListEntry]
    info: PageInfo
    total: int | None
    """Number of students on all pages, if known."""
    undecided: int | None = None
    """Number of students that a condition could not decide; None for a list without one."""


def resolve_filter(
    info: Info, filter: StudentFilter, school: Key | None = None, group: StudentGroup | None = None
) -> list[ResolvedFilter] | None:
    """
    Check and resolve a filter, within `school` or `group` if the field belongs to one.

    Returns one for each district, ordered by short name; None if the viewer has none of the districts.

    Raises:
        AdapterError: an id that this graph cannot have made.
        GraphQLError: the filter names no district, conflicts with the field, or is too large.
    """
    _check_size(filter)
    if (school or group) and any((filter.district, filter.districts, filter.school, filter.schools)):
        raise bad_input("filter: omit districts and schools, because the field belongs to one.")
    schools = _school_keys(info, filter) if school is None else [school]
    if group is not None:
        district_ids = [group.district]
    elif schools is not None:
        district_ids = [key.district for key in schools]
    else:
        district_ids = _district_ids(info, filter)
    districts = [visible_district(info.context, id_) for id_ in sorted(set(district_ids))]
    visible = [district for district in districts if district is not None]
    if districts and not visible:
        return None
    words = tuple(sorted(fold(filter.name or "").split()))
    return [
        ResolvedFilter(
            district=district,
            schools=None
            if schools is None
            else tuple(sorted({k.id for k in schools if k.district == district.id})),
            ids=None if filter.ids is None else tuple(sorted({parse_student_id(text) for text in filter.ids})),
            words=words,
            name=filter.name if words else None,
            grade_levels=None if filter.grade_levels is None else tuple(filter.grade_levels),
            as_of=filter.as_of or district.today(),
            where=filter.where,
            identifiers=None if filter.identifiers is None else frozenset(filter.identifiers),
            group=group,
        )
        for district in visible
    ]


def visible_district(context: Context, district: model.DistrictId) -> District | None:
    """Return a district of the viewer; None for every other id, whether or not the district exists."""
    return context.sources.districts.get(district) if district in context.viewer.districts else None


def single_district(info: Info) -> model.DistrictId:
    """
    Return the viewer's only district.

    Raises:
        GraphQLError: the viewer has several districts, or none.
    """
    if len(info.context.viewer.districts) != 1:
        raise bad_input("district: name one, because you do not have exactly one district.")
    [district] = info.context.viewer.districts
    return district


def _school_keys(info: Info, filter: StudentFilter) -> list[Key] | None:
    """Return the keys of the schools in a filter; None if it has no condition of a school."""
    if filter.school and filter.schools is not None:
        raise bad_input("filter: set school or schools, not both.")
    names = [filter.school] if filter.school else filter.schools
    if names is None:
        return None
    keys = [Key(*parse_school(str(name), lambda: _single_district(info, filter))) for name in names]
    if filter.district or filter.districts is not None:
        districts = _district_ids(info, filter)
        if any(key.district not in districts for key in keys):
            raise bad_input("filter: the school belongs to another district.")
    return keys


def _single_district(info: Info, filter: StudentFilter) -> model.DistrictId:
    """Return the district of schools that are named by number."""
    districts = _district_ids(info, filter)
    if len(districts) != 1:
        raise bad_input("filter.schools: name schools of several districts by id.")
    return districts[0]


def _district_ids(info: Info, filter: StudentFilter) -> list[model.DistrictId]:
    if filter.districts is None:
        return [parse_district_id(filter.district) if filter.district else single_district(info)]
    if filter.district:
        raise bad_input("filter: set district or districts, not both.")
    return [parse_district_id(text) for text in dict.fromkeys(filter.districts)]


def _check_size(filter: StudentFilter) -> None:
    for name in ("ids", "identifiers", "schools", "districts"):
        if len(getattr(filter, name) or ()) > MAX_FILTER_IDS:
            raise bad_input(f"filter.{name}: name at most {MAX_FILTER_IDS}.")
    if len(filter.name or "") > MAX_NAME_CHARACTERS:
        raise bad_input(f"filter.name: at most {MAX_NAME_CHARACTERS} characters.")
