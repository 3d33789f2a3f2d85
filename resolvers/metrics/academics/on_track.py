"""Whether a student is on track to graduate: credits by grade level, and failed semesters in core subjects."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from student_graph.adapters.model import GradeLevel
from student_graph.resolvers.metrics.academics.grades import is_failing, semester_grades
from student_graph.resolvers.metrics.academics.records import count_credits
from student_graph.resolvers.metrics.exact import count_of, text_of
from student_graph.resolvers.metrics.facts import Part, StudentFacts
from student_graph.resolvers.metrics.groups import grade_level
from student_graph.resolvers.metrics.measure import DataQuality, Metric
from student_graph.resolvers.metrics.tally import Scope, Tally, spec

_GRADES = tuple(GradeLevel)


@dataclass(slots=True)
class _Failures:
    """Failed semesters in the subjects of a rule."""

    count: int
    unjudged: int
    tally: Tally


def has_year_ended(facts: StudentFacts, scope: Scope) -> bool:
    """Whether the last session of the school year is over; False if no session is recorded."""
    ends = [session.last for days in facts.school_days.values() for session in days.sessions]
    return bool(ends) and max(ends) <= scope.request.as_of


def count_on_track(facts: StudentFacts, scope: Scope) -> Tally:
    """1 if the student is on track by the rule, 0 if not; None if the rule cannot say yet."""
    rule = scope.rule
    scope = replace(scope, request=replace(scope.request, subject=None))
    if not rule.credits_by_grade:
        return Tally(reasons=["The preset has no rule for being on track."])
    grade = grade_level(facts.enrollments, scope.request.as_of)
    if grade is None:
        return Tally(reasons=["The student's grade level on the day is not recorded."])
    ended = has_year_ended(facts, scope)
    if rule.max_failed_semesters is not None:
        return _tally_by_credits_and_failures(facts, scope, grade, ended=ended)
    due = grade if ended else _GRADES[max(0, _GRADES.index(grade) - 1)]
    required = dict(rule.credits_by_grade).get(due)
    if required is None:
        return Tally(reasons=[f"The rule asks for no credits at the end of {due.value.lower()}."])
    return _tally_by_credits(facts, scope, required, due)


def _tally_by_credits(facts: StudentFacts, scope: Scope, required: Fraction, due: GradeLevel) -> Tally:
    tally = count_credits(facts, scope)
    if tally.value is None:
        return tally
    earned = tally.value
    tally.value, tally.numerator, tally.denominator = Fraction(earned >= required), earned, required
    tally.reasons.append(
        f"{text_of(earned)} credits; {text_of(required)} are due at the end of {due.value.lower()}."
    )
    return tally


def _tally_by_credits_and_failures(facts: StudentFacts, scope: Scope, grade: GradeLevel, *, ended: bool) -> Tally:
    """
    The rule for freshmen: enough credits at the end of the year, and not too many failed semesters until then.
    """
    required = dict(scope.rule.credits_by_grade).get(grade)
    if required is None:
        return Tally(reasons=[f"The rule says nothing about {grade.value.lower()}."])
    limit = scope.rule.max_failed_semesters or 0
    failures = _failures(facts, scope)
    credits_tally = _tally_by_credits(facts, scope, required, grade)
    tally = failures.tally
    tally.evidence += credits_tally.evidence
    if failures.count > limit:
        tally.value = Fraction(0)
        return tally
    tally.numerator, tally.denominator = credits_tally.numerator, credits_tally.denominator
    tally.reasons += credits_tally.reasons
    if failures.count + failures.unjudged > limit:
        tally.reasons.append("Semester grades that are not judged may be failing.")
    elif credits_tally.value == 1 or (credits_tally.value == 0 and ended):
        tally.value = credits_tally.value
    elif credits_tally.value == 0:
        tally.reasons.append("The credits are due at the end of the year.")
    return tally


def _failures(facts: StudentFacts, scope: Scope) -> _Failures:
    grades = semester_grades(facts, scope)
    judged = [(row, is_failing(row, scope.request.settings)) for row in grades.rows]
    failing = [row for row, fails in judged if fails]
    unjudged = sum(fails is None for _, fails in judged)
    tally = Tally(quality=grades.quality, evidence=[*failing])
    tally.reasons.append(f"{count_of(len(failing), 'failed semester')} in core subjects.")
    if unjudged:
        tally.quality.add(DataQuality.NO_GRADE_SCALE)
    return _Failures(len(failing), unjudged, tally)


ON_TRACK_SPECS = (
    spec(
        Metric.ON_TRACK,
        "1 if the student is on track to graduate by the rule of the preset, else 0; no value without a rule.",
        count_on_track,
        (Part.ENROLLMENTS, Part.CALENDAR, Part.ACADEMIC_RECORDS, Part.GRADES),
        high_is_risk=False,
        has_scopes=True,
    ),
)
"""Being on track."""
