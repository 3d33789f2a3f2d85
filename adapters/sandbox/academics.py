"""Grades, transcripts, and tests with their results."""

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
from student_graph.adapters.sandbox.years import FALL, NOW, YEAR

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


def _letter(points: float) -> str:
    return "ABCDF"[min(4, max(0, int((99 - points) // 10)))]


@lru_cache(50_000)
def _ability(student: str) -> float:
    """How well a student does, 0 to 1: the same in grades and tests."""
    return Random(f"ability {student}").betavariate(5, 2)


def add_grades(facts: DistrictFacts, rng: Random) -> None:
    """Grades of the grading periods that are over, and a progress report in the one under way."""
    periods = {s.school: s.periods for s in facts.sessions if s.name == FALL}
    for place in facts.section_enrollments:
        if place.homeroom or place.section.session != FALL:
            continue
        over = [p for p in periods[place.section.school] if place.begin <= p[4] < NOW.date()]
        for period in over:
            facts.grades.append(_grade(place, period, "Grading Period", rng, current=period is over[-1]))
        under_way = next(p for p in periods[place.section.school] if p[3] <= NOW.date() <= p[4])
        if rng.random() < 0.5 and place.end is None:
            facts.grades.append(_grade(place, under_way, "Progress Report", rng, current=False))


def _grade(place: SectionEnrollmentFact, period: Period, kind: str, rng: Random, *, current: bool) -> GradeFact:
    """Numeric in the upper grades, letters in elementary school, both now and then."""
    points = float(round(min(100.0, 45 + 55 * _ability(place.student) + rng.gauss(0, 6))))
    elementary = int(place.section.course[-2:]) < GRADES.index("Sixth grade")
    both = rng.random() < 0.2
    return GradeFact(
        enrollment=place,
        period=period,
        kind=kind,
        numeric=points if both or not elementary else None,
        letter=_letter(points) if both or elementary else None,
        current=current,
    )


def add_transcripts(facts: DistrictFacts) -> None:
    """Credits and grade point averages of secondary students: last year's, and this fall's so far."""
    for stay in facts.enrollments:
        years = GRADES.index(stay.grade)
        if years < 6 or not stay.primary or stay.entry_type == "Re-entry":
            continue
        base = 6 if years < 9 else 9
        average = round(1.0 + 3.0 * _ability(stay.student), 2)
        done = 6.0 * (years - base)
        if done:
            facts.transcripts.append(
                TranscriptFact(
                    student=stay.student,
                    year=YEAR - 1,
                    term="Spring Semester",
                    earned=done - (1.0 if average < 1.8 else 0.0),
                    attempted=done,
                    gpa=average,
                )
            )
        facts.transcripts.append(
            TranscriptFact(
                student=stay.student,
                year=YEAR,
                term="Fall Semester",
                earned=done - (1.0 if average < 1.8 else 0.0),
                attempted=done + 3.0,
                gpa=average if done else None,
            )
        )


def add_assessments(facts: DistrictFacts, rng: Random) -> None:
    """The state's test in spring, a growth test in fall, a college test for the eldest."""
    state = {(s, g): _state_test(s, g) for s in _STATE_SUBJECTS for g in GRADES[3:9]}
    growth = {s: _test(f"MAP-{s}", f"Growth {s}", "MAP Growth", s, version=YEAR) for s in _STATE_SUBJECTS}
    act = _test(
        "ACT", "ACT", "ACT", "Composite", version=YEAR, objectives=tuple((name, name) for name, _ in _ACT[1:])
    )
    facts.assessments = [*state.values(), *growth.values(), act]
    for stay in facts.enrollments:
        years = GRADES.index(stay.grade)
        if not stay.primary or stay.entry_type == "Re-entry":
            continue
        for subject in _STATE_SUBJECTS:
            if 4 <= years <= 9:
                facts.results.append(_state_result(stay, state[subject, GRADES[years - 1]], rng))
            if 2 <= years <= 8:
                facts.results.append(_growth_result(stay, growth[subject], rng))
        if years >= 11:
            facts.results.append(_act_result(stay, act, rng, retest=False))
            if years == 12 and rng.random() < 0.3:
                facts.results.append(_act_result(stay, act, rng, retest=True))


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
        version=YEAR - 1,
        objectives=parts,
    )


def _taken(stay: EnrollmentFact, test: AssessmentFact, suffix: str = "") -> str:
    return f"{stay.student}-{test.id.replace(' ', '')}-{test.version}{suffix}"[:60]


def _state_result(stay: EnrollmentFact, test: AssessmentFact, rng: Random) -> ResultFact:
    raw = [min(10, max(0, round(10 * _ability(stay.student) + rng.gauss(0, 1)))) for _ in test.objectives]
    level = next(name for limit, name in _LEVELS if sum(raw) < limit)
    return ResultFact(
        id=_taken(stay, test),
        student=stay.student,
        assessment=test,
        at=datetime(2026, 4, 14, 14, tzinfo=UTC),
        year=YEAR - 1,
        grade=GRADES[GRADES.index(stay.grade) - 1],
        scores=(("Raw score", "Integer", f"{sum(raw)}"), ("Scale score", "Integer", f"{1200 + 10 * sum(raw)}")),
        level=("Proficiency level", level),
        objectives=tuple((code, f"{points}") for (code, _), points in zip(test.objectives, raw, strict=True)),
    )


def _growth_result(stay: EnrollmentFact, test: AssessmentFact, rng: Random) -> ResultFact:
    percentile = min(99, max(1, round(100 * _ability(stay.student) + rng.gauss(0, 9))))
    rit = 150 + 7 * GRADES.index(stay.grade) + percentile // 3
    return ResultFact(
        id=_taken(stay, test),
        student=stay.student,
        assessment=test,
        at=datetime(2026, 9, 16, 15, tzinfo=UTC),
        year=YEAR,
        grade=stay.grade,
        scores=(("RIT scale score", "Integer", f"{rit}"), ("Percentile", "Percentile", f"{percentile}")),
        level=("Achievement/proficiency level", "Above Benchmark" if percentile > 60 else "Basic"),
    )


def _act_result(stay: EnrollmentFact, test: AssessmentFact, rng: Random, *, retest: bool) -> ResultFact:
    parts = [min(36, max(1, round(8 + 24 * _ability(stay.student) + rng.gauss(0, 2) + retest))) for _ in _ACT[1:]]
    return ResultFact(
        id=_taken(stay, test, "-2" if retest else ""),
        student=stay.student,
        assessment=test,
        at=datetime(2026, 10, 24 if retest else 3, 15, tzinfo=UTC),
        year=YEAR,
        grade=stay.grade,
        scores=(("Composite Score", "Integer", f"{round(sum(parts) / len(parts))}"),),
        objectives=tuple((name, f"{points}") for (name, _), points in zip(_ACT[1:], parts, strict=True)),
        retest=retest,
    )
