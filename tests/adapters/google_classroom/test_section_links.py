"""Which course a section has, by an alias or by a text of the course."""

from __future__ import annotations

from typing import Any

import pytest

from student_graph.adapters.errors import (
    NotOfferedError,
)
from tests.adapters.google_classroom.odd_domains import (
    COURSE,
    COURSE_KEY,
    COURSES,
    KEY,
    SECTION_KEY,
    WORK,
    WORK_IN_COURSE,
    WORK_IN_SECTION,
    answer,
    sandbox_with,
)


@pytest.mark.parametrize(
    "settings",
    [{"section_link": "section"}, {"section_link": "project_alias"}, {"section_link": "domain_alias"}],
    ids=str,
)
async def test_a_link_leads_from_a_section_to_its_course(settings: dict[str, Any]) -> None:
    """And names the section in the work of students."""
    sandbox = sandbox_with(settings)
    [course] = await answer(sandbox, COURSES, SECTION_KEY)
    work = await answer(sandbox, WORK_IN_SECTION, SECTION_KEY)
    of_student = await answer(sandbox, WORK, KEY)

    assert course.lms_course_id == COURSE_KEY
    assert {row.section_id for row in work} == {SECTION_KEY}
    assert SECTION_KEY in {row.section_id for row in of_student}
    assert await answer(sandbox, COURSES, "sis_section:NO-SUCH-SECTION") is None


async def test_without_a_link_sections_are_not_offered() -> None:
    """The work of students names no section then, and no alias is read."""
    sandbox = sandbox_with({"section_link": None})

    assert isinstance(await answer(sandbox, COURSES, SECTION_KEY), NotOfferedError)
    assert {row.section_id for row in await answer(sandbox, WORK, KEY)} == {None}
    assert not [line for line in sandbox.requests if "aliases" in line]


async def test_a_course_of_two_sections_names_neither() -> None:
    """Classroom does not say which student is in which; a lookup by either section has all of them."""
    work = await answer(sandbox_with(co_taught={COURSE.id: "OTHER"}), WORK_IN_COURSE, COURSE_KEY)
    of_section = await answer(sandbox_with(co_taught={COURSE.id: "OTHER"}), WORK_IN_SECTION, "sis_section:OTHER")

    assert {row.section_id for row in work} == {None}
    assert {row.section_id for row in of_section} == {"sis_section:OTHER"}
