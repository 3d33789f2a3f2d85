"""Adds grades, transcripts, and tests with their results to a synthetic district."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache
from random import Random
from typing import TypeAlias

from student_graph.adapters.sandbox.facts import (
    AssessmentFact,
    DistrictFacts,
    EnrollmentFact,
    GradeFact,
    ResultFact,
    SectionEnrollmentFact,
    TranscriptFact,
)
from student_graph.adapters.sandbox.people import GRADES
from student_graph.adapters.sandbox.years import FALL, NOW, SCHOOL_YEAR

NAMESPACE = "uri://cedarhollow.example/Assessment"
_STATE_SUBJECTS = ("Mathematics", "Reading")
_LEVELS = ((30, "Did Not Meet Standard"), (42, "Met Standard"), (51, "Advanced"))
_ACT = (
    ("Composite", "Composite Score"),
    ("English", "Scale score"),
    ("Mathematics", "Scale score"),
    ("Reading", "Scale score"),
)

Period: TypeAlias = tuple[str, str, int, date, date]
"""A grading period; see `SessionFact.periods`."""


def _letter(points: float) -> str:
    return "ABCDF"[min(4, max(0, int((99 - points) // 10)))]


@lru_cache(50_000)
def _ability(student: str) -> float:
    """A student's ability, from 0 to 1; grades and tests of a student use the same."""
    return Random(f"ability {student}").betavariate(5, 2)


def add_grades(facts: DistrictFacts, rng: Random) -> None:
    """Add grades for the grading periods that have ended, and progress reports for the current one."""
    periods = {s.school: s.periods for s in facts.sessions if s.name == FALL}
    for section_enrollment in facts.section_enrollments:
        if section_enrollment.homeroom or section_enrollment.section.session != FALL:
            continue
        ended = [
            p for p in periods[section_enrollment.section.school] if section_enrollment.begin <= p[4] < NOW.date()
        ]
        for period in ended:
            facts.grades.append(
                _grade(section_enrollment, period, "Grading Period", rng, current=period is ended[-1])
            )
        current_period = next(p for p in periods[section_enrollment.section.school] if p[3] <= NOW.date() <= p[4])
        if rng.random() < 0.5 and section_enrollment.end is None:
            facts.grades.append(_grade(section_enrollment, current_period, "Progress Report", rng, current=False))


def _grade(
    section_enrollment: SectionEnrollmentFact, period: Period, kind: str, rng: Random, *, current: bool
) -> GradeFact:
    """Build a grade: numeric in the upper grade levels, a letter in elementary school, and sometimes both."""
    points = float(round(min(100.0, 45 + 55 * _ability(section_enrollment.student) + rng.gauss(0, 6))))
    elementary = int(section_enrollment.section.course[-2:]) < GRADES.index("Sixth grade")
    both = rng.random() < 0.2
    return GradeFact(
        enrollment=section_enrollment,
        period=period,
        kind=kind,
        numeric=points if both or not elementary else None,
        letter=_letter(points) if both or elementary else None,
        current=current,
    )


def add_transcripts(facts: DistrictFacts) -> None:
    """Add credits and grade point averages of secondary students: for the last year, and for this fall so far."""
    for enrollment in facts.enrollments:
        years = GRADES.index(enrollment.grade)
        if years < 6 or not enrollment.primary or enrollment.entry_type == "Re-entry":
            continue
        base = 6 if years < 9 else 9
        average = round(1.0 + 3.0 * _ability(enrollment.student), 2)
        credits_before = 6.0 * (years - base)
        if credits_before:
            facts.transcripts.append(
                TranscriptFact(
                    student=enrollment.student,
                    year=SCHOOL_YEAR - 1,
                    term="Spring Semester",
                    earned=credits_before - (1.0 if average < 1.8 else 0.0),
                    attempted=credits_before,
                    gpa=average,
                )
            )
        facts.transcripts.append(
            TranscriptFact(
                student=enrollment.student,
                year=SCHOOL_YEAR,
                term="Fall Semester",
                earned=credits_before - (1.0 if average < 1.8 else 0.0),
                attempted=credits_before + 3.0,
                gpa=average if credits_before else None,
            )
        )


def add_assessments(facts: DistrictFacts, rng: Random) -> None:
    """Add a state test in spring, a growth test in fall, and a college test for the upper grade levels."""
    state = {(s, g): _state_test(s, g) for s in _STATE_SUBJECTS for g in GRADES[3:9]}
    growth = {s: _test(f"MAP-{s}", f"Growth {s}", "MAP Growth", s, version=SCHOOL_YEAR) for s in _STATE_SUBJECTS}
    act = _test(
        "ACT",
        "ACT",
        "ACT",
        "Composite",
        version=SCHOOL_YEAR,
        objectives=tuple((name, name) for name, _ in _ACT[1:]),
    )
    facts.assessments = [*state.values(), *growth.values(), act]
    for enrollment in facts.enrollments:
        years = GRADES.index(enrollment.grade)
        if not enrollment.primary or enrollment.entry_type == "Re-entry":
            continue
        for subject in _STATE_SUBJECTS:
            if 4 <= years <= 9:
                facts.results.append(_state_result(enrollment, state[subject, GRADES[years - 1]], rng))
            if 2 <= years <= 8:
                facts.results.append(_growth_result(enrollment, growth[subject], rng))
        if years >= 11:
            facts.results.append(_act_result(enrollment, act, rng, retest=False))
            if years == 12 and rng.random() < 0.3:
                facts.results.append(_act_result(enrollment, act, rng, retest=True))


def _test(
    number: str,
    title: str,
    family: str,
    subject: str,
    *,
    version: int,
    objectives: tuple[tuple[str, str], ...] = (),
) -> AssessmentFact:
    return AssessmentFact(
        id=number,
        namespace=NAMESPACE,
        title=title,
        family=family,
        subject=subject,
        version=version,
        objectives=objectives,
    )


def _state_test(subject: str, grade: str) -> AssessmentFact:
    number = f"STATE-{subject}-{grade}"
    parts = tuple((f"{number}-{part}", f"{subject}, reporting category {part}") for part in range(1, 6))
    return _test(
        number,
        f"State Assessment {subject} {grade}",
        "State Assessment",
        subject,
        version=SCHOOL_YEAR - 1,
        objectives=parts,
    )


def _result_id(enrollment: EnrollmentFact, test: AssessmentFact, suffix: str = "") -> str:
    return f"{enrollment.student}-{test.id.replace(' ', '')}-{test.version}{suffix}"[:60]


def _state_result(enrollment: EnrollmentFact, test: AssessmentFact, rng: Random) -> ResultFact:
    raw = [min(10, max(0, round(10 * _ability(enrollment.student) + rng.gauss(0, 1)))) for _ in test.objectives]
    return ResultFact(
        id=_result_id(enrollment, test),
        student=enrollment.student,
        assessment=test,
        at=datetime(2026, 4, 14, 14, tzinfo=UTC),
        year=SCHOOL_YEAR - 1,
        grade=GRADES[GRADES.index(enrollment.grade) - 1],
        scores=(("Raw score", "Integer", f"{sum(raw)}"), ("Scale score", "Integer", f"{1200 + 10 * sum(raw)}")),
        level=("Proficiency level", _level(sum(raw))),
        objectives=tuple((code, f"{points}") for (code, _), points in zip(test.objectives, raw, strict=True)),
        # The parts have equal weight: each has the level of a test in which all parts are like it.
        objective_levels=tuple(
            (code, _level(len(raw) * points)) for (code, _), points in zip(test.objectives, raw, strict=True)
        ),
    )


def _level(points: int) -> str:
    """The level of so many points in a state test."""
    return next(name for limit, name in _LEVELS if points < limit)


def _growth_result(enrollment: EnrollmentFact, test: AssessmentFact, rng: Random) -> ResultFact:
    percentile = min(99, max(1, round(100 * _ability(enrollment.student) + rng.gauss(0, 9))))
    rit = 150 + 7 * GRADES.index(enrollment.grade) + percentile // 3
    return ResultFact(
        id=_result_id(enrollment, test),
        student=enrollment.student,
        assessment=test,
        at=datetime(2026, 9, 16, 15, tzinfo=UTC),
        year=SCHOOL_YEAR,
        grade=enrollment.grade,
        scores=(("RIT scale score", "Integer", f"{rit}"), ("Percentile", "Percentile", f"{percentile}")),
        level=("Achievement/proficiency level", "Above Benchmark" if percentile > 60 else "Basic"),
    )


def _act_result(enrollment: EnrollmentFact, test: AssessmentFact, rng: Random, *, retest: bool) -> ResultFact:
    parts = [
        min(36, max(1, round(8 + 24 * _ability(enrollment.student) + rng.gauss(0, 2) + retest))) for _ in _ACT[1:]
    ]
    return ResultFact(
        id=_result_id(enrollment, test, "-2" if retest else ""),
        student=enrollment.student,
        assessment=test,
        at=datetime(2026, 10, 24 if retest else 3, 15, tzinfo=UTC),
        year=SCHOOL_YEAR,
        grade=enrollment.grade,
        scores=(("Composite Score", "Integer", f"{round(sum(parts) / len(parts))}"),),
        objectives=tuple((name, f"{points}") for (name, _), points in zip(_ACT[1:], parts, strict=True)),
        retest=retest,
    )
