"""Access paths and keys whose spellings differ: the way never changes the answer, whatever the server compares."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from student_graph.adapters.answers import Ask
from student_graph.adapters.contract import Adapter, LookupMethod
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import DistrictId
from student_graph.adapters.sources import Source
from student_graph.gateway.fetch.access_paths import RoutedFetch
from student_graph.gateway.fetch.batching import Batcher
from student_graph.gateway.fetch.vendor import fetch_from_vendor
from tests.adapters.edfi.client.test_loose_keys import id_of, section_reference, section_row
from tests.adapters.edfi.comparing_sandbox import ComparingSandbox
from tests.adapters.edfi.scripted_sandbox import connected
from tests.long_runs import size

SPELLINGS = [str, str.upper, lambda text: f"{text} "]
SECTIONS = ["trad1", "trad2", "trad3", "trad4", "trad5"]
STUDENTS = ["a1", "a2", "a3", "a4", "a5", "a6"]
METHODS: list[LookupMethod] = [
    Adapter.section_enrollments_by_section,
    Adapter.section_attendance_events_by_section,
    Adapter.sections_by_id,
    Adapter.students_by_id,
    Adapter.section_enrollments_by_student,
    Adapter.school_enrollments_by_student,
    Adapter.discipline_actions_by_student,
    Adapter.attendance_events_by_student,
    Adapter.section_attendance_events_by_student,
]
SCHOOLS = [255901001, 255901002, 255901003]
"""Students are enrolled at the first two, some at both or again; attendance may be recorded at the third, too."""


def spelled(random_: random.Random, text: str) -> str:
    """A text, often in another spelling."""
    return random_.choice([*SPELLINGS, str, str])(text)


def random_rows(random_: random.Random, *, ignores_case: bool) -> dict[str, list[dict[str, Any]]]:
    """
    Sections, students, and records that name them in any spelling.

    A database that distinguishes spellings may have two objects that differ in nothing else.
    """
    variants = 1 if ignores_case else 2
    sections = {spelled(random_, name) for name in SECTIONS for _ in range(variants)}
    students = {spelled(random_, name) for name in STUDENTS for _ in range(variants)}
    named_sections = SECTIONS if ignores_case else sorted(sections)
    named_students = STUDENTS if ignores_case else sorted(students)

    def name(objects: list[str]) -> str:
        text = random_.choice(objects)
        return spelled(random_, text) if ignores_case else text

    def record(number: int, **properties: Any) -> dict[str, Any]:
        student = {"studentReference": {"studentUniqueId": name(named_students)}}
        return {"id": f"r{number}", **student, **properties}

    def of_section(number: int, **properties: Any) -> dict[str, Any]:
        reference = section_reference(sectionIdentifier=name(named_sections))
        return record(number, sectionReference=reference, **properties)

    return {
        "sections": [section_row(identifier, f"s-{identifier}") for identifier in sorted(sections)],
        "students": [
            {"id": f"p-{number}", "studentUniqueId": number, "firstName": "A", "lastSurname": "B"}
            for number in sorted(students)
        ],
        "studentSectionAssociations": [of_section(n, beginDate=f"2021-09-{n + 1:02}") for n in range(12)],
        "studentSectionAttendanceEvents": [
            of_section(n, eventDate=f"2021-09-{n + 1:02}", attendanceEventCategoryDescriptor="Tardy")
            for n in range(12)
        ],
        "studentSchoolAssociations": [
            record(
                n,
                schoolReference={"schoolId": random_.choice(SCHOOLS[:2])},
                entryDate=f"2021-09-{n + 1:02}",
                entryGradeLevelDescriptor="Ninth grade",
            )
            for n in range(12)
        ],
        "studentSchoolAttendanceEvents": [
            record(
                n,
                schoolReference={"schoolId": school},
                sessionReference={"schoolId": school, "schoolYear": 2022, "sessionName": "Fall"},
                eventDate=f"2021-09-{n + 1:02}",
                attendanceEventCategoryDescriptor="Tardy",
            )
            for n, school in enumerate(random_.choices(SCHOOLS, k=12))
        ],
        "disciplineActions": [
            record(n, disciplineActionIdentifier=str(n), disciplineDate=f"2021-09-{n + 1:02}") for n in range(8)
        ],
    }


@pytest.mark.long_run
@pytest.mark.parametrize("ignores_case", [True, False])
async def test_lists_answer_like_point_reads_however_keys_are_spelled(ignores_case: bool) -> None:
    """Asked in any spelling, each key has the records that the server sends for it alone."""
    used_lists = 0
    for seed in range(size(2, 60)):
        random_ = random.Random(seed)  # noqa: S311 - a repeatable case
        rows = random_rows(random_, ignores_case=ignores_case)
        sandbox = ComparingSandbox(rows, ignores_case=ignores_case)
        async with connected(sandbox, students=6, school_students=6) as adapter:
            source = Source("sis", "edfi", DistrictId("grand-bend"), adapter)
            for method in METHODS:
                lookup = lookup_of(method)
                arguments = {"school_year": 2022} if "school_year" in lookup.argument_names else {}
                ask = Ask(lookup, random_keys(random_, method), arguments)
                routed = await RoutedFetch(Batcher(fetch_from_vendor))(source, ask)
                single = [await fetch_from_vendor(source, replace(ask, keys=(key,))) for key in ask.keys]
                points = {key: answer for answers in single for key, answer in answers.items()}

                assert records_by_key(routed) == records_by_key(points), (seed, ask.lookup.name)
        used_lists += sum("Unique" not in line and "sectionId" not in line for line in sandbox.requests)

    assert used_lists > size(2, 60), "no list was read"


def random_keys(random_: random.Random, method: LookupMethod) -> tuple[str, ...]:
    """Keys of a lookup, some in two spellings."""
    of_sections = lookup_of(method).key_kind == "section"
    names = [spelled(random_, name) for name in (SECTIONS if of_sections else STUDENTS) * 2]
    keys = [id_of(section_reference(sectionIdentifier=name)) for name in names] if of_sections else names
    return tuple(dict.fromkeys(keys))


def records_by_key(answers: Any) -> dict[str, Any]:
    """The records of each answer, without the time of their reading; keys without a record are absent."""
    by_key = {}
    for key, answer in answers.items():
        records = answer.value if isinstance(answer.value, list) else [answer.value]
        for record in records:
            record.fetched = None
        by_key[key] = records
    return {key: records for key, records in by_key.items() if records}
