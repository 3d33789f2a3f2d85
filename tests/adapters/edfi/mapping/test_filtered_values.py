"""A row of Ed-Fi is compared with filters by its own properties and by those of its references."""

from __future__ import annotations

from student_graph.adapters.edfi.api.academics import Grade, StudentAssessment
from tests.adapters.edfi.payloads import SECTION, STUDENT, row, student_row

ASSESSMENT = {"assessmentIdentifier": "MAP", "namespace": "uri://nwea.org"}


def _assessment(**properties: object) -> StudentAssessment:
    return row(StudentAssessment, **student_row("604822", assessmentReference=ASSESSMENT, **properties))


def test_a_filter_names_a_property_of_the_row_or_of_its_reference() -> None:
    assessment = _assessment()
    assert assessment.satisfies({"id": "a1", "studentUniqueId": "604822", "assessmentIdentifier": "MAP"})
    assert assessment.mismatches({"id": "a2", "studentUniqueId": "604822"}) == {"id": "a1"}
    assert assessment.mismatches({"studentUniqueId": "1"}) == {"studentUniqueId": "604822"}


def test_a_property_below_an_absent_reference_has_no_value() -> None:
    assert _assessment().mismatches({"schoolYear": 2022}) == {"schoolYear": None}
    with_year = _assessment(schoolYearTypeReference={"schoolYear": 2022})
    assert with_year.satisfies({"schoolYear": 2022})


def test_a_property_with_two_names_is_compared_by_both() -> None:
    at_school = _assessment(reportedSchoolReference={"reportedSchoolId": 255901001})
    assert at_school.satisfies({"schoolId": 255901001})
    assert at_school.satisfies({"reportedSchoolId": 255901001})


def test_the_first_of_two_references_with_the_same_property_is_compared() -> None:
    period = {
        "schoolId": 255901001,
        "schoolYear": 2021,
        "gradingPeriodDescriptor": "uri://x#First",
        "periodSequence": 1,
    }
    grade = row(
        Grade,
        gradeTypeDescriptor="uri://ed-fi.org/GradeTypeDescriptor#Semester",
        studentSectionAssociationReference=SECTION
        | {"beginDate": "2021-08-23", "studentUniqueId": STUDENT["studentReference"]["studentUniqueId"]},
        gradingPeriodReference=period,
    )
    assert grade.mismatches({"schoolYear": 2021}) == {"schoolYear": 2022}


def test_an_unknown_filter_is_satisfied_by_no_row() -> None:
    assert _assessment().mismatches({"noSuchProperty": "x"}) == {"noSuchProperty": None}
