"""Terms by id, the sections of a term, and the calendar that applies to an enrollment."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from student_graph.adapters import model
from student_graph.adapters.errors import UnavailableError
from student_graph.adapters.model import DistrictId, SchoolId, Section, SectionId, Session
from student_graph.resolvers.fields.ids import GlobalId, encode
from tests.resolvers.third_party import VendorData, third_party_source
from tests.resolvers.two_districts import CEDAR, CODE, World, school, school_enrollment, student
from tests.resolvers.types.test_viewer import section_enrollment

FALL, SPRING = "Fall/Autumn 2026", "Spring"
SCHOOL = encode(GlobalId("School", CEDAR, "101"))


def term_id(name: str = "Spring", year: object = 2027, at: str = "101", district: str = "cedar") -> str:
    return encode(GlobalId("Session", DistrictId(district), f"{at}/{year}/{name}"))


def session(name: str, year: int = 2027) -> Session:
    return Session(
        vendor_id=f"{name} {year}",
        school_id=SchoolId("101"),
        school_year=year,
        session_name=name,
        term=CODE,
        begin_date=date(year, 1, 5),
        end_date=date(year, 6, 1),
    )


def section(name: str, at: str = "101", year: int = 2027) -> Section:
    key = f"{at}/{year}/{name}"
    return Section(
        vendor_id=key,
        section_id=SectionId(key),
        school_id=SchoolId(at),
        section_identifier=key,
        session_name=name,
        school_year=year,
        local_course_code="ALG",
    )


def year() -> tuple[VendorData, World]:
    """A school with three terms in two years; a student in a section of each term, and at another school."""
    sections = [section(FALL), section(SPRING), section(SPRING, year=2026)]
    enrollments = [section_enrollment("1", taught.section_id, date(2026, 12, 20)) for taught in sections[:1]]
    enrollments += [
        section_enrollment("1", taught.section_id) for taught in [*sections[1:], section(SPRING, "102")]
    ]
    sis = VendorData(
        {
            "students_by_id": {"1": student("1")},
            "schools_by_id": {"101": school(), "102": school("102")},
            "sessions_by_school": {"101": [session(SPRING, 2026), session(FALL), session(SPRING)]},
            "sections_by_school": {"101": sections},
            "sections_by_id": {taught.section_id: taught for taught in sections},
            "section_enrollments_by_student": {"1": enrollments},
        }
    )
    return sis, World([third_party_source("sis", sis)])


async def test_a_term_is_read_by_its_id() -> None:
    """Terms with the same name in two years have two ids; a name may contain the separator of an id's parts."""
    _, world = year()
    data = await world.data("query($id: ID!) {school(id: $id) {sessions {id sessionName schoolYear}}}", id=SCHOOL)
    terms = data["school"]["sessions"]
    ids = [term["id"] for term in terms]
    again = await world.data(
        "query($ids: [ID!]!) {nodes(ids: $ids) {... on Session {id sessionName schoolYear school {schoolId}}}}",
        ids=ids,
    )

    assert len(set(ids)) == 3
    assert again["nodes"] == [{**term, "school": {"schoolId": "101"}} for term in terms]


@pytest.mark.parametrize(
    "named", [term_id("Summer"), term_id(year=2030), term_id(at="109"), term_id(district="birch")]
)
async def test_a_term_that_does_not_exist_is_null(named: str) -> None:
    """A well-formed id without a term is null, in the viewer's district and in another."""
    _, world = year()

    assert await world.data("query($id: ID!) {node(id: $id) {id}}", id=named) == {"node": None}


@pytest.mark.parametrize(
    "named",
    [
        term_id("a b"),
        term_id("a#b"),
        term_id("%c3"),
        term_id("a/b"),
        term_id("\u202e"),
        term_id("\0"),
        term_id(year="02027"),
        term_id(year="two"),
        term_id(at="../101"),
        SCHOOL,
        "Spring",
    ],
)
async def test_a_text_that_is_not_a_term_id_is_refused(named: str) -> None:
    """The error is BAD_ID in every argument for a term, before its school or sections are read."""
    _, world = year()
    query = """query($school: ID!, $term: ID!) {
        school(id: $school) {sections(term: $term) {id}}
        student(studentUniqueId: "1") {sections(term: $term) {provenance {recordId}}}
    }"""

    assert await world.codes(query, school=SCHOOL, term=named) == ["BAD_ID", "BAD_ID"]
    assert set(world.fetch.names()) == {"schools_by_id", "students_by_id"}


async def test_a_school_has_the_sections_of_a_term() -> None:
    """The term sets the school year. A term of another school or year has no sections, and calls no source."""
    _, world = year()
    query = """query($id: ID!, $year: Int, $term: ID) {school(id: $id) {
        sections(schoolYear: $year, term: $term) {sectionIdentifier}
    }}"""
    [now, last, elsewhere] = [term_id(), term_id(year=2026), term_id(at="102")]

    async def sections(**variables: Any) -> list[str]:
        data = await world.data(query, id=SCHOOL, **variables)
        return [section["sectionIdentifier"] for section in data["school"]["sections"]]

    assert await sections(term=now) == ["101/2027/Spring"]
    assert await sections(term=last) == await sections(term=last, year=2026) == ["101/2026/Spring"]
    reads = world.fetch.names().count("sections_by_school")
    assert await sections(term=elsewhere) == await sections(term=last, year=2027) == []
    assert await sections(term=term_id(district="birch")) == []
    assert world.fetch.names().count("sections_by_school") == reads


async def test_a_student_has_the_sections_of_a_term() -> None:
    """All enrollments of a term, ended ones too, or those active on a day; without a term, those active today."""
    _, world = year()
    query = """query($term: ID, $day: Date) {student(studentUniqueId: "1") {
        sections(term: $term, asOf: $day) {section {sectionIdentifier}}
    }}"""
    fall = term_id("Fall%2FAutumn%202026")

    async def enrollments(**variables: Any) -> list[str]:
        data = (await world.data(query, **variables))["student"]["sections"]
        return [row["section"] and row["section"]["sectionIdentifier"] for row in data]

    assert await enrollments(term=fall) == await enrollments(term=fall, day="2026-12-20") == [f"101/2027/{FALL}"]
    assert (
        await enrollments(term=fall, day="2026-12-21") == await enrollments(term=term_id(district="birch")) == []
    )
    assert await enrollments(term=term_id()) == ["101/2027/Spring"]
    assert await enrollments() == ["101/2027/Spring", "101/2026/Spring", None]


async def test_a_failure_to_read_the_terms_sections_is_an_error() -> None:
    """Without the sections of the term the result is unknown, which is an error and never an empty list."""
    sis, world = year()
    sis.failing["sections_by_school"] = UnavailableError("no answer in time")
    query = 'query($t: ID) {student(studentUniqueId: "1") {sections(term: $t) {provenance {recordId}}}}'

    assert await world.codes(query, t=term_id()) == ["SOURCE_UNAVAILABLE"]


def day(code: str, on: date) -> model.CalendarDay:
    return model.CalendarDay(
        vendor_id=f"{code} {on}",
        school_id=SchoolId("101"),
        calendar_code=code,
        date=on,
        events=[CODE],
        instructional=True,
    )


def enrolled(*own: str | None, codes: str = "AB") -> tuple[VendorData, World]:
    """A student whose enrollments have the calendars `own`, at a school that has the calendars `codes`."""
    days = [day(code, date(2026, 9, 1 + number)) for number in range(2) for code in codes]
    enrollments = [
        school_enrollment("1", vendor_id=str(number), calendar_code=code) for number, code in enumerate(own)
    ]
    sis = VendorData(
        {
            "students_by_id": {"1": student("1")},
            "school_enrollments_by_student": {"1": enrollments},
            "calendar_days_by_school": {"101": days},
        }
    )
    return sis, World([third_party_source("sis", sis)])


CALENDAR = """query($from: Date! = "2026-09-01", $to: Date! = "2026-09-01") {student(studentUniqueId: "1") {
    enrollments {calendar {code days(from: $from, to: $to) {calendarCode date}}}
}}"""


async def test_an_enrollment_has_the_calendar_recorded_with_it() -> None:
    """Its days are those of that calendar in the range, both ends included."""
    _, world = enrolled("A", "B")
    data = (await world.data(CALENDAR, to="2026-09-02"))["student"]["enrollments"]

    assert [row["calendar"]["code"] for row in data] == ["A", "B"]
    assert [row["calendar"]["days"] for row in data] == [
        [{"calendarCode": code, "date": f"2026-09-0{number}"} for number in (1, 2)] for code in "AB"
    ]
    one_day = (await world.data(CALENDAR))["student"]["enrollments"]
    assert [len(row["calendar"]["days"]) for row in one_day] == [1, 1]


@pytest.mark.parametrize(("codes", "expected"), [("A", "A"), ("", None), ("AB", None)])
async def test_an_enrollment_without_a_calendar_has_the_schools_only_calendar(
    codes: str, expected: str | None
) -> None:
    """If the school has several calendars or none in that year, the calendar is null."""
    _, world = enrolled(None, codes=codes)
    data = (await world.data('{student(studentUniqueId: "1") {enrollments {calendar {code}}}}'))["student"]

    assert data["enrollments"] == [{"calendar": expected and {"code": expected}}]
    assert [dict(ask.arguments) for _, ask in world.fetch.asks if ask.arguments] == [{"school_year": 2027}]


async def test_an_enrollment_without_a_school_year_belongs_to_the_year_of_its_first_day() -> None:
    """The calendars of that year are read."""
    sis, world = enrolled(None, codes="A")
    for enrollment in sis.answers["school_enrollments_by_student"]["1"]:
        enrollment.school_year, enrollment.entry_date = None, date(2025, 9, 1)
    await world.data('{student(studentUniqueId: "1") {enrollments {calendar {code}}}}')

    assert [dict(ask.arguments) for _, ask in world.fetch.asks if ask.arguments] == [{"school_year": 2026}]


async def test_calendars_that_failed_are_an_error() -> None:
    """A calendar that could not be read is not the same as no calendar."""
    sis, world = enrolled("A", None)
    sis.failing["calendar_days_by_school"] = UnavailableError("no answer in time")
    result = await world.ask(CALENDAR)

    assert result.data == {
        "student": {"enrollments": [{"calendar": {"code": "A", "days": None}}, {"calendar": None}]}
    }
    assert sorted(await world.codes(CALENDAR, to="2026-08-31")) == ["BAD_INPUT", "SOURCE_UNAVAILABLE"]
