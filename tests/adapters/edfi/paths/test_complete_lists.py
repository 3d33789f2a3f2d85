"""Lists of a school or section answer for students only if the settings say that they have all of their rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from student_graph.adapters.answers import records_in
from student_graph.adapters.contract import Adapter
from student_graph.adapters.edfi.adapter import EdFi
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import served
from student_graph.adapters.testing.harness import run_lookup, sorted_texts
from tests.adapters.edfi.paths.complete_sandbox import STUDENTS, CompleteSandbox, complete_facts
from tests.adapters.edfi.paths.ways import CONDITIONAL_WAYS, Way, path_of, way_name
from tests.adapters.edfi.scripted_sandbox import connected
from tests.adapters.helpers.planted_fault import FAILED, run
from tests.subcases import subcases

EQUAL = "a_coarse_answer_equals_the_point_reads"
WITHOUT_ROWS_ELSEWHERE = {Adapter.section_enrollments_by_student}
"""Lookups for which the usual district of the sandbox has no student with rows elsewhere."""
ENROLLED_WAYS = [way for way in CONDITIONAL_WAYS if path_of(way).has_enrolled_schools]
"""The ways over lists of schools that have all records of the students who are enrolled there."""


@pytest.fixture(scope="module")
def sandboxes() -> Iterator[tuple[EdFiSandbox, EdFiSandbox]]:
    """A sandbox with complete lists, and the usual one."""
    complete, usual = CompleteSandbox(complete_facts()), EdFiSandbox(make_district(STUDENTS))
    with served(complete, usual):
        yield complete, usual


@pytest.mark.parametrize("way", CONDITIONAL_WAYS, ids=way_name)
async def test_a_complete_list_equals_the_point_reads(
    way: Way, sandboxes: tuple[EdFiSandbox, EdFiSandbox]
) -> None:
    """If enrollments and results name all schools and sections, the list has all rows of each student."""
    complete, usual = sandboxes
    await run(EdFi, EQUAL, {"way": way, "sandbox": complete}, complete)
    if way[0] not in WITHOUT_ROWS_ELSEWHERE:
        with pytest.raises(FAILED):
            await run(EdFi, EQUAL, {"way": way, "sandbox": usual}, usual)


@subcases("way", CONDITIONAL_WAYS, ids=way_name)
def test_a_list_is_not_assumed_to_be_complete(way: Way) -> None:
    """By default no list of a school or section answers for students who may have rows elsewhere."""
    values = {"base_url": "http://edfi.test", "client_id": "a", "client_secret": "b"}
    settings = EdFi.settings_type().model_validate(values)
    is_complete = path_of(way).is_complete

    assert is_complete is not None
    assert not is_complete(settings)
    assert is_complete(settings.model_copy(update=dict.fromkeys(type(settings).model_fields, True)))


@pytest.mark.parametrize("way", ENROLLED_WAYS, ids=way_name)
async def test_a_list_has_all_records_at_the_schools_of_enrollments(
    way: Way, sandboxes: tuple[EdFiSandbox, EdFiSandbox]
) -> None:
    """In the usual district, too: what is missing was recorded at a school where the student is not enrolled."""
    sandbox, path = sandboxes[1], path_of(way)
    assert path.coarse_keys_from is not None
    students, schools = sandbox.known_keys("student"), sandbox.known_keys("school")
    async with connected(sandbox) as adapter:
        alone = await run_lookup(adapter, lookup_of(way[0]), students, sandbox.arguments())
        lists = await run_lookup(adapter, lookup_of(way[1]), schools, sandbox.arguments())
        enrollments = await run_lookup(adapter, lookup_of(path.coarse_keys_from), students, sandbox.arguments())

    elsewhere = 0
    for student in students:
        named = path.named_coarse_keys(enrollments.get(student)) or frozenset()
        records: Any = records_in(alone[student])
        listed = [r for school in sorted(named) for r in records_in(lists[school]) if path.key_of(r) == student]
        assert sorted_texts(listed) == sorted_texts([r for r in records if r.school_id in named])
        elsewhere += len(records) - len(listed)
    assert elsewhere > 0
