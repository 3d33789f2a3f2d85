"""Which keys Canvas is asked for, and which never."""

from __future__ import annotations

import pytest

from student_graph.adapters.canvas.sandbox import CanvasSandbox
from student_graph.adapters.errors import BadKeyError
from student_graph.adapters.model import SectionId, StudentId
from tests.adapters.canvas.classroom import asked, classroom, connected, listed, section, student

HOSTILE = ("../courses", "604801#", "60'4801", "60\x004801", "..", "self/profile", "")


@pytest.mark.parametrize("text", HOSTILE)
async def test_an_id_that_cannot_be_one_is_never_asked_for(text: str) -> None:
    """It fails with its own key, the others are answered, and nothing of it reaches Canvas."""
    sandbox = CanvasSandbox(classroom())
    bad = StudentId(f"sis_user_id:{text}")
    async with connected(sandbox) as canvas:
        students = await canvas.assignment_work_by_student([bad, student(1)])
        sections = await canvas.lms_courses_by_section([SectionId(f"sis_section_id:{text}"), section()])

    assert isinstance(students[bad], BadKeyError)
    assert isinstance(sections[SectionId(f"sis_section_id:{text}")], BadKeyError)
    assert isinstance(students[student(1)], list)
    assert len(asked(sandbox, "/users/")) == len(asked(sandbox, "/sections/")) == 1


@pytest.mark.parametrize("key", ["id:self", "email:ada1", "604801"])
async def test_a_kind_of_id_that_canvas_does_not_have_is_never_asked_for(key: str) -> None:
    """`self` would be whoever the token belongs to."""
    sandbox = CanvasSandbox(classroom())
    async with connected(sandbox) as canvas:
        assert isinstance((await canvas.assignment_work_by_student([StudentId(key)]))[StudentId(key)], BadKeyError)

    assert sandbox.requests == []


@pytest.mark.parametrize("key", ["sis_login_id:ada1@cedarhollow.example", "id:101"])
async def test_students_can_be_asked_for_by_login_and_by_number(key: str) -> None:
    """Districts may link by the login, an e-mail address mostly, or by Canvas's own number."""
    async with connected(CanvasSandbox(classroom())) as canvas:
        work = listed(await canvas.assignment_work_by_student([StudentId(key)]), StudentId(key))

    assert len(work) == 4
    assert {each.student_id for each in work} == {key}
