"""Terms by name and by id, and the calendar that counts for a stay."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from student_graph.adapters import model
from student_graph.adapters.errors import UnavailableError
from student_graph.adapters.model import DistrictId, SchoolId, Section, SectionId, Session
from student_graph.resolvers.fields.ids import GlobalId, encode
from tests.resolvers.third_party import Shelf, stranger
from tests.resolvers.two_districts import CEDAR, CODE, World, school, stay, student
from tests.resolvers.types.test_viewer import place

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


def year() -> tuple[Shelf, World]:
    """A school with two terms this year and one last year, and a student with a place in each and at another."""
    here = [section(FALL), section(SPRING), section(SPRING, year=2026)]
    places = [place("1", each.section_id, date(2026, 12, 20)) for each in here[:1]]
    places += [place("1", each.section_id) for each in [*here[1:], section(SPRING, "102")]]
    shelf = Shelf(
        {
            "students_by_id": {"1": student("1")},
            "schools_by_id": {"101": school(), "102": school("102")},
            "sessions_by_school": {"101": [session(SPRING, 2026), session(FALL), session(SPRING)]},
            "sections_by_school": {"101": here},
            "sections_by_id": {each.section_id: each for each in here},
            "section_enrollments_by_student": {"1": places},
        }
    )
    return shelf, World([stranger("sis", shelf)])


async def test_a_term_is_found_again_by_its_id() -> None:
    """Terms of one name in two years are two; a name may hold what separates the parts of an id."""
    _, world = year()
    told = await world.data("query($id: ID!) {school(id: $id) {sessions {id sessionName schoolYear}}}", id=SCHOOL)
    terms = told["school"]["sessions"]
    ids = [each["id"] for each in terms]
    again = await world.data(
        "query($ids: [ID!]!) {nodes(ids: $ids) {... on Session {id sessionName schoolYear school {schoolId}}}}",
        ids=ids,
    )

    assert len(set(ids)) == 3
    assert again["nodes"] == [{**each, "school": {"schoolId": "101"}} for each in terms]


@pytest.mark.parametrize(
    "named", [term_id("Summer"), term_id(year=2030), term_id(at="109"), term_id(district="birch")]
)
async def test_a_term_that_does_not_exist_is_null(named: str) -> None:
    """An id of the right form that names nothing, here or in a district of others."""
    _, world = year()

    assert await world.data("query($id: ID!) {node(id: $id) {id}}", id=named) == {"node": None}


@pytest.mark.parametrize(
    "named",
    [
        term_id(""),
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
async def test_text_that_can_be_no_term_is_refused(named: str) -> None:
    """BAD_ID wherever a term is named, before its school or sections are asked for."""
    _, world = year()
    query = """query($school: ID!, $term: ID!) {
        school(id: $school) {sections(term: $term) {id}}
        student(studentUniqueId: "1") {sections(term: $term) {provenance {recordId}}}
    }"""

    assert await world.codes(query, school=SCHOOL, term=named) == ["BAD_ID", "BAD_ID"]
    assert set(world.desk.names()) == {"schools_by_id", "students_by_id"}


async def test_a_schools_sections_are_those_of_a_term() -> None:
    """A term brings its own year; one of another school or year holds none of them, and asks nothing."""
    _, world = year()
    query = """query($id: ID!, $year: Int, $term: ID) {school(id: $id) {
        sections(schoolYear: $year, term: $term) {sectionIdentifier}
    }}"""
    [now, last, elsewhere] = [term_id(), term_id(year=2026), term_id(at="102")]

    async def sections(**variables: Any) -> list[str]:
        told = await world.data(query, id=SCHOOL, **variables)
        return [each["sectionIdentifier"] for each in told["school"]["sections"]]

    assert await sections(term=now) == ["101/2027/Spring"]
    assert await sections(term=last) == await sections(term=last, year=2026) == ["101/2026/Spring"]
    asked = world.desk.names().count("sections_by_school")
    assert await sections(term=elsewhere) == await sections(term=last, year=2027) == []
    assert await sections(term=term_id(district="birch")) == []
    assert world.desk.names().count("sections_by_school") == asked


async def test_a_students_places_are_those_of_a_term() -> None:
    """All places of a term, ended ones too; a day beside it narrows them; without a term they are today's."""
    _, world = year()
    query = """query($term: ID, $day: Date) {student(studentUniqueId: "1") {
        sections(term: $term, asOf: $day) {section {sectionIdentifier}}
    }}"""
    fall = term_id("Fall%2FAutumn%202026")

    async def places(**variables: Any) -> list[str]:
        told = (await world.data(query, **variables))["student"]["sections"]
        return [each["section"] and each["section"]["sectionIdentifier"] for each in told]

    assert await places(term=fall) == await places(term=fall, day="2026-12-20") == [f"101/2027/{FALL}"]
    assert await places(term=fall, day="2026-12-21") == await places(term=term_id(district="birch")) == []
    assert await places(term=term_id()) == ["101/2027/Spring"]
    assert await places() == ["101/2027/Spring", "101/2026/Spring", None]


async def test_places_are_not_narrowed_by_sections_that_failed() -> None:
    """Without the sections of the term nobody knows which places are in it: an error, never an empty list."""
    shelf, world = year()
    shelf.failing["sections_by_school"] = UnavailableError("no answer in time")
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


def stays(*own: str | None, codes: str = "AB") -> tuple[Shelf, World]:
    """A student whose stays name these calendars, at a school that has those with these codes."""
    days = [day(code, date(2026, 9, 1 + number)) for number in range(2) for code in codes]
    enrollments = [stay("1", vendor_id=str(number), calendar_code=code) for number, code in enumerate(own)]
    shelf = Shelf(
        {
            "students_by_id": {"1": student("1")},
            "school_enrollments_by_student": {"1": enrollments},
            "calendar_days_by_school": {"101": days},
        }
    )
    return shelf, World([stranger("sis", shelf)])


CALENDAR = """query($from: Date! = "2026-09-01", $to: Date! = "2026-09-01") {student(studentUniqueId: "1") {
    enrollments {calendar {code days(from: $from, to: $to) {calendarCode date}}}
}}"""


async def test_a_stay_has_the_calendar_recorded_with_it() -> None:
    """Days of that calendar and of the span alone; both ends of it are included."""
    _, world = stays("A", "B")
    told = (await world.data(CALENDAR, to="2026-09-02"))["student"]["enrollments"]

    assert [each["calendar"]["code"] for each in told] == ["A", "B"]
    assert [each["calendar"]["days"] for each in told] == [
        [{"calendarCode": code, "date": f"2026-09-0{number}"} for number in (1, 2)] for code in "AB"
    ]
    one = (await world.data(CALENDAR))["student"]["enrollments"]
    assert [len(each["calendar"]["days"]) for each in one] == [1, 1]


@pytest.mark.parametrize(("codes", "expected"), [("A", "A"), ("", None), ("AB", None)])
async def test_a_stay_without_a_calendar_has_the_schools_only_one(codes: str, expected: str | None) -> None:
    """With several, or none, in the year of the stay, nobody knows which counts."""
    _, world = stays(None, codes=codes)
    told = (await world.data('{student(studentUniqueId: "1") {enrollments {calendar {code}}}}'))["student"]

    assert told["enrollments"] == [{"calendar": expected and {"code": expected}}]
    assert [dict(ask.arguments) for _, ask in world.desk.asks if ask.arguments] == [{"school_year": 2027}]


async def test_a_stay_without_a_year_is_of_the_year_it_began_in() -> None:
    """The calendars of that year are looked at."""
    shelf, world = stays(None, codes="A")
    for each in shelf.answers["school_enrollments_by_student"]["1"]:
        each.school_year, each.entry_date = None, date(2025, 9, 1)
    await world.data('{student(studentUniqueId: "1") {enrollments {calendar {code}}}}')

    assert [dict(ask.arguments) for _, ask in world.desk.asks if ask.arguments] == [{"school_year": 2026}]


async def test_calendars_that_failed_are_an_error() -> None:
    """What could not be read is not the same as no calendar."""
    shelf, world = stays("A", None)
    shelf.failing["calendar_days_by_school"] = UnavailableError("no answer in time")
    result = await world.ask(CALENDAR)

    assert result.data == {
        "student": {"enrollments": [{"calendar": {"code": "A", "days": None}}, {"calendar": None}]}
    }
    assert await world.codes(CALENDAR, to="2026-08-31") == ["BAD_INPUT", "SOURCE_UNAVAILABLE"]
