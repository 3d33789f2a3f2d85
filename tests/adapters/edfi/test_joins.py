"""Lookups that join several resources of Ed-Fi: contacts, incidents and programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from student_graph.adapters.errors import NotOfferedError, PayloadError
from student_graph.adapters.model import DistrictId, StudentId
from student_graph.adapters.reading import collecting_unreadable_rows
from tests.adapters.edfi.payloads import student_row
from tests.adapters.edfi.scripted_sandbox import ScriptedSandbox, connected

LISA, ALANA = StudentId("604822"), StudentId("605001")
DISTRICT = DistrictId("grand-bend")
PROGRAM_RESOURCES = (
    "studentProgramAssociations",
    "studentLanguageInstructionProgramAssociations",
    "studentTitleIPartAProgramAssociations",
    "studentMigrantEducationProgramAssociations",
)


def contact(number: str, key: str = "contactUniqueId") -> dict[str, Any]:
    """A row of `contacts` or `parents`."""
    return {"id": number, key: number, "firstName": "Ana", "lastSurname": "Woods"}


def association(student: str, contact_id: str, term: str = "contact", **properties: Any) -> dict[str, Any]:
    """A row of `studentContactAssociations` or `studentParentAssociations`."""
    reference = {f"{term}Reference": {f"{term}UniqueId": contact_id}}
    return student_row(student, id=f"{student}-{contact_id}", **reference, **properties)


def behavior(student: str, incident: str, code: str, *, at: int = 1) -> dict[str, Any]:
    """A row of `studentDisciplineIncidentBehaviorAssociations` at a school."""
    return student_row(
        student,
        id=f"{student}-{incident}-{code}",
        behaviorDescriptor=code,
        disciplineIncidentReference={"incidentIdentifier": incident, "schoolId": at},
        disciplineIncidentParticipationCodes=[{"disciplineIncidentParticipationCodeDescriptor": "Perpetrator"}],
    )


def incident(number: str, day: str, *, at: int = 1) -> dict[str, Any]:
    """A row of `disciplineIncidents` at a school."""
    school = {"schoolId": at}
    return {"id": f"i{at}-{number}", "incidentIdentifier": number, "schoolReference": school, "incidentDate": day}


def records_of(batch: Mapping[Any, Any], key: str) -> list[Any]:
    """The records of a key, which is answered by a list and not by an error."""
    answer = batch[key]
    assert isinstance(answer, list), answer
    return answer


@pytest.mark.parametrize("declared", ["3.3.1-b", "5.1.0"])
@pytest.mark.parametrize("term", ["contact", "parent"])
async def test_contacts_are_read_under_either_name(declared: str, term: str) -> None:
    """The declared Data Standard decides which name is tried first; the other name is tried next."""
    rows = {
        f"student{term.title()}Associations": [association(LISA, "9", term)],
        f"{term}s": [contact("9", f"{term}UniqueId")],
    }
    async with connected(ScriptedSandbox(rows, standard=declared)) as adapter:
        batch = await adapter.contacts_by_student([LISA])

    assert [record.contact_id for record in records_of(batch, LISA)] == ["9"]


async def test_contacts_without_a_resource_are_not_offered() -> None:
    """If the server has neither resource, the lookup fails and does not return empty lists."""
    async with connected(ScriptedSandbox({})) as adapter:
        batch = await adapter.contacts_by_student([LISA])

    assert NotOfferedError is type(batch[LISA])


async def test_contacts_are_sorted_by_priority() -> None:
    """Primary contacts come first; a contact of two students is read once."""
    associations = [
        association(LISA, "1", contactPriority=1),
        association(LISA, "2", contactPriority=2, primaryContactStatus=True),
        association(LISA, "3"),
        association(ALANA, "1"),
    ]
    sandbox = ScriptedSandbox(
        {"studentContactAssociations": associations, "contacts": [contact(number) for number in "123"]}
    )
    async with connected(sandbox) as adapter:
        batch = await adapter.contacts_by_student([LISA, ALANA])

    assert [record.contact_id for record in records_of(batch, LISA)] == ["2", "1", "3"]
    assert sandbox.requested_resources().count("contacts") == 3


async def test_an_association_without_a_contact_is_left_out_and_reported() -> None:
    """Some servers do not check references, or do not show a contact: the student's list is not complete."""
    rows = {
        "studentContactAssociations": [association(LISA, "1"), association(LISA, "2")],
        "contacts": [contact("2")],
    }
    async with connected(ScriptedSandbox(rows)) as adapter:
        with collecting_unreadable_rows() as unreadable:
            by_student = await adapter.contacts_by_student([LISA, ALANA])
        with collecting_unreadable_rows() as of_district:
            by_district = await adapter.contacts_by_district([DISTRICT])

    assert [record.contact_id for record in records_of(by_student, LISA)] == ["2"]
    assert by_student[LISA] == by_district[DISTRICT]
    assert unreadable.errors_by_key([LISA, ALANA]).keys() == {LISA}
    assert of_district.errors_by_key([DISTRICT]).keys() == {DISTRICT}


@pytest.mark.parametrize("odd_id", ["2\x92", "2" * 33, "\u202e2"])
async def test_an_association_with_an_id_that_cannot_be_requested_is_reported(odd_id: str) -> None:
    """The other contacts of the student are read. No error says that the student's own number is wrong."""
    rows = {
        "studentContactAssociations": [association(LISA, "1"), association(LISA, odd_id), association(ALANA, "1")],
        "contacts": [contact("1"), contact(odd_id)],
    }
    async with connected(ScriptedSandbox(rows)) as adapter:
        with collecting_unreadable_rows() as unreadable:
            batch = await adapter.contacts_by_student([LISA, ALANA])

    assert {key: [record.contact_id for record in records] for key, records in batch.items()} == {  # type: ignore[union-attr] # lists
        LISA: ["1"],
        ALANA: ["1"],
    }
    assert [type(error) for error in unreadable.errors] == [PayloadError]
    assert list(unreadable.errors_by_key([LISA, ALANA])) == [LISA]


async def test_an_incident_has_all_behaviors_of_a_student() -> None:
    """Lookups by student and by district agree; incidents of two schools may have the same identifier."""
    rows = {
        "studentDisciplineIncidentBehaviorAssociations": [
            behavior(LISA, "18", "Fight"),
            behavior(LISA, "18", "Theft"),
            behavior(ALANA, "18", "Insult"),
            behavior(LISA, "18", "Insult", at=2),
        ],
        "disciplineIncidents": [incident("18", "2022-01-18"), incident("18", "2021-09-01", at=2)],
    }
    async with connected(ScriptedSandbox(rows)) as adapter:
        by_student = await adapter.discipline_incidents_by_student([LISA])
        by_district = await adapter.discipline_incidents_by_district([DISTRICT])
    records = by_student[LISA]

    assert isinstance(records, list)
    assert [[code.code_value for code in record.behaviors] for record in records] == [
        ["Insult"],
        ["Fight", "Theft"],
    ]
    assert [[code.code_value for code in record.participation] for record in records] == [["Perpetrator"]] * 2
    assert records == [record for record in records_of(by_district, DISTRICT) if record.student_id == LISA]


async def test_a_behavior_without_an_incident_is_left_out_and_reported() -> None:
    """A behavior has no date without its incident: that there are no incidents is not certain for its student."""
    rows = {
        "studentDisciplineIncidentBehaviorAssociations": [behavior(LISA, "18", "Fight")],
        "disciplineIncidents": [],
    }
    async with connected(ScriptedSandbox(rows)) as adapter:
        with collecting_unreadable_rows() as unreadable:
            assert await adapter.discipline_incidents_by_student([LISA, ALANA]) == {LISA: [], ALANA: []}
        with collecting_unreadable_rows() as of_district:
            assert await adapter.discipline_incidents_by_district([DISTRICT]) == {DISTRICT: []}

    assert unreadable.errors_by_key([LISA, ALANA]).keys() == unreadable.keys == {LISA}
    assert len(of_district) == 1


async def test_an_unreadable_incident_is_reported_for_its_students_only() -> None:
    """A behavior names the incident, so the answers of students without one are complete."""
    rows = {
        "studentDisciplineIncidentBehaviorAssociations": [
            behavior(LISA, "18", "Fight"),
            behavior(ALANA, "19", "Insult"),
        ],
        "disciplineIncidents": [{"id": "1", "incidentIdentifier": "18"}, incident("19", "2022-01-19")],
    }
    async with connected(ScriptedSandbox(rows)) as adapter:
        with collecting_unreadable_rows() as unreadable:
            batch = await adapter.discipline_incidents_by_student([LISA, ALANA])

    assert batch[LISA] == []
    assert [record.incident_identifier for record in records_of(batch, ALANA)] == ["19"]
    assert unreadable.errors_by_key([LISA, ALANA]).keys() == unreadable.keys == {LISA}


async def test_an_unreadable_contact_is_reported_for_its_students_only() -> None:
    """Siblings share their parents, and a student of other parents misses nothing."""
    rows = {
        "studentContactAssociations": [association(LISA, "1"), association(ALANA, "2")],
        "contacts": [contact("1") | {"personalTitlePrefix": 1, "lastSurname": [1]}, contact("2")],
    }
    async with connected(ScriptedSandbox(rows)) as adapter:
        with collecting_unreadable_rows() as unreadable:
            batch = await adapter.contacts_by_student([LISA, ALANA])

    assert [record.contact_id for record in records_of(batch, ALANA)] == ["2"]
    assert unreadable.errors_by_key([LISA, ALANA]).keys() == {LISA}


async def test_a_program_resource_that_is_not_offered_counts_as_empty() -> None:
    """The participations in the other resources are returned."""
    program = {"programName": "ESL", "programTypeDescriptor": "Bilingual"}
    rows = {
        PROGRAM_RESOURCES[1]: [student_row(LISA, id="1", beginDate="2021-08-30", programReference=program)],
        PROGRAM_RESOURCES[0]: [],
    }
    async with connected(ScriptedSandbox(rows)) as adapter:
        batch = await adapter.program_participations_by_student([LISA, ALANA])

    assert [record.program_name for record in records_of(batch, LISA)] == ["ESL"]
    assert batch[ALANA] == []


async def test_programs_without_any_resource_are_not_offered() -> None:
    """If the server has none of the resources, the lookup fails and does not return empty lists."""
    async with connected(ScriptedSandbox({})) as adapter:
        batch = await adapter.program_participations_by_student([LISA])

    assert NotOfferedError is type(batch[LISA])


async def test_an_unreadable_row_of_a_program_resource_is_reported_for_the_student() -> None:
    """The answer says that a row is missing, and the answers of other students do not."""
    unreadable_row = student_row(LISA, id="1", beginDate="someday")
    rows = dict.fromkeys(PROGRAM_RESOURCES[1:], ()) | {PROGRAM_RESOURCES[0]: [unreadable_row]}
    async with connected(ScriptedSandbox(rows)) as adapter:
        with collecting_unreadable_rows() as unreadable:
            batch = await adapter.program_participations_by_student([LISA, ALANA])

    assert batch == {LISA: [], ALANA: []}
    errors = unreadable.errors_by_key([LISA, ALANA])
    assert {key: [type(error) for error in errors[key]] for key in errors} == {LISA: [PayloadError]}
