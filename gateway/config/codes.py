"""What the codes of a district's vendors mean: `districts.codes`, and `districts.sources.codes` for one source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import Enum
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, Field, model_validator

from student_graph.adapters.model import AcademicSubject, AttendanceCategory, GradeLevel, GradeType, ProgramType
from student_graph.adapters.model.code_mapping import KINDS, CodeMapping, comparable
from student_graph.gateway.config.sections import Section
from student_graph.resolvers.metrics.facts import MetricSettings
from student_graph.resolvers.metrics.meanings import (
    BehaviorKind,
    ClassPeriodKind,
    CodeMeanings,
    DisciplineKind,
    MealService,
    ParticipationKind,
    RaceEthnicity,
    Sex,
)

M = TypeVar("M", bound=Enum)
MAX_CODES = 1_000
"""Codes of one kind that a district may list."""


def _names_of(enum: type[Enum]) -> AfterValidator:
    """A check that every code means a member of an enum, and that no code is written twice in different ways."""
    names = [name for name in enum.__members__ if name != "UNMAPPED"]

    def check(codes: dict[str, str]) -> dict[str, str]:
        compared = [comparable(code) for code in codes]
        if not all(compared):
            raise ValueError("a table of codes that are not empty")
        if len(set(compared)) < len(compared):
            raise ValueError("a table of different codes: case and surrounding spaces do not count")
        if not set(codes.values()) <= set(names):
            raise ValueError(f"a table from codes to one of {', '.join(names)}")
        return codes

    return AfterValidator(check)


def _codes() -> Any:
    return Field(default_factory=dict, max_length=MAX_CODES)


class _Codes(Section):
    """Tables of codes by kind."""

    @model_validator(mode="before")
    @classmethod
    def _check_kinds(cls, tables: Any) -> Any:
        if isinstance(tables, dict) and not set(tables) <= set(cls.model_fields):
            raise ValueError(f"tables of codes of one of these kinds: {', '.join(cls.model_fields)}")
        return tables


class SourceCodesConfig(_Codes):
    """What codes in a source's records mean; they count before those of the district."""

    attendance: Annotated[dict[str, str], _names_of(AttendanceCategory)] = _codes()
    """Categories of attendance events."""
    grade_level: Annotated[dict[str, str], _names_of(GradeLevel)] = _codes()
    """Grade levels of enrollments."""
    grade_type: Annotated[dict[str, str], _names_of(GradeType)] = _codes()
    """Kinds of course grades."""
    program: Annotated[dict[str, str], _names_of(ProgramType)] = _codes()
    """Kinds of programs; who takes part in `LANGUAGE_INSTRUCTION` is an English learner."""
    subject: Annotated[dict[str, str], _names_of(AcademicSubject)] = _codes()
    """Subjects of courses and assessments."""


class CodesConfig(SourceCodesConfig):
    """What the codes of all sources of a district mean."""

    meal: Annotated[dict[str, str], _names_of(MealService)] = _codes()
    """Services of meals programs."""
    race: Annotated[dict[str, str], _names_of(RaceEthnicity)] = _codes()
    """Races and ethnicities."""
    sex: Annotated[dict[str, str], _names_of(Sex)] = _codes()
    """Sexes."""
    behavior: Annotated[dict[str, str], _names_of(BehaviorKind)] = _codes()
    """Behaviors in discipline incidents."""
    participation: Annotated[dict[str, str], _names_of(ParticipationKind)] = _codes()
    """Parts of students in discipline incidents."""
    discipline: Annotated[dict[str, str], _names_of(DisciplineKind)] = _codes()
    """Actions after discipline incidents."""
    class_period: Annotated[dict[str, str], _names_of(ClassPeriodKind)] = _codes()
    """Names of class periods."""

    def apply_to(self, settings: MetricSettings) -> MetricSettings:
        """The settings of metrics with the district's codes in addition to the usual ones."""
        return replace(
            settings,
            meanings=CodeMeanings(
                meals=_with_codes(settings.meanings.meals, MealService, self.meal),
                races=_with_codes(settings.meanings.races, RaceEthnicity, self.race),
                sexes=_with_codes(settings.meanings.sexes, Sex, self.sex),
                behaviors=_with_codes(settings.meanings.behaviors, BehaviorKind, self.behavior),
                participations=_with_codes(
                    settings.meanings.participations, ParticipationKind, self.participation
                ),
                disciplines=_with_codes(settings.meanings.disciplines, DisciplineKind, self.discipline),
            ),
            state_offenses=_changed(settings.state_offenses, self.behavior, "STATE_OFFENSE"),
            conduct_violations=_changed(settings.conduct_violations, self.behavior, "CONDUCT_VIOLATION"),
            perpetrators=_changed(settings.perpetrators, self.participation, "PERPETRATOR"),
            suspensions=_changed(settings.suspensions, self.discipline, "SUSPENSION"),
            first_periods=_changed(settings.first_periods, self.class_period, "FIRST"),
        )


def code_mapping(district: CodesConfig, source: SourceCodesConfig) -> CodeMapping | None:
    """The meanings of the codes in a source's records; None if neither the district nor the source lists any."""
    names: dict[str, dict[str, str]] = {}
    for config in (district, source):
        for kind, codes in _tables(config).items():
            if kind in KINDS and codes:
                names.setdefault(kind, {}).update({comparable(code): name for code, name in codes.items()})
    return CodeMapping(names) if names else None


def _tables(config: BaseModel) -> Mapping[str, dict[str, str]]:
    return {kind: getattr(config, kind) for kind in type(config).model_fields}


def _with_codes(usual: Mapping[str, M], enum: type[M], codes: Mapping[str, str]) -> Mapping[str, M]:
    """The usual meanings, and those of the district, which count first."""
    return {**usual, **{comparable(code): enum[name] for code, name in codes.items()}}


def _changed(usual: frozenset[str], codes: Mapping[str, str], member: str) -> frozenset[str]:
    """The usual codes without those that the district lists, and those that it lists with this meaning."""
    listed = {comparable(code) for code in codes}
    return frozenset(
        [code for code in usual if comparable(code) not in listed]
        + [code for code, name in codes.items() if name == member]
    )
