"""Among whom students are looked for: a district or a school, and what is asked of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Annotated, NamedTuple, TypeAlias

import strawberry

from student_graph.adapters import lookup, model
from student_graph.adapters.sources import District, Key
from student_graph.resolvers.context import Context, Info
from student_graph.resolvers.fields.docstrings import described, described_enum
from student_graph.resolvers.fields.errors import bad_input
from student_graph.resolvers.fields.ids import decode, parse_district_id, parse_student_id
from student_graph.resolvers.fields.paging import Cursors, PageInfo
from student_graph.resolvers.student_list.matching import folded

MOST_IDS = 100
LONGEST_NAME = 100

described_enum(model.GradeLevel)


@described
@strawberry.input
class StudentFilter:
    """Which students: everything that is named must hold."""

    district: strawberry.ID | None = None
    """The district, by id or short name; may be left out by viewers of one district."""
    school: strawberry.ID | None = None
    """Only students enrolled at this school on the day."""
    ids: list[str] | None = None
    """Only students with these unique numbers of the district; at most 100."""
    name: str | None = None
    """Every word must begin a given, middle, preferred or family name; case and accents do not matter."""
    grade_levels: list[model.GradeLevel] | None = None
    """Only students enrolled in one of these grade levels on the day."""
    as_of: date | None = None
    """The day that enrollment and grade level are looked at; today when left out."""


Filter: TypeAlias = Annotated[
    StudentFilter | None, strawberry.argument(description="Which of them; all by default.")
]
"""A filter within a school or district that the field itself names."""


@dataclass(frozen=True, slots=True)
class Scope:
    """A filter whose every part is checked and resolved."""

    district: District
    school: model.SchoolId | None
    ids: tuple[model.StudentId, ...] | None
    words: tuple[str, ...]
    """Beginnings of names, folded."""
    name: str | None
    grade_levels: tuple[model.GradeLevel, ...] | None
    as_of: date

    def cursors(self, info: Info, parts: int) -> Cursors:
        """The cursors of this list of students."""
        asked = (self.school, self.ids, self.words, self.grade_levels, self.as_of.isoformat())
        digest = hashlib.sha256(repr(asked).encode()).hexdigest()[:16]
        return Cursors(info.context.signer, ("students", self.district.id, digest), parts)

    def vendor_filter(self) -> lookup.StudentFilter | None:
        """What a vendor may filter by; None when there is nothing to filter."""
        if not self.words and self.grade_levels is None:
            return None
        return lookup.StudentFilter(name=self.name, grade_levels=self.grade_levels)


class Place(NamedTuple):
    """A student's place in a list."""

    cursor: str
    student_id: model.StudentId
    student: model.Student | None
    """The record, where it has been read already."""


class Listing(NamedTuple):
    """A page of a list of students."""

    places: list[Place]
    info: PageInfo
    total: int | None
    """How many there are on all pages, where known."""


def scope_of(info: Info, filter: StudentFilter, school: Key | None = None) -> Scope | None:
    """
    The scope that a filter names, within `school` where one is given; None when the viewer has no such district.

    Raises:
        AdapterError: an id that cannot be one.
        GraphQLError: the filter names no scope, or too much.
    """
    if school is not None:
        if filter.district or filter.school:
            raise bad_input("filter: leave out district and school, the field has its own.")
    elif filter.school:
        school = _school(filter)
    name = school.district if school else _district(info, filter)
    district = visible(info.context, name)
    if district is None:
        return None
    words = tuple(sorted(folded(filter.name or "").split()))
    return Scope(
        district=district,
        school=school.id if school else None,
        ids=_ids(filter),
        words=words,
        name=filter.name if words else None,
        grade_levels=None if filter.grade_levels is None else tuple(filter.grade_levels),
        as_of=filter.as_of or district.today(),
    )


def visible(context: Context, district: model.DistrictId) -> District | None:
    """A district of the viewer; None for others, whether or not they exist."""
    return context.sources.districts.get(district) if district in context.viewer.districts else None


def only_district(info: Info) -> model.DistrictId:
    """
    The viewer's district, for viewers of one.

    Raises:
        GraphQLError: the viewer has several, or none.
    """
    if len(info.context.viewer.districts) != 1:
        raise bad_input("district: name one, for the viewer has not just one.")
    [district] = info.context.viewer.districts
    return district


def _school(filter: StudentFilter) -> Key:
    """The school that a filter names."""
    named_school = decode(str(filter.school), "School")
    if filter.district and parse_district_id(filter.district) != named_school.district:
        raise bad_input("filter: the school is of another district.")
    return Key(named_school.district, model.SchoolId(named_school.key))


def _district(info: Info, filter: StudentFilter) -> model.DistrictId:
    return parse_district_id(filter.district) if filter.district else only_district(info)


def _ids(filter: StudentFilter) -> tuple[model.StudentId, ...] | None:
    """The students that a filter names, each once, in order."""
    if len(filter.ids or ()) > MOST_IDS:
        raise bad_input(f"filter.ids: name at most {MOST_IDS}.")
    if len(filter.name or "") > LONGEST_NAME:
        raise bad_input(f"filter.name: at most {LONGEST_NAME} characters.")
    return None if filter.ids is None else tuple(sorted({parse_student_id(text) for text in filter.ids}))
