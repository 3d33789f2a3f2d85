"""Each metric of attendance equals a naive computation over generated students: no difference."""

from __future__ import annotations

from datetime import date
from random import Random

import pytest

from student_graph.adapters.model import SchoolId
from student_graph.resolvers.metrics.attendance.calendar import school_days
from student_graph.resolvers.metrics.attendance.changes import chronic_rule
from student_graph.resolvers.metrics.attendance.specs import SPECS
from student_graph.resolvers.metrics.facts import MetricRequest, MetricSettings, SchoolDays, StudentFacts
from student_graph.resolvers.metrics.measure import Metric
from student_graph.resolvers.metrics.presets.attendance import PRESETS
from student_graph.resolvers.metrics.presets.preset import WindowKind
from student_graph.resolvers.metrics.tally import rule_of
from tests.long_runs import size
from tests.resolvers.metrics.oracle.generated import YEAR_START, GeneratedDistrict, GeneratedStudent, generate
from tests.resolvers.metrics.oracle.metrics import expected
from tests.resolvers.metrics.oracle.naive import Naive, NaiveSchool

STUDENTS = size(25, 1000)
"""Students of each seed."""
DAYS = (date(2021, 12, 17), date(2021, 12, 17), date(2021, 10, 15), date(2021, 11, 10), date(2021, 9, 10))


def request_for(random: Random, metric: Metric, district: GeneratedDistrict) -> MetricRequest:
    """A request with choices at random."""
    explicit = random.random() < 0.2
    return MetricRequest(
        metric,
        random.choice(PRESETS),
        random.choice(DAYS),
        YEAR_START,
        window=random.choice((None, None, *WindowKind)),
        first=date(2021, 10, 4) if explicit else None,
        last=random.choice((None, date(2021, 12, 1), date(2021, 9, 1))) if explicit else None,
        school=random.choice(list(district.schools)) if random.random() < 0.3 else None,
        settings=MetricSettings(
            positive_attendance=frozenset({SchoolId("full")}) if random.random() < 0.2 else frozenset()
        ),
    )


def days_of_schools(district: GeneratedDistrict) -> tuple[dict[SchoolId, SchoolDays], dict[SchoolId, NaiveSchool]]:
    """The days of the schools, as the metrics and as the oracle see them."""
    events = [event for student in district.students for event in student.events]
    recorded = {event.date for event in events}
    last = {
        school: max(event.date for event in events if event.school_id == school) for school in district.schools
    }
    last[SchoolId("stated")] = date(2021, 12, 10)
    days = {
        key: school_days(school.calendar, school.sessions, recorded, last[key])
        for key, school in district.schools.items()
    }
    return days, {key: NaiveSchool(school, recorded, last[key]) for key, school in district.schools.items()}


def facts_of(
    district: GeneratedDistrict, student: GeneratedStudent, days: dict[SchoolId, SchoolDays]
) -> StudentFacts:
    """The facts of a student."""
    return StudentFacts(
        student.student_id,
        enrollments=student.enrollments,
        school_days=days,
        school_attendance=student.events,
        class_attendance=student.class_events,
        section_enrollments=student.section_enrollments,
        sections=district.sections,
    )


@pytest.mark.long_run
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_metrics_equal_a_naive_computation(seed: int) -> None:
    """Value and level of each metric, for requests at random: 0 differences."""
    district = generate(seed, STUDENTS)
    random = Random(seed)  # noqa: S311 - a repeatable sample, no secret
    days, naive_schools = days_of_schools(district)
    values = 0
    for student in district.students:
        facts, naive = facts_of(district, student, days), Naive(district, student, naive_schools)
        if not student.enrollments and len({event.school_id for event in student.events}) != 1:
            continue  # the days of a district as a whole have a test of their own
        for spec in SPECS:
            request = request_for(random, spec.metric, district)
            measure = spec.measure(facts, request)
            result = expected(naive, request, rule_of(request, spec.rule), chronic_rule(request))
            assert (measure.exact, measure.level) == result, (student.student_id, request)
            values += measure.exact is not None
    assert values > 5 * STUDENTS
