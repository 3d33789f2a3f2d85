"""Performance levels with their rank in the family of tests, and the norm year of a result."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from student_graph.adapters import model
from student_graph.adapters.errors import UnavailableError
from student_graph.adapters.model import Descriptor
from student_graph.resolvers.context import Context
from student_graph.resolvers.metrics.facts import MetricSettings
from student_graph.resolvers.metrics.families import AssessmentFamily, FamilyLevel
from tests.resolvers.third_party import VendorData, third_party_source
from tests.resolvers.two_districts import ME, World, student

LEVELS = "performanceLevels { level { codeValue } rank proficient }"
QUERY = f"""{{ student(studentUniqueId: "1") {{ assessments {{
    normYear {LEVELS} objectives {{ identificationCode {LEVELS} }} }} }} }}"""


def levels(*codes: str) -> list[model.PerformanceLevel]:
    """Return stated levels."""
    return [model.PerformanceLevel(level=Descriptor(code_value=code)) for code in codes]


def result(
    test: str, *codes: str, part: str | None = None, norm_year: int | None = None
) -> model.AssessmentResult:
    """Return a result in a test with stated levels, and one part with a level."""
    parts = (
        [model.ObjectiveResult(identification_code="part", scores=[], performance_levels=levels(part))]
        if part
        else []
    )
    return model.AssessmentResult(
        vendor_id=f"{test}-{codes}",
        student_id=ME,
        assessment_id=model.AssessmentId(test),
        norm_year=norm_year,
        scores=[],
        performance_levels=levels(*codes),
        objectives=parts,
    )


def described_test(family: str) -> model.Assessment:
    """Return a test of a family."""
    return model.Assessment(
        vendor_id=family,
        assessment_id=model.AssessmentId(family),
        assessment_identifier=family,
        title=family,
        family=family,
        subjects=[],
        subject_descriptors=[],
    )


def vendor(
    *results: model.AssessmentResult, families: tuple[str, ...] = ("STAR", "MAP Growth", "Own")
) -> VendorData:
    """Return a source with results of one student and the tests of some families."""
    return VendorData(
        {
            "students_by_id": {"1": student("1")},
            "assessments_by_id": {family: described_test(family) for family in families},
            "assessment_results_by_student": {"1": list(results)},
        }
    )


@dataclass
class OwnFamilyWorld(World):
    """Sources of a district that has a family of its own."""

    families: tuple[AssessmentFamily, ...] = field(
        default=(AssessmentFamily("Own", (FamilyLevel("B", 1, is_proficient=False),)),)
    )

    def context(self) -> Context:
        """Return the context of a new operation with the district's settings."""
        context = super().context()
        context.metric_settings = dict.fromkeys(self.districts(), MetricSettings(families=self.families))
        return context


async def results_of(world: World) -> list[dict[str, Any]]:
    """Return what the graph shows of the student's results."""
    rows: list[dict[str, Any]] = (await world.data(QUERY))["student"]["assessments"]
    return rows


def shown(code: str, rank: int | None, proficient: bool | None) -> dict[str, Any]:
    """Return a level as the graph shows it."""
    return {"level": {"codeValue": code}, "rank": rank, "proficient": proficient}


async def test_a_level_has_the_rank_of_its_family() -> None:
    """Levels of the complete test and of its parts; a quintile is neither proficient nor not."""
    data = vendor(
        result("STAR", "On Watch", part="urgent intervention"),
        result("MAP Growth", "HiAvg", norm_year=2020),
    )
    star, growth = await results_of(World([third_party_source("tests", data)]))

    assert star["performanceLevels"] == [shown("On Watch", 3, proficient=False)]
    assert star["objectives"][0]["performanceLevels"] == [shown("urgent intervention", 1, proficient=False)]
    assert growth["performanceLevels"] == [shown("HiAvg", 4, proficient=None)]
    assert (star["normYear"], growth["normYear"]) == (None, 2020)


async def test_a_level_that_the_family_does_not_have_is_neither_met_nor_missed() -> None:
    """So is a level of a family that nobody knows, and one whose test the source does not describe."""
    data = vendor(result("STAR", "Level 9"), result("Own", "B"), result("gone", "On Watch"), result("STAR"))
    rows = await results_of(World([third_party_source("tests", data)]))

    assert [row["performanceLevels"] for row in rows] == [
        [shown("Level 9", None, proficient=None)],
        [shown("B", None, proficient=None)],
        [shown("On Watch", None, proficient=None)],
        [],
    ]


async def test_a_district_has_families_of_its_own() -> None:
    """Only these, if its settings say so."""
    data = vendor(result("STAR", "On Watch"), result("Own", "b"))
    star, own = await results_of(OwnFamilyWorld([third_party_source("tests", data)]))

    assert star["performanceLevels"] == [shown("On Watch", None, proficient=None)]
    assert own["performanceLevels"] == [shown("b", 1, proficient=False)]


async def test_a_rank_is_an_error_if_the_test_cannot_be_read() -> None:
    """An outage is never shown as a level without a rank; the level itself is there."""
    data = vendor(result("STAR", "On Watch"))
    data.failing = {"assessments_by_id": UnavailableError("down")}
    answer = await World([third_party_source("tests", data)]).ask(QUERY)

    assert answer.data is not None
    [row] = answer.data["student"]["assessments"]
    assert row["performanceLevels"][0]["level"] == {"codeValue": "On Watch"}
    assert {(error.extensions or {})["code"] for error in answer.errors or []} == {"SOURCE_UNAVAILABLE"}


async def test_scores_are_in_the_bands_of_their_family() -> None:
    """A percentile of 20 is in the lowest quintile of MAP; a score without a band is in none."""
    growth, star = result("MAP Growth", "LoAvg"), result("STAR")
    growth.scores = [score("RIT Scale Score", 233), score("Test Percentile", 20)]
    star.scores = [score("Percentile Rank", 40)]
    world = World([third_party_source("tests", vendor(growth, star, result("gone")))])
    bands = "scoreBands { reportingMethod { codeValue } level rank }"
    data = await world.data(f'{{ student(studentUniqueId: "1") {{ assessments {{ {bands} }} }} }}')

    assert [row["scoreBands"] for row in data["student"]["assessments"]] == [
        [{"reportingMethod": {"codeValue": "Test Percentile"}, "level": "Low", "rank": 1}],
        [{"reportingMethod": {"codeValue": "Percentile Rank"}, "level": "At/Above Benchmark", "rank": 4}],
        [],
    ]


def score(method: str, number: float) -> model.Score:
    """Return a score that is a number."""
    return model.Score(
        reporting_method=Descriptor(code_value=method),
        result=f"{number}",
        numeric=number,
        datatype=model.ResultDatatype.INTEGER,
    )


async def test_levels_without_ranks_read_no_tests() -> None:
    """The tests are read only if a rank or proficiency is selected."""
    data = vendor(result("STAR", "On Watch"))
    data.failing = {"assessments_by_id": UnavailableError("down")}
    world = World([third_party_source("tests", data)])
    rows = await world.data(QUERY.replace("rank proficient", "reportingMethod { codeValue }"))

    assert rows["student"]["assessments"][0]["performanceLevels"][0]["level"] == {"codeValue": "On Watch"}
