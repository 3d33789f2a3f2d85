"""Caseloads of the Ed-Fi adapter: cohorts and programs whose staff may see the students' records."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import date
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from student_graph.adapters.edfi.client.keys import (
    CohortKey,
    ProgramKey,
    ProviderKey,
    caseload_id,
    parse_caseload_id,
)
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.errors import BadKeyError, NotOfferedError, UnavailableError
from student_graph.adapters.model import CaseloadId, DistrictId, StaffId
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import CohortFact, DistrictFacts, ProgramFact, ProgramStaffFact
from tests.adapters.edfi.payloads import student_row
from tests.adapters.edfi.scripted_sandbox import ScriptedSandbox, connected

FACTS = make_district(120)
PROGRAM_NAME = "Special Education"
PROGRAM_TYPE = f"uri://ed-fi.org/ProgramTypeDescriptor#{PROGRAM_NAME}"
FIRST_DAY = date(2026, 8, 20)


def accessible_caseloads(facts: DistrictFacts) -> dict[str, set[CaseloadId]]:
    """The caseloads with record access of each member of staff, computed from the facts."""
    caseloads: dict[str, set[CaseloadId]] = {member.id: set() for member in facts.staff}
    for assignment in facts.program_staff:
        if assignment.records:
            uri = f"uri://ed-fi.org/ProgramTypeDescriptor#{assignment.program_type}"
            caseloads[assignment.staff].add(caseload_id(ProgramKey(facts.lea, assignment.program, uri)))
    for cohort in facts.cohorts:
        for staff, _, _, records in cohort.staff:
            if records:
                caseloads[staff].add(caseload_id(CohortKey(cohort.organization, cohort.id)))
    return caseloads


async def test_staff_have_the_caseloads_with_record_access() -> None:
    """Staff without record access, or without a statement about it, have no caseload."""
    expected = accessible_caseloads(FACTS)
    async with connected(EdFiSandbox(FACTS)) as adapter:
        batch: Any = await adapter.caseload_staff_by_staff([StaffId(member.id) for member in FACTS.staff])
    caseloads = {key: {record.caseload_id for record in records} for key, records in batch.items()}
    assert caseloads == expected
    assert sum(map(len, expected.values())) > len(FACTS.schools)
    assert any(fact.records is None for fact in FACTS.program_staff)


@pytest.mark.parametrize("records", [False, None])
async def test_a_caseload_needs_record_access(records: bool | None) -> None:
    """Access is denied if `studentRecordAccess` is false or absent."""
    facts = make_district(10)
    member = facts.staff[0].id
    facts.program_staff = [
        ProgramStaffFact(staff=member, program="A", program_type="Other", begin=FIRST_DAY, records=records)
    ]
    facts.cohorts = [
        CohortFact(id="B", organization=facts.lea, staff=((member, FIRST_DAY, None, records),), students=())
    ]
    async with connected(EdFiSandbox(facts)) as adapter:
        assert await adapter.caseload_staff_by_staff([StaffId(member)]) == {member: []}


async def test_a_program_has_its_students_with_their_dates() -> None:
    """Students who have left the program are present, with an end date."""
    key = caseload_id(ProgramKey(FACTS.lea, PROGRAM_NAME, PROGRAM_TYPE))
    async with connected(EdFiSandbox(FACTS)) as adapter:
        batch = await adapter.caseload_students_by_caseload([key])
    expected = {(fact.student, fact.begin, fact.end) for fact in FACTS.programs if fact.program == PROGRAM_NAME}
    records: Any = batch[key]
    assert [(record.student_id, record.begin_date, record.end_date) for record in records] == sorted(expected)
    assert {record.caseload_id for record in records} == {key}


async def test_a_program_has_the_students_of_every_resource() -> None:
    """A district may list students of one program in the resource of its kind and in the general one."""
    facts = make_district(10)
    migrant_student, general_student = facts.students[3].id, facts.students[4].id
    program = {"program": "Migrant", "program_type": "Migrant Education", "begin": FIRST_DAY}
    facts.programs = [
        ProgramFact(student=migrant_student, kind="migrant", **program),
        ProgramFact(student=general_student, kind="other", **program),
    ]
    key = caseload_id(ProgramKey(facts.lea, "Migrant", "uri://ed-fi.org/ProgramTypeDescriptor#Migrant Education"))
    async with connected(EdFiSandbox(facts)) as adapter:
        batch: Any = await adapter.caseload_students_by_caseload([key])
    assert [record.student_id for record in batch[key]] == sorted([migrant_student, general_student])


@pytest.mark.parametrize("natural_key", [
    ProgramKey(FACTS.lea + 1, PROGRAM_NAME, PROGRAM_TYPE),
    ProgramKey(FACTS.lea, "Another", PROGRAM_TYPE),
    ProgramKey(FACTS.lea, PROGRAM_NAME, "uri://ed-fi.org/ProgramTypeDescriptor#Other"),
    CohortKey(FACTS.lea, FACTS.cohorts[0].id),
    CohortKey(FACTS.cohorts[0].organization, "none"),
])  # fmt: skip
async def test_an_unknown_caseload_has_no_students(natural_key: CohortKey | ProgramKey) -> None:
    """Each part of the natural key must match."""
    key = caseload_id(natural_key)
    async with connected(EdFiSandbox(FACTS)) as adapter:
        assert await adapter.caseload_students_by_caseload([key]) == {key: []}


async def test_rows_of_other_caseloads_are_dropped() -> None:
    """Some servers ignore filters and send rows of other cohorts."""
    cohort = {"educationOrganizationId": 1, "cohortIdentifier": "A"}
    rows = {
        "studentCohortAssociations": [
            student_row("1", id="1", beginDate="2026-08-20", cohortReference=cohort),
            student_row("2", id="2", beginDate="2026-08-20", cohortReference={**cohort, "cohortIdentifier": "B"}),
            student_row(
                "3", id="3", beginDate="2026-08-20", cohortReference={**cohort, "educationOrganizationId": 2}
            ),
        ]
    }
    key = caseload_id(CohortKey(1, "A"))
    async with connected(ScriptedSandbox(rows)) as adapter:
        batch: Any = await adapter.caseload_students_by_caseload([key])
    assert [record.student_id for record in batch[key]] == ["1"]


async def test_one_of_the_two_resources_is_enough() -> None:
    """Without cohorts there are caseloads of programs; without both resources caseloads are not offered."""
    async with connected(ScriptedSandbox({"staffProgramAssociations": []})) as adapter:
        assert await adapter.caseload_staff_by_staff([StaffId("7")]) == {"7": []}
    async with connected(ScriptedSandbox({})) as adapter:
        batch = await adapter.caseload_staff_by_staff([StaffId("7")])
    assert type(batch["7"]) is NotOfferedError


@pytest.mark.parametrize("key", [
    CohortKey(1, "A/B %2F"),
    ProgramKey(2**63 - 1, "Título I", "uri://a.example/ProgramTypeDescriptor#x/y"),
])  # fmt: skip
def test_the_natural_key_of_a_caseload_survives_its_id(key: CohortKey | ProgramKey) -> None:
    """A part of the key may contain any text."""
    assert parse_caseload_id(caseload_id(key)) == key


@pytest.mark.parametrize(
    "key", ["", "cohort", "cohort/1", "cohort/01/A", "program/1/A", "program/1/A/B/C", "x/1/A"]
)
async def test_an_invalid_caseload_id_is_refused(key: str) -> None:
    """No request for data is sent."""
    sandbox = EdFiSandbox(make_district(10))
    async with connected(sandbox) as adapter:
        batch = await adapter.caseload_students_by_caseload([CaseloadId(key)])
    assert type(batch[CaseloadId(key)]) is BadKeyError
    assert [request for request in sandbox.requests if "/ed-fi/" in request] == []


def served(student: str, *providers: str, **properties: Any) -> dict[str, Any]:
    """A row of `studentSpecialEducationProgramAssociations` with the staff who serve the student."""
    rows = [{"staffReference": {"staffUniqueId": staff}, "primaryProvider": True} for staff in providers]
    program = {"educationOrganizationId": 7, "programName": "A", "programTypeDescriptor": "Special Education"}
    default = {"beginDate": "2021-08-30", "serviceProviders": rows, "programReference": program}
    return student_row(student, id=f"r{student}", **(default | properties))


def service(*providers: str, **properties: Any) -> dict[str, Any]:
    """A special education service with the staff who provide it."""
    rows = [{"staffReference": {"staffUniqueId": staff}} for staff in providers]
    return {"specialEducationProgramServiceDescriptor": "Speech", "providers": rows, **properties}


async def test_staff_who_serve_single_students_have_a_caseload_of_these() -> None:
    """The providers of a student, or of one service of theirs, have that student for so long, and no other."""
    ended = service("t3", serviceBeginDate="2021-10-01", serviceEndDate="2021-12-01")
    rows = [
        served("1", "t1", "t2"),
        served("2", "t2", endDate="2022-01-31"),
        served("3", specialEducationProgramServices=[ended]),
        served("4"),
    ]
    staff = [StaffId(f"t{number}") for number in range(1, 5)]
    async with connected(ScriptedSandbox({"studentSpecialEducationProgramAssociations": rows})) as adapter:
        caseloads: Any = await adapter.caseload_staff_by_staff(staff)
        ids = [caseload_id(ProviderKey(member)) for member in staff]
        students: Any = await adapter.caseload_students_by_caseload(ids)

    assert {key: {record.caseload_id for record in records} for key, records in caseloads.items()} == {
        member: {id} if member != "t4" else set() for member, id in zip(staff, ids, strict=True)
    }
    assert [
        [(record.student_id, str(record.begin_date), str(record.end_date)) for record in students[id]]
        for id in ids
    ] == [
        [("1", "2021-08-30", "None")],
        [("1", "2021-08-30", "None"), ("2", "2021-08-30", "2022-01-31")],
        [("3", "2021-10-01", "2021-12-01")],
        [],
    ]


@pytest.mark.parametrize("status", [403, 404])
async def test_providers_that_cannot_be_read_take_no_other_caseload_away(
    status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """An API client that may not read special education grants the access of cohorts and programs only."""
    cohort = {
        "id": "c",
        "staffReference": {"staffUniqueId": "t1"},
        "cohortReference": {"educationOrganizationId": 7, "cohortIdentifier": "A"},
        "beginDate": "2021-08-30",
        "studentRecordAccess": True,
    }
    rows: dict[str, Any] = {"staffCohortAssociations": [cohort], "studentSpecialEducationProgramAssociations": []}
    sandbox = RefusingSandbox(rows, status)
    async with connected(sandbox) as adapter:
        batch: Any = await adapter.caseload_staff_by_staff([StaffId("t1")])

    assert [record.caseload_id for record in batch["t1"]] == [caseload_id(CohortKey(7, "A"))]
    assert ("grant no access" in caplog.text) is (status == 403)


async def test_providers_that_cannot_be_read_now_are_an_error() -> None:
    """During an outage the reach is not shortened."""
    async with connected(RefusingSandbox({"staffCohortAssociations": []}, 503)) as adapter:
        batch = await adapter.caseload_staff_by_staff([StaffId("t1")])

    assert UnavailableError is type(batch[StaffId("t1")])


async def test_the_resources_of_a_caseload_are_read_at_the_same_time() -> None:
    """A teacher's page waits for the reach, so no list may wait for another one. Equal reads are one request."""
    sandbox = HoldingSandbox(dict.fromkeys(CASELOAD_RESOURCES, ()))
    async with asyncio.timeout(10), connected(sandbox) as adapter:
        of_staff, of_district = await asyncio.gather(
            adapter.caseload_staff_by_staff([StaffId("t1")]),
            adapter.caseload_staff_by_district([DistrictId("d")]),
        )

    assert [*of_staff.values(), *of_district.values()] == [[], []]
    assert Counter(sandbox.requested_resources()) == {
        "staffCohortAssociations": 2,
        "staffProgramAssociations": 2,
        "studentSpecialEducationProgramAssociations": 1,
    }


CASELOAD_RESOURCES = (
    "staffCohortAssociations",
    "staffProgramAssociations",
    "studentSpecialEducationProgramAssociations",
)


class HoldingSandbox(ScriptedSandbox):
    """Sends no list before all lists have been requested."""

    def __init__(self, rows: Any) -> None:
        super().__init__(rows)
        self._all_requested = asyncio.Event()

    async def _list(self, request: Request) -> Response:
        if set(self.requested_resources()) >= {*self.rows}:
            self._all_requested.set()
        await self._all_requested.wait()
        return await super()._list(request)


class RefusingSandbox(ScriptedSandbox):
    """Serves rows, and a status instead of special education."""

    def __init__(self, rows: Any, status: int) -> None:
        super().__init__(rows)
        self.status = status

    async def _list(self, request: Request) -> Response:
        if request.path_params["resource"] == "studentSpecialEducationProgramAssociations":
            return Response(status_code=self.status)
        return await super()._list(request)
