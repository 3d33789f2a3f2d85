"""Keys that differ by case or by blanks at the end: the server decides whether they are one key."""

from __future__ import annotations

from typing import Any

import pytest

from student_graph.adapters.answers import records_in
from student_graph.adapters.contract import Adapter
from student_graph.adapters.edfi.client.keys import (
    CohortKey,
    ProgramKey,
    assessment_id,
    caseload_id,
    section_id,
)
from student_graph.adapters.edfi.client.loose_keys import NO_KEY, loose_id
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.lookup import StudentFilter, Window, lookup_of
from student_graph.adapters.model import DistrictId, Section, SectionId, StudentId
from student_graph.adapters.testing.harness import run_lookup
from tests.adapters.edfi.comparing_sandbox import ComparingSandbox
from tests.adapters.edfi.payloads import SECTION, student_row
from tests.adapters.edfi.scripted_sandbox import ScriptedSandbox, connected
from tests.subcases import subcases

DISTRICT = DistrictId("grand-bend")
SCHOOL = SECTION["schoolId"]
YEAR = SECTION["schoolYear"]
PROGRAM = {
    "educationOrganizationId": 7,
    "programName": "Reading",
    "programTypeDescriptor": "uri://ed-fi.org/ProgramTypeDescriptor#Other",
}
COHORT = {"educationOrganizationId": 7, "cohortIdentifier": "Group A"}


def respelled(text: str) -> str:
    """The same text in capitals and with a blank at the end."""
    return f"{text.upper()} "


def section_reference(**properties: Any) -> dict[str, Any]:
    """The properties that name a section."""
    return {**SECTION, **properties}


def id_of(reference: dict[str, Any]) -> SectionId:
    """The id of the section that a reference names."""
    return section_id(
        reference["schoolId"],
        reference["schoolYear"],
        reference["sessionName"],
        reference["localCourseCode"],
        reference["sectionIdentifier"],
    )


def section_row(identifier: str, id: str, **properties: Any) -> dict[str, Any]:
    """A row of `sections`."""
    offering = {name: value for name, value in SECTION.items() if name != "sectionIdentifier"} | properties
    return {"id": id, "sectionIdentifier": identifier, "courseOfferingReference": offering, "sectionName": id}


def course_rows() -> dict[str, list[dict[str, Any]]]:
    """One section, its offering and its course, each of which names the next one in another spelling."""
    session = {"schoolId": SCHOOL, "schoolYear": YEAR, "sessionName": "Fall"}
    course = {"courseCode": respelled("Algebra"), "educationOrganizationId": SCHOOL}
    return {
        "sections": [section_row("Trad220", "one", localCourseCode=respelled("alg-1"))],
        "courseOfferings": [
            {"id": "o", "localCourseCode": "ALG-1", "sessionReference": session, "courseReference": course}
        ],
        "courses": [
            {
                "id": "c",
                "courseCode": "Algebra",
                "courseTitle": "Algebra I",
                "educationOrganizationReference": {"educationOrganizationId": SCHOOL},
            }
        ],
    }


def rows_of_one_section() -> dict[str, list[dict[str, Any]]]:
    """A student, a teacher and records that name one section, program, cohort and assessment."""
    begin = {"beginDate": "2021-08-30"}
    named = {"sectionReference": section_reference()}
    return {
        "sections": [section_row("Trad220", "one")],
        "students": [{"id": "s", "studentUniqueId": "a17", "firstName": "Lisa", "lastSurname": "Woods"}],
        "staffs": [{"id": "t", "staffUniqueId": "t9", "firstName": "Ana", "lastSurname": "Hill"}],
        "studentSectionAssociations": [student_row("a17", id="e", **begin, **named)],
        "staffSectionAssociations": [{"id": "m", "staffReference": {"staffUniqueId": "t9"}, **named}],
        "studentSectionAttendanceEvents": [
            student_row("a17", id="v", eventDate="2021-09-01", attendanceEventCategoryDescriptor="Tardy", **named)
        ],
        "assessments": [
            {"id": "x", "assessmentIdentifier": "map-r", "assessmentTitle": "Map", "namespace": "uri://nwea.org"}
        ],
        "studentCohortAssociations": [student_row("a17", id="k", cohortReference=COHORT, **begin)],
        "studentProgramAssociations": [student_row("a17", id="p", programReference=PROGRAM, **begin)],
        "staffCohortAssociations": [
            {
                "id": "y",
                "staffReference": {"staffUniqueId": "t9"},
                "cohortReference": COHORT,
                "studentRecordAccess": True,
                **begin,
            }
        ],
    }


def program_id(spell: Any) -> str:
    """The id of the program, with its name and type spelled by a function."""
    return caseload_id(ProgramKey(7, spell(PROGRAM["programName"]), spell(PROGRAM["programTypeDescriptor"])))


KEYED = [
    (Adapter.sections_by_id, lambda spell: id_of(section_reference(sectionIdentifier=spell("Trad220")))),
    (Adapter.section_enrollments_by_section, lambda spell: id_of(section_reference(sessionName=spell("Fall")))),
    (Adapter.section_staff_by_section, lambda spell: id_of(section_reference(localCourseCode=spell("ALG-1")))),
    (
        Adapter.section_attendance_events_by_section,
        lambda spell: id_of(section_reference(sessionName=spell("Fall"))),
    ),
    (Adapter.students_by_id, lambda spell: spell("a17")),
    (Adapter.section_enrollments_by_student, lambda spell: spell("a17")),
    (Adapter.staff_by_id, lambda spell: spell("t9")),
    (Adapter.section_staff_by_staff, lambda spell: spell("t9")),
    (Adapter.caseload_staff_by_staff, lambda spell: spell("t9")),
    (Adapter.assessments_by_id, lambda spell: assessment_id(spell("map-r"), spell("uri://nwea.org"))),
    (Adapter.caseload_students_by_caseload, lambda spell: caseload_id(CohortKey(7, spell("Group A")))),
    (Adapter.caseload_students_by_caseload, program_id),
]


@pytest.mark.parametrize("ignores_case", [True, False])
@pytest.mark.parametrize(("method", "key_of"), KEYED, ids=lambda value: getattr(value, "__name__", None))
async def test_the_server_decides_whether_two_spellings_are_one_key(
    method: Any, key_of: Any, ignores_case: bool
) -> None:
    """A server that ignores spelling answers with the same records, as they spell it; another has none."""
    lookup = lookup_of(method)
    key, other = key_of(str), key_of(respelled)
    async with connected(ComparingSandbox(rows_of_one_section(), ignores_case=ignores_case)) as adapter:
        batch = await run_lookup(adapter, lookup, [key, other], {})
    vendor_ids = {id: [r.vendor_id for r in records_in(batch.get(id))] for id in (key, other)}

    assert vendor_ids[key]
    assert vendor_ids[other] == (vendor_ids[key] if ignores_case else [])
    if lookup.is_by_id and ignores_case:
        assert batch[other] == batch[key]


@pytest.mark.parametrize("page_size", [500, 1])
async def test_sections_whose_keys_differ_only_in_case_keep_their_own_names(page_size: int) -> None:
    """A server that distinguishes them has both; each id has its own section, alone and in a list."""
    rows = {"sections": [section_row("trad220", "small"), section_row("TRAD220", "large"), section_row("9", "x")]}
    ids = [id_of(section_reference(sectionIdentifier=identifier)) for identifier in ("trad220", "TRAD220", "9")]
    async with connected(ComparingSandbox(rows, ignores_case=False), page_size=page_size) as adapter:
        together = await adapter.sections_by_id(ids)
        alone = [await adapter.sections_by_id([id]) for id in ids]
        unknown = await adapter.sections_by_id([id_of(section_reference(sectionIdentifier="Trad220")), *ids])

    assert [names_of(together, [id]) for id in ids] == [["small"], ["large"], ["x"]]
    assert {id: section for batch in alone for id, section in batch.items()} == together == unknown


def names_of(batch: Any, ids: list[SectionId]) -> list[str | None]:
    """The names of the sections of a batch."""
    return [section.section_name for id in ids if isinstance(section := batch.get(id), Section)]


async def test_a_list_of_a_school_finds_sections_in_other_letters() -> None:
    """Three sections are read as one list; those that no row spells so are asked for one by one."""
    rows = {"sections": [section_row(name, name) for name in ("Trad220", "Trad221", "Trad222")]}
    spelled = ["trad220", "Trad221", "TRAD222 "]
    ids = [id_of(section_reference(sectionIdentifier=identifier)) for identifier in spelled]
    sandbox = ComparingSandbox(rows, ignores_case=True)
    async with connected(sandbox) as adapter:
        batch = await adapter.sections_by_id(ids)

    assert names_of(batch, ids) == ["Trad220", "Trad221", "Trad222"]
    assert len([line for line in sandbox.requests if "sectionIdentifier" not in line and "sections" in line]) == 1


@pytest.mark.parametrize("ignores_case", [True, False])
async def test_courses_are_joined_as_the_server_compares(ignores_case: bool) -> None:
    """The lookups by section and by district agree."""
    async with connected(ComparingSandbox(course_rows(), ignores_case=ignores_case)) as adapter:
        [section] = (await adapter.sections_by_district([DISTRICT]))[DISTRICT]
        by_section = await adapter.courses_by_section([section.section_id])
        by_district = (await adapter.courses_by_district([DISTRICT]))[DISTRICT]

    assert list(by_section.values()) == by_district
    assert [course.course_title for course in by_district] == (["Algebra I"] if ignores_case else [])


async def test_contacts_and_incidents_are_joined_as_the_server_compares() -> None:
    """The lists of the district have what the reads of the student have."""
    rows = {
        "studentContactAssociations": [
            student_row("a17", id="1", contactReference={"contactUniqueId": respelled("c1")})
        ],
        "contacts": [{"id": "2", "contactUniqueId": "c1", "firstName": "Ana", "lastSurname": "Woods"}],
        "disciplineIncidents": [
            {
                "id": "3",
                "incidentIdentifier": "i1",
                "schoolReference": {"schoolId": 1},
                "incidentDate": "2021-09-01",
            }
        ],
        "studentDisciplineIncidentBehaviorAssociations": [
            student_row(
                "a17",
                id="4",
                behaviorDescriptor="Theft",
                disciplineIncidentReference={"incidentIdentifier": respelled("i1"), "schoolId": 1},
            )
        ],
    }
    student = StudentId("a17")
    async with connected(ComparingSandbox(rows, ignores_case=True)) as adapter:
        contacts = await adapter.contacts_by_student([student])
        incidents = await adapter.discipline_incidents_by_student([student])
        contacts_of_all = await adapter.contacts_by_district([DISTRICT])
        incidents_of_all = await adapter.discipline_incidents_by_district([DISTRICT])

    assert contacts[student]
    assert contacts[student] == contacts_of_all[DISTRICT]
    assert incidents[student]
    assert incidents[student] == incidents_of_all[DISTRICT]


async def test_a_server_that_ignores_a_filter_has_decided_nothing() -> None:
    """It sends all rows, so that a row in another spelling may be of another section."""
    rows = {"sections": [section_row("trad220", "small"), section_row("TRAD220", "large")]}
    sandbox = ScriptedSandbox(rows)
    ids = [id_of(section_reference(sectionIdentifier=identifier)) for identifier in ("trad220", "Trad220")]
    async with connected(sandbox) as adapter:
        batches = [await adapter.sections_by_id([id]) for id in ids]

    assert [names_of(batch, ids) for batch in batches] == [["small"], []]


async def test_a_filter_is_tried_once() -> None:
    """Ten reads in another spelling cost one request more."""
    rows = {
        "students": [
            {"id": n, "studentUniqueId": f"a{n}", "firstName": "A", "lastSurname": "B"} for n in "0123456789"
        ]
    }
    sandbox = ComparingSandbox(rows, ignores_case=True)
    async with connected(sandbox) as adapter:
        batch = await adapter.students_by_id([StudentId(f"A{n}") for n in range(10)])

    assert len(batch) == 10
    assert len([line for line in sandbox.requests if NO_KEY in line]) == 1


async def test_a_search_by_a_number_in_other_letters_finds_the_student() -> None:
    """The page has the student as the server spells the number."""
    sandbox = ComparingSandbox(rows_of_one_section(), ignores_case=True)
    async with connected(sandbox) as adapter:
        filter = StudentFilter(ids=(StudentId("A17"),))
        batch = await adapter.students_by_district([DISTRICT], window=Window(20), filter=filter)
    page = batch[DISTRICT]

    assert not isinstance(page, AdapterError)
    assert [student.student_id for student in page.items] == ["a17"]


@subcases(
    ("id", "other", "equal"),
    [
        ("1/2022/Fall/alg/A%20", "1/2022/FALL%20/ALG/a", True),
        ("1/2022/Fall/alg/%20A", "1/2022/Fall/alg/A", False),
        ("1/2022/Fall/alg%2FA", "1/2022/Fall/alg/A", False),
        ("604822", "604822 ", True),
        ("604822", "604823", False),
    ],
)
def test_ids_are_loosely_equal_if_their_parts_differ_in_case_or_end_blanks(
    id: str, other: str, equal: bool
) -> None:
    """Blanks at the start and encoded slashes distinguish ids."""
    assert (loose_id(id) == loose_id(other)) is equal
