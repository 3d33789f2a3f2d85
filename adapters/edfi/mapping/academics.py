"""Grades, academic records and assessments."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from student_graph.adapters.edfi.api import academics as api
from student_graph.adapters.edfi.client.keys import assessment_id
from student_graph.adapters.edfi.mapping.descriptors import Codes, code_of, descriptor, optional
from student_graph.adapters.edfi.mapping.people import section_of
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
    Score,
    StudentId,
)

_NUMERIC = frozenset(
    {ResultDatatype.INTEGER, ResultDatatype.DECIMAL, ResultDatatype.PERCENTAGE, ResultDatatype.PERCENTILE}
)
_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,15})?", re.ASCII)


def course_grade(codes: Codes, row: api.Grade) -> CourseGrade:
    """A posted grade."""
    place = row.studentSectionAssociationReference
    return CourseGrade(
        vendor_id=row.id,
        student_id=StudentId(place.studentUniqueId),
        section_id=section_of(place),
        source=GradeSource.SIS,
        grade_type=codes.read(GradeType, row.gradeTypeDescriptor),
        grade_type_descriptor=descriptor(row.gradeTypeDescriptor),
        grading_period=_grading_period(row.gradingPeriodReference) if row.gradingPeriodReference else None,
        letter=row.letterGradeEarned,
        numeric=row.numericGradeEarned,
        current=row.currentGradeIndicator,
        as_of=row.currentGradeAsOfDate,
    )


def academic_record(row: api.StudentAcademicRecord) -> AcademicRecord:
    """Credits and averages."""
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


def assessment(codes: Codes, row: api.Assessment) -> Assessment:
    """A test as such."""
    subjects = [subject.academicSubjectDescriptor for subject in row.academicSubjects]
    return Assessment(
        vendor_id=row.id,
        assessment_id=assessment_id(row.assessmentIdentifier, row.namespace),
        assessment_identifier=row.assessmentIdentifier,
        namespace=row.namespace,
        title=row.assessmentTitle,
        family=row.assessmentFamily,
        subjects=[codes.read(AcademicSubject, subject) for subject in subjects],
        subject_descriptors=[descriptor(subject) for subject in subjects],
        version=row.assessmentVersion,
    )


def assessment_result(codes: Codes, row: api.StudentAssessment) -> AssessmentResult:
    """What a student reached."""
    taken = row.assessmentReference
    return AssessmentResult(
        vendor_id=row.id,
        student_id=StudentId(row.studentReference.studentUniqueId),
        assessment_id=assessment_id(taken.assessmentIdentifier, taken.namespace),
        administration_date=_instant(row.administrationDate),
        school_year=row.schoolYearTypeReference.schoolYear if row.schoolYearTypeReference else None,
        grade_level_when_assessed=codes.optional(GradeLevel, row.whenAssessedGradeLevelDescriptor),
        retest=_retest(row.retestIndicatorDescriptor),
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


def number(text: str, datatype: ResultDatatype) -> float | None:
    """A score as a number, where its kind is one and the text reads as one."""
    bare = text.strip().removesuffix("%").rstrip()
    return float(bare) if datatype in _NUMERIC and _NUMBER.fullmatch(bare) else None


def _grading_period(row: api.GradingPeriodReference) -> GradingPeriod:
    return GradingPeriod(
        name=row.gradingPeriodName,
        descriptor=descriptor(row.gradingPeriodDescriptor),
        sequence=row.periodSequence,
        school_year=row.schoolYear,
    )


def _averages(row: api.StudentAcademicRecord) -> list[GradePointAverage]:
    """The averages listed, else the two properties that Data Standards 3.3 and 4 have beside the list."""
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
    return [GradePointAverage(value=value, cumulative=whole) for value, whole in scalars if value is not None]


def _scores(codes: Codes, rows: Sequence[api.ScoreResult]) -> list[Score]:
    return [_score(codes, row) for row in rows]


def _score(codes: Codes, row: api.ScoreResult) -> Score:
    datatype = codes.optional(ResultDatatype, row.resultDatatypeTypeDescriptor) or ResultDatatype.UNMAPPED
    return Score(
        reporting_method=descriptor(row.assessmentReportingMethodDescriptor),
        result=row.result,
        numeric=number(row.result, datatype),
        datatype=datatype,
    )


def _levels(rows: Sequence[api.PerformanceLevel]) -> list[PerformanceLevel]:
    """The levels reached: a level that says it was not met is none."""
    return [
        PerformanceLevel(
            reporting_method=optional(row.assessmentReportingMethodDescriptor),
            level=descriptor(row.performanceLevelDescriptor),
        )
        for row in rows
        if row.performanceLevelMet is not False
    ]


def _instant(at: datetime | None) -> datetime | None:
    """Some servers send no zone: read as UTC."""
    if at is None:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _retest(uri: str | None) -> bool | None:
    """`Primary Administration` is none, `First Retest` is one; a code that says neither is left open."""
    if uri is None:
        return None
    code = code_of(uri)
    return True if "retest" in code else False if code.startswith("primary") else None
