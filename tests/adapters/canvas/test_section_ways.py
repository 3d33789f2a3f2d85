"""Lists of courses answer for sections as single reads do."""

from __future__ import annotations

from typing import Any

import pytest

from student_graph.adapters.canvas.adapter.access_paths import ACCESS_PATHS
from student_graph.adapters.canvas.sandbox import CanvasSandbox
from student_graph.adapters.contract import Adapter, LookupMethod
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import SectionId
from tests.adapters.canvas.classroom import connected, mixed_classroom, records_of, records_of_key, student

SECTIONS = [SectionId(f"sis_section_id:{name}") for name in ("ALG-1", "ALG-2", "BIO-1")]


@pytest.mark.parametrize("method", [Adapter.course_grades_by_section, Adapter.assignment_work_by_section])
@pytest.mark.parametrize("graphql", [True, False], ids=["graphql", "rest"])
async def test_records_of_a_section_by_its_course_equal_single_reads(method: LookupMethod, graphql: bool) -> None:
    """Also for a student in two sections of a course, whose work belongs to both."""
    sandbox = CanvasSandbox(mixed_classroom(), grading_periods=True)
    [path] = ACCESS_PATHS[method]
    by_course: dict[SectionId, list[Any]] = {}
    unknown = SectionId("sis_section_id:NOT-IN-CANVAS")
    async with connected(sandbox, graphql=graphql) as canvas:
        courses = await canvas.lms_courses_by_section([*SECTIONS, unknown])
        for key in SECTIONS:
            ids = sorted(path.named_coarse_keys(courses[key]) or ())
            batch = await getattr(canvas, lookup_of(path.coarse_lookup).name)(ids)
            by_course[key] = records_of_key(path, key, [record for id in ids for record in records_of(batch, id)])
        point = await getattr(canvas, lookup_of(method).name)([*SECTIONS, unknown])

    assert by_course == point
    assert courses.keys() == point.keys() == set(SECTIONS)
    algebra = [{record.student_id for record in point[section]} for section in SECTIONS[:2]]
    assert student(1) in algebra[0] & algebra[1]
