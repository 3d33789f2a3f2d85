"""What the Canvas adapter makes of Canvas's answers, and how many calls that takes."""

from __future__ import annotations

from datetime import date

import pytest

from student_graph.adapters.canvas.sandbox import CanvasSandbox
from student_graph.adapters.model import GradeSource, GradeType, StudentId, SubmissionStatus
from tests.adapters.canvas.classroom import account_of, asked, classroom, connected, listed, section, student


async def test_work_of_a_student() -> None:
    """Work on published assignments of active courses, by due time, with whom and what it is about."""
    async with connected(CanvasSandbox(classroom())) as canvas:
        work = listed(await canvas.assignment_work_by_student([student(3)]), student(3))

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


async def test_a_class_of_28_costs_one_submissions_call_a_course() -> None:
    """A call for each student tells the courses; then work, assignments and name are read once for each course."""
    sandbox = CanvasSandbox(classroom(students=28))
    async with connected(sandbox) as canvas:
        batch = await canvas.assignment_work_by_student([student(n) for n in range(1, 29)])

    assert len(batch) == 28
    assert len(asked(sandbox, "/enrollments")) == 28
    assert len(asked(sandbox, "/students/submissions")) == 2
    assert len(sandbox.requests) == 28 + 2 * 3


async def test_students_without_an_account_are_absent() -> None:
    """Who is not in Canvas is neither an error nor an empty list."""
    nobody = StudentId("sis_user_id:999999")
    async with connected(CanvasSandbox(classroom())) as canvas:
        work = await canvas.assignment_work_by_student([nobody, student(1)])
        grades = await canvas.course_grades_by_student([nobody], school_year=2026)
        engagement = await canvas.course_engagement_by_student([nobody])

    assert list(work) == [student(1)]
    assert grades == engagement == {}


async def test_an_account_without_courses_has_an_empty_list() -> None:
    """Known and without work is another answer than unknown."""
    facts = classroom()
    for course in facts.lms_courses:
        course.members = course.members[:2]
    async with connected(CanvasSandbox(facts)) as canvas:
        assert await canvas.assignment_work_by_student([student(3)]) == {student(3): []}


async def test_crossed_ids_carry_the_address_of_who_uses_the_account() -> None:
    """Two accounts with each other's number: the record's e-mail address shows it."""
    facts = classroom()
    first, second = facts.accounts[:2]
    first.sis_id, second.sis_id = second.sis_id, first.sis_id
    async with connected(CanvasSandbox(facts)) as canvas:
        work = listed(await canvas.assignment_work_by_student([student(1)]), student(1))

    assert {each.subject.email for each in work if each.subject} == {"ada2@cedarhollow.example"}


async def test_a_grade_that_is_not_posted_is_not_told() -> None:
    """Neither the score of the work nor a course grade in which it counts; the student has not seen them."""
    facts = classroom(assignments=3)
    held = next(s for s in facts.submissions if s.account == account_of(3) and s.state == "graded")
    held.score, held.grade = 10.0, "10"
    async with connected(CanvasSandbox(facts, unposted=frozenset({held.id}))) as canvas:
        work = listed(await canvas.assignment_work_by_student([student(3)]), student(3))
        grades = listed(await canvas.course_grades_by_student([student(3)], school_year=2026), student(3))

    assert [(w.score, w.grade) for w in work] == [(None, None), (3.0, "3"), (None, None)]
    assert [g.numeric for g in grades] == [30.0, 10.0]


async def test_computed_grades_of_a_student() -> None:
    """Current counts graded work only, final counts the rest as zero; both are the LMS's, never posted ones."""
    async with connected(CanvasSandbox(classroom())) as canvas:
        grades = listed(await canvas.course_grades_by_student([student(3)], school_year=2026), student(3))

    assert [(g.source, g.grade_type, g.numeric, g.letter, g.course_name, g.section_id) for g in grades] == [
        (GradeSource.LMS, GradeType.COMPUTED_CURRENT, 30.0, "F", "Algebra", section()),
        (GradeSource.LMS, GradeType.COMPUTED_FINAL, 15.0, "F", "Algebra", section()),
    ]


async def test_answers_by_section_are_those_by_student() -> None:
    """The same records, whichever way they are reached, and for 230 students in a few pages."""
    sandbox = CanvasSandbox(classroom(students=230))
    keys = [student(n) for n in range(1, 231)]
    async with connected(sandbox) as canvas:
        point = await canvas.assignment_work_by_student(keys)
        grades = await canvas.course_grades_by_student(keys, school_year=2026)
        sandbox.requests.clear()
        coarse = listed(await canvas.assignment_work_by_section([section()]), section())
        calls = len(sandbox.requests)
        coarse_grades = listed(await canvas.course_grades_by_section([section()]), section())

    for key in keys:
        expected = [work for work in listed(point, key) if work.section_id == section()]
        computed = [grade for grade in listed(grades, key) if grade.section_id == section()]
        assert [work for work in coarse if work.student_id == key] == expected
        assert [grade for grade in coarse_grades if grade.student_id == key] == computed
    assert calls == 3 + 3 + 1 + 1


async def test_sections_and_their_courses() -> None:
    """A section leads to its course; a section that Canvas does not know is absent everywhere."""
    unknown = section("NONE-1")
    async with connected(CanvasSandbox(classroom())) as canvas:
        courses = await canvas.lms_courses_by_section([section("BIO-1"), unknown])
        work = await canvas.assignment_work_by_section([unknown])
        grades = await canvas.course_grades_by_section([unknown])

    assert list(courses) == [section("BIO-1")]
    assert [(c.name, c.course_code, c.state) for c in listed(courses, section("BIO-1"))] == [
        ("Biology", "BIO-1", "available")
    ]
    assert work == grades == {}


async def test_engagement_of_a_student() -> None:
    """Activity from the enrollment; views, participations and tardiness from analytics, one call a course."""
    sandbox = CanvasSandbox(classroom(students=28))
    async with connected(sandbox) as canvas:
        batch = await canvas.course_engagement_by_student([student(n) for n in range(1, 29)])

    [algebra] = listed(batch, student(3))
    assert (algebra.page_views, algebra.participations) == (7, 1)
    assert (algebra.on_time, algebra.late, algebra.missing) == (2, 0, 1)
    assert algebra.total_activity_seconds == 1800
    assert algebra.last_activity_at is not None
    assert algebra.last_activity_at.date() == date(2026, 1, 12)
    assert len(sandbox.requests) == 28 + 2 * 2


async def test_engagement_since_a_day() -> None:
    """Views and participations are counted from midnight of the day; the rest is what it was."""
    async with connected(CanvasSandbox(classroom())) as canvas:
        batch = await canvas.course_engagement_by_student([student(3)], since=date(2026, 1, 12))

    [algebra] = listed(batch, student(3))
    assert (algebra.page_views, algebra.participations) == (3, 0)
    assert (algebra.missing, algebra.total_activity_seconds) == (1, 1800)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("since", [None, date(2026, 1, 12)])
async def test_a_token_without_analytics_tells_the_rest(status: int, since: date | None) -> None:
    """Page views and participations are null; what the enrollment tells is still there."""
    async with connected(CanvasSandbox(classroom(), analytics=False, refusal_status=status)) as canvas:
        batch = await canvas.course_engagement_by_student([student(3)], since=since)

    [algebra] = listed(batch, student(3))
    assert (algebra.page_views, algebra.participations, algebra.missing) == (None, None, None)
    assert algebra.total_activity_seconds == 1800


async def test_check_names_nobody() -> None:
    """The credentials are asked once, and whose they are stays in Canvas."""
    sandbox = CanvasSandbox(classroom())
    async with connected(sandbox) as canvas:
        assert await canvas.check() == "Canvas, token of a service account"

    assert sandbox.requests == ["GET /api/v1/users/self"]
