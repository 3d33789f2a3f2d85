"""What students' records refer to: the days of their schools, and the sections and courses of their classes."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from student_graph.adapters import model
from student_graph.adapters.errors import UnavailableError
from student_graph.adapters.model import SchoolId, StudentId
from student_graph.resolvers.cohorts.measurement.measure import measure_students
from student_graph.resolvers.metrics.facts import Part
from student_graph.resolvers.metrics.measure import Metric
from student_graph.resolvers.metrics.recorded import RecordedAttendance
from tests.patience import SOURCE_SECONDS
from tests.resolvers.cohorts.measurement.counted import Counted, measure, request, use, world_of
from tests.resolvers.two_districts import CEDAR, school, school_enrollment

DAYS = Counted(Metric.ATTENDANCE_RATE, frozenset({Part.ENROLLMENTS, Part.CALENDAR}), ["enrollments"])

ATTENDANCE = Counted(
    Metric.ATTENDANCE_RATE,
    frozenset({Part.ENROLLMENTS, Part.CALENDAR, Part.SCHOOL_ATTENDANCE}),
    ["school_attendance"],
)


def calendar_day(at: str, day: date) -> model.CalendarDay:
    """Return a day of instruction at a school."""
    return model.CalendarDay(
        vendor_id=f"{at}#{day}",
        school_id=SchoolId(at),
        calendar_code="main",
        date=day,
        events=[],
        instructional=True,
    )


def with_calendar(days: int = 200) -> dict[str, Any]:
    """Return answers with a calendar of the school 101, of so many days, and student 1 enrolled there."""
    first = date(2026, 8, 3).toordinal()
    return {
        "school_enrollments_by_student": {"1": [school_enrollment("1")]},
        "schools_by_district": {"cedar": [school()]},
        "calendar_days_by_school": {
            "101": [calendar_day("101", date.fromordinal(first + n)) for n in range(days)]
        },
        "sessions_by_school": {},
    }


async def test_the_days_of_a_school_are_built_once_in_an_operation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Students of one school share the object, which is not built again for the next request."""
    use(monkeypatch, DAYS)
    DAYS.facts.clear()
    answers = with_calendar()
    answers["school_enrollments_by_student"]["2"] = [school_enrollment("2")]
    _, world = world_of(**answers)
    context = world.context()
    info: Any = SimpleNamespace(context=context)
    for _ in range(2):
        students = [StudentId("1"), StudentId("2")]
        await measure_students(info, context.sources.districts[CEDAR], students, [request(DAYS.metric)])
    built = [facts.school_days[SchoolId("101")] for facts in DAYS.facts]

    assert len(built) == 4
    assert len(set(map(id, built))) == 1
    assert len(built[0].days) == 200
    assert world.fetch.names().count("calendar_days_by_school") == 1


async def test_a_student_without_a_school_has_the_days_of_all_schools(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing records the school of the student: the metric decides by all schools of the district."""
    use(monkeypatch, DAYS)
    DAYS.facts.clear()
    _, world = world_of(**with_calendar())
    await measure(world, ["9"], request(DAYS.metric))

    assert set(DAYS.facts[0].school_days) == {"101"}


async def test_a_calendar_that_cannot_be_read_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Days are not estimated because a source is down: the value would be another one a minute later."""
    use(monkeypatch, DAYS)
    sis, world = world_of(**with_calendar())
    sis.failing["calendar_days_by_school"] = UnavailableError("no answer in time")

    assert await measure(world, ["1"], request(DAYS.metric)) == [["SOURCE_UNAVAILABLE"]]


async def test_days_are_estimated_where_no_source_offers_a_calendar(monkeypatch: pytest.MonkeyPatch) -> None:
    """The weekdays on which the district or the school itself recorded attendance are the days of the school."""
    use(monkeypatch, DAYS)
    DAYS.facts.clear()
    _, world = world_of(school_enrollments_by_student={"1": [school_enrollment("1")]})
    elsewhere = frozenset({date(2027, 2, 1), date(2027, 2, 6)})
    own = {SchoolId("101"): frozenset({date(2027, 2, 2)}), SchoolId("102"): frozenset({date(2027, 2, 3)})}

    async def recorded_days(*_: Any, **__: Any) -> RecordedAttendance:
        return RecordedAttendance(elsewhere, own)

    context = world.context()
    context.recorded_days = recorded_days
    info: Any = SimpleNamespace(context=context)
    await measure_students(info, context.sources.districts[CEDAR], [StudentId("1")], [request(DAYS.metric)])

    assert DAYS.facts[0].school_days[SchoolId("101")].days == (date(2027, 2, 1), date(2027, 2, 2))


async def test_an_absence_that_is_recorded_ahead_is_no_attendance(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parents report a journey of next week: the latest day with attendance is still that of last week."""
    use(monkeypatch, DAYS)
    DAYS.facts.clear()
    _, world = world_of(school_enrollments_by_student={"1": [school_enrollment("1")]})
    context = world.context()
    district = context.sources.districts[CEDAR]
    today = district.today()
    submitted, ahead = today - timedelta(weeks=1), today + timedelta(weeks=1)

    async def recorded_days(*_: Any, **__: Any) -> RecordedAttendance:
        return RecordedAttendance(frozenset(), {SchoolId("101"): frozenset({submitted, ahead})})

    context.recorded_days = recorded_days
    info: Any = SimpleNamespace(context=context)
    await measure_students(info, district, [StudentId("1")], [request(DAYS.metric)])

    assert DAYS.facts[0].school_days[SchoolId("101")].last_recorded == submitted
    assert ahead not in DAYS.facts[0].school_days[SchoolId("101")].days


async def test_sections_and_courses_come_with_what_names_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sections of enrollments and of grades are read once for all students; one that nobody knows is left out."""
    sections = Counted(
        Metric.FAILING_COURSES,
        frozenset({Part.SECTIONS, Part.GRADES, Part.NAMED_SECTIONS, Part.COURSES}),
        ["sections", "courses"],
    )
    use(monkeypatch, sections)
    _, world = world_of(
        section_enrollments_by_student={"1": [section_enrollment("1", "A"), section_enrollment("1", "B")]},
        course_grades_by_student={"1": [course_grade("1", "C")]},
        sections_by_id={"A": section("A"), "C": section("C")},
        courses_by_section={"A": course("A")},
    )

    assert await measure(world, ["1", "2"], request(sections.metric)) == [[3, 0]]
    assert set(sections.facts[0].sections) == {"A", "C"}
    assert sorted(world.fetch.names()) == [
        "course_grades_by_student",
        "courses_by_section",
        "section_enrollments_by_student",
        "sections_by_id",
    ]


async def test_a_section_that_cannot_be_read_is_an_error_of_its_students(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its course a grade would count for no subject."""
    sections = Counted(Metric.FAILING_COURSES, frozenset({Part.SECTIONS, Part.NAMED_SECTIONS}), ["sections"])
    use(monkeypatch, sections)
    _, world = world_of(
        section_enrollments_by_student={"1": [section_enrollment("1", "A")], "2": [section_enrollment("2", "B")]},
        sections_by_id={"A": UnavailableError("failing (503)"), "B": section("B")},
        courses_by_section={},
    )

    assert await measure(world, ["1", "2"], request(sections.metric)) == [["SOURCE_UNAVAILABLE", 1]]


def section_enrollment(number: str, at: str) -> model.SectionEnrollment:
    """Return a student's enrollment in a section."""
    return model.SectionEnrollment(
        vendor_id=f"{number}@{at}",
        student_id=StudentId(number),
        section_id=model.SectionId(at),
        begin_date=date(2026, 8, 20),
    )


def section(number: str) -> model.Section:
    """Return a section."""
    return model.Section(
        vendor_id=number,
        section_id=model.SectionId(number),
        school_id=SchoolId("101"),
        section_identifier=number,
        session_name="Fall",
        school_year=2027,
        local_course_code="ALG",
    )


def course(number: str) -> model.Course:
    """Return the course of a section."""
    return model.Course(
        vendor_id=number,
        section_id=model.SectionId(number),
        course_code="ALG",
        course_title="Algebra",
        subjects=[model.AcademicSubject.MATHEMATICS],
        subject_descriptors=[],
    )


def course_grade(number: str, at: str) -> model.CourseGrade:
    """Return a student's grade in a section."""
    return model.CourseGrade(
        vendor_id=f"{number}@{at}",
        student_id=StudentId(number),
        section_id=model.SectionId(at),
        grade_type=model.GradeType.FINAL,
        source=model.GradeSource.SIS,
        school_year=2027,
        numeric=80.0,
    )


async def test_the_days_of_schools_are_read_while_other_records_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """As soon as the enrollments name the schools: one wait for the source in place of two."""
    use(monkeypatch, ATTENDANCE)
    data, world = world_of(**with_calendar(), attendance_events_by_student={"1": []})
    adapter: Any = type(world.sources[0].adapter)
    days_are_read = asyncio.Event()

    async def calendar_days(_: Any, ids: Any, **__: Any) -> Any:
        days_are_read.set()
        return {key: data.answers["calendar_days_by_school"][key] for key in ids}

    async def events(_: Any, ids: Any, **__: Any) -> Any:
        await days_are_read.wait()
        return {key: [] for key in ids}

    monkeypatch.setattr(adapter, "calendar_days_by_school", calendar_days)
    monkeypatch.setattr(adapter, "attendance_events_by_student", events)
    async with asyncio.timeout(SOURCE_SECONDS):
        assert await measure(world, ["1"], request(ATTENDANCE.metric)) == [[0.0]]
