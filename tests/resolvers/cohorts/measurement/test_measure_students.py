"""Metrics of many students: each part is read once, and what could not be read is never counted as nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest

from student_graph.adapters import model
from student_graph.adapters.errors import AdapterError, IdentityError, UnavailableError
from student_graph.adapters.model import SchoolId, Sensitivity, StudentId
from student_graph.resolvers.cohorts.measurement import measure as measurement
from student_graph.resolvers.cohorts.measurement.measure import measure_students
from student_graph.resolvers.fields.outcome import Partial
from student_graph.resolvers.metrics.facts import MetricRequest, MetricSpec, Part, StudentFacts
from student_graph.resolvers.metrics.measure import (
    DataQuality,
    Definition,
    Level,
    Measure,
    Metric,
    Unit,
    Window,
)
from student_graph.resolvers.metrics.presets.preset import Preset, Rule
from tests.resolvers.third_party import VendorData, third_party_source
from tests.resolvers.two_districts import CEDAR, World, attendance_event, school, school_enrollment

PRESET = Preset("none", "No levels", (), "The test")
TODAY = date(2027, 3, 1)
YEAR_START = date(2026, 7, 1)


@dataclass
class Counted:
    """A metric that counts the records of some attributes, and remembers the facts that it got."""

    metric: Metric
    parts: frozenset[Part]
    attributes: Sequence[str]
    facts: list[StudentFacts] = field(default_factory=list)

    @property
    def spec(self) -> MetricSpec:
        """The metric as the registry has it."""
        rule = Rule(self.metric, (), high_is_risk=True, description="Records")
        return MetricSpec(self.metric, self.parts, Sensitivity.OPEN, self.measure, rule)

    def measure(self, facts: StudentFacts, request: MetricRequest) -> Measure:
        """Count the records."""
        self.facts.append(facts)
        count = sum(len(getattr(facts, name)) for name in self.attributes)
        return Measure(
            metric=request.metric,
            value=float(count),
            level=Level.NOT_EVALUATED,
            unit=Unit.STUDENT,
            window=Window(first=request.year_start, last=request.as_of),
            definition=Definition(preset=PRESET.name, description="", parameters=[], source=""),
            as_of=request.as_of,
            data_quality=sorted(facts.quality, key=lambda quality: quality.name),
            reasons=[],
            exact=Fraction(count),
        )


EVENTS = Counted(Metric.ABSENT_DAYS, frozenset({Part.SCHOOL_ATTENDANCE}), ["school_attendance"])
INCIDENTS = Counted(Metric.INCIDENTS, frozenset({Part.INCIDENTS}), ["incidents"])


@pytest.fixture(autouse=True)
def _metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure with the metrics of the test."""
    monkeypatch.setattr(measurement, "METRICS", {counted.metric: counted.spec for counted in (EVENTS, INCIDENTS)})
    EVENTS.facts.clear()
    INCIDENTS.facts.clear()


def use(monkeypatch: pytest.MonkeyPatch, *metrics: Counted) -> None:
    """Replace the metrics."""
    monkeypatch.setattr(measurement, "METRICS", {counted.metric: counted.spec for counted in metrics})


def events_of(number: str, count: int) -> list[Any]:
    """Return so many attendance events of a student."""
    return [attendance_event(number, date(2027, 2, day + 1)) for day in range(count)]


def request(metric: Metric, as_of: date = TODAY, year_start: date = YEAR_START) -> MetricRequest:
    """Return a request for a metric."""
    return MetricRequest(metric, PRESET, as_of, year_start)


async def measure(world: World, students: Sequence[str], *requests: MetricRequest) -> list[list[Any]]:
    """Measure students of the district; numbers of values, types of errors, and partial values as they are."""
    context = world.context()
    info: Any = SimpleNamespace(context=context)
    district = context.sources.districts[CEDAR]
    outcomes = await measure_students(info, district, [StudentId(number) for number in students], requests)
    return [list(map(shown, of_request)) for of_request in outcomes]


def shown(outcome: Any) -> Any:
    """Return the value of a measure, the code of an error, or a partial measure as it is."""
    if isinstance(outcome, Measure):
        return outcome.value
    return outcome.code if isinstance(outcome, AdapterError) else outcome


def world_of(**answers: Mapping[str, Any]) -> tuple[VendorData, World]:
    """Return a district with one source."""
    sis = VendorData({name: dict(by_key) for name, by_key in answers.items()})
    return sis, World([third_party_source("sis", sis)])


async def test_measures_are_in_the_order_of_requests_and_students() -> None:
    """The outcome at an index is that of the student at the index, also for a student who is named twice."""
    _, world = world_of(
        attendance_events_by_student={"1": events_of("1", 3), "2": events_of("2", 1)},
        discipline_incidents_by_student={},
    )
    measures = await measure(world, ["2", "1", "9", "2"], request(Metric.INCIDENTS), request(Metric.ABSENT_DAYS))

    assert measures == [[0, 0, 0, 0], [1, 3, 0, 1]]


async def test_a_part_is_read_once_for_all_students_and_requests() -> None:
    """Three requests that need one part read it once, for all students in one ask."""
    _, world = world_of(attendance_events_by_student={"1": events_of("1", 3)})
    await measure(world, ["1", "2"], *[request(Metric.ABSENT_DAYS)] * 3)

    assert [(ask.lookup.name, ask.keys) for _, ask in world.fetch.asks] == [
        ("attendance_events_by_student", ("1", "2"))
    ]


async def test_requests_of_two_school_years_read_both() -> None:
    """A request for a past year gets the records of that year."""
    _, world = world_of(attendance_events_by_student={"1": events_of("1", 3)})
    past = request(Metric.ABSENT_DAYS, date(2026, 5, 1), date(2025, 7, 1))
    await measure(world, ["1"], request(Metric.ABSENT_DAYS), past)

    assert Counter(ask.arguments["school_year"] for _, ask in world.fetch.asks) == {2027: 1, 2026: 1}


async def test_an_error_replaces_the_measures_that_need_the_part() -> None:
    """A source that is down is no student without incidents; measures of other parts still come."""
    sis, world = world_of(
        attendance_events_by_student={"1": events_of("1", 3)}, discipline_incidents_by_student={}
    )
    sis.failing["discipline_incidents_by_student"] = UnavailableError("no answer in time")
    measures = await measure(world, ["1", "2"], request(Metric.INCIDENTS), request(Metric.ABSENT_DAYS))

    assert measures == [["SOURCE_UNAVAILABLE"] * 2, [3, 0]]


async def test_an_error_of_one_student_leaves_the_others() -> None:
    """Half of a batch may fail, each student with an error of its own."""
    _, world = world_of(
        attendance_events_by_student={
            "1": events_of("1", 3),
            "2": IdentityError("no link"),
            "3": UnavailableError("failing (503)"),
        }
    )

    assert await measure(world, ["1", "2", "3", "4"], request(Metric.ABSENT_DAYS)) == [
        [3, "NO_IDENTITY_LINK", "SOURCE_UNAVAILABLE", 0]
    ]


async def test_a_part_that_no_source_offers_is_an_error() -> None:
    """A district without discipline data does not have students without incidents."""
    _, world = world_of(attendance_events_by_student={})

    assert await measure(world, ["1"], request(Metric.INCIDENTS)) == [["NOT_OFFERED"]]


async def test_a_second_source_that_failed_makes_the_measure_partial() -> None:
    """The value of the other source is there; its data quality and the failure say that it is not complete."""
    sis, lms = (VendorData({"attendance_events_by_student": {"1": events_of("1", 2)}}) for _ in range(2))
    lms.failing["attendance_events_by_student"] = UnavailableError("no answer in time")
    world = World([third_party_source("sis", sis), third_party_source("lms", lms)])
    [[outcome]] = await measure(world, ["1"], request(Metric.ABSENT_DAYS))

    assert isinstance(outcome, Partial)
    assert (outcome.value.value, outcome.value.data_quality) == (2, [DataQuality.SOURCE_MISSING])
    assert [failure.code for failure in outcome.failures] == ["SOURCE_UNAVAILABLE"]


async def test_large_cohorts_are_read_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """The records of a few students are held at a time, and all students have their measure."""
    monkeypatch.setattr(measurement, "MAX_STUDENTS_PER_BATCH", 2)
    _, world = world_of(attendance_events_by_student={str(n): events_of(str(n), n) for n in range(5)})
    measures = await measure(world, list("01234"), request(Metric.ABSENT_DAYS))

    assert measures == [[0, 1, 2, 3, 4]]
    assert [len(ask.keys) for _, ask in world.fetch.asks] == [2, 2, 1]


# What records refer to

DAYS = Counted(Metric.ATTENDANCE_RATE, frozenset({Part.ENROLLMENTS, Part.CALENDAR}), ["enrollments"])


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
    """The weekdays on which the district recorded attendance are its days of school, the same for all viewers."""
    use(monkeypatch, DAYS)
    DAYS.facts.clear()
    _, world = world_of(school_enrollments_by_student={"1": [school_enrollment("1")]})
    recorded = {SchoolId("102"): frozenset({date(2027, 2, 1), date(2027, 2, 2), date(2027, 2, 6)})}

    async def recorded_days(*_: Any) -> Mapping[SchoolId, frozenset[date]]:
        return recorded

    context = world.context()
    context.recorded_days = recorded_days
    info: Any = SimpleNamespace(context=context)
    await measure_students(info, context.sources.districts[CEDAR], [StudentId("1")], [request(DAYS.metric)])

    assert DAYS.facts[0].school_days[SchoolId("101")].days == (date(2027, 2, 1), date(2027, 2, 2))


async def test_sections_and_courses_come_with_what_names_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sections of enrollments and of grades are read once for all students; one that nobody knows is left out."""
    sections = Counted(Metric.FAILING_COURSES, frozenset({Part.SECTIONS, Part.GRADES}), ["sections", "courses"])
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
    sections = Counted(Metric.FAILING_COURSES, frozenset({Part.SECTIONS}), ["sections"])
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
