"""Serializes grades, academic records and assessments."""

from __future__ import annotations

from student_graph.adapters.edfi.sandbox.filters import DataStandard, is_since
from student_graph.adapters.edfi.sandbox.schools import period_reference
from student_graph.adapters.edfi.sandbox.serializers import (
    ResourceFacts,
    descriptor,
    omit_none,
    organization_reference,
    school_reference,
    section_reference,
    student_reference,
    year_reference,
)
from student_graph.adapters.sandbox.facts import (
    AssessmentFact,
    DistrictFacts,
    GradeFact,
    ResultFact,
    TranscriptFact,
)
from student_graph.adapters.sandbox.records.folder import Payload

_MAX_GRADE_POINT_AVERAGE = 4.0


def resources(facts: DistrictFacts, standard: DataStandard) -> dict[str, ResourceFacts]:
    """The resources of this module by name."""
    schools = {enrollment.student: enrollment.school for enrollment in facts.enrollments if enrollment.primary}
    return {
        "grades": (
            [grade for grade in facts.grades if grade.period],
            lambda fact: _grade(fact, standard),
        ),
        "studentAcademicRecords": (
            facts.transcripts,
            lambda fact: _academic_record(fact, schools[fact.student], scalar=not is_since(standard, "5.0")),
        ),
        "assessments": (
            facts.assessments,
            lambda fact: _assessment(fact, single_subject=is_since(standard, "6.0")),
        ),
        "objectiveAssessments": (
            [(test, *objective) for test in facts.assessments for objective in test.objectives],
            lambda objective: _objective_assessment(*objective),
        ),
        "studentAssessments": (
            facts.results,
            lambda fact: _student_assessment(
                fact,
                # The results of last year were loaded by the state, which did not say who reported them.
                schools[fact.student] if is_since(standard, "4.0") and fact.year == facts.year else None,
                with_met=not is_since(standard, "4.0"),
            ),
        ),
    }


def _grade(fact: GradeFact, standard: DataStandard) -> Payload:
    enrollment, period = fact.enrollment, fact.period
    assert period is not None
    by_sequence, with_date = not is_since(standard, "5.0"), is_since(standard, "4.0")
    return omit_none(
        gradeTypeDescriptor=descriptor("GradeType", fact.kind),
        gradingPeriodReference=period_reference(
            enrollment.section.school, enrollment.section.year, period, by_sequence=by_sequence
        ),
        studentSectionAssociationReference={
            "beginDate": enrollment.begin.isoformat(),
            **section_reference(enrollment.section),
            **student_reference(enrollment.student),
        },
        currentGradeAsOfDate=period[4].isoformat() if with_date and fact.current else None,
        currentGradeIndicator=fact.current if with_date else None,
        letterGradeEarned=fact.letter,
        numericGradeEarned=fact.numeric,
    )


def _academic_record(fact: TranscriptFact, school_id: int, *, scalar: bool) -> Payload:
    """An academic record; its average is a number (`scalar`) before Data Standard 5 and a list from 5 on."""
    averages = [
        {
            "gradePointAverageTypeDescriptor": descriptor("GradePointAverageType", "Unweighted"),
            "gradePointAverageValue": fact.gpa,
            "isCumulative": True,
            "maxGradePointAverageValue": _MAX_GRADE_POINT_AVERAGE,
        }
    ]
    return omit_none(
        termDescriptor=descriptor("Term", fact.term),
        educationOrganizationReference=organization_reference(school_id),
        schoolYearTypeReference=year_reference(fact.year),
        studentReference=student_reference(fact.student),
        cumulativeAttemptedCredits=fact.attempted,
        cumulativeEarnedCredits=fact.earned,
        cumulativeGradePointAverage=fact.gpa if scalar else None,
        gradePointAverages=None if scalar or fact.gpa is None else averages,
    )


def _assessment(fact: AssessmentFact, *, single_subject: bool) -> Payload:
    """An assessment, with a list of subjects up to Data Standard 5 and with one subject from 6 on."""
    subject = {"academicSubjectDescriptor": descriptor("AcademicSubject", fact.subject)}
    return {
        **(subject if single_subject else {"academicSubjects": [subject]}),
        "assessmentIdentifier": fact.id,
        "namespace": fact.namespace,
        "assessmentFamily": fact.family,
        "assessmentTitle": fact.title,
        "assessmentVersion": fact.version,
    }


def _objective_assessment(test: AssessmentFact, code: str, description: str) -> Payload:
    return {
        "identificationCode": code,
        "assessmentReference": {"assessmentIdentifier": test.id, "namespace": test.namespace},
        "description": description,
    }


def _student_assessment(fact: ResultFact, school_id: int | None, *, with_met: bool) -> Payload:
    """A result, and the school that reported it; None if it names none."""
    test = {"assessmentIdentifier": fact.assessment.id, "namespace": fact.assessment.namespace}
    part_levels = {code: (fact.level[0], level) for code, level in fact.objective_levels if fact.level}
    return omit_none(
        studentAssessmentIdentifier=fact.id,
        assessmentReference=test,
        schoolYearTypeReference=year_reference(fact.year),
        studentReference=student_reference(fact.student),
        administrationDate=fact.at.isoformat().replace("+00:00", "Z"),
        performanceLevels=_performance_levels(fact.level, with_met=with_met),
        reportedSchoolReference=None if school_id is None else school_reference(school_id),
        retestIndicatorDescriptor=descriptor("RetestIndicator", "1st Retest") if fact.retest else None,
        scoreResults=[_score_result(*score) for score in fact.scores],
        studentObjectiveAssessments=[
            {
                "objectiveAssessmentReference": {**test, "identificationCode": code},
                "performanceLevels": _performance_levels(part_levels.get(code), with_met=with_met),
                "scoreResults": [_score_result("Raw score", "Integer", points)],
            }
            for code, points in fact.objectives
        ],
        whenAssessedGradeLevelDescriptor=descriptor("GradeLevel", fact.grade),
    )


def _performance_levels(stated: tuple[str, str] | None, *, with_met: bool) -> list[Payload]:
    """The levels of a result or of a part of it, of a reporting method and a level; none if none is stated."""
    if stated is None:
        return []
    method, level = stated
    return [
        omit_none(
            assessmentReportingMethodDescriptor=descriptor("AssessmentReportingMethod", method),
            performanceLevelDescriptor=descriptor("PerformanceLevel", level),
            performanceLevelMet=True if with_met else None,
        )
    ]


def _score_result(method: str, datatype: str, result: str) -> Payload:
    return {
        "assessmentReportingMethodDescriptor": descriptor("AssessmentReportingMethod", method),
        "resultDatatypeTypeDescriptor": descriptor("ResultDatatypeType", datatype),
        "result": result,
    }
