"""The sample's records of behavior, assigned work and assessments, read without the adapters."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from student_graph.adapters.model import (
    AcademicSubject,
    Assessment,
    AssessmentId,
    AssessmentResult,
    AssignmentWork,
    Descriptor,
    DisciplineAction,
    DisciplineIncident,
    LmsCourseId,
    ObjectiveResult,
    PerformanceLevel,
    ResultDatatype,
    SchoolId,
    Score,
    StudentId,
    SubmissionStatus,
)
from student_graph.resolvers.metrics.facts import StudentFacts
from tests.resolvers.metrics.sample import SHARED, code_of, days_by_school, roster, rows

LMS = SHARED / "data" / "edfi-lms-toolkit" / "starter-kit-sample"
MAX_POINTS = 100.0
_SUBJECTS = {"English": AcademicSubject.ENGLISH_LANGUAGE_ARTS} | {
    subject.value: subject for subject in AcademicSubject
}

R = TypeVar("R", DisciplineIncident, DisciplineAction, AssignmentWork, AssessmentResult)


@cache
def record_facts() -> dict[str, StudentFacts]:
    """For each student of the roster: incidents, actions and assessment results."""
    incidents, actions, results = _by_student(_incidents()), _by_student(_actions()), _by_student(_results())
    return {
        student: StudentFacts(
            StudentId(student),
            school_days=days_by_school(),
            incidents=incidents[student],
            actions=actions[student],
            results=results[student],
            assessments=_assessments(),
        )
        for student in roster()
    }


@cache
def gradebook_facts() -> dict[str, StudentFacts]:
    """For each student of the SIS's gradebook: the work, as if an LMS had listed it."""
    due = {row["gradebookEntryIdentifier"]: row.get("dueDate") for row in rows("gradebookEntries")}
    work = [
        AssignmentWork(
            vendor_id=row["id"],
            student_id=StudentId(row["studentReference"]["studentUniqueId"]),
            assignment_id=entry,
            title=entry,
            due_at=_instant(due[entry]),
            points_possible=MAX_POINTS,
            status=SubmissionStatus.GRADED,
            score=row["numericGradeEarned"],
            late=code_of(row["assignmentLateStatusDescriptor"]) == "Late",
            missing=False,
            excused=False,
        )
        for row in rows("studentGradebookEntries")
        if (entry := row["gradebookEntryReference"]["gradebookEntryIdentifier"])
    ]
    return {student: StudentFacts(StudentId(student), work=of) for student, of in _by_student(work).items()}


@cache
def lms_facts(section: str | None = None) -> dict[str, StudentFacts]:
    """For each student of the LMS's sample: the work of one section or of all, by the number of the SIS."""
    numbers = {row["SourceSystemIdentifier"]: row["SISUserIdentifier"] for row in _lms_rows(LMS / "users")}
    folders = sorted(LMS.glob(f"section={section or '*'}"))
    assignments = {
        row["SourceSystemIdentifier"]: row for folder in folders for row in _lms_rows(folder / "assignments")
    }
    work = [
        _submission(row, numbers, assignments[row["AssignmentSourceSystemIdentifier"]])
        for folder in folders
        for path in sorted(folder.glob("assignment=*/submissions"))
        for row in _lms_rows(path)
    ]
    by_student = _by_student(work)
    return {student: StudentFacts(StudentId(student), work=by_student[student]) for student in numbers.values()}


def _submission(row: dict[str, str], numbers: dict[str, str], assignment: dict[str, str]) -> AssignmentWork:
    is_missing = row["SubmissionStatus"] == "Missing"
    return AssignmentWork(
        vendor_id=row["SourceSystemIdentifier"],
        student_id=StudentId(numbers[row["LMSUserSourceSystemIdentifier"]]),
        lms_course_id=LmsCourseId(assignment["LMSSectionSourceSystemIdentifier"]),
        assignment_id=row["AssignmentSourceSystemIdentifier"],
        title=assignment["Title"],
        due_at=_instant(assignment["DueDateTime"]),
        points_possible=float(assignment["MaxPoints"]),
        status=SubmissionStatus.MISSING if is_missing else SubmissionStatus.GRADED,
        score=None if is_missing else float(row["EarnedPoints"]),
        late=row["SubmissionStatus"] == "Late",
        missing=is_missing,
        excused=False,
    )


def _lms_rows(folder: Path) -> list[dict[str, str]]:
    return [
        row
        for path in sorted(folder.glob("*.csv"))
        for row in csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines())
    ]


def _by_student(records: Iterable[R]) -> defaultdict[str, list[R]]:
    result: defaultdict[str, list[R]] = defaultdict(list)
    for record in records:
        result[record.student_id].append(record)
    return result


def _incidents() -> list[DisciplineIncident]:
    dates = {
        (row["schoolReference"]["schoolId"], row["incidentIdentifier"]): row["incidentDate"]
        for row in rows("disciplineIncidents")
    }
    return [
        DisciplineIncident(
            vendor_id=row["id"],
            student_id=StudentId(row["studentReference"]["studentUniqueId"]),
            school_id=SchoolId(str(reference["schoolId"])),
            incident_identifier=reference["incidentIdentifier"],
            date=date.fromisoformat(dates[reference["schoolId"], reference["incidentIdentifier"]]),
            behaviors=[_descriptor(row["behaviorDescriptor"])],
            participation=[
                _descriptor(code["disciplineIncidentParticipationCodeDescriptor"])
                for code in row["disciplineIncidentParticipationCodes"]
            ],
        )
        for row in rows("studentDisciplineIncidentBehaviorAssociations")
        if (reference := row["disciplineIncidentReference"])
    ]


def _actions() -> list[DisciplineAction]:
    return [
        DisciplineAction(
            vendor_id=row["id"],
            student_id=StudentId(row["studentReference"]["studentUniqueId"]),
            school_id=SchoolId(str(row["responsibilitySchoolReference"]["schoolId"])),
            discipline_action_identifier=row["disciplineActionIdentifier"],
            date=date.fromisoformat(row["disciplineDate"]),
            disciplines=[_descriptor(part["disciplineDescriptor"]) for part in row["disciplines"]],
            length=row["disciplineActionLength"],
            actual_length=row["actualDisciplineActionLength"],
            incident_identifiers=[
                part["studentDisciplineIncidentBehaviorAssociationReference"]["incidentIdentifier"]
                for part in row["studentDisciplineIncidentBehaviorAssociations"]
            ],
        )
        for row in rows("disciplineActions")
    ]


@cache
def _assessments() -> dict[tuple[str, str], Assessment]:
    result = {}
    for row in rows("assessments"):
        identifier = row["assessmentIdentifier"]
        codes = [code_of(subject["academicSubjectDescriptor"]) for subject in row["academicSubjects"]]
        result["", identifier] = Assessment(
            vendor_id=row["id"],
            assessment_id=AssessmentId(identifier),
            assessment_identifier=identifier,
            title=row["assessmentTitle"],
            family=row.get("assessmentFamily"),
            subjects=[_SUBJECTS[code] for code in codes],
            subject_descriptors=[Descriptor(code_value=code) for code in codes],
        )
    return result


def _results() -> list[AssessmentResult]:
    return [
        AssessmentResult(
            vendor_id=row["id"],
            student_id=StudentId(row["studentReference"]["studentUniqueId"]),
            assessment_id=AssessmentId(row["assessmentReference"]["assessmentIdentifier"]),
            administration_date=_instant(row.get("administrationDate")),
            school_year=row["schoolYearTypeReference"]["schoolYear"],
            scores=_scores(row),
            performance_levels=_levels(row),
            objectives=[
                ObjectiveResult(
                    identification_code=part["objectiveAssessmentReference"]["identificationCode"],
                    scores=_scores(part),
                    performance_levels=_levels(part),
                )
                for part in row.get("studentObjectiveAssessments", [])
            ],
        )
        for row in rows("studentAssessments")
    ]


def _scores(row: dict[str, Any]) -> list[Score]:
    return [
        Score(
            reporting_method=_descriptor(score["assessmentReportingMethodDescriptor"]),
            result=score["result"],
            numeric=float(score["result"]),
            datatype=ResultDatatype(code_of(score["resultDatatypeTypeDescriptor"])),
        )
        for score in row.get("scoreResults", [])
    ]


def _levels(row: dict[str, Any]) -> list[PerformanceLevel]:
    return [
        PerformanceLevel(
            reporting_method=_descriptor(level["assessmentReportingMethodDescriptor"]),
            level=_descriptor(level["performanceLevelDescriptor"]),
        )
        for level in row.get("performanceLevels", [])
    ]


def _descriptor(text: str) -> Descriptor:
    return Descriptor(code_value=code_of(text))


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC)
