"""The metrics of a student by topic: attendance, behavior, courses, work in the LMS, tests and mobility."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import strawberry

from student_graph.adapters import model
from student_graph.adapters.model import Sensitivity
from student_graph.resolvers.cohorts.measurement.requests import Choices
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.batched import batched
from student_graph.resolvers.fields.docstrings import described
from student_graph.resolvers.fields.outcome import Outcomes, map_values
from student_graph.resolvers.metrics.measure import Metric
from student_graph.resolvers.types.metrics.arguments import (
    AtSchool,
    Chosen,
    EndsOn,
    InSubject,
    OfFamily,
    PresetName,
    RelativeWindow,
    WindowFrom,
    WindowTo,
    choose,
    measure_field,
)
from student_graph.resolvers.types.metrics.standings import latest


@described
@strawberry.type
class AttendanceSummary:
    """A student's attendance in numbers. Each is computed only if it is selected."""

    chosen: strawberry.Private[Chosen]

    rate = measure_field(Metric.ATTENDANCE_RATE)
    absent_days = measure_field(Metric.ABSENT_DAYS)
    excused_absent_days = measure_field(Metric.EXCUSED_ABSENT_DAYS)
    unexcused_absent_days = measure_field(Metric.UNEXCUSED_ABSENT_DAYS)
    tardies = measure_field(Metric.TARDIES)
    chronic_absence = measure_field(Metric.CHRONIC_ABSENCE)
    absence_streak = measure_field(Metric.ABSENCE_STREAK)
    longest_absence_streak = measure_field(Metric.MAX_ABSENCE_STREAK)
    trend = measure_field(Metric.ATTENDANCE_TREND)
    first_weeks_absence = measure_field(Metric.FIRST_WEEKS_ABSENCE)
    newly_absent = measure_field(Metric.NEWLY_ABSENT)
    affordable_days = measure_field(Metric.AFFORDABLE_DAYS)
    period_absence_rate = measure_field(Metric.PERIOD_ABSENCE_RATE)
    period_tardies = measure_field(Metric.PERIOD_TARDIES)
    first_period_tardies = measure_field(Metric.FIRST_PERIOD_TARDIES)


@described
@strawberry.type
class BehaviorSummary:
    """A student's behavior in numbers. Each is computed only if it is selected."""

    chosen: strawberry.Private[Chosen]

    incidents = measure_field(Metric.INCIDENTS)
    state_offenses = measure_field(Metric.STATE_OFFENSES)
    conduct_violations = measure_field(Metric.CONDUCT_VIOLATIONS)
    incident_day_share = measure_field(Metric.INCIDENT_DAY_SHARE)
    suspensions = measure_field(Metric.SUSPENSIONS)
    suspension_days_imposed = measure_field(Metric.SUSPENSION_DAYS_IMPOSED)
    suspension_days_served = measure_field(Metric.SUSPENSION_DAYS_SERVED)


@described
@strawberry.type
class CourseSummary:
    """A student's grades, credits and progress in numbers. Each is computed only if it is selected."""

    chosen: strawberry.Private[Chosen]

    current_average = measure_field(Metric.CURRENT_AVERAGE)
    grading_period_average = measure_field(Metric.GRADING_PERIOD_AVERAGE)
    failing_courses = measure_field(Metric.FAILING_COURSES)
    failed_semester_courses = measure_field(Metric.FAILED_SEMESTER_COURSES)
    grade_point_average = measure_field(Metric.GRADE_POINT_AVERAGE)
    credits_earned = measure_field(Metric.CREDITS_EARNED)
    on_track = measure_field(Metric.ON_TRACK)


@described
@strawberry.type
class CourseworkSummary:
    """A student's work in the learning management system in numbers. Each is computed only if it is selected."""

    chosen: strawberry.Private[Chosen]

    missing = measure_field(Metric.MISSING_WORK)
    late = measure_field(Metric.LATE_WORK)
    graded = measure_field(Metric.GRADED_WORK)
    average = measure_field(Metric.WORK_AVERAGE)
    page_views = measure_field(Metric.PAGE_VIEWS)
    participations = measure_field(Metric.PARTICIPATIONS)


@described
@strawberry.type
class AssessmentSummary:
    """What a student's tests of a family and a subject say. Each number is computed only if it is selected."""

    chosen: strawberry.Private[Chosen]

    latest = latest
    level_rank = measure_field(Metric.ASSESSMENT_LEVEL)
    proficient = measure_field(Metric.ASSESSMENT_PROFICIENT)
    objectives_not_met = measure_field(Metric.OBJECTIVES_NOT_MET)
    percentile = measure_field(Metric.ASSESSMENT_PERCENTILE)
    growth = measure_field(Metric.ASSESSMENT_GROWTH)


@described
@strawberry.type
class MobilitySummary:
    """A student's changes of school in numbers."""

    chosen: strawberry.Private[Chosen]

    school_changes = measure_field(Metric.SCHOOL_CHANGES)


@batched
async def attendance(
    students: Sequence[model.Student],
    info: Info,
    *,
    preset: PresetName = None,
    window: RelativeWindow = None,
    from_: WindowFrom = None,
    to: WindowTo = None,
    as_of: EndsOn = None,
    school: AtSchool = None,
) -> Outcomes[AttendanceSummary | None]:
    """
    The student's attendance in numbers, by a preset and in a window.

    A window lies within one school year: pass either `window`, or `from` and `to`.
    """
    choices = Choices(preset=preset, window=window, first=from_, last=to, as_of=as_of)
    chosen = await choose(info, students, choices, school)
    return map_values(chosen, lambda student: AttendanceSummary(chosen=student))


@partial(batched, part_of=model.DisciplineIncident)
async def behavior(
    students: Sequence[model.Student],
    info: Info,
    *,
    preset: PresetName = None,
    window: RelativeWindow = None,
    from_: WindowFrom = None,
    to: WindowTo = None,
    as_of: EndsOn = None,
    school: AtSchool = None,
) -> Outcomes[BehaviorSummary | None]:
    """
    The student's behavior in numbers, by a preset and in a window.

    A window lies within one school year: pass either `window`, or `from` and `to`.
    """
    choices = Choices(preset=preset, window=window, first=from_, last=to, as_of=as_of)
    chosen = await choose(info, students, choices, school, Sensitivity.DISCIPLINE)
    return map_values(chosen, lambda student: BehaviorSummary(chosen=student))


@batched
async def courses(
    students: Sequence[model.Student],
    info: Info,
    *,
    preset: PresetName = None,
    subject: InSubject = None,
    as_of: EndsOn = None,
    school: AtSchool = None,
) -> Outcomes[CourseSummary | None]:
    """The student's grades, credits and progress in numbers, by a preset, in the school year of a day."""
    choices = Choices(preset=preset, subject=subject, as_of=as_of)
    chosen = await choose(info, students, choices, school)
    return map_values(chosen, lambda student: CourseSummary(chosen=student))


@batched
async def coursework(
    students: Sequence[model.Student],
    info: Info,
    *,
    preset: PresetName = None,
    subject: InSubject = None,
    from_: WindowFrom = None,
    to: WindowTo = None,
) -> Outcomes[CourseworkSummary | None]:
    """The student's work in the learning management system in numbers, by a preset and in a window."""
    chosen = await choose(info, students, Choices(preset=preset, subject=subject, first=from_, last=to))
    return map_values(chosen, lambda student: CourseworkSummary(chosen=student))


@batched
async def assessment_summary(
    students: Sequence[model.Student],
    info: Info,
    *,
    preset: PresetName = None,
    family: OfFamily = None,
    subject: InSubject = None,
    as_of: EndsOn = None,
) -> Outcomes[AssessmentSummary | None]:
    """What the student's latest tests of a family and a subject say, up to a day."""
    choices = Choices(preset=preset, family=family, subject=subject, as_of=as_of)
    return map_values(await choose(info, students, choices), lambda student: AssessmentSummary(chosen=student))


@batched
async def mobility(
    students: Sequence[model.Student],
    info: Info,
    *,
    preset: PresetName = None,
    from_: WindowFrom = None,
    to: WindowTo = None,
) -> Outcomes[MobilitySummary | None]:
    """The student's changes of school in numbers, in a window."""
    chosen = await choose(info, students, Choices(preset=preset, first=from_, last=to))
    return map_values(chosen, lambda student: MobilitySummary(chosen=student))
