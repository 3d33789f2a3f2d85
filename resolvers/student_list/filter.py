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
    school: strawberry.ID | None = None
    """Only students enrolled on the day at this school, given as its id or as the district's own number of it."""
    ids: list[str] | None = None
    """Only students with these unique numbers of the district; at most 100."""
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


@dataclass(frozen=True, slots=True)
class ResolvedFilter:
    """A filter whose parts are all checked and resolved."""

    district: District
    school: model.SchoolId | None
    ids: tuple[model.StudentId, ...] | None
    words: tuple[str, ...]
    """Beginnings of names, without case and accents."""
    name: str | None
    grade_levels: tuple[model.GradeLevel, ...] | None
    as_of: date
    where: StudentCondition | None = None

    def cursors(self, info: Info, parts: int, order: StudentOrder | None = None) -> Cursors:
        """
        Return the cursors of this list, whose positions have so many parts.

        A position in an `order` holds a value of a student, so its cursors are sealed.
        """
        conditions: tuple[Any, ...] = (
            self.school,
            self.ids,
            self.words,
            self.grade_levels,
            self.as_of.isoformat(),
        )
        if self.where is not None or order is not None:
            conditions += (repr(self.where), repr(order))
        digest = hashlib.sha256(repr(conditions).encode()).hexdigest()[:16]
        return Cursors(
            info.context.signer, ("students", self.district.id, digest), parts, sealed=order is not None
        )

    def vendor_filter(self) -> lookup.StudentFilter | None:
        """
        Return the conditions that a vendor may apply; None if there are none.

        A vendor knows nothing of the meanings that the district gives to its codes of grade levels.
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


def resolve_filter(info: Info, filter: StudentFilter, school: Key | None = None) -> ResolvedFilter | None:
    """
    Check and resolve a filter, within `school` if the field belongs to one.

    Returns None if the viewer has no such district.

    Raises:
        AdapterError: an id that this graph cannot have made.
        GraphQLError: the filter names no district, conflicts with `school`, or is too large.
    """
    if school is not None:
        if filter.district or filter.school:
            raise bad_input("filter: omit district and school, because the field belongs to one.")
    elif filter.school:
        school = _school_key(info, filter)
    district_id = school.district if school else _district_id(info, filter)
    district = visible_district(info.context, district_id)
    if district is None:
        return None
    words = tuple(sorted(fold(filter.name or "").split()))
    return ResolvedFilter(
        district=district,
        school=school.id if school else None,
        ids=_student_ids(filter),
        words=words,
        name=filter.name if words else None,
        grade_levels=None if filter.grade_levels is None else tuple(filter.grade_levels),
        as_of=filter.as_of or district.today(),
        where=filter.where,
    )


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


def _school_key(info: Info, filter: StudentFilter) -> Key:
    """Return the key of the school in a filter."""
    district, school = parse_school(str(filter.school), lambda: _district_id(info, filter))
    if filter.district and parse_district_id(filter.district) != district:
        raise bad_input("filter: the school belongs to another district.")
    return Key(district, school)


def _district_id(info: Info, filter: StudentFilter) -> model.DistrictId:
    return parse_district_id(filter.district) if filter.district else single_district(info)


def _student_ids(filter: StudentFilter) -> tuple[model.StudentId, ...] | None:
    """Return the student ids in a filter, each once and sorted; None if it has none. Checks the filter's size."""
    if len(filter.ids or ()) > MAX_FILTER_IDS:
        raise bad_input(f"filter.ids: name at most {MAX_FILTER_IDS}.")
    if len(filter.name or "") > MAX_NAME_CHARACTERS:
        raise bad_input(f"filter.name: at most {MAX_NAME_CHARACTERS} characters.")
    return None if filter.ids is None else tuple(sorted({parse_student_id(text) for text in filter.ids}))
