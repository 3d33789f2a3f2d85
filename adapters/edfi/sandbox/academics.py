"""Payloads of grades, academic records and assessments."""

from __future__ import annotations

from student_graph.adapters.edfi.sandbox.filters import DataStandard
from student_graph.adapters.edfi.sandbox.schools import period_reference
from student_graph.adapters.edfi.sandbox.serializers import (
    Table,
    descriptor,
    descriptors,
    organization,
    present,
    section,
    student,
    year,
)
from student_graph.adapters.sandbox.facts import (
    AssessmentFact,
    DistrictFacts,
    GradeFact,
    ResultFact,
    TranscriptFact,
)
from student_graph.adapters.sandbox.records.folder import Payload

_BEST_AVERAGE = 4.0


def tables(facts: DistrictFacts, standard: DataStandard) -> dict[str, Table]:
    """The resources of this part."""
    schools = {stay.student: stay.school for stay in facts.enrollments if stay.primary}
    return {
        "grades": ([one for one in facts.grades if one.period], lambda one: _grade(one, standard)),
        "studentAcademicRecords": (
            facts.transcripts,
            lambda one: _record(one, schools[one.student], scalar=standard in {"3.3", "4.0"}),
        ),
        "assessments": (facts.assessments, _assessment),
        "objectiveAssessments": (
            [(test, *objective) for test in facts.assessments for objective in test.objectives],
            lambda one: _objective(*one),
        ),
        "studentAssessments": (facts.results, lambda one: _result(one, met=standard == "3.3")),
    }


def _grade(fact: GradeFact, standard: DataStandard) -> Payload:
    place, period = fact.enrollment, fact.period
    assert period is not None
    numbered, dated = standard in {"3.3", "4.0"}, standard != "3.3"
    return present(
        gradeTypeDescriptor=descriptor("GradeType", fact.kind),
        gradingPeriodReference=period_reference(
            place.section.school, place.section.year, period, numbered=numbered
        ),
        studentSectionAssociationReference={
            "beginDate": place.begin.isoformat(),
            **section(place.section),
            **student(place.student),
        },
        currentGradeAsOfDate=period[4].isoformat() if dated and fact.current else None,
        currentGradeIndicator=fact.current if dated else None,
        letterGradeEarned=fact.letter,
        numericGradeEarned=fact.numeric,
    )


def _record(fact: TranscriptFact, school_id: int, *, scalar: bool) -> Payload:
    """An academic record; its average is one number before Data Standard 5, a list since."""
    averages = [
        {
            "gradePointAverageTypeDescriptor": descriptor("GradePointAverageType", "Unweighted"),
            "gradePointAverageValue": fact.gpa,
            "isCumulative": True,
            "maxGradePointAverageValue": _BEST_AVERAGE,
        }
    ]
    return present(
        termDescriptor=descriptor("Term", fact.term),
        educationOrganizationReference=organization(school_id),
        schoolYearTypeReference=year(fact.year),
        studentReference=student(fact.student),
        cumulativeAttemptedCredits=fact.attempted,
        cumulativeEarnedCredits=fact.earned,
        cumulativeGradePointAverage=fact.gpa if scalar else None,
        gradePointAverages=None if scalar or fact.gpa is None else averages,
    )


def _assessment(fact: AssessmentFact) -> Payload:
    return {
        "academicSubjects": descriptors("academicSubjectDescriptor", "AcademicSubject", [fact.subject]),
        "assessmentIdentifier": fact.id,
        "namespace": fact.namespace,
        "assessmentFamily": fact.family,
        "assessmentTitle": fact.title,
        "assessmentVersion": fact.version,
    }


def _objective(test: AssessmentFact, code: str, description: str) -> Payload:
    return {
        "identificationCode": code,
        "assessmentReference": {"assessmentIdentifier": test.id, "namespace": test.namespace},
        "description": description,
    }


def _result(fact: ResultFact, *, met: bool) -> Payload:
    test = {"assessmentIdentifier": fact.assessment.id, "namespace": fact.assessment.namespace}
    return present(
        studentAssessmentIdentifier=fact.id,
        assessmentReference=test,
        schoolYearTypeReference=year(fact.year),
        studentReference=student(fact.student),
        administrationDate=fact.at.isoformat().replace("+00:00", "Z"),
        performanceLevels=_levels(fact, met=met),
        retestIndicatorDescriptor=descriptor("RetestIndicator", "1st Retest") if fact.retest else None,
        scoreResults=[_score(*score) for score in fact.scores],
        studentObjectiveAssessments=[
            {
                "objectiveAssessmentReference": {**test, "identificationCode": code},
                "scoreResults": [_score("Raw score", "Integer", points)],
            }
            for code, points in fact.objectives
        ],
        whenAssessedGradeLevelDescriptor=descriptor("GradeLevel", fact.grade),
    )


def _levels(fact: ResultFact, *, met: bool) -> list[Payload]:
    if fact.level is None:
        return []
    method, level = fact.level
    return [
        present(
            assessmentReportingMethodDescriptor=descriptor("AssessmentReportingMethod", method),
            performanceLevelDescriptor=descriptor("PerformanceLevel", level),
            performanceLevelMet=True if met else None,
        )
    ]


def _score(method: str, datatype: str, result: str) -> Payload:
    return {
        "assessmentReportingMethodDescriptor": descriptor("AssessmentReportingMethod", method),
        "resultDatatypeTypeDescriptor": descriptor("ResultDatatypeType", datatype),
        "result": result,
    }
