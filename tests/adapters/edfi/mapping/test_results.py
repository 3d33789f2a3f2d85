"""Ed-Fi payloads of grades, assessments and programs become records, in each Data Standard."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from student_graph.adapters.edfi.api import academics, services
from student_graph.adapters.edfi.mapping import academics as to_academics
from student_graph.adapters.edfi.mapping import services as to_services
from student_graph.adapters.model import (
    AssessmentResult,
    Descriptor,
    GradePointAverage,
    ProgramType,
    ResultDatatype,
)
from tests.adapters.edfi.payloads import CODES, SECTION, STUDENT, row
from tests.subcases import subcases


@pytest.mark.parametrize(
    ("averages", "expected"),
    [
        (
            {"cumulativeGradePointAverage": 3.5, "sessionGradePointAverage": 3.0},
            [GradePointAverage(value=3.5, cumulative=True), GradePointAverage(value=3.0, cumulative=False)],
        ),
        (
            {
                "gradePointAverages": [
                    {
                        "gradePointAverageTypeDescriptor": "Weighted",
                        "gradePointAverageValue": 4.1,
                        "isCumulative": True,
                    }
                ],
                "cumulativeGradePointAverage": 3.5,
            },
            [GradePointAverage(type=Descriptor(code_value="Weighted"), value=4.1, cumulative=True)],
        ),
        ({}, []),
    ],
    ids=["two properties", "a list", "neither"],
)
def test_averages_are_read_in_either_shape(averages: dict[str, Any], expected: list[GradePointAverage]) -> None:
    """The list of averages replaces the two properties; no average is computed."""
    term = {"termDescriptor": "Fall", "schoolYearTypeReference": {"schoolYear": 2022}}
    payload = row(academics.StudentAcademicRecord, **(STUDENT | term | averages))

    assert expected == to_academics.academic_record(payload).grade_point_averages


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ({"periodSequence": 1}, (None, 1)),
        ({"gradingPeriodName": "Exam 1"}, ("Exam 1", None)),
    ],
    ids=["by sequence", "by name"],
)
def test_a_grading_period_is_read_in_either_shape(
    period: dict[str, Any], expected: tuple[str | None, int | None]
) -> None:
    """Some servers declare one Data Standard and send the payloads of another."""
    reference = {"gradingPeriodDescriptor": "First Six Weeks", "schoolId": 255901001, "schoolYear": 2022}
    payload = row(
        academics.Grade,
        studentSectionAssociationReference=SECTION | {"studentUniqueId": "604822"},
        gradingPeriodReference=reference | period,
        gradeTypeDescriptor="Grading Period",
    )
    grading_period = to_academics.course_grade(CODES, payload).grading_period

    assert grading_period is not None
    assert expected == (grading_period.name, grading_period.sequence)


@subcases(
    ("text", "datatype", "expected"),
    [
        ("18", ResultDatatype.INTEGER, 18.0),
        (" 85.5 % ", ResultDatatype.PERCENTAGE, 85.5),
        ("-3", ResultDatatype.DECIMAL, -3.0),
        ("nan", ResultDatatype.DECIMAL, None),
        ("1e5", ResultDatatype.DECIMAL, None),
        ("4", ResultDatatype.LEVEL, None),
        ("10-20", ResultDatatype.RANGE, None),
        ("<5", ResultDatatype.PERCENTILE, None),
        ("18", ResultDatatype.UNMAPPED, None),
    ],
)
def test_a_score_is_a_number_if_datatype_and_text_are_numeric(
    text: str, datatype: ResultDatatype, expected: float | None
) -> None:
    """A numeric text of another datatype and another text of a numeric datatype have no number."""
    assert expected == to_academics.score_number(text, datatype)


def student_assessment(**properties: Any) -> academics.StudentAssessment:
    """A row of `studentAssessments`."""
    reference = {"assessmentReference": {"assessmentIdentifier": "ACT", "namespace": "uri://act.org"}}
    return row(academics.StudentAssessment, **(STUDENT | reference | properties))


@pytest.mark.parametrize("text", ["2021-04-01T16:00:00", "2021-04-01T16:00:00Z", "2021-04-01T11:00:00-05:00"])
def test_an_administration_date_is_in_utc(text: str) -> None:
    """Some servers send a time without a zone, which is read as UTC."""
    result = to_academics.assessment_result(CODES, student_assessment(administrationDate=text))

    assert datetime(2021, 4, 1, 16, tzinfo=UTC) == result.administration_date
    assert result.administration_date is not None
    assert UTC is result.administration_date.tzinfo


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"])
def test_an_administration_date_in_no_year_is_null(text: str) -> None:
    """The time is valid where it was written, and has no year in UTC; the result is there without it."""
    result = to_academics.assessment_result(CODES, student_assessment(administrationDate=text))

    assert result.administration_date is None


def test_a_performance_level_that_was_not_met_is_left_out() -> None:
    """Data Standard 3.3 sends all levels, each with `performanceLevelMet`."""
    met = {"assessmentReportingMethodDescriptor": "Proficiency", "performanceLevelDescriptor": "Advanced"}
    missed = met | {"performanceLevelDescriptor": "Master", "performanceLevelMet": False}
    result = to_academics.assessment_result(
        CODES, student_assessment(performanceLevels=[met | {"performanceLevelMet": True}, missed])
    )

    assert [level.level.code_value for level in result.performance_levels] == ["Advanced"]


def test_equal_scores_and_levels_of_results_are_one_object() -> None:
    """A school has thousands of results, and few different scores. Long texts of a strange server are not kept."""
    score = {"assessmentReportingMethodDescriptor": "Scale score", "resultDatatypeTypeDescriptor": "Integer"}
    level = {"assessmentReportingMethodDescriptor": "Proficiency", "performanceLevelDescriptor": "Advanced"}

    def result(text: str, id: str) -> AssessmentResult:
        payload = student_assessment(id=id, scoreResults=[score | {"result": text}], performanceLevels=[level])
        return to_academics.assessment_result(CODES, payload)

    first, second, other, long = (result(*case) for case in [("7", "a"), ("7", "b"), ("8", "c"), ("9" * 500, "d")])

    assert first.scores[0] is second.scores[0]
    assert first.performance_levels[0] is second.performance_levels[0]
    assert [r.scores[0].numeric for r in (first, second, other)] == [7, 7, 8]
    assert long.scores[0] is not result("9" * 500, "d").scores[0]


@pytest.mark.parametrize(
    ("indicator", "expected"),
    [("Primary Administration", False), ("1st Retest", True), ("Other", None), (None, None)],
)
def test_a_retest_comes_from_the_indicator(indicator: str | None, expected: bool | None) -> None:
    """An indicator with another code gives None."""
    result = to_academics.assessment_result(CODES, student_assessment(retestIndicatorDescriptor=indicator))

    assert expected is result.retest


def program(kind: str, **properties: Any) -> services.StudentProgramAssociation:
    """A row of `studentProgramAssociations` with a program type."""
    reference = {"programName": kind, "programTypeDescriptor": f"uri://ed-fi.org/ProgramTypeDescriptor#{kind}"}
    defaults = {"beginDate": "2021-08-30", "programReference": reference}
    return row(services.StudentProgramAssociation, **(STUDENT | defaults | properties))


@pytest.mark.parametrize(
    "kind", ["Special Education", "Section 504 Placement", "homeless", "Student School Food Service"]
)
def test_a_restricted_program_is_withheld(kind: str) -> None:
    """Districts also have such rows in the general resource, which an ordinary grant may read."""
    assert to_services.program_participation(CODES, program(kind), None) is None


def test_a_program_has_the_type_of_its_resource() -> None:
    """The program type is that of the resource for any descriptor; each resource has its own name for services."""
    service = {"languageInstructionProgramServiceDescriptor": "Bilingual service"}
    payload = program("Other", languageInstructionProgramServices=[service], services=None)
    participation = to_services.program_participation(CODES, payload, ProgramType.LANGUAGE_INSTRUCTION)

    assert participation is not None
    assert ProgramType.LANGUAGE_INSTRUCTION is participation.program_type
    assert [service.code_value for service in participation.services] == ["Bilingual service"]


def test_a_disability_that_is_listed_twice_is_kept_once() -> None:
    """The published samples list a disability twice."""
    twice = [{"disabilityDescriptor": "Autism Spectrum Disorders"}] * 2
    reference = {"programName": "Special Education", "programTypeDescriptor": "Special Education"}
    payload = row(
        services.SpecialEducationAssociation,
        **STUDENT,
        beginDate="2021-08-30",
        programReference=reference,
        disabilities=twice,
    )

    assert [disability.code_value for disability in to_services.special_education(payload).disabilities] == [
        "Autism Spectrum Disorders"
    ]


def test_transportation_without_a_bus_has_no_bus_details() -> None:
    """Bus details are optional, and null means absent."""
    properties = {
        "transportationEducationOrganizationReference": {"educationOrganizationId": 1},
        "studentBusDetails": None,
    }
    record = to_services.transportation(row(services.StudentTransportation, **(STUDENT | properties)))

    assert (record.bus_number, record.mileage, record.travel_days, record.travel_directions) == (
        None,
        None,
        [],
        [],
    )
