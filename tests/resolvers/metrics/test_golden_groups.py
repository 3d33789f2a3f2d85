"""Groups of students in the sample district equal its golden numbers: programs, meals, disabilities, buses."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from student_graph.adapters.edfi.api import services as api
from student_graph.adapters.edfi.mapping import services as mapping
from student_graph.adapters.model import (
    FoodService,
    Homelessness,
    ProgramParticipation,
    ProgramType,
    SpecialEducation,
    Transportation,
)
from student_graph.adapters.model.code_mapping import CodeMapping
from student_graph.resolvers.metrics.groups import (
    MealStatus,
    bus_routes,
    is_english_learner,
    meal_status,
    participates,
)
from tests.adapters.edfi.payloads import CODES
from tests.gateway.servers import ROOT

SHARED = ROOT.parent / "shared"
RECORDS = SHARED / "data" / "derived-grand-bend"
GOLDEN = SHARED / "domain" / "golden.json"
BEGIN, END = date(2021, 8, 30), date(2022, 5, 27)

pytestmark = pytest.mark.skipif(
    not (RECORDS.is_dir() and GOLDEN.is_file()), reason="the sample district and its numbers are not at ../shared"
)


def golden(number: str) -> Any:
    """Return a golden number."""
    return json.loads(GOLDEN.read_text())[number]


def rows(resource: str) -> list[dict[str, Any]]:
    """Return the rows of a resource of the sample district."""
    return [json.loads(line) for line in (RECORDS / f"{resource}.jsonl").read_text().splitlines()]


def by_student(records: list[Any]) -> dict[str, list[Any]]:
    """Return records by student."""
    grouped: dict[str, list[Any]] = {}
    for record in records:
        grouped.setdefault(record.student_id, []).append(record)
    return grouped


def students_who(records: list[Any], condition: Callable[[list[Any]], bool]) -> set[str]:
    """Return the students whose records meet a condition."""
    return {student for student, own in by_student(records).items() if condition(own)}


@pytest.fixture(scope="module")
def programs() -> list[ProgramParticipation]:
    """The participations in programs without a class of data of their own."""
    other = [
        mapping.program_participation(CODES, api.StudentProgramAssociation.model_validate(row), None)
        for row in rows("studentProgramAssociations")
    ]
    language = [
        mapping.program_participation(
            CODES, api.StudentProgramAssociation.model_validate(row), ProgramType.LANGUAGE_INSTRUCTION
        )
        for row in rows("studentLanguageInstructionProgramAssociations")
    ]
    return [program for program in (*other, *language) if program is not None]


@pytest.fixture(scope="module")
def special_education() -> list[SpecialEducation]:
    """The participations in special education."""
    return [
        mapping.special_education(api.SpecialEducationAssociation.model_validate(row))
        for row in rows("studentSpecialEducationProgramAssociations")
    ]


@pytest.fixture(scope="module")
def homelessness() -> list[Homelessness]:
    """The participations in the program for homeless students."""
    return [
        mapping.homelessness(api.HomelessAssociation.model_validate(row))
        for row in rows("studentHomelessProgramAssociations")
    ]


@pytest.fixture(scope="module")
def meals() -> list[FoodService]:
    """The participations in meals programs."""
    return [
        mapping.food_service(api.FoodServiceAssociation.model_validate(row))
        for row in rows("studentSchoolFoodServiceProgramAssociations")
    ]


@pytest.fixture(scope="module")
def buses() -> list[Transportation]:
    """The records of transportation."""
    return [
        mapping.transportation(api.StudentTransportation.model_validate(row))
        for row in rows("studentTransportations")
    ]


def test_english_learners_are_in_esl_or_bilingual_programs(programs: list[ProgramParticipation]) -> None:
    """F09 and F14: 38 in ESL and 40 in bilingual programs, none in both; all 78 learn English on day one."""
    names = {"ESL": "English as a Second Language (ESL)", "bilingual": "Bilingual"}
    members = {
        key: {row.student_id for row in programs if row.program_type_descriptor.code_value == name}
        for key, name in names.items()
    }

    assert {key: len(students) for key, students in members.items()} == {
        key: golden("F09")[key]["n"] for key in names
    }
    assert len(members["ESL"] & members["bilingual"]) == golden("F14")["ESLandBilingual"]
    learners = students_who(programs, lambda own: is_english_learner(own, BEGIN))
    assert learners == members["ESL"] | members["bilingual"]
    assert len(learners) == golden("F09")["ESLorBilingual"]["n"]


def test_a_district_may_count_only_esl(programs: list[ProgramParticipation]) -> None:
    """With bilingual programs mapped to something else, the 38 students of ESL are the English learners."""
    codes = CodeMapping({"program": {"Bilingual": "OTHER"}})
    copies = [replace(program) for program in programs]
    for program in copies:
        codes.apply(program)

    assert len(students_who(copies, lambda own: is_english_learner(own, BEGIN))) == golden("F09")["ESL"]["n"]


def test_an_ended_program_ends_before_its_end_date(programs: list[ProgramParticipation]) -> None:
    """On the day of an end date its students have left; the day before they have not. A count by hand agrees."""
    ends = [program.end_date for program in programs if program.end_date is not None]
    assert len(ends) == 42

    for day in {*ends, BEGIN, END}:
        expected = sum(
            row["beginDate"] <= day.isoformat() < row.get("endDate", "9999-12-31") for row in program_rows()
        )
        assert sum(participates(program, day) for program in programs) == expected


def program_rows() -> list[dict[str, Any]]:
    """Return the rows of all programs without a class of data of their own."""
    return [*rows("studentProgramAssociations"), *rows("studentLanguageInstructionProgramAssociations")]


def test_students_are_counted_by_type_of_program(
    programs: list[ProgramParticipation],
    special_education: list[SpecialEducation],
    homelessness: list[Homelessness],
    meals: list[FoodService],
) -> None:
    """F02 and F14: rows by type, students in any of six programs, and in two or more."""
    counts = Counter(program.program_type_descriptor.code_value for program in programs)
    counts["Special Education"], counts["Homeless"] = len(special_education), len(homelessness)
    counts["Compensatory Services for Disadvantaged Students"] = len(meals)

    assert counts == golden("F02")
    members: Counter[str] = Counter()
    for records in (
        [p for p in programs if p.program_type_descriptor.code_value == "Bilingual"],
        [p for p in programs if p.program_type_descriptor.code_value.startswith("English")],
        [p for p in programs if p.program_type is ProgramType.GIFTED_AND_TALENTED],
        special_education,
        homelessness,
        meals,
    ):
        members.update(set(by_student(records)))
    assert (len(members), sum(n > 1 for n in members.values())) == (
        golden("F14")["anyProgram"],
        golden("F14")["twoOrMore"],
    )


def test_82_students_have_a_meal_status(meals: list[FoodService]) -> None:
    """F06: 41 free and 41 reduced, whether the service is a breakfast or a lunch; nothing for all others."""
    status = {student: meal_status(own, END) for student, own in by_student(meals).items()}
    services = Counter(service.code_value for meal in meals for service in meal.services)

    assert services == golden("F06")["byService"]
    assert Counter(status.values()) == {
        MealStatus.FREE: golden("F06")["byStatus"]["Free"],
        MealStatus.REDUCED: golden("F06")["byStatus"]["Reduced"],
    }
    assert meal_status([], END) is MealStatus.NONE_RECORDED
    reduced = {student for student, _, _ in golden("F15")["mealTardy"]} | {golden("F15")["mealFailing"][0][0]}
    assert {status[student] for student in reduced} == {MealStatus.REDUCED}


def test_special_education_ends_with_its_own_exit_too(special_education: list[SpecialEducation]) -> None:
    """G01 and G06 go by the end date alone; a student with an exit date has left, and no other differs."""
    by_end = {row.student_id for row in special_education if row.end_date is None}
    active = students_who(special_education, lambda own: any(participates(row, END) for row in own))
    exited = {row.student_id for row in special_education if row.exit_date is not None}

    assert len(by_end) == sum(school["sped"] for school in golden("G05").values()) + golden("G06")[2]
    assert active == by_end - exited


def test_a_student_has_no_disability_twice(special_education: list[SpecialEducation]) -> None:
    """F17: the files repeat each disability; a student has each kind once."""
    kinds = {
        (row.student_id, disability.code_value) for row in special_education for disability in row.disabilities
    }
    counts = Counter(student for student, _ in kinds)

    assert sum(len(row.disabilities) for row in special_education) == len(kinds)
    assert len(kinds) == golden("F17")["distinctStudentDisability"]
    assert len(counts) == golden("F17")["students"]
    assert [student for student, number in counts.items() if number > 1] == golden("F17")["studentsWithTwoKinds"]


def test_riders_of_a_bus_route_have_the_golden_average(buses: list[Transportation]) -> None:
    """F16: the mean of the gradebook averages (D02) of the riders of each route, and of those without a route."""
    averages = golden("D02")
    by_route: dict[str, list[Fraction]] = {}
    riders = {student: own for student, own in by_student(buses).items() if student in averages}
    for student, own in riders.items():
        for route in bus_routes(own) or {"NO ROUTE"}:
            by_route.setdefault(route, []).append(Fraction(str(averages[student])))
    means = {route: float(round(Fraction(sum(values), len(values)), 4)) for route, values in by_route.items()}

    assert len(riders) == golden("F16")["busInGradebook"]
    assert means == golden("F16")["meanAverageByRoute"]
