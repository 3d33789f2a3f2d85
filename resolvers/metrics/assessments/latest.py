"""Finds the latest result of each family and subject, and reads what it states."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from student_graph.adapters.model import (
    AcademicSubject,
    Assessment,
    AssessmentResult,
    ObjectiveResult,
    PerformanceLevel,
    ResultDatatype,
    Score,
)
from student_graph.resolvers.metrics.assessments.standing import AssessmentStanding, ObjectiveStanding
from student_graph.resolvers.metrics.facts import MetricRequest, StudentFacts
from student_graph.resolvers.metrics.families import AssessmentFamily, family_of, scores_of
from student_graph.resolvers.metrics.meanings import comparable
from student_graph.resolvers.metrics.measure import DataQuality

MIN_YEAR, MAX_YEAR = 1900, 9998
"""Years outside of these are placeholders for a date that is not recorded."""
MAX_PERCENTILE = 100


def latest_standings(facts: StudentFacts, request: MetricRequest) -> list[AssessmentStanding]:
    """
    The latest result of each family and its subjects, up to the day of the request.

    Only the request's family, subject, and explicit days; the results of earlier school years count too. Subjects
    are those of the test, and never follow from the name of a level. A result without a date counts only where no
    result has one. Of several results on one day, the retest counts.
    """
    latest: dict[object, AssessmentResult] = {}
    for result in facts.results:
        assessment = assessment_of(facts, result)
        if assessment is None or not _is_in_days(result, request) or not _has_subject(assessment, request.subject):
            continue
        family = family_of(assessment, request.settings.families)
        name = family.name if family else assessment.family
        if request.family is not None and (name is None or comparable(name) != comparable(request.family)):
            continue
        key = (
            comparable(name) if name else assessment.assessment_id,
            request.subject or frozenset(assessment.subjects),
        )
        known = latest.get(key)
        if known is None or _order(result) > _order(known):
            latest[key] = result
    standings = [_standing(facts, result, request.settings.families) for result in latest.values()]
    return sorted(standings, key=lambda row: (row.family or row.title, [subject.name for subject in row.subjects]))


def assessment_of(facts: StudentFacts, result: AssessmentResult) -> Assessment | None:
    """The test of a result; None if its source does not describe it."""
    source = result.fetched.source if result.fetched else ""
    return facts.assessments.get((source, result.assessment_id))


def administered_on(result: AssessmentResult) -> date | None:
    """The date of administration in UTC; None if none is recorded, or a placeholder such as the year 9999."""
    instant = result.administration_date
    return instant.date() if instant is not None and MIN_YEAR <= instant.year <= MAX_YEAR else None


def stated_percentile(family: AssessmentFamily | None, scores: Sequence[Score]) -> Score | None:
    """The percentile that counts: by the family, else the first national one, else the first; else None."""
    if family and family.percentile_methods:
        return next(iter(scores_of(family.percentile_methods, scores)), None)
    percentiles = [score for score in scores if is_percentile(score)]
    national = [score for score in percentiles if "national" in comparable(score.reporting_method.code_value)]
    return next(iter(national + percentiles), None)


def is_percentile(score: Score) -> bool:
    """Whether a score is a percentile among other students, and not one of growth."""
    method = comparable(score.reporting_method.code_value)
    is_stated = score.datatype is ResultDatatype.PERCENTILE or "percentile" in method
    return is_stated and "growth" not in method


def _is_in_days(result: AssessmentResult, request: MetricRequest) -> bool:
    day = administered_on(result)
    if day is None:
        return request.first is None and request.last is None
    last = request.last if request.last is not None and request.last < request.as_of else request.latest_date
    return (request.first is None or request.first <= day) and day <= last


def _has_subject(assessment: Assessment, subject: AcademicSubject | None) -> bool:
    return subject is None or subject in assessment.subjects


def _order(result: AssessmentResult) -> tuple[date, bool, str, str]:
    instant = result.administration_date
    day = administered_on(result)
    time = instant.isoformat() if instant and day else ""
    return (day or date.min, bool(result.retest), time, result.vendor_id)


def _standing(
    facts: StudentFacts, result: AssessmentResult, families: Iterable[AssessmentFamily]
) -> AssessmentStanding:
    assessment = assessment_of(facts, result)
    if assessment is None:
        raise ValueError("a standing needs the description of its test")
    family = family_of(assessment, families)
    level, rank, proficient, quality = _level(family, result.performance_levels)
    standing = AssessmentStanding(
        family=family.name if family else assessment.family,
        title=assessment.title,
        subjects=assessment.subjects,
        administered_on=administered_on(result),
        level=level,
        rank=rank,
        proficient=proficient,
        objectives=[_objective(family, part) for part in result.objectives],
        data_quality=[],
        result=result,
        assessment=assessment,
        family_of_tests=family,
    )
    quality |= _add_percentile(standing, stated_percentile(family, result.scores), family)
    quality |= _add_growth(standing, scores_of(family.growth_methods if family else (), result.scores))
    if standing.administered_on is None:
        quality.add(DataQuality.DATE_MISSING)
    standing.data_quality = sorted(quality, key=lambda row: row.name)
    return standing


def _level(
    family: AssessmentFamily | None, levels: Iterable[PerformanceLevel]
) -> tuple[str | None, int | None, bool | None, set[DataQuality]]:
    """The lowest stated level, its rank, whether it is proficient, and what limits them."""
    stated = family.stated_levels(levels) if family else list(levels)
    if not stated:
        return None, None, None, {DataQuality.LEVEL_NOT_STATED}
    codes = [row.level.code_value for row in stated]
    known = [level for code in codes if family and (level := family.level(code)) is not None]
    if not known:
        return codes[0], None, None, {DataQuality.LEVEL_UNKNOWN}
    lowest = min(known, key=lambda level: level.rank)
    return lowest.code, lowest.rank, lowest.is_proficient, set()


def _objective(family: AssessmentFamily | None, part: ObjectiveResult) -> ObjectiveStanding:
    level, rank, proficient, _ = _level(family, part.performance_levels)
    return ObjectiveStanding(
        identification_code=part.identification_code, level=level, rank=rank, proficient=proficient
    )


def _add_percentile(
    standing: AssessmentStanding, score: Score | None, family: AssessmentFamily | None
) -> set[DataQuality]:
    if score is None:
        return set()
    if score.numeric is None or not 0 <= score.numeric <= MAX_PERCENTILE:
        return {DataQuality.NOT_NUMERIC}
    standing.percentile, standing.percentile_method = score.numeric, score.reporting_method.code_value
    stated = standing.result.norm_year
    standing.norm_year = family.norm_year if stated is None and family else stated
    return {DataQuality.NORM_YEAR_UNKNOWN} if standing.norm_year is None else set()


def _add_growth(standing: AssessmentStanding, scores: Sequence[Score]) -> set[DataQuality]:
    if not scores:
        return set()
    score = scores[0]
    if score.numeric is None:
        return {DataQuality.NOT_NUMERIC}
    standing.growth, standing.growth_method = score.numeric, score.reporting_method.code_value
    return set()
