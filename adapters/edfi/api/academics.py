"""
Payloads of grades, academic records and assessments in the Ed-Fi API (Data Standards 3.3 to 6.1).

https://docs.ed-fi.org/reference/ods-api; property names as in the published OpenAPI documents.
"""

from __future__ import annotations

from pydantic import AliasChoices, Field

from student_graph.adapters.edfi.api.payload import (
    Item,
    Many,
    Resource,
    SchoolYearTypeReference,
    SectionReference,
    StudentReference,
)
from student_graph.adapters.edfi.api.schools import CourseSubject
from student_graph.adapters.reading import Integer, Number, OptionalDay, OptionalMoment, Payload


class StudentSectionReference(SectionReference):
    """Names a student's enrollment in a section."""

    studentUniqueId: str


class GradingPeriodReference(Payload):
    """Names a grading period: by sequence up to Data Standard 4, by name from 5 on; servers may mix the two."""

    gradingPeriodDescriptor: str
    schoolYear: Integer
    periodSequence: Integer | None = None
    gradingPeriodName: str | None = None


class Grade(Item):
    """A row of `grades`; the section reference is first because the filter `schoolYear` is that of the section."""

    studentSectionAssociationReference: StudentSectionReference
    gradingPeriodReference: GradingPeriodReference | None = None
    gradeTypeDescriptor: str
    letterGradeEarned: str | None = None
    numericGradeEarned: Number | None = None
    currentGradeIndicator: bool | None = None
    currentGradeAsOfDate: OptionalDay = None


class GradePointAverage(Payload):
    """An average in the list that replaces the two average properties of Data Standards 3.3 and 4."""

    gradePointAverageTypeDescriptor: str
    gradePointAverageValue: Number
    maxGradePointAverageValue: Number | None = None
    isCumulative: bool | None = None


class StudentAcademicRecord(Item):
    """A row of `studentAcademicRecords`."""

    studentReference: StudentReference
    schoolYearTypeReference: SchoolYearTypeReference
    termDescriptor: str
    cumulativeEarnedCredits: Number | None = None
    cumulativeAttemptedCredits: Number | None = None
    sessionEarnedCredits: Number | None = None
    sessionAttemptedCredits: Number | None = None
    gradePointAverages: Many[GradePointAverage]
    cumulativeGradePointAverage: Number | None = None
    sessionGradePointAverage: Number | None = None


class Assessment(Item):
    """A row of `assessments`; it has a list of subjects up to Data Standard 5, and one subject from 6 on."""

    assessmentIdentifier: str
    namespace: str
    assessmentTitle: str
    assessmentFamily: str | None = None
    assessmentVersion: Integer | None = None
    academicSubjects: Many[CourseSubject]
    academicSubjectDescriptor: str | None = None


class AssessmentReference(Payload):
    """Names an assessment."""

    assessmentIdentifier: str
    namespace: str


class ObjectiveAssessmentReference(Payload):
    """Names an objective assessment, which is a part of an assessment."""

    identificationCode: str


class ScoreResult(Payload):
    """A score; its result is always text."""

    assessmentReportingMethodDescriptor: str
    resultDatatypeTypeDescriptor: str | None = None
    result: str


class PerformanceLevel(Payload):
    """A performance level; Data Standard 3.3 also sends levels that the student did not reach."""

    assessmentReportingMethodDescriptor: str | None = None
    performanceLevelDescriptor: str
    performanceLevelMet: bool | None = None


class StudentObjectiveAssessment(Payload):
    """A student's results in a part of an assessment."""

    objectiveAssessmentReference: ObjectiveAssessmentReference
    scoreResults: Many[ScoreResult]
    performanceLevels: Many[PerformanceLevel]


class ReportedSchoolReference(Payload):
    """Names the school that reported a result."""

    school_id: Integer = Field(validation_alias=AliasChoices("schoolId", "reportedSchoolId"))
    """Ed-Fi `schoolId`; the filter of the same value is `reportedSchoolId`."""


class StudentAssessment(Item):
    """A row of `studentAssessments`."""

    studentReference: StudentReference
    assessmentReference: AssessmentReference
    reportedSchoolReference: ReportedSchoolReference | None = None
    schoolYearTypeReference: SchoolYearTypeReference | None = None
    administrationDate: OptionalMoment = None
    whenAssessedGradeLevelDescriptor: str | None = None
    retestIndicatorDescriptor: str | None = None
    scoreResults: Many[ScoreResult]
    performanceLevels: Many[PerformanceLevel]
    studentObjectiveAssessments: Many[StudentObjectiveAssessment]


GRADES = Resource.of("grades", Grade)
ACADEMIC_RECORDS = Resource.of("studentAcademicRecords", StudentAcademicRecord)
ASSESSMENTS = Resource.of("assessments", Assessment)
STUDENT_ASSESSMENTS = Resource.of("studentAssessments", StudentAssessment)
