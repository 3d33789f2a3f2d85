"""Lists of a school or section answer for students only if the settings say that they have all of their rows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from student_graph.adapters.contract import Adapter
from student_graph.adapters.edfi.adapter import EdFi
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import served
from tests.adapters.edfi.paths.complete_sandbox import STUDENTS, CompleteSandbox, complete_facts
from tests.adapters.edfi.paths.ways import CONDITIONAL_WAYS, Way, path_of, way_name
from tests.adapters.helpers.planted_fault import FAILED, run

EQUAL = "a_coarse_answer_equals_the_point_reads"
WITHOUT_ROWS_ELSEWHERE = {Adapter.section_enrollments_by_student}
"""Lookups for which the usual district of the sandbox has no student with rows elsewhere."""


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


@pytest.mark.parametrize("way", CONDITIONAL_WAYS, ids=way_name)
def test_a_list_is_not_assumed_to_be_complete(way: Way) -> None:
    """By default no list of a school or section answers for students who may have rows elsewhere."""
    values = {"base_url": "http://edfi.test", "client_id": "a", "client_secret": "b"}
    settings = EdFi.settings_type().model_validate(values)
    is_complete = path_of(way).is_complete

    assert is_complete is not None
    assert not is_complete(settings)
    assert is_complete(settings.model_copy(update=dict.fromkeys(type(settings).model_fields, True)))
