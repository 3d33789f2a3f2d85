"""Which course a section has, by an alias or by a text of the course."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from student_graph.adapters.errors import (
    NotOfferedError,
    PayloadError,
)
from student_graph.adapters.google_classroom.adapter import GoogleClassroom
from student_graph.adapters.google_classroom.sandbox.index import course_id
from student_graph.adapters.testing.harness import open_adapter, run_lookup
from student_graph.adapters.testing.transports import UNSERVED_URL, RecordingTransport
from tests.adapters.google_classroom.odd_domains import (
    COURSE,
    COURSE_KEY,
    COURSES,
    FACTS,
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


class OtherCourse(RecordingTransport):
    """Answers a request for the course of an alias with another course."""

    async def respond(self, request: httpx.Request) -> httpx.Response:
        """Return the sandbox's response, or that for another course."""
        if request.url.path == f"/v1/courses/d:{COURSE.sis_section}":
            other = next(fact for fact in FACTS.lms_courses if fact.id != COURSE.id)
            request = httpx.Request(
                "GET", f"{UNSERVED_URL}/v1/courses/{course_id(other)}", headers=request.headers
            )
        return await super().respond(request)


async def test_a_course_without_the_alias_is_refused() -> None:
    """Such a response answers another request; a course itself does not say its aliases."""
    sandbox = sandbox_with()
    sandbox.url = UNSERVED_URL
    async with open_adapter(sandbox, OtherCourse(sandbox), kind=GoogleClassroom) as adapter:
        for lookup in (COURSES, WORK_IN_SECTION):
            error = (await run_lookup(adapter, lookup, [SECTION_KEY], {}))[SECTION_KEY]

            assert isinstance(error, PayloadError)
            assert error.reason == "an answer about another key"
