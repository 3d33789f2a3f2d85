"""The published client `canvasapi` reads the sandbox, which shows that the sandbox behaves as Canvas does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from student_graph.adapters.canvas.sandbox import CanvasSandbox
from student_graph.adapters.sandbox.serving import served
from tests.adapters.canvas.classroom import ALGEBRA, account_of, classroom

pytestmark = pytest.mark.filterwarnings("ignore:Canvas may respond unexpectedly when making requests to HTTP")


@pytest.fixture
def sandbox() -> Iterator[CanvasSandbox]:
    """A Canvas with 130 students, served on a socket by a thread of its own."""
    sandbox = CanvasSandbox(classroom(students=130), hidden=frozenset({account_of(5)}))
    with served(sandbox):
        yield sandbox


@pytest.fixture
def client(sandbox: CanvasSandbox) -> Any:
    """The `canvasapi` client with the token."""
    import canvasapi  # noqa: PLC0415 - slow to import, and few processes need it

    return canvasapi.Canvas(sandbox.url, sandbox.settings()["token"])


def test_it_reads_courses_by_list_id_and_sis_id(client: Any) -> None:
    """Courses are read as a list, by Canvas id and by SIS id."""
    assert [course.name for course in client.get_courses()] == ["Algebra", "Biology"]
    assert client.get_course(ALGEBRA).course_code == "ALG-1"
    assert client.get_course("ALG-1", use_sis_id=True).id == ALGEBRA
    assert [section.sis_section_id for section in client.get_course(ALGEBRA).get_sections()] == ["ALG-1"]


def test_it_reads_the_enrollments_of_all_pages(client: Any, sandbox: CanvasSandbox) -> None:
    """The client follows the page links, one of which leads to another path, to the last page."""
    enrollments = list(client.get_course(ALGEBRA).get_enrollments())

    assert len({enrollment.user_id for enrollment in enrollments}) == 129
    assert enrollments[0].grades["current_score"] == 10.0
    assert len([request for request in sandbox.requests if "enrollments" in request]) == 2


def test_it_reads_a_user_by_sis_id(client: Any) -> None:
    """A user is read by SIS id, with courses and enrollments."""
    user = client.get_user("604801", "sis_user_id")

    assert (user.id, user.sortable_name) == (account_of(1), "Woods, Ada1")
    assert [course.name for course in user.get_courses()] == ["Algebra", "Biology"]
    assert len(list(user.get_enrollments())) == 2


def test_it_reads_assignments_and_submissions(client: Any) -> None:
    """The client parses dates, and reads submissions both grouped by student and as a flat list."""
    course = client.get_course(ALGEBRA)
    [first, *_] = course.get_assignments()
    grouped = list(course.get_multiple_submissions(student_ids=[101, 102], grouped=True, include=["assignment"]))
    flat = list(course.get_multiple_submissions(student_ids=["all"], per_page=100))

    assert (first.name, first.due_at_date.year) == ("Homework 1", 2025)
    assert [row.user_id for row in grouped] == [101, 102]
    assert [s.workflow_state for s in grouped[0].submissions] == ["graded", "unsubmitted"]
    assert len({submission.id for submission in flat}) == 129 * 2


def test_it_reads_analytics(client: Any) -> None:
    """The client reads the summaries of a course and the activity of a student."""
    course = client.get_course(ALGEBRA)
    summaries = list(course.get_course_level_student_summary_data())
    activity = course.get_user_in_a_course_level_participation_data(account_of(1))

    assert summaries[0].tardiness_breakdown["missing"] == 1
    assert activity["page_views"]["2026-01-05T15:00:00Z"] == 4


def test_it_distinguishes_errors(client: Any, sandbox: CanvasSandbox) -> None:
    """A wrong token, a missing permission and a missing course raise different exceptions of the client."""
    import canvasapi.exceptions  # noqa: PLC0415 - slow to import, and few processes need it

    with pytest.raises(canvasapi.exceptions.InvalidAccessToken):
        canvasapi.Canvas(sandbox.url, "wrong").get_course(ALGEBRA)
    with pytest.raises(canvasapi.exceptions.ResourceDoesNotExist):
        client.get_course(99)
    with pytest.raises(canvasapi.exceptions.Forbidden):
        list(client.get_course(ALGEBRA).get_multiple_submissions(student_ids=[account_of(5)]))
