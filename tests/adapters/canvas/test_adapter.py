"""The lookups of the Canvas adapter: their records, and how many calls they take."""

from __future__ import annotations

from datetime import date

import pytest

from student_graph.adapters.canvas.sandbox import CanvasSandbox
from student_graph.adapters.model import GradeSource, GradeType, StudentId, SubmissionStatus
from tests.adapters.canvas.classroom import (
    account_of,
    classroom,
    connected,
    records_of,
    requests_with,
    section,
    student,
)


async def test_work_of_a_student_names_its_student_section_and_course() -> None:
    """Work on published assignments of active courses comes by due time, with student, section and course."""
    async with connected(CanvasSandbox(classroom())) as canvas:
        work = records_of(await canvas.assignment_work_by_student([student(3)]), student(3))

    assert [(w.title, w.status, w.score) for w in work] == [
        ("Homework 1", SubmissionStatus.GRADED, 3.0),
        ("Homework 2", SubmissionStatus.MISSING, None),
    ]
    assert work[0].student_id == student(3)
    assert work[0].section_id == section("ALG-1")
    assert work[0].course_name == "Algebra"
    assert work[0].points_possible == 10.0
    assert work[0].subject is not None
    assert dict(work[0].subject.ids)["sis_user_id"] == "604803"
    assert work[0].subject.email == "ada3@cedarhollow.example"
    assert work[0].subject.family_name == "Woods"


async def test_a_class_of_28_takes_one_submissions_call_a_course() -> None:
    """Enrollments take a call for each student, work one for each course, and all assignments one."""
    sandbox = CanvasSandbox(classroom(students=28))
    async with connected(sandbox) as canvas:
        batch = await canvas.assignment_work_by_student([student(n) for n in range(1, 29)])

    assert len(batch) == 28
    assert len(requests_with(sandbox, "/enrollments")) == 28
    assert len(requests_with(sandbox, "/students/submissions")) == 2
    assert len(sandbox.requests) == 28 + 2 + 1


async def test_students_without_an_account_are_absent() -> None:
    """A student who has no Canvas account is absent from the batch: no error and no empty list."""
    unknown = StudentId("sis_user_id:999999")
    async with connected(CanvasSandbox(classroom())) as canvas:
        work = await canvas.assignment_work_by_student([unknown, student(1)])
        grades = await canvas.course_grades_by_student([unknown], school_year=2026)
        engagement = await canvas.course_engagement_by_student([unknown])

    assert list(work) == [student(1)]
    assert grades == engagement == {}


async def test_an_account_without_courses_has_an_empty_list() -> None:
    """A student with an account and without courses has an empty list and is not absent."""
    facts = classroom()
    for course in facts.lms_courses:
        course.members = course.members[:2]
    async with connected(CanvasSandbox(facts)) as canvas:
        assert await canvas.assignment_work_by_student([student(3)]) == {student(3): []}


async def test_swapped_ids_show_the_email_address_of_the_account() -> None:
    """If two accounts have each other's number, the e-mail address of the record belongs to the other student."""
    facts = classroom()
    first, second = facts.accounts[:2]
    first.sis_id, second.sis_id = second.sis_id, first.sis_id
    async with connected(CanvasSandbox(facts)) as canvas:
        work = records_of(await canvas.assignment_work_by_student([student(1)]), student(1))

    assert {row.subject.email for row in work if row.subject} == {"ada2@cedarhollow.example"}


async def test_an_unposted_grade_is_withheld() -> None:
    """The work has no score and no grade, and the course grades do not count it: the student has not seen it."""
    facts = classroom(assignments=3)
    unposted = next(s for s in facts.submissions if s.account == account_of(3) and s.state == "graded")
    unposted.score, unposted.grade = 10.0, "10"
    async with connected(CanvasSandbox(facts, unposted=frozenset({unposted.id}))) as canvas:
        work = records_of(await canvas.assignment_work_by_student([student(3)]), student(3))
        grades = records_of(await canvas.course_grades_by_student([student(3)], school_year=2026), student(3))

    assert [(w.score, w.grade) for w in work] == [(None, None), (3.0, "3"), (None, None)]
    assert [g.numeric for g in grades] == [30.0, 10.0]


async def test_computed_grades_of_a_student() -> None:
    """The current grade counts graded work only, and the final grade counts the rest as 0; both are of the LMS."""
    async with connected(CanvasSandbox(classroom())) as canvas:
        grades = records_of(await canvas.course_grades_by_student([student(3)], school_year=2026), student(3))

    assert [(g.source, g.grade_type, g.numeric, g.letter, g.course_name, g.section_id) for g in grades] == [
        (GradeSource.LMS, GradeType.COMPUTED_CURRENT, 30.0, "F", "Algebra", section()),
        (GradeSource.LMS, GradeType.COMPUTED_FINAL, 15.0, "F", "Algebra", section()),
    ]


async def test_lookups_by_section_return_the_records_of_lookups_by_student() -> None:
    """Lookups by section return the same records for 230 students in a few pages."""
    sandbox = CanvasSandbox(classroom(students=230))
    keys = [student(n) for n in range(1, 231)]
    async with connected(sandbox) as canvas:
        work_by_student = await canvas.assignment_work_by_student(keys)
        grades_by_student = await canvas.course_grades_by_student(keys, school_year=2026)
        sandbox.requests.clear()
        section_work = records_of(await canvas.assignment_work_by_section([section()]), section())
        calls = len(sandbox.requests)
        section_grades = records_of(await canvas.course_grades_by_section([section()]), section())

    for key in keys:
        expected_work = [work for work in records_of(work_by_student, key) if work.section_id == section()]
        expected_grades = [grade for grade in records_of(grades_by_student, key) if grade.section_id == section()]
        assert [work for work in section_work if work.student_id == key] == expected_work
        assert [grade for grade in section_grades if grade.student_id == key] == expected_grades
    assert calls == 3 + 3 + 1


async def test_a_section_that_canvas_does_not_know_is_absent() -> None:
    """A known section has its course; an unknown section is absent from the courses, work and grades."""
    unknown = section("NONE-1")
    async with connected(CanvasSandbox(classroom())) as canvas:
        courses = await canvas.lms_courses_by_section([section("BIO-1"), unknown])
        work = await canvas.assignment_work_by_section([unknown])
        grades = await canvas.course_grades_by_section([unknown])

    assert list(courses) == [section("BIO-1")]
    assert [(c.name, c.course_code, c.state) for c in records_of(courses, section("BIO-1"))] == [
        ("Biology", "BIO-1", "available")
    ]
    assert work == grades == {}


async def test_engagement_combines_enrollment_and_analytics() -> None:
    """Activity comes from enrollments; views, participations and tardiness from a call for each course."""
    sandbox = CanvasSandbox(classroom(students=28))
    async with connected(sandbox) as canvas:
        batch = await canvas.course_engagement_by_student([student(n) for n in range(1, 29)])

    [algebra] = records_of(batch, student(3))
    assert (algebra.page_views, algebra.participations) == (7, 1)
    assert (algebra.on_time, algebra.late, algebra.missing) == (2, 0, 1)
    assert algebra.total_activity_seconds == 1800
    assert algebra.last_activity_at is not None
    assert algebra.last_activity_at.date() == date(2026, 1, 12)
    assert len(sandbox.requests) == 28 + 2 + 1


async def test_engagement_since_a_day_counts_views_from_that_day() -> None:
    """Only views and participations are limited to the time from midnight of the day on."""
    async with connected(CanvasSandbox(classroom())) as canvas:
        batch = await canvas.course_engagement_by_student([student(3)], since=date(2026, 1, 12))

    [algebra] = records_of(batch, student(3))
    assert (algebra.page_views, algebra.participations) == (3, 0)
    assert (algebra.missing, algebra.total_activity_seconds) == (1, 1800)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("since", [None, date(2026, 1, 12)])
async def test_a_token_without_analytics_still_reads_activity(status: int, since: date | None) -> None:
    """Page views and participations are null; the activity of the enrollment is present."""
    async with connected(CanvasSandbox(classroom(), analytics=False, refusal_status=status)) as canvas:
        batch = await canvas.course_engagement_by_student([student(3)], since=since)

    [algebra] = records_of(batch, student(3))
    assert (algebra.page_views, algebra.participations, algebra.missing) == (None, None, None)
    assert algebra.total_activity_seconds == 1800


async def test_check_does_not_name_the_owner_of_the_token() -> None:
    """The first request tests the credentials, and its result does not name the owner of the token."""
    sandbox = CanvasSandbox(classroom())
    async with connected(sandbox) as canvas:
        assert await canvas.check() == "Canvas, token of a service account"
        requests = [request.partition("?")[0] for request in sandbox.requests]

    assert requests[0] == "GET /api/v1/users/self"
