"""Grades, results and services from Ed-Fi payloads, in the shapes of each Data Standard."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from student_graph.adapters.edfi.api import academics, services
from student_graph.adapters.edfi.mapping import academics as to_academics
from student_graph.adapters.edfi.mapping import services as to_services
from student_graph.adapters.model import Descriptor, GradePointAverage, ProgramType, ResultDatatype
from tests.adapters.edfi.payloads import CODES, SECTION, STUDENT, row


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
    """The list counts where there is one; nothing is computed."""
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
    """Servers were seen that declare one standard and spell the other."""
    reference = {"gradingPeriodDescriptor": "First Six Weeks", "schoolId": 255901001, "schoolYear": 2022}
    payload = row(
        academics.Grade,
        studentSectionAssociationReference=SECTION | {"studentUniqueId": "604822"},
        gradingPeriodReference=reference | period,
        gradeTypeDescriptor="Grading Period",
    )
    told = to_academics.course_grade(CODES, payload).grading_period

    assert told is not None
    assert expected == (told.name, told.sequence)


@pytest.mark.parametrize(
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
def test_a_score_is_a_number_only_where_it_is_one(
    text: str, datatype: ResultDatatype, expected: float | None
) -> None:
    """Its kind and its text must both say so."""
    assert expected == to_academics.number(text, datatype)


def assessed(**properties: Any) -> academics.StudentAssessment:
    taken = {"assessmentReference": {"assessmentIdentifier": "ACT", "namespace": "uri://act.org"}}
    return row(academics.StudentAssessment, **(STUDENT | taken | properties))


@pytest.mark.parametrize("text", ["2021-04-01T16:00:00", "2021-04-01T16:00:00Z", "2021-04-01T11:00:00-05:00"])
def test_an_instant_is_utc(text: str) -> None:
    """Servers that send no zone are read as UTC."""
    told = to_academics.assessment_result(CODES, assessed(administrationDate=text))

    assert datetime(2021, 4, 1, 16, tzinfo=UTC) == told.administration_date
    assert told.administration_date is not None
    assert UTC is told.administration_date.tzinfo


def test_a_level_that_was_not_met_is_none_reached() -> None:
    """Data Standard 3.3 lists them all, with a mark."""
    level = {"assessmentReportingMethodDescriptor": "Proficiency", "performanceLevelDescriptor": "Advanced"}
    missed = level | {"performanceLevelDescriptor": "Master", "performanceLevelMet": False}
    told = to_academics.assessment_result(
        CODES, assessed(performanceLevels=[level | {"performanceLevelMet": True}, missed])
    )

    assert [each.level.code_value for each in told.performance_levels] == ["Advanced"]


@pytest.mark.parametrize(
    ("indicator", "expected"),
    [("Primary Administration", False), ("1st Retest", True), ("Other", None), (None, None)],
)
def test_a_retest_is_what_the_indicator_says(indicator: str | None, expected: bool | None) -> None:
    """An indicator that says neither leaves it open."""
    told = to_academics.assessment_result(CODES, assessed(retestIndicatorDescriptor=indicator))

    assert expected is told.retest


def program(kind: str, **properties: Any) -> services.StudentProgramAssociation:
    reference = {"programName": kind, "programTypeDescriptor": f"uri://ed-fi.org/ProgramTypeDescriptor#{kind}"}
    given = {"beginDate": "2021-08-30", "programReference": reference}
    return row(services.StudentProgramAssociation, **(STUDENT | given | properties))


@pytest.mark.parametrize(
    "kind", ["Special Education", "Section 504 Placement", "homeless", "Student School Food Service"]
)
def test_a_restricted_program_is_not_among_the_ordinary_ones(kind: str) -> None:
    """Districts keep such rows in the general list too; the ordinary grant must not open them."""
    assert to_services.program_participation(CODES, program(kind), None) is None


def test_a_program_is_of_the_kind_of_its_list() -> None:
    """The list of language instruction holds nothing else, whatever the code; services have several names."""
    service = {"languageInstructionProgramServiceDescriptor": "Bilingual service"}
    payload = program("Other", languageInstructionProgramServices=[service], services=None)
    told = to_services.program_participation(CODES, payload, ProgramType.LANGUAGE_INSTRUCTION)

    assert told is not None
    assert ProgramType.LANGUAGE_INSTRUCTION is told.program_type
    assert [each.code_value for each in told.services] == ["Bilingual service"]


def test_a_disability_that_is_listed_twice_is_told_once() -> None:
    """The published samples do so."""
    twice = [{"disabilityDescriptor": "Autism Spectrum Disorders"}] * 2
    reference = {"programName": "Special Education", "programTypeDescriptor": "Special Education"}
    payload = row(
        services.SpecialEducationAssociation,
        **STUDENT,
        beginDate="2021-08-30",
        programReference=reference,
        disabilities=twice,
    )

    assert [each.code_value for each in to_services.special_education(payload).disabilities] == [
        "Autism Spectrum Disorders"
    ]


def test_a_student_without_a_bus_has_a_way_to_school_all_the_same() -> None:
    """Bus details are optional; nulls count as absent."""
    where = {
        "transportationEducationOrganizationReference": {"educationOrganizationId": 1},
        "studentBusDetails": None,
    }
    told = to_services.transportation(row(services.StudentTransportation, **(STUDENT | where)))

    assert (told.bus_number, told.mileage, told.travel_days, told.travel_directions) == (None, None, [], [])
