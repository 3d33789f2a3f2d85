"""Which keys are sent to Canvas in an address, and which are refused."""

from __future__ import annotations

import pytest

from student_graph.adapters.canvas.sandbox import CanvasSandbox
from student_graph.adapters.errors import BadKeyError
from student_graph.adapters.model import SectionId, StudentId
from tests.adapters.canvas.classroom import classroom, connected, records_of, requests_with, section, student

HOSTILE_IDS = ("../courses", "604801#", "60'4801", "60\x004801", "..", "self/profile", "")


@pytest.mark.parametrize("text", HOSTILE_IDS)
async def test_a_malformed_id_is_never_sent(text: str) -> None:
    """A malformed id fails alone: the other keys have records, and Canvas receives no part of the id."""
    sandbox = CanvasSandbox(classroom())
    malformed = StudentId(f"sis_user_id:{text}")
    async with connected(sandbox) as canvas:
        students = await canvas.assignment_work_by_student([malformed, student(1)])
        sections = await canvas.lms_courses_by_section([SectionId(f"sis_section_id:{text}"), section()])

    assert isinstance(students[malformed], BadKeyError)
    assert isinstance(sections[SectionId(f"sis_section_id:{text}")], BadKeyError)
    assert isinstance(students[student(1)], list)
    assert len(requests_with(sandbox, "/users/")) == len(requests_with(sandbox, "/sections/")) == 1


@pytest.mark.parametrize("key", ["id:self", "email:ada1", "604801"])
async def test_an_unknown_kind_of_id_is_never_sent(key: str) -> None:
    """Canvas does not look up these ids, and `self` would name the owner of the token."""
    sandbox = CanvasSandbox(classroom())
    async with connected(sandbox) as canvas:
        assert isinstance((await canvas.assignment_work_by_student([StudentId(key)]))[StudentId(key)], BadKeyError)

    assert sandbox.requests == []


@pytest.mark.parametrize("key", ["sis_login_id:ada1@cedarhollow.example", "id:101"])
async def test_students_can_be_looked_up_by_login_and_by_canvas_id(key: str) -> None:
    """A district may link students by login, which is usually an e-mail address, or by Canvas's own id."""
    async with connected(CanvasSandbox(classroom())) as canvas:
        work = records_of(await canvas.assignment_work_by_student([StudentId(key)]), StudentId(key))

    assert len(work) == 4
    assert {row.student_id for row in work} == {key}
