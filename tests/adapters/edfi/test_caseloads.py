"""Caseloads as an Ed-Fi API tells them: cohorts and programs of staff who may see the records."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from student_graph.adapters.edfi.client.keys import CohortParts, ProgramParts, caseload_id, caseload_parts
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.errors import BadKeyError, NotOfferedError
from student_graph.adapters.model import CaseloadId, StaffId
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import CohortFact, DistrictFacts, ProgramFact, ProgramStaffFact
from tests.adapters.edfi.scripted import Scripted, connected
from tests.adapters.edfi.test_joins import of

FACTS = make_district(120)
THERAPY = "Special Education"
URI = f"uri://ed-fi.org/ProgramTypeDescriptor#{THERAPY}"
FIRST = date(2026, 8, 20)


def opened(facts: DistrictFacts) -> dict[str, set[CaseloadId]]:
    """By member of staff the caseloads whose records are open to them, from the facts themselves."""
    found: dict[str, set[CaseloadId]] = {member.id: set() for member in facts.staff}
    for one in facts.program_staff:
        if one.records:
            uri = f"uri://ed-fi.org/ProgramTypeDescriptor#{one.program_type}"
            found[one.staff].add(caseload_id(ProgramParts(facts.lea, one.program, uri)))
    for cohort in facts.cohorts:
        for staff, _, _, records in cohort.staff:
            if records:
                found[staff].add(caseload_id(CohortParts(cohort.organization, cohort.id)))
    return found


async def test_everybody_has_the_caseloads_that_the_facts_give_them() -> None:
    """And nobody else: whose records are closed, or of whom nothing is said, has none."""
    expected = opened(FACTS)
    async with connected(EdFiSandbox(FACTS)) as adapter:
        told: Any = await adapter.caseload_staff_by_staff([StaffId(member.id) for member in FACTS.staff])
    found = {key: {each.caseload_id for each in rows} for key, rows in told.items()}
    assert found == expected
    assert sum(map(len, expected.values())) > len(FACTS.schools)
    assert any(one.records is None for one in FACTS.program_staff)


@pytest.mark.parametrize("records", [False, None])
async def test_records_are_closed_unless_it_says_that_they_are_open(records: bool | None) -> None:
    """Deny by default."""
    facts = make_district(10)
    member = facts.staff[0].id
    facts.program_staff = [
        ProgramStaffFact(staff=member, program="A", program_type="Other", begin=FIRST, records=records)
    ]
    facts.cohorts = [
        CohortFact(id="B", organization=facts.lea, staff=((member, FIRST, None, records),), students=())
    ]
    async with connected(EdFiSandbox(facts)) as adapter:
        assert await adapter.caseload_staff_by_staff([StaffId(member)]) == {member: []}


async def test_a_program_has_the_students_of_every_list_of_programs() -> None:
    """With their days: who has left is there, and dated."""
    key = caseload_id(ProgramParts(FACTS.lea, THERAPY, URI))
    async with connected(EdFiSandbox(FACTS)) as adapter:
        told = await adapter.caseload_students_by_caseload([key])
    expected = {(one.student, one.begin, one.end) for one in FACTS.programs if one.program == THERAPY}
    rows: Any = told[key]
    assert [(each.student_id, each.begin_date, each.end_date) for each in rows] == sorted(expected)
    assert {each.caseload_id for each in rows} == {key}


async def test_a_program_of_another_kind_is_found_where_its_kind_is_listed() -> None:
    """Also where the district keeps it among those of no kind."""
    facts = make_district(10)
    child, other = facts.students[3].id, facts.students[4].id
    both = {"program": "Migrant", "program_type": "Migrant Education", "begin": FIRST}
    facts.programs = [
        ProgramFact(student=child, kind="migrant", **both),
        ProgramFact(student=other, kind="other", **both),
    ]
    key = caseload_id(
        ProgramParts(facts.lea, "Migrant", "uri://ed-fi.org/ProgramTypeDescriptor#Migrant Education")
    )
    async with connected(EdFiSandbox(facts)) as adapter:
        told: Any = await adapter.caseload_students_by_caseload([key])
    assert [each.student_id for each in told[key]] == sorted([child, other])


@pytest.mark.parametrize("elsewhere", [
    ProgramParts(FACTS.lea + 1, THERAPY, URI),
    ProgramParts(FACTS.lea, "Another", URI),
    ProgramParts(FACTS.lea, THERAPY, "uri://ed-fi.org/ProgramTypeDescriptor#Other"),
    CohortParts(FACTS.lea, FACTS.cohorts[0].id),
    CohortParts(FACTS.cohorts[0].organization, "none"),
])  # fmt: skip
async def test_a_caseload_of_another_name_has_nobody(elsewhere: CohortParts | ProgramParts) -> None:
    """Each part of the name counts."""
    key = caseload_id(elsewhere)
    async with connected(EdFiSandbox(FACTS)) as adapter:
        assert await adapter.caseload_students_by_caseload([key]) == {key: []}


async def test_a_server_that_ignores_filters_puts_nobody_on_a_caseload() -> None:
    """Rows that were not asked for are left out, whatever was sent."""
    cohort = {"educationOrganizationId": 1, "cohortIdentifier": "A"}
    rows = {
        "studentCohortAssociations": [
            of("1", id="1", beginDate="2026-08-20", cohortReference=cohort),
            of("2", id="2", beginDate="2026-08-20", cohortReference={**cohort, "cohortIdentifier": "B"}),
            of("3", id="3", beginDate="2026-08-20", cohortReference={**cohort, "educationOrganizationId": 2}),
        ]
    }
    key = caseload_id(CohortParts(1, "A"))
    async with connected(Scripted(rows)) as adapter:
        told: Any = await adapter.caseload_students_by_caseload([key])
    assert [each.student_id for each in told[key]] == ["1"]


async def test_a_server_without_cohorts_tells_programs() -> None:
    """One of the two is enough; without both, caseloads are not offered."""
    async with connected(Scripted({"staffProgramAssociations": []})) as adapter:
        assert await adapter.caseload_staff_by_staff([StaffId("7")]) == {"7": []}
    async with connected(Scripted({})) as adapter:
        told = await adapter.caseload_staff_by_staff([StaffId("7")])
    assert type(told["7"]) is NotOfferedError


@pytest.mark.parametrize("parts", [
    CohortParts(1, "A/B %2F"),
    ProgramParts(2**63 - 1, "Título I", "uri://a.example/ProgramTypeDescriptor#x/y"),
])  # fmt: skip
def test_an_id_of_a_caseload_is_read_back_as_it_was_made(parts: CohortParts | ProgramParts) -> None:
    """Any text survives."""
    assert caseload_parts(caseload_id(parts)) == parts


@pytest.mark.parametrize(
    "key", ["", "cohort", "cohort/1", "cohort/01/A", "program/1/A", "program/1/A/B/C", "x/1/A"]
)
async def test_what_is_no_id_of_a_caseload_is_refused(key: str) -> None:
    """Before anything is asked."""
    sandbox = EdFiSandbox(make_district(10))
    async with connected(sandbox) as adapter:
        told = await adapter.caseload_students_by_caseload([CaseloadId(key)])
    assert type(told[CaseloadId(key)]) is BadKeyError
    assert [request for request in sandbox.requests if "/ed-fi/" in request] == []
