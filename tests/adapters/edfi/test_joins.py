"""Answers that the Ed-Fi adapter puts together from several resources: contacts, incidents and programs."""

from __future__ import annotations

from typing import Any

import pytest

from student_graph.adapters.errors import NotOfferedError, PayloadError
from student_graph.adapters.model import DistrictId, StudentId
from tests.adapters.edfi.scripted import Scripted, connected

LISA, ALANA = StudentId("604822"), StudentId("605001")
HOME = DistrictId("grand-bend")
PROGRAMS = (
    "studentProgramAssociations",
    "studentLanguageInstructionProgramAssociations",
    "studentTitleIPartAProgramAssociations",
    "studentMigrantEducationProgramAssociations",
)


def of(student: str, **properties: Any) -> dict[str, Any]:
    return {"studentReference": {"studentUniqueId": student}, **properties}


def person(number: str, key: str = "contactUniqueId") -> dict[str, Any]:
    return {"id": number, key: number, "firstName": "Ana", "lastSurname": "Woods"}


def link(student: str, contact: str, word: str = "contact", **properties: Any) -> dict[str, Any]:
    named = {f"{word}Reference": {f"{word}UniqueId": contact}}
    return of(student, id=f"{student}-{contact}", **named, **properties)


def behavior(student: str, incident: str, code: str, *, at: int = 1) -> dict[str, Any]:
    return of(
        student,
        id=f"{student}-{incident}-{code}",
        behaviorDescriptor=code,
        disciplineIncidentReference={"incidentIdentifier": incident, "schoolId": at},
        disciplineIncidentParticipationCodes=[{"disciplineIncidentParticipationCodeDescriptor": "Perpetrator"}],
    )


def incident(number: str, day: str, *, at: int = 1) -> dict[str, Any]:
    where = {"schoolId": at}
    return {"id": f"i{at}-{number}", "incidentIdentifier": number, "schoolReference": where, "incidentDate": day}


@pytest.mark.parametrize("declared", ["3.3.1-b", "5.1.0"])
@pytest.mark.parametrize("word", ["contact", "parent"])
async def test_contacts_are_found_under_either_name(declared: str, word: str) -> None:
    """What is declared decides which name is tried first, what is there decides the answer."""
    rows = {
        f"student{word.title()}Associations": [link(LISA, "9", word)],
        f"{word}s": [person("9", f"{word}UniqueId")],
    }
    async with connected(Scripted(rows, standard=declared)) as adapter:
        told = await adapter.contacts_by_student([LISA])

    assert [each.contact_id for each in told[LISA]] == ["9"]  # type: ignore[union-attr]


async def test_contacts_under_neither_name_are_not_offered() -> None:
    """A server without them says so; nobody is told to have no contacts."""
    async with connected(Scripted({})) as adapter:
        told = await adapter.contacts_by_student([LISA])

    assert NotOfferedError is type(told[LISA])


async def test_contacts_come_in_the_order_of_their_priority() -> None:
    """Primary ones first; the parents of brothers and sisters are read once."""
    links = [
        link(LISA, "1", contactPriority=1),
        link(LISA, "2", contactPriority=2, primaryContactStatus=True),
        link(LISA, "3"),
        link(ALANA, "1"),
    ]
    sandbox = Scripted({"studentContactAssociations": links, "contacts": [person(number) for number in "123"]})
    async with connected(sandbox) as adapter:
        told = await adapter.contacts_by_student([LISA, ALANA])

    assert [each.contact_id for each in told[LISA]] == ["2", "1", "3"]  # type: ignore[union-attr]
    assert sandbox.asked().count("contacts") == 3


async def test_a_contact_without_a_person_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    """Some servers check no references; what is left out is counted in the log, which names nobody."""
    rows = {"studentContactAssociations": [link(LISA, "1"), link(LISA, "2")], "contacts": [person("2")]}
    async with connected(Scripted(rows)) as adapter:
        told = await adapter.contacts_by_student([LISA])

    assert [each.contact_id for each in told[LISA]] == ["2"]  # type: ignore[union-attr]
    assert len(caplog.records) == 1
    assert LISA not in caplog.text


async def test_an_incident_is_told_once_with_all_of_a_students_behaviors() -> None:
    """The same by student and by district; an incident of the same number at another school is another one."""
    rows = {
        "studentDisciplineIncidentBehaviorAssociations": [
            behavior(LISA, "18", "Fight"),
            behavior(LISA, "18", "Theft"),
            behavior(ALANA, "18", "Insult"),
            behavior(LISA, "18", "Insult", at=2),
        ],
        "disciplineIncidents": [incident("18", "2022-01-18"), incident("18", "2021-09-01", at=2)],
    }
    async with connected(Scripted(rows)) as adapter:
        single = await adapter.discipline_incidents_by_student([LISA])
        whole = await adapter.discipline_incidents_by_district([HOME])
    own = single[LISA]

    assert isinstance(own, list)
    assert [[code.code_value for code in each.behaviors] for each in own] == [["Insult"], ["Fight", "Theft"]]
    assert [[code.code_value for code in each.participation] for each in own] == [["Perpetrator"]] * 2
    assert own == [each for each in whole[HOME] if each.student_id == LISA]  # type: ignore[union-attr]


async def test_a_behavior_without_an_incident_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody knows its day; the log counts it and names nobody."""
    rows = {
        "studentDisciplineIncidentBehaviorAssociations": [behavior(LISA, "18", "Fight")],
        "disciplineIncidents": [],
    }
    async with connected(Scripted(rows)) as adapter:
        assert await adapter.discipline_incidents_by_student([LISA]) == {LISA: []}

    assert len(caplog.records) == 1
    assert LISA not in caplog.text


async def test_an_incident_that_cannot_be_read_fails_those_who_took_part() -> None:
    """And nobody else: an answer with less in it is none."""
    rows = {
        "studentDisciplineIncidentBehaviorAssociations": [behavior(LISA, "18", "Fight")],
        "disciplineIncidents": [{"id": "1", "incidentIdentifier": "18"}],
    }
    async with connected(Scripted(rows)) as adapter:
        told = await adapter.discipline_incidents_by_student([LISA, ALANA])

    assert PayloadError is type(told[LISA])
    assert told[ALANA] == []


async def test_a_kind_of_program_that_is_not_offered_has_nobody_in_it() -> None:
    """The other kinds are told."""
    named = {"programName": "ESL", "programTypeDescriptor": "Bilingual"}
    rows = {PROGRAMS[1]: [of(LISA, id="1", beginDate="2021-08-30", programReference=named)], PROGRAMS[0]: []}
    async with connected(Scripted(rows)) as adapter:
        told = await adapter.program_participations_by_student([LISA, ALANA])

    assert [each.program_name for each in told[LISA]] == ["ESL"]  # type: ignore[union-attr]
    assert told[ALANA] == []


async def test_programs_of_which_no_kind_is_offered_are_not_offered() -> None:
    """A server without programs says so."""
    async with connected(Scripted({})) as adapter:
        told = await adapter.program_participations_by_student([LISA])

    assert NotOfferedError is type(told[LISA])


async def test_a_kind_of_program_that_fails_fails_the_student() -> None:
    """An answer with less in it is none."""
    rows = dict.fromkeys(PROGRAMS[1:], ()) | {PROGRAMS[0]: [{"id": "1"}]}
    async with connected(Scripted(rows)) as adapter:
        told = await adapter.program_participations_by_student([LISA])

    assert PayloadError is type(told[LISA])
