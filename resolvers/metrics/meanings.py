"""
What codes mean where a record keeps only the vendor's code: meals, races, sexes, and discipline.

A district adds meanings of its own in `districts.codes` of the settings file. A code that nobody knows is
unmapped, and never the most similar meaning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any, TypeVar

from student_graph.adapters.model import (
    Demographics,
    DisciplineAction,
    DisciplineIncident,
    FoodService,
    Record,
)
from student_graph.adapters.model.code_mapping import Code, comparable, meaning

__all__ = [
    "DEFAULT_MEANINGS",
    "BehaviorKind",
    "ClassPeriodKind",
    "CodeMeanings",
    "DisciplineKind",
    "MealService",
    "ParticipationKind",
    "RaceEthnicity",
    "Sex",
    "codes_of",
    "comparable",
]

M = TypeVar("M", bound=Enum)


class MealService(Enum):
    """A service of a meals program, in the order in which services decide a student's meal status."""

    FREE_LUNCH = "Free Lunch"
    REDUCED_PRICE_LUNCH = "Reduced Price Lunch"
    FULL_PRICE_LUNCH = "Full Price Lunch"
    FREE_BREAKFAST = "Free Breakfast"
    REDUCED_PRICE_BREAKFAST = "Reduced Price Breakfast"
    FULL_PRICE_BREAKFAST = "Full Price Breakfast"
    FREE_OTHER = "Another free meal"
    REDUCED_PRICE_OTHER = "Another meal at a reduced price"
    FULL_PRICE_OTHER = "Another meal at the full price"
    OTHER = "Other"
    """A service that says nothing about the price."""


class RaceEthnicity(Enum):
    """Race and ethnicity in one category, as in federal reports (72 FR 59266) and the categories added in 2024."""

    HISPANIC_OR_LATINO = "Hispanic or Latino"
    """Hispanic or Latino, of any race."""
    AMERICAN_INDIAN_OR_ALASKA_NATIVE = "American Indian or Alaska Native"
    ASIAN = "Asian"
    BLACK_OR_AFRICAN_AMERICAN = "Black or African American"
    MIDDLE_EASTERN_OR_NORTH_AFRICAN = "Middle Eastern or North African"
    NATIVE_HAWAIIAN_OR_PACIFIC_ISLANDER = "Native Hawaiian or Pacific Islander"
    WHITE = "White"
    OTHER = "Other"
    TWO_OR_MORE = "Two or more races"
    NOT_STATED = "Choose Not to Respond"
    """The family chose not to say."""
    UNMAPPED = "UNMAPPED"


class Sex(Enum):
    """A student's sex as recorded."""

    FEMALE = "Female"
    MALE = "Male"
    NON_BINARY = "Non-binary"
    NOT_STATED = "Not Selected"
    UNMAPPED = "UNMAPPED"


class BehaviorKind(Enum):
    """What a code of behavior says about an incident."""

    STATE_OFFENSE = "State Offense"
    """An offense against the law of the state."""
    CONDUCT_VIOLATION = "Conduct violation"
    """A violation of a school's code of conduct."""
    OTHER = "Other"


class ParticipationKind(Enum):
    """What a code says about a student's part in an incident."""

    PERPETRATOR = "Perpetrator"
    OTHER = "Other"
    """A victim, a witness, a reporter or another part."""


class DisciplineKind(Enum):
    """What a code says about an action after an incident."""

    SUSPENSION = "Suspension"
    """In school or out of school."""
    OTHER = "Other"
    """An expulsion, or any other action."""


class ClassPeriodKind(Enum):
    """Which period of the day a class period is."""

    FIRST = "First"
    OTHER = "Other"


def codes_of(enum: type[M], more: Mapping[str, M] | None = None) -> Mapping[str, M]:
    """Members by comparable code: the value of each member is a code, and `more` codes."""
    codes = {comparable(member.value): member for member in enum if member.name != "UNMAPPED"}
    return MappingProxyType(codes | {comparable(code): member for code, member in (more or {}).items()})


_BEHAVIORS = codes_of(
    BehaviorKind,
    {
        "School Code of Conduct": BehaviorKind.CONDUCT_VIOLATION,
        "School Violation": BehaviorKind.CONDUCT_VIOLATION,
    },
)
_PARTICIPATIONS = codes_of(
    ParticipationKind, dict.fromkeys(("Reporter", "Victim", "Witness"), ParticipationKind.OTHER)
)
_DISCIPLINES = codes_of(
    DisciplineKind,
    dict.fromkeys(("In School Suspension", "Out of School Suspension"), DisciplineKind.SUSPENSION)
    | dict.fromkeys(
        (
            "Community Service",
            "Expulsion",
            "Expulsion under Guns Free School Act",
            "Expulsion under Guns Free School Act with Services",
            "Expulsion with Services",
            "No action for incident",
            "Removal from Classroom",
        ),
        DisciplineKind.OTHER,
    ),
)
"""The codes of Ed-Fi Data Standard 5.2, as those before it."""
_MEAL_SERVICES = codes_of(
    MealService,
    {f"Free {meal}": MealService.FREE_OTHER for meal in ("Snack", "Supper", "Milk")}
    | {f"Reduced Price {meal}": MealService.REDUCED_PRICE_OTHER for meal in ("Snack", "Supper", "Milk")}
    | {f"Full Price {meal}": MealService.FULL_PRICE_OTHER for meal in ("Snack", "Supper", "Milk")},
)
"""The codes of Ed-Fi Data Standard 5.2."""
_RACES = codes_of(
    RaceEthnicity,
    {
        "American Indian - Alaska Native": RaceEthnicity.AMERICAN_INDIAN_OR_ALASKA_NATIVE,
        "Black - African American": RaceEthnicity.BLACK_OR_AFRICAN_AMERICAN,
        "Native Hawaiian - Pacific Islander": RaceEthnicity.NATIVE_HAWAIIAN_OR_PACIFIC_ISLANDER,
        "Native Hawaiian or Other Pacific Islander": RaceEthnicity.NATIVE_HAWAIIAN_OR_PACIFIC_ISLANDER,
    },
)
"""The codes of Ed-Fi's data standards and of OneRoster 1.2."""
_SEXES = codes_of(Sex, {"unspecified": Sex.NOT_STATED, "other": Sex.NON_BINARY})
"""The codes of Ed-Fi's data standards and of OneRoster 1.2."""


@dataclass(frozen=True, slots=True)
class CodeMeanings:
    """What the codes of a district mean, by comparable code or by `namespace#code`."""

    meals: Mapping[str, MealService] = field(default_factory=lambda: _MEAL_SERVICES)
    races: Mapping[str, RaceEthnicity] = field(default_factory=lambda: _RACES)
    sexes: Mapping[str, Sex] = field(default_factory=lambda: _SEXES)
    behaviors: Mapping[str, BehaviorKind] = field(default_factory=lambda: _BEHAVIORS)
    participations: Mapping[str, ParticipationKind] = field(default_factory=lambda: _PARTICIPATIONS)
    disciplines: Mapping[str, DisciplineKind] = field(default_factory=lambda: _DISCIPLINES)

    def unknown_codes(self, records: Sequence[Record]) -> set[Code]:
        """The codes of records that mean nothing here: of meals, demographics, incidents and actions."""
        unknown: set[Code] = set()
        for cls in set(map(type, records)):
            for kind, attribute, table in _CODES_OF_RECORDS.get(cls, ()):
                rows = [getattr(record, attribute) for record in records if type(record) is cls]
                descriptors = [code for row in rows for code in (row if isinstance(row, list) else [row]) if code]
                by_text = {(code.namespace, code.code_value): code for code in descriptors}
                unknown.update(
                    Code(kind, code.code_value, is_open=False)
                    for code in by_text.values()
                    if meaning(getattr(self, table), code) is None
                )
        return unknown


_CODES_OF_RECORDS: Mapping[Any, tuple[tuple[str, str, str], ...]] = {
    FoodService: (("meal", "services", "meals"),),
    Demographics: (("race", "races", "races"), ("sex", "sex", "sexes")),
    DisciplineIncident: (
        ("behavior", "behaviors", "behaviors"),
        ("participation", "participation", "participations"),
    ),
    DisciplineAction: (("discipline", "disciplines", "disciplines"),),
}
"""For each record its codes: their kind in the settings, the record's attribute, the table of `CodeMeanings`."""
DEFAULT_MEANINGS = CodeMeanings()
"""The meanings of codes in a district that configured none."""
