"""The dimensions by which students are counted: the classes of data that they read, and how groups overlap."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from student_graph.adapters.contract import Adapter
from student_graph.adapters.model import ProgramType, SectionEnrollment, Sensitivity
from student_graph.resolvers.metrics.groups import GROUPINGS, Grouping, MealStatus
from student_graph.resolvers.metrics.meanings import RaceEthnicity, Sex


class Dimension(Enum):
    """A way to put the students of a cohort into groups."""

    SCHOOL = "School"
    """The school, by its number. A student of two schools counts at each."""
    GRADE_LEVEL = "Grade level"
    SECTION = "Section"
    """The section, by its identifier. A student counts in each of their sections."""
    PROGRAM = "Program"
    """The type of program. A student counts in each of their programs."""
    ENGLISH_LEARNER = "English learner"
    SPECIAL_EDUCATION = "Special education"
    SECTION_504 = "Section 504"
    HOMELESS = "Homeless"
    MEAL_STATUS = "Meal status"
    FREE_OR_REDUCED_MEALS = "Free or reduced meals"
    RACE_ETHNICITY = "Race and ethnicity"
    SEX = "Sex"
    BUS_ROUTE = "Bus route"
    """The route of the bus. A student counts on each of their routes."""


@dataclass(frozen=True, slots=True)
class DimensionSpec:
    """How a dimension is read, and what its groups have in common."""

    sensitivity: Sensitivity
    """The class of data that it reads."""
    lookup: Callable[..., Any]
    """The lookup of `Adapter` that has its records, by student."""
    overlapping: bool = False
    """Whether a student may be in several of its groups."""
    names: tuple[str, ...] = ()
    """Groups that are listed even if nobody is in them: that nobody is must not be visible either."""
    refused_for: Dimension | None = None
    """The dimension to use instead, if small cells are hidden: its groups add up to those of this one."""


def _spec(dimension: Dimension, lookup: Callable[..., Any], **options: Any) -> DimensionSpec:
    return DimensionSpec(GROUPINGS[Grouping[dimension.name]].sensitivity, lookup, **options)


def _names(members: type[Enum]) -> tuple[str, ...]:
    return tuple(member.name for member in members)


DIMENSIONS: Mapping[Dimension, DimensionSpec] = {
    Dimension.SCHOOL: _spec(Dimension.SCHOOL, Adapter.school_enrollments_by_student, overlapping=True),
    Dimension.GRADE_LEVEL: _spec(Dimension.GRADE_LEVEL, Adapter.school_enrollments_by_student),
    Dimension.SECTION: DimensionSpec(
        SectionEnrollment.sensitivity, Adapter.section_enrollments_by_student, overlapping=True
    ),
    Dimension.PROGRAM: _spec(
        Dimension.PROGRAM, Adapter.program_participations_by_student, overlapping=True, names=_names(ProgramType)
    ),
    Dimension.ENGLISH_LEARNER: _spec(
        Dimension.ENGLISH_LEARNER,
        Adapter.program_participations_by_student,
        names=("ENGLISH_LEARNER",),
        refused_for=Dimension.PROGRAM,
    ),
    Dimension.SPECIAL_EDUCATION: _spec(
        Dimension.SPECIAL_EDUCATION, Adapter.special_education_by_student, names=("SPECIAL_EDUCATION",)
    ),
    Dimension.SECTION_504: _spec(Dimension.SECTION_504, Adapter.section_504_by_student, names=("SECTION_504",)),
    Dimension.HOMELESS: _spec(Dimension.HOMELESS, Adapter.homelessness_by_student, names=("HOMELESS",)),
    Dimension.MEAL_STATUS: _spec(Dimension.MEAL_STATUS, Adapter.food_service_by_student, names=_names(MealStatus)),
    Dimension.FREE_OR_REDUCED_MEALS: _spec(
        Dimension.FREE_OR_REDUCED_MEALS,
        Adapter.food_service_by_student,
        names=("FREE_OR_REDUCED_MEALS",),
        refused_for=Dimension.MEAL_STATUS,
    ),
    Dimension.RACE_ETHNICITY: _spec(
        Dimension.RACE_ETHNICITY, Adapter.demographics_by_student, names=_names(RaceEthnicity)
    ),
    Dimension.SEX: _spec(Dimension.SEX, Adapter.demographics_by_student, names=_names(Sex)),
    Dimension.BUS_ROUTE: _spec(Dimension.BUS_ROUTE, Adapter.transportation_by_student, overlapping=True),
}
"""How each dimension is read."""
