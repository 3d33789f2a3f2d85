"""
The groups that a student belongs to on a day: grade level, programs, meals, disability, housing, race and more.

Pure functions of records. They serve as filters and as dimensions of aggregates. Each grouping has the class of
data of the records that it reads: viewers who may not see these records must not filter, sort or count by the
grouping either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Protocol

from student_graph.adapters.model import (
    Demographics,
    FoodService,
    GradeLevel,
    Homelessness,
    ProgramParticipation,
    ProgramType,
    Record,
    SchoolEnrollment,
    SchoolId,
    Section504,
    Sensitivity,
    SpecialEducation,
    Transportation,
)
from student_graph.adapters.model.code_mapping import meaning
from student_graph.resolvers.metrics.enrollment_years import until_next_year
from student_graph.resolvers.metrics.meanings import (
    DEFAULT_MEANINGS,
    CodeMeanings,
    MealService,
    RaceEthnicity,
    Sex,
)


class MealStatus(Enum):
    """What a student pays for meals, by the services of the meals programs."""

    FREE = "Free"
    REDUCED = "Reduced price"
    FULL_PRICE = "Full price"
    NOT_STATED = "Not stated"
    """The student takes part in a meals program, and no service that is known says at which price."""
    NONE_RECORDED = "None recorded"
    """No meals program is recorded on that day. This does not mean that the student pays the full price."""


class Grouping(Enum):
    """A way to put students into groups."""

    SCHOOL = "School"
    GRADE_LEVEL = "Grade level"
    PROGRAM = "Program"
    ENGLISH_LEARNER = "English learner"
    SPECIAL_EDUCATION = "Special education"
    SECTION_504 = "Section 504"
    HOMELESS = "Homeless"
    MEAL_STATUS = "Meal status"
    FREE_OR_REDUCED_MEALS = "Free or reduced meals"
    RACE_ETHNICITY = "Race and ethnicity"
    SEX = "Sex"
    BUS_ROUTE = "Bus route"


@dataclass(slots=True)
class GroupFacts:
    """The records of one student that groupings read. A part that no requested grouping needs is empty."""

    enrollments: Sequence[SchoolEnrollment] = ()
    programs: Sequence[ProgramParticipation] = ()
    special_education: Sequence[SpecialEducation] = ()
    section_504: Sequence[Section504] = ()
    homelessness: Sequence[Homelessness] = ()
    meals: Sequence[FoodService] = ()
    demographics: Demographics | None = None
    transportation: Sequence[Transportation] = ()


Groups = frozenset[str]
"""Names of the groups that a student belongs to; empty if nothing is recorded."""


@dataclass(frozen=True, slots=True)
class GroupingSpec:
    """A grouping: which records it reads, and how."""

    record: type[Record]
    """The records that it reads."""
    groups: Callable[[GroupFacts, date, CodeMeanings], Groups]
    """The student's groups on a day."""

    @property
    def sensitivity(self) -> Sensitivity:
        """The class of data of the grouping."""
        return self.record.sensitivity


class _Participation(Protocol):
    begin_date: date
    end_date: date | None


def participates(participation: _Participation, day: date) -> bool:
    """
    Whether a participation in a program lasts on a day.

    It lasts from its first day until, not including, its end, or the exit that the program itself records if that
    is earlier.
    """
    ends = [participation.end_date, getattr(participation, "exit_date", None)]
    return participation.begin_date <= day < min((end for end in ends if end is not None), default=date.max)


def meal_status(meals: Iterable[FoodService], day: date, meanings: CodeMeanings = DEFAULT_MEANINGS) -> MealStatus:
    """
    What a student pays for meals on a day, by the services of all meals programs that last on that day.

    Lunch decides before breakfast, and breakfast before other meals; for one meal, free before reduced.
    """
    current = [meal for meal in meals if participates(meal, day)]
    if not current:
        return MealStatus.NONE_RECORDED
    services = {meaning(meanings.meals, service) for meal in current for service in meal.services}
    deciding = next((service for service in MealService if service in services), None)
    return MealStatus.NOT_STATED if deciding is None else _STATUS_BY_SERVICE[deciding]


_STATUS_BY_SERVICE: Mapping[MealService, MealStatus] = {
    MealService.FREE_LUNCH: MealStatus.FREE,
    MealService.REDUCED_PRICE_LUNCH: MealStatus.REDUCED,
    MealService.FULL_PRICE_LUNCH: MealStatus.FULL_PRICE,
    MealService.FREE_BREAKFAST: MealStatus.FREE,
    MealService.REDUCED_PRICE_BREAKFAST: MealStatus.REDUCED,
    MealService.FULL_PRICE_BREAKFAST: MealStatus.FULL_PRICE,
    MealService.FREE_OTHER: MealStatus.FREE,
    MealService.REDUCED_PRICE_OTHER: MealStatus.REDUCED,
    MealService.FULL_PRICE_OTHER: MealStatus.FULL_PRICE,
    MealService.OTHER: MealStatus.NOT_STATED,
}


def program_types(programs: Iterable[ProgramParticipation], day: date) -> frozenset[ProgramType]:
    """The types of the programs in which a student participates on a day."""
    return frozenset(program.program_type for program in programs if participates(program, day))


def is_english_learner(programs: Iterable[ProgramParticipation], day: date) -> bool:
    """
    Whether a student takes part in English language instruction on a day.

    `districts.codes.program` says which programs these are; by default, they are ESL and bilingual programs.
    """
    return ProgramType.LANGUAGE_INSTRUCTION in program_types(programs, day)


def current_enrollments(enrollments: Iterable[SchoolEnrollment], day: date) -> list[SchoolEnrollment]:
    """The enrollments that last on a day, from the first day until, not including, the exit."""
    return [
        row
        for row in until_next_year(list(enrollments))
        if row.entry_date <= day and (row.exit_withdraw_date is None or day < row.exit_withdraw_date)
    ]


def schools(enrollments: Iterable[SchoolEnrollment], day: date) -> frozenset[SchoolId]:
    """The schools at which a student is enrolled on a day."""
    return frozenset(row.school_id for row in current_enrollments(enrollments, day))


def grade_level(enrollments: Iterable[SchoolEnrollment], day: date) -> GradeLevel | None:
    """A student's grade level on a day: at the primary school, or else where the enrollment began last."""
    current = current_enrollments(enrollments, day)
    main = max(current, key=lambda row: (bool(row.primary_school), row.entry_date), default=None)
    return None if main is None else main.grade_level


def race_ethnicity(
    demographics: Demographics | None, meanings: CodeMeanings = DEFAULT_MEANINGS
) -> RaceEthnicity | None:
    """
    A student's race and ethnicity in one category; None if nothing is recorded.

    As in federal reports, Hispanic or Latino counts before any race, and several races are `TWO_OR_MORE`.
    """
    if demographics is None:
        return None
    races = {meaning(meanings.races, race) or RaceEthnicity.UNMAPPED for race in demographics.races}
    if demographics.hispanic_latino_ethnicity or RaceEthnicity.HISPANIC_OR_LATINO in races:
        return RaceEthnicity.HISPANIC_OR_LATINO
    stated = races - {RaceEthnicity.NOT_STATED}
    if len(stated) > 1:
        return RaceEthnicity.TWO_OR_MORE
    return next(iter(stated or races), None)


def sex(demographics: Demographics | None, meanings: CodeMeanings = DEFAULT_MEANINGS) -> Sex | None:
    """A student's sex as recorded; None if nothing is recorded."""
    if demographics is None or demographics.sex is None:
        return None
    return meaning(meanings.sexes, demographics.sex) or Sex.UNMAPPED


def bus_routes(transportation: Iterable[Transportation]) -> frozenset[str]:
    """The routes of a student's buses; sources record only the present ones."""
    return frozenset(row.bus_route.code_value for row in transportation if row.bus_route is not None)


def _flag(name: str, belongs: object) -> Groups:
    """A group for students with the flag; no group for others."""
    return frozenset((name,)) if belongs else frozenset()


def _names(*members: Enum | None) -> Groups:
    return frozenset(member.name for member in members if member is not None)


def _any_participates(rows: Iterable[_Participation], day: date) -> bool:
    return any(participates(row, day) for row in rows)


_PAYS_LESS = (MealStatus.FREE, MealStatus.REDUCED)

GROUPINGS: Mapping[Grouping, GroupingSpec] = {
    Grouping.SCHOOL: GroupingSpec(
        SchoolEnrollment, lambda facts, day, _: frozenset(map(str, schools(facts.enrollments, day)))
    ),
    Grouping.GRADE_LEVEL: GroupingSpec(
        SchoolEnrollment, lambda facts, day, _: _names(grade_level(facts.enrollments, day))
    ),
    Grouping.PROGRAM: GroupingSpec(
        ProgramParticipation, lambda facts, day, _: _names(*program_types(facts.programs, day))
    ),
    Grouping.ENGLISH_LEARNER: GroupingSpec(
        ProgramParticipation,
        lambda facts, day, _: _flag("ENGLISH_LEARNER", is_english_learner(facts.programs, day)),
    ),
    Grouping.SPECIAL_EDUCATION: GroupingSpec(
        SpecialEducation,
        lambda facts, day, _: _flag("SPECIAL_EDUCATION", _any_participates(facts.special_education, day)),
    ),
    Grouping.SECTION_504: GroupingSpec(
        Section504, lambda facts, day, _: _flag("SECTION_504", _any_participates(facts.section_504, day))
    ),
    Grouping.HOMELESS: GroupingSpec(
        Homelessness, lambda facts, day, _: _flag("HOMELESS", _any_participates(facts.homelessness, day))
    ),
    Grouping.MEAL_STATUS: GroupingSpec(
        FoodService, lambda facts, day, meanings: _names(meal_status(facts.meals, day, meanings))
    ),
    Grouping.FREE_OR_REDUCED_MEALS: GroupingSpec(
        FoodService,
        lambda facts, day, meanings: _flag(
            "FREE_OR_REDUCED_MEALS", meal_status(facts.meals, day, meanings) in _PAYS_LESS
        ),
    ),
    Grouping.RACE_ETHNICITY: GroupingSpec(
        Demographics, lambda facts, _, meanings: _names(race_ethnicity(facts.demographics, meanings))
    ),
    Grouping.SEX: GroupingSpec(Demographics, lambda facts, _, meanings: _names(sex(facts.demographics, meanings))),
    Grouping.BUS_ROUTE: GroupingSpec(Transportation, lambda facts, _, __: bus_routes(facts.transportation)),
}
"""How each grouping is read."""


def groups_of(
    grouping: Grouping, facts: GroupFacts, day: date, meanings: CodeMeanings = DEFAULT_MEANINGS
) -> Groups:
    """Names of the groups of a grouping that a student belongs to on a day; empty if nothing is recorded."""
    return GROUPINGS[grouping].groups(facts, day, meanings)
