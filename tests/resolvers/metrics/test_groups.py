"""Groups of students: participation by half-open dates, meals, race, sex, grade level, and classes of data."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from student_graph.adapters.model import (
    Demographics,
    Descriptor,
    DisciplineAction,
    DisciplineIncident,
    FoodService,
    GradeLevel,
    ProgramParticipation,
    ProgramType,
    SchoolEnrollment,
    SchoolId,
    Sensitivity,
    SpecialEducation,
    StudentId,
    Transportation,
)
from student_graph.resolvers.metrics.groups import (
    GROUPINGS,
    GroupFacts,
    Grouping,
    MealStatus,
    bus_routes,
    grade_level,
    groups_of,
    is_english_learner,
    meal_status,
    participates,
    race_ethnicity,
    schools,
    sex,
)
from student_graph.resolvers.metrics.meanings import (
    DEFAULT_MEANINGS,
    CodeMeanings,
    MealService,
    RaceEthnicity,
    Sex,
)
from tests.subcases import subcases

STUDENT = StudentId("604822")
BEGIN, END = date(2021, 8, 30), date(2022, 1, 14)
DAY = date(2021, 10, 1)


def meals(*services: str, end: date | None = None) -> FoodService:
    """Return a participation in a meals program with some services."""
    codes = [Descriptor(code_value=service) for service in services]
    return FoodService(
        vendor_id="m", student_id=STUDENT, program_name="Meals", begin_date=BEGIN, end_date=end, services=codes
    )


def program(kind: ProgramType, end: date | None = None) -> ProgramParticipation:
    """Return a participation in a program."""
    return ProgramParticipation(
        vendor_id="p",
        student_id=STUDENT,
        program_name="Program",
        program_type=kind,
        program_type_descriptor=Descriptor(code_value="code"),
        begin_date=BEGIN,
        end_date=end,
        services=[],
    )


def enrollment(
    school: str, level: GradeLevel, entry: date, exit_date: date | None = None, *, primary: bool | None = None
) -> SchoolEnrollment:
    """Return an enrollment at a school."""
    return SchoolEnrollment(
        vendor_id="e",
        student_id=STUDENT,
        school_id=SchoolId(school),
        entry_date=entry,
        exit_withdraw_date=exit_date,
        grade_level=level,
        grade_level_descriptor=Descriptor(code_value=level.value),
        primary_school=primary,
    )


def demographics(*races: str, hispanic: bool | None = None, sex_code: str | None = None) -> Demographics:
    """Return demographics with some codes."""
    return Demographics(
        vendor_id="d",
        student_id=STUDENT,
        races=[Descriptor(code_value=race) for race in races],
        hispanic_latino_ethnicity=hispanic,
        sex=None if sex_code is None else Descriptor(code_value=sex_code),
    )


@subcases(
    ("day", "expected"),
    [
        (BEGIN - timedelta(days=1), False),
        (BEGIN, True),
        (END - timedelta(days=1), True),
        (END, False),
        (END + timedelta(days=1), False),
    ],
)
def test_a_participation_lasts_until_the_day_before_its_end(day: date, expected: bool) -> None:
    """The first day counts and the end date does not: on that day the student has left the program."""
    assert participates(program(ProgramType.OTHER, END), day) is expected


@pytest.mark.parametrize(("end", "exit_date"), [(END, DAY), (None, DAY), (DAY, END)])
def test_special_education_ends_with_the_earlier_of_its_end_and_its_exit(
    end: date | None, exit_date: date
) -> None:
    """On the earlier day the student has left, whichever of the two it is."""
    record = SpecialEducation(
        vendor_id="s",
        student_id=STUDENT,
        program_name="Special Education",
        begin_date=BEGIN,
        end_date=end,
        exit_date=exit_date,
        disabilities=[],
        services=[],
    )

    assert participates(record, DAY - timedelta(days=1))
    assert not participates(record, DAY)


def test_a_participation_without_an_end_lasts() -> None:
    """No end is no limit."""
    assert participates(program(ProgramType.OTHER), date(2030, 1, 1))


@subcases(
    ("services", "expected"),
    [
        (["Free Lunch"], MealStatus.FREE),
        (["Reduced Price Breakfast"], MealStatus.REDUCED),
        (["Free Breakfast", "Reduced Price Lunch"], MealStatus.REDUCED),
        (["Full Price Lunch", "Free Breakfast"], MealStatus.FULL_PRICE),
        (["Free Snack", "Full Price Breakfast"], MealStatus.FULL_PRICE),
        (["Free Milk"], MealStatus.FREE),
        (["free lunch "], MealStatus.FREE),
        (["Reduced Price Lunch", "Free Lunch"], MealStatus.FREE),
        (["Other"], MealStatus.NOT_STATED),
        (["Universal Meals"], MealStatus.NOT_STATED),
        ([], MealStatus.NOT_STATED),
    ],
)
def test_lunch_decides_before_breakfast_and_an_unknown_service_decides_nothing(
    services: list[str], expected: MealStatus
) -> None:
    """The status is that of the service that comes first, whatever the order of the codes."""
    assert meal_status([meals(*services)], DAY) is expected
    assert meal_status([meals(*reversed(services))], DAY) is expected


def test_without_a_meals_program_on_the_day_no_status_is_recorded() -> None:
    """A program that ended says nothing about the days after it."""
    assert meal_status([], DAY) is MealStatus.NONE_RECORDED
    assert meal_status([meals("Free Lunch", end=DAY)], DAY) is MealStatus.NONE_RECORDED


def test_a_district_says_what_its_meal_codes_mean() -> None:
    """A code of the district counts as the service that it means."""
    meanings = CodeMeanings(meals={"universal meals": MealService.FREE_LUNCH})

    assert meal_status([meals("Universal Meals")], DAY, meanings) is MealStatus.FREE


def test_an_english_learner_is_in_language_instruction_on_the_day() -> None:
    """Other programs, and language instruction that has ended, make nobody an English learner."""
    language = ProgramType.LANGUAGE_INSTRUCTION

    assert is_english_learner([program(ProgramType.TITLE_I), program(language)], DAY)
    assert not is_english_learner([program(ProgramType.TITLE_I), program(language, DAY)], DAY)


def test_a_student_at_two_schools_is_in_both_and_has_the_grade_level_of_the_primary_one() -> None:
    """The exit date is no day of enrollment, and without a primary school the later enrollment decides."""
    first = enrollment("1", GradeLevel.NINTH, BEGIN, primary=True)
    second = enrollment("2", GradeLevel.TENTH, BEGIN + timedelta(days=5))
    left = enrollment("3", GradeLevel.EIGHTH, BEGIN, DAY)

    assert schools([first, second, left], DAY) == {"1", "2"}
    assert grade_level([second, first, left], DAY) is GradeLevel.NINTH
    assert grade_level([second, left], DAY) is GradeLevel.TENTH
    assert grade_level([left], DAY) is None


@subcases(
    ("races", "hispanic", "expected"),
    [
        (["White"], None, RaceEthnicity.WHITE),
        (["White"], True, RaceEthnicity.HISPANIC_OR_LATINO),
        (["Hispanic or Latino", "Asian"], None, RaceEthnicity.HISPANIC_OR_LATINO),
        (["White", "Black - African American"], False, RaceEthnicity.TWO_OR_MORE),
        (["Asian", "Choose Not to Respond"], False, RaceEthnicity.ASIAN),
        (["Choose Not to Respond"], False, RaceEthnicity.NOT_STATED),
        (["Martian"], False, RaceEthnicity.UNMAPPED),
        ([], False, None),
    ],
)
def test_race_and_ethnicity_are_one_category(
    races: list[str], hispanic: bool | None, expected: RaceEthnicity | None
) -> None:
    """Hispanic or Latino counts before any race; a code that nobody knows is not guessed."""
    assert race_ethnicity(demographics(*races, hispanic=hispanic)) is expected


@pytest.mark.parametrize(
    ("code", "expected"), [("female", Sex.FEMALE), ("Male", Sex.MALE), ("X", Sex.UNMAPPED), (None, None)]
)
def test_sex_is_as_recorded(code: str | None, expected: Sex | None) -> None:
    """A code that nobody knows is unmapped; no code is nothing."""
    assert sex(demographics(sex_code=code)) is expected


def test_nothing_recorded_is_no_group_except_for_meals() -> None:
    """A student without records is in no group; that no meals program is recorded is a group of its own."""
    groups = {grouping: groups_of(grouping, GroupFacts(), DAY) for grouping in Grouping}

    assert groups.pop(Grouping.MEAL_STATUS) == {"NONE_RECORDED"}
    assert set(groups.values()) == {frozenset()}


def test_a_bus_route_is_the_code_of_the_route() -> None:
    """A student who does not ride a bus is in no route."""
    rides = Transportation(
        vendor_id="t",
        student_id=STUDENT,
        bus_route=Descriptor(code_value="101"),
        travel_days=[],
        travel_directions=[],
    )
    walks = Transportation(vendor_id="t", student_id=STUDENT, travel_days=[], travel_directions=[])

    assert bus_routes([rides, walks]) == {"101"}


@subcases(
    ("grouping", "expected"),
    [
        (Grouping.GRADE_LEVEL, Sensitivity.OPEN),
        (Grouping.ENGLISH_LEARNER, Sensitivity.PROGRAM),
        (Grouping.SPECIAL_EDUCATION, Sensitivity.DISABILITY),
        (Grouping.SECTION_504, Sensitivity.DISABILITY),
        (Grouping.HOMELESS, Sensitivity.HOMELESS),
        (Grouping.MEAL_STATUS, Sensitivity.MEAL),
        (Grouping.FREE_OR_REDUCED_MEALS, Sensitivity.MEAL),
        (Grouping.RACE_ETHNICITY, Sensitivity.DEMOGRAPHIC),
        (Grouping.SEX, Sensitivity.DEMOGRAPHIC),
        (Grouping.BUS_ROUTE, Sensitivity.LOCATION),
    ],
)
def test_a_grouping_has_the_class_of_data_of_its_records(grouping: Grouping, expected: Sensitivity) -> None:
    """Who may not see meals must not count by meals."""
    assert GROUPINGS[grouping].sensitivity is expected


def test_codes_of_discipline_and_demographics_without_a_meaning_are_named() -> None:
    """A suspension under a code that nobody knows must not be missed without a word."""
    action = DisciplineAction(
        vendor_id="a",
        student_id=STUDENT,
        discipline_action_identifier="1",
        date=DAY,
        disciplines=[Descriptor(code_value=code) for code in ("In School Suspension", "ISS", "Expulsion")],
        incident_identifiers=[],
    )
    incident = DisciplineIncident(
        vendor_id="i",
        student_id=STUDENT,
        school_id=SchoolId("1"),
        incident_identifier="1",
        date=DAY,
        behaviors=[Descriptor(code_value=code) for code in ("State Offense", "Other", "Vaping")],
        participation=[Descriptor(code_value=code) for code in ("Perpetrator", "Victim", "Offender")],
    )
    person = demographics("White", "Martian", sex_code="X")

    unknown = DEFAULT_MEANINGS.unknown_codes([action, incident, person, program(ProgramType.OTHER)])

    assert {(code.kind, code.value) for code in unknown} == {
        ("discipline", "ISS"),
        ("behavior", "Vaping"),
        ("participation", "Offender"),
        ("race", "Martian"),
        ("sex", "X"),
    }
    assert not any(code.is_open for code in unknown)
