"""The costs and the order of the Ed-Fi adapter's access paths."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest

from student_graph.adapters.answers import Ask
from student_graph.adapters.contract import Adapter, CallCost, LookupMethod
from student_graph.adapters.edfi.adapter import EdFiSettings
from student_graph.adapters.edfi.client.keys import school_of_section, school_year_of_section
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.lookup import StudentFilter, Window, lookup_of
from student_graph.adapters.model import CourseGrade, DistrictId, SchoolId, SectionId, StudentId
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.testing.harness import run_lookup
from student_graph.gateway.fetch.coarse_answers import coarse_ask
from tests.adapters.edfi.paths.ways import Way, path_of, way_name
from tests.adapters.edfi.scripted_sandbox import connected
from tests.subcases import subcases


def cost(method: LookupMethod, coarse: LookupMethod, **estimates: Any) -> CallCost:
    """The cost of a lookup's access path with these settings."""
    client = {"base_url": "http://edfi.test", "client_id": "a", "client_secret": "b"}
    return path_of((method, coarse)).cost(EdFiSettings.model_validate(client | estimates))


@subcases(
    ("method", "coarse", "expected"),
    [
        (Adapter.students_by_id, Adapter.roster_by_district, CallCost(1, 10)),
        (Adapter.school_enrollments_by_student, Adapter.school_enrollments_by_district, CallCost(1, 10)),
        (Adapter.student_identities_by_id, Adapter.student_identities_by_district, CallCost(2, 30)),
        (Adapter.addresses_by_student, Adapter.addresses_by_district, CallCost(2, 30)),
        (Adapter.english_proficiency_by_student, Adapter.english_proficiency_by_district, CallCost(2, 30)),
        (Adapter.attendance_events_by_student, Adapter.attendance_events_by_school, CallCost(1, 12)),
        (Adapter.course_grades_by_student, Adapter.course_grades_by_section, CallCost(1, 1)),
        (Adapter.course_grades_by_student, Adapter.course_grades_by_school, CallCost(1, 24)),
        (Adapter.discipline_actions_by_student, Adapter.discipline_actions_by_district, CallCost(1, 1)),
        (Adapter.discipline_incidents_by_student, Adapter.discipline_incidents_by_district, CallCost(1.1, 2)),
        (Adapter.program_participations_by_student, Adapter.program_participations_by_district, CallCost(4, 4)),
        (Adapter.schools_by_id, Adapter.schools_by_district, CallCost(1, 1)),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_list_costs_its_pages(method: LookupMethod, coarse: LookupMethod, expected: CallCost) -> None:
    """Pages have 500 rows; by default a district has 5000 students, and a school 600."""
    assert expected == cost(method, coarse)


def test_smaller_pages_cost_more() -> None:
    """The cost depends on the page size and on the estimated number of students."""
    assert CallCost(1, 100) == cost(Adapter.students_by_id, Adapter.roster_by_district, page_size=50)
    assert CallCost(1, 2) == cost(Adapter.students_by_id, Adapter.roster_by_district, students=960)


@pytest.mark.parametrize(
    ("method", "coarse", "students"),
    [
        (Adapter.students_by_id, Adapter.roster_by_district, 40_001),
        (Adapter.school_enrollments_by_student, Adapter.school_enrollments_by_district, 200_001),
        (Adapter.student_identities_by_id, Adapter.student_identities_by_district, 20_001),
        (Adapter.attendance_events_by_student, Adapter.attendance_events_by_district, 4001),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_list_that_is_too_long_has_an_infinite_cost(
    method: LookupMethod, coarse: LookupMethod, students: int
) -> None:
    """A list of more than 40,000 rows, or 200,000 enrollments, is not read: students are then read one by one."""
    assert cost(method, coarse, students=students).per_coarse_key == math.inf
    assert cost(method, coarse, students=students - 1).per_coarse_key < math.inf


@pytest.mark.parametrize(
    "way",
    [
        (Adapter.course_grades_by_student, Adapter.course_grades_by_section),
        (Adapter.section_attendance_events_by_student, Adapter.section_attendance_events_by_section),
    ],
    ids=way_name,
)
async def test_lists_of_a_section_are_read_for_one_year(way: Way) -> None:
    """The list of a section has rows of any year, and the path takes those of the requested year."""
    sandbox = EdFiSandbox(make_district(20))
    path, year = path_of(way), sandbox.facts.year
    assert path.selects is not None
    async with connected(sandbox) as adapter:
        sections = sandbox.known_keys("section")
        batch = await run_lookup(adapter, lookup_of(path.coarse_lookup), sections, {})
    records = [record for answer in batch.values() for record in answer]

    assert records
    assert all(path.selects(record, {"school_year": year}) for record in records)
    assert not any(path.selects(record, {"school_year": year - 1}) for record in records)


async def test_events_of_two_schools_have_the_order_of_the_lookup_by_student() -> None:
    """The events of a student of two schools, read by school and merged, are sorted as by student."""
    sandbox = EdFiSandbox(make_district(120))
    path = path_of((Adapter.attendance_events_by_student, Adapter.attendance_events_by_school))
    year = sandbox.facts.year
    assert path.sort_key is not None
    schools = [SchoolId(key) for key in sandbox.known_keys("school")]
    async with connected(sandbox) as adapter:
        batch = await adapter.attendance_events_by_school(schools, school_year=year)
        events = [event for answer in batch.values() if isinstance(answer, list) for event in answer]
        for key in map(StudentId, sandbox.facts.special_cases["dual_enrollment"]):
            by_student = await adapter.attendance_events_by_student([key], school_year=year)
            student_events = [event for event in events if path.key_of(event) == key]

            assert len({event.school_id for event in student_events}) == 2
            assert sorted(student_events, key=path.sort_key) == by_student[key]


async def test_pages_of_sections_and_of_students_use_the_same_list_of_grades() -> None:
    """The year is in the id of a section. The list of a year has all grades of its sections, key for key."""
    sandbox = EdFiSandbox(make_district(120))
    year, sections = sandbox.facts.year, [SectionId(key) for key in sandbox.known_keys("section")]
    path = path_of((Adapter.course_grades_by_section, Adapter.course_grades_by_school))
    of_year = [id for id in sections if school_year_of_section(id) == year]
    by_section = coarse_ask(Ask(lookup_of(Adapter.course_grades_by_section), tuple(of_year)), path, ["1"])
    by_student = coarse_ask(
        Ask(lookup_of(Adapter.course_grades_by_student), ("s1",), {"school_year": year}),
        path_of((Adapter.course_grades_by_student, Adapter.course_grades_by_school)),
        ["1"],
    )
    mixed = (*of_year, SectionId(of_year[0].replace(str(year), str(year - 1), 1)))
    assert by_section.batch_key == by_student.batch_key
    for keys in (mixed, ("no id",)):
        assert not coarse_ask(Ask(by_section.lookup, keys), path, ["1"]).arguments

    async with connected(sandbox) as adapter:
        schools = sorted({school_of_section(id) for id in of_year})
        lists = await adapter.course_grades_by_school(schools, school_year=year)
        expected = await adapter.course_grades_by_section(of_year)
    grades: dict[SectionId, list[CourseGrade]] = {id: [] for id in of_year}
    for answer in lists.values():
        assert isinstance(answer, list)
        for grade in answer:
            grades[path.key_of(grade)].append(grade)
    assert any(grades.values())
    assert {id: sorted(map(repr, rows)) for id, rows in grades.items()} == {
        id: sorted(map(repr, rows)) for id, rows in expected.items() if isinstance(rows, list)
    }


async def test_names_and_identities_of_a_district_share_the_pages_of_students() -> None:
    """Both lookups need all rows of `students`. One after the other they return the same, with twice the calls."""
    sandbox, district = EdFiSandbox(make_district(120)), DistrictId("hill")
    async with connected(sandbox, page_size=50) as adapter:
        lookups = adapter.roster_by_district, adapter.student_identities_by_district
        alone = [await lookup([district]) for lookup in lookups]
        calls_alone = _calls_for_students(sandbox)
        together = await asyncio.gather(*(lookup([district]) for lookup in lookups))

    assert list(map(repr, together)) == list(map(repr, alone))
    assert calls_alone == 2 * _calls_for_students(sandbox) > 2


def _calls_for_students(sandbox: EdFiSandbox) -> int:
    """The requests for `students` since the last call."""
    count = sum("/ed-fi/students?" in request for request in sandbox.requests)
    sandbox.requests.clear()
    return count


async def test_costs_follow_the_number_of_students_that_lists_of_schools_name() -> None:
    """The costs of a school's other lists are those of its real size, whatever the setting says."""
    sandbox = EdFiSandbox(make_district(120))
    path = path_of((Adapter.course_grades_by_section, Adapter.course_grades_by_school))
    schools = [SchoolId(key) for key in sandbox.known_keys("school")]
    async with connected(sandbox) as adapter:
        before = path.cost(adapter.estimates).per_coarse_key
        batch = await adapter.section_enrollments_by_school(schools)
        lists = [answer for answer in batch.values() if isinstance(answer, list) and answer]
        mean = sum(len({row.student_id for row in rows}) for rows in lists) / len(lists)

        assert adapter.estimates.school_students == math.ceil(mean)
        assert path.cost(adapter.estimates).per_coarse_key < before


async def test_costs_follow_the_number_of_students_that_the_api_has() -> None:
    """A small district has affordable lists of all attendance, although no setting says that it is small."""
    facts = make_district(20)
    path = path_of((Adapter.attendance_events_by_student, Adapter.attendance_events_by_district))
    async with connected(EdFiSandbox(facts)) as adapter:
        assert path.cost(adapter.estimates).per_coarse_key == math.inf
        await adapter.students_by_district([DistrictId("hill")], window=Window(1))
        assert path.cost(adapter.estimates).per_coarse_key == 1
        filter = StudentFilter(ids=(StudentId(facts.students[0].id),))
        await adapter.students_by_district([DistrictId("hill")], window=Window(1), filter=filter)
        assert adapter.estimates.students == len(facts.students)
        await adapter.roster_by_district([DistrictId("hill")])
        assert adapter.estimates.students == len(facts.students)
        assert adapter.settings.students == 5000
