"""Converts grades, academic records and assessments."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import ParamSpec, TypeVar

from student_graph.adapters.edfi.api import academics as api
from student_graph.adapters.edfi.client.keys import assessment_id
from student_graph.adapters.edfi.mapping.descriptors import (
    DescriptorCodes,
    descriptor,
    normalized_code,
    optional_descriptor,
)
from student_graph.adapters.edfi.mapping.people import section_id_of
from student_graph.adapters.model import (
    AcademicRecord,
    AcademicSubject,
    Assessment,
    AssessmentResult,
    CourseGrade,
    GradeLevel,
    GradePointAverage,
    GradeSource,
    GradeType,
    GradingPeriod,
    ObjectiveResult,
    PerformanceLevel,
    ResultDatatype,
    SchoolId,
    Score,
    StudentId,
)

_NUMERIC_DATATYPES = frozenset(
    {ResultDatatype.INTEGER, ResultDatatype.DECIMAL, ResultDatatype.PERCENTAGE, ResultDatatype.PERCENTILE}
)
_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,15})?", re.ASCII)

MAX_SHARED_VALUES = 8_192
"""Scores that are shared by results, and as many levels and names of tests: more than a year of a district has."""
MAX_SHARED_CHARACTERS = 400
"""The longest texts that are shared; in Ed-Fi a result has at most 35 characters and a descriptor 306."""

A = ParamSpec("A")
T = TypeVar("T")


def course_grade(codes: DescriptorCodes, row: api.Grade) -> CourseGrade:
    """A posted grade; student and section are those of Ed-Fi `studentSectionAssociationReference`."""
    enrollment = row.studentSectionAssociationReference
    return CourseGrade(
        vendor_id=row.id,
        student_id=StudentId(enrollment.studentUniqueId),
        section_id=section_id_of(enrollment),
        school_id=SchoolId(str(enrollment.schoolId)),
        school_year=enrollment.schoolYear,
        source=GradeSource.SIS,
        grade_type=codes.to_enum(GradeType, row.gradeTypeDescriptor),
        grade_type_descriptor=descriptor(row.gradeTypeDescriptor),
        grading_period=_grading_period(row.gradingPeriodReference) if row.gradingPeriodReference else None,
        letter=row.letterGradeEarned,
        numeric=row.numericGradeEarned,
        current=row.currentGradeIndicator,
        as_of=row.currentGradeAsOfDate,
    )


def academic_record(row: api.StudentAcademicRecord) -> AcademicRecord:
    """A student's credits and grade point averages in a term."""
    return AcademicRecord(
        vendor_id=row.id,
        student_id=StudentId(row.studentReference.studentUniqueId),
        school_year=row.schoolYearTypeReference.schoolYear,
        term=descriptor(row.termDescriptor),
        cumulative_earned_credits=row.cumulativeEarnedCredits,
        cumulative_attempted_credits=row.cumulativeAttemptedCredits,
        session_earned_credits=row.sessionEarnedCredits,
        session_attempted_credits=row.sessionAttemptedCredits,
        grade_point_averages=_averages(row),
    )


def assessment(codes: DescriptorCodes, row: api.Assessment) -> Assessment:
    """An assessment, without results; from Data Standard 6 on Ed-Fi has one subject of it and no list."""
    subjects = [subject.academicSubjectDescriptor for subject in row.academicSubjects]
    if not subjects and row.academicSubjectDescriptor is not None:
        subjects = [row.academicSubjectDescriptor]
    return Assessment(
        vendor_id=row.id,
        assessment_id=assessment_id(row.assessmentIdentifier, row.namespace),
        assessment_identifier=row.assessmentIdentifier,
        namespace=row.namespace,
        title=row.assessmentTitle,
        family=row.assessmentFamily,
        subjects=[codes.to_enum(AcademicSubject, subject) for subject in subjects],
        subject_descriptors=[descriptor(subject) for subject in subjects],
        version=row.assessmentVersion,
    )


def assessment_result(codes: DescriptorCodes, row: api.StudentAssessment) -> AssessmentResult:
    """A student's result in an assessment and in its objectives."""
    assessment = row.assessmentReference
    return AssessmentResult(
        vendor_id=row.id,
        student_id=StudentId(row.studentReference.studentUniqueId),
        assessment_id=_shared_assessment_id(assessment.assessmentIdentifier, assessment.namespace),
        administration_date=_to_utc(row.administrationDate),
        school_year=row.schoolYearTypeReference.schoolYear if row.schoolYearTypeReference else None,
        grade_level_when_assessed=codes.to_optional_enum(GradeLevel, row.whenAssessedGradeLevelDescriptor),
        retest=_is_retest(row.retestIndicatorDescriptor),
        scores=_scores(codes, row.scoreResults),
        performance_levels=_levels(row.performanceLevels),
        objectives=[
            ObjectiveResult(
                identification_code=part.objectiveAssessmentReference.identificationCode,
                scores=_scores(codes, part.scoreResults),
                performance_levels=_levels(part.performanceLevels),
            )
            for part in row.studentObjectiveAssessments
        ],
    )


def score_number(text: str, datatype: ResultDatatype) -> float | None:
    """Ed-Fi `result` as a number; None if the datatype is not numeric or the text is not a number."""
    digits = text.strip().removesuffix("%").rstrip()
    return float(digits) if datatype in _NUMERIC_DATATYPES and _NUMBER.fullmatch(digits) else None


def _grading_period(row: api.GradingPeriodReference) -> GradingPeriod:
    return GradingPeriod(
        name=row.gradingPeriodName,
        descriptor=descriptor(row.gradingPeriodDescriptor),
        sequence=row.periodSequence,
        school_year=row.schoolYear,
    )


def _averages(row: api.StudentAcademicRecord) -> list[GradePointAverage]:
    """Ed-Fi `gradePointAverages`, or the two average properties that Data Standards 3.3 and 4 also have."""
    if row.gradePointAverages:
        return [
            GradePointAverage(
                type=descriptor(average.gradePointAverageTypeDescriptor),
                value=average.gradePointAverageValue,
                max_value=average.maxGradePointAverageValue,
                cumulative=average.isCumulative,
            )
            for average in row.gradePointAverages
        ]
    scalars = ((row.cumulativeGradePointAverage, True), (row.sessionGradePointAverage, False))
    return [
        GradePointAverage(value=value, cumulative=cumulative) for value, cumulative in scalars if value is not None
    ]


def _scores(codes: DescriptorCodes, rows: Sequence[api.ScoreResult]) -> list[Score]:
    return [_score(codes, row) for row in rows]


def _score(codes: DescriptorCodes, row: api.ScoreResult) -> Score:
    """
    A score. Results with equal scores share one object, which nobody may change.

    The results of a school have many scores, and few different ones.
    """
    datatype = codes.to_optional_enum(ResultDatatype, row.resultDatatypeTypeDescriptor) or ResultDatatype.UNMAPPED
    return _shared_score(row.assessmentReportingMethodDescriptor, row.result, datatype)


def _shared(make: Callable[A, T]) -> Callable[A, T]:
    """Let records share the values that are made of equal texts, unless the texts are long."""
    shared = lru_cache(MAX_SHARED_VALUES)(make)

    def value(*texts: A.args, **_: A.kwargs) -> T:
        characters = sum(len(text) for text in texts if isinstance(text, str))
        return (shared if characters <= MAX_SHARED_CHARACTERS else make)(*texts)  # type: ignore[call-arg] # no keywords

    return value


@_shared
def _shared_score(method: str, result: str, datatype: ResultDatatype) -> Score:
    return Score(
        reporting_method=descriptor(method),
        result=result,
        numeric=score_number(result, datatype),
        datatype=datatype,
    )


@_shared
def _shared_level(method: str | None, level: str) -> PerformanceLevel:
    return PerformanceLevel(reporting_method=optional_descriptor(method), level=descriptor(level))


_shared_assessment_id = _shared(assessment_id)


def _levels(rows: Sequence[api.PerformanceLevel]) -> list[PerformanceLevel]:
    """The levels that the student reached: those with a false `performanceLevelMet` are left out."""
    return [
        _shared_level(row.assessmentReportingMethodDescriptor, row.performanceLevelDescriptor)
        for row in rows
        if row.performanceLevelMet is not False
    ]


def _to_utc(time: datetime | None) -> datetime | None:
    """A time in UTC; a time without a zone is read as UTC. None if it is in no year from 1 to 9999 there."""
    if time is None:
        return None
    try:
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except OverflowError:
        return None


def _is_retest(uri: str | None) -> bool | None:
    """True for a code such as `First Retest`, False for `Primary Administration`, None for any other code."""
    if uri is None:
        return None
    code = normalized_code(uri)
    return True if "retest" in code else False if code.startswith("primary") else None
