"""The latest result of each family of tests and subject, as a field."""

from __future__ import annotations

from datetime import UTC, datetime

from student_graph.adapters import model
from student_graph.adapters.errors import UnavailableError
from student_graph.adapters.model import AssessmentId, StudentId
from tests.resolvers.third_party import VendorData
from tests.resolvers.two_districts import CODE
from tests.resolvers.types.metrics.test_summaries import cedar, summary, world_of


def result_of(number: str, test: str, day: int, level: str) -> model.AssessmentResult:
    """Return a result of a student in a test, with a stated level."""
    return model.AssessmentResult(
        vendor_id=f"{number}-{test}-{day}",
        student_id=StudentId(number),
        assessment_id=AssessmentId(test),
        administration_date=datetime(2027, 2, day, 12, tzinfo=UTC),
        scores=[],
        performance_levels=[
            model.PerformanceLevel(reporting_method=CODE, level=model.Descriptor(code_value=level))
        ],
        objectives=[],
    )


def with_tests() -> VendorData:
    """Return two tests of one family, and a student with three results."""
    data = cedar()
    data.answers["assessment_results_by_student"] = {
        "1": [result_of("1", "A", 1, "Low"), result_of("1", "A", 9, "High"), result_of("1", "B", 3, "Low")]
    }
    data.answers["assessments_by_id"] = {
        name: model.Assessment(
            vendor_id=name,
            assessment_id=AssessmentId(name),
            assessment_identifier=name,
            title=f"Test {name}",
            family="Hill",
            subjects=[subject],
            subject_descriptors=[],
        )
        for name, subject in {"A": model.AcademicSubject.READING, "B": model.AcademicSubject.MATHEMATICS}.items()
    }
    return data


async def test_the_latest_result_of_a_family_and_a_subject_is_shown() -> None:
    """An earlier result of the same test is left out; each standing has its result with the provenance."""
    query = "assessmentSummary%s { latest { family subjects level result { provenance { recordId } } } }"
    every, reading = [
        [row["result"]["provenance"]["recordId"] for row in (await summary(world, query % argument))["latest"]]
        for world, argument in ((world_of(with_tests()), ""), (world_of(with_tests()), "(subject: READING)"))
    ]

    assert (sorted(every), reading) == (["1-A-9", "1-B-3"], ["1-A-9"])
    assert await summary(world_of(with_tests()), query % "", "2") == {"latest": []}


async def test_tests_that_cannot_be_read_are_an_error() -> None:
    """Without its test a result belongs to no family: it is not left out silently."""
    data = with_tests()
    data.failing["assessments_by_id"] = UnavailableError("no answer in time")
    query = '{ student(studentUniqueId: "1") { assessmentSummary { latest { title } } } }'

    assert await world_of(data).codes(query) == ["SOURCE_UNAVAILABLE"]
