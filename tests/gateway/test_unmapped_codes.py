"""Codes without a meaning: counted by code and source, named to operators, bounded, and never telling too much."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from student_graph.adapters.answers import Answer, Ask
from student_graph.adapters.model import (
    AcademicSubject,
    AttendanceEvent,
    Course,
    Descriptor,
    FoodService,
    GradeLevel,
    ProgramParticipation,
    ProgramType,
    Record,
    StudentId,
)
from student_graph.adapters.model.code_mapping import Code, count_unmapped_codes
from student_graph.adapters.sources import Source
from student_graph.gateway.fetch.vendor import fetch_from_vendor
from student_graph.gateway.server.commands.sample_reads import Findings
from student_graph.gateway.telemetry.counts import MAX_CODE_CHARACTERS, MAX_UNMAPPED_CODES, Telemetry, traced
from student_graph.resolvers.metrics.meanings import CodeMeanings, MealService
from tests.gateway.fetch.test_code_mapping import EVENTS, coded_event, district_source
from tests.gateway.small_district import DISTRICT, YEAR, enrollment, event


async def counted(records: list[AttendanceEvent], **codes: dict[str, str]) -> list[tuple[str, str | None, int]]:
    """Return the codes without a meaning of a source, as operators see them."""
    telemetry, sis = Telemetry(), district_source(records, **codes)
    await traced(fetch_from_vendor, telemetry)(sis, Ask(EVENTS, ("s1",), {"school_year": YEAR}))
    health = telemetry.health(sis)

    assert health.unmapped == sum(code.count for code in health.unmapped_codes)
    return [(code.kind, code.code, code.count) for code in health.unmapped_codes]


async def test_codes_without_a_meaning_are_counted_by_code() -> None:
    """The most frequent first; a code that the district maps is not among them."""
    records = [coded_event("Quarantine"), coded_event("Field Trip"), coded_event("Quarantine")]

    assert await counted(records) == [("attendance", "Quarantine", 2), ("attendance", "Field Trip", 1)]
    assert await counted(records, attendance={"quarantine": "EXCUSED_ABSENCE"}) == [
        ("attendance", "Field Trip", 1)
    ]


async def test_the_codes_of_a_hostile_source_are_bounded() -> None:
    """At most a hundred codes are named, none is long, and none can write to a terminal; all are counted."""
    records = [coded_event(f"{number}{'x' * 1_000}") for number in range(MAX_UNMAPPED_CODES + 50)]
    codes = await counted([*records, *([coded_event("\x1b[2J\u202eevil")] * 60)])

    named = [code for _, code, _ in codes if code is not None]
    assert sum(count for *_, count in codes) == len(records) + 60
    assert len(named) == MAX_UNMAPPED_CODES
    assert max(map(len, named)) <= MAX_CODE_CHARACTERS
    assert [code for _, code, _ in await counted([coded_event("\x1b[2J\u202eevil")])] == ["\\u001b[2J\\u202eevil"]


async def test_check_names_the_codes_that_sampled_records_have() -> None:
    """An operator learns at once which codes of a new source the district must map."""
    telemetry, sis = Telemetry(), district_source([coded_event("Quarantine"), coded_event("Field Trip")])
    await traced(fetch_from_vendor, telemetry)(sis, Ask(EVENTS, ("s1",), {"school_year": YEAR}))

    assert Findings(health=telemetry.health(sis)).remarks == [
        "codes to map in `districts.codes`: attendance Field Trip, attendance Quarantine"
    ]


def test_kinds_of_records_are_counted_apart() -> None:
    """Lists of subjects, and an attribute whose code the record does not keep, count as well."""
    level = replace(
        enrollment("s1", "1"),
        grade_level=GradeLevel.UNMAPPED,
        grade_level_descriptor=Descriptor(code_value="Freshman"),
    )
    course = Course(
        vendor_id="c",
        course_code="c",
        course_title="Course",
        section_id=None,  # type: ignore[arg-type]
        subjects=[AcademicSubject.UNMAPPED, AcademicSubject.UNMAPPED],
        subject_descriptors=[Descriptor(code_value="Robotics")],
    )
    records: list[Record] = [level, course, coded_event("Q")]

    assert dict(count_unmapped_codes(records)) == {
        Code("grade_level", "Freshman"): 1,
        Code("subject", None): 2,
        Code("attendance", "Q"): 1,
    }


async def test_codes_of_data_that_needs_a_grant_are_named_and_not_counted() -> None:
    """How many children have a program or a meal is nothing that operators learn; the code they must map is."""
    meals = [
        FoodService(
            vendor_id=str(number),
            student_id=StudentId("s1"),
            program_name="Meals",
            begin_date=event("s1", "1", 1).date,
            services=[Descriptor(code_value=code) for code in ("Free Lunch", "Comida")],
        )
        for number in range(3)
    ]
    programs = [
        ProgramParticipation(
            vendor_id=str(number),
            student_id=StudentId("s1"),
            program_name="Chess",
            program_type=ProgramType.UNMAPPED,
            program_type_descriptor=Descriptor(code_value="Chess"),
            begin_date=event("s1", "1", 1).date,
            services=[],
        )
        for number in range(3)
    ]
    sis, telemetry = district_source([]), Telemetry()
    now = datetime.now(UTC)

    async def fetch(_: Source, __: Ask[Any], /) -> Any:
        return {"s1": Answer(programs, "sis", now), "s2": Answer(meals, "sis", now)}

    for _ in range(2):
        await traced(fetch, telemetry)(sis, Ask(EVENTS, ("s1", "s2")))

    seen = {(code.kind, code.code, code.count) for code in telemetry.health(sis).unmapped_codes}
    assert seen == {("meal", "Comida", 1), ("program", "Chess", 1)}
    knowing = Telemetry(
        {DISTRICT: CodeMeanings(meals={"comida": MealService.FREE_LUNCH, "free lunch": MealService.OTHER})}
    )
    await traced(fetch, knowing)(sis, Ask(EVENTS, ("s1", "s2")))
    assert [code.kind for code in knowing.health(sis).unmapped_codes] == ["program"]
