"""Families of tests of assessment vendors: levels, bands with their ends, and the vendors' sample files."""

from __future__ import annotations

import csv
import json
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from student_graph.adapters.model import Assessment, AssessmentId, Descriptor, ResultDatatype, Score
from student_graph.adapters.sandbox.facts import DistrictFacts, ResultFact
from student_graph.adapters.sandbox.records.assessment_files import FOLDER, read_assessment_files
from student_graph.resolvers.metrics import default_families as families
from student_graph.resolvers.metrics.default_families import DEFAULT_FAMILIES
from student_graph.resolvers.metrics.families import AssessmentFamily, ScoreBand, family_of
from tests.gateway.servers import ROOT
from tests.subcases import subcases

SHARED = ROOT.parent / "shared"
FILES = SHARED / "data" / FOLDER
GOLDEN = SHARED / "domain" / "golden.json"
with_files = pytest.mark.skipif(
    not (FILES.is_dir() and GOLDEN.is_file()), reason="the vendors' sample files are not at ../shared"
)


def score(method: str, number: float | None) -> Score:
    """Return a score."""
    return Score(
        reporting_method=Descriptor(code_value=method),
        result=str(number),
        numeric=number,
        datatype=ResultDatatype.DECIMAL,
    )


def band_of(family: AssessmentFamily, method: str, number: float | None) -> str | None:
    """Return the name of the band of a score."""
    band = family.band(score(method, number))
    return None if band is None else band.level


@subcases(
    ("percentile", "expected"),
    [
        (1, "Low"), (20, "Low"), (20.5, "LoAvg"), (21, "LoAvg"), (40, "LoAvg"), (41, "Avg"), (60, "Avg"),
        (60.001, "HiAvg"), (80, "HiAvg"), (81, "High"), (99, "High"),
    ],
)  # fmt: skip
def test_quintiles_of_map_have_their_upper_end(percentile: float, expected: str) -> None:
    """NWEA: a percentile of 20 is Low, and one above 20 is LoAvg."""
    assert band_of(families.MAP_GROWTH, "Test Percentile", percentile) == expected


@subcases(
    ("rank", "expected"),
    [
        (1, "Urgent Intervention"), (9, "Urgent Intervention"), (10, "Intervention"), (24, "Intervention"),
        (25, "On Watch"), (39, "On Watch"), (40, "At/Above Benchmark"), (99, "At/Above Benchmark"),
    ],
)  # fmt: skip
def test_benchmarks_of_star_have_their_lower_end(rank: float, expected: str) -> None:
    """Renaissance: at or above the 40th percentile rank is at the benchmark."""
    assert band_of(families.STAR, "percentile rank", rank) == expected


@subcases(("level", "expected"), [(1.0, "1"), (1.9, "1"), (2.0, "2"), (5.9, "5"), (6.0, "6")])
def test_a_proficiency_level_of_access_is_the_number_before_the_point(level: float, expected: str) -> None:
    """WIDA interprets 5.9 as level 5."""
    assert band_of(families.ACCESS, "Proficiency Level", level) == expected


def test_a_score_of_another_method_or_without_a_number_is_in_no_band() -> None:
    """Bands of percentiles say nothing about scale scores; nothing is nothing."""
    assert band_of(families.MAP_GROWTH, "RIT Scale Score", 20) is None
    assert band_of(families.MAP_GROWTH, "Test Percentile", None) is None
    assert band_of(families.MAP_GROWTH, "Test Percentile", float("nan")) is None
    assert band_of(families.ACCESS, "Proficiency Level", 0.5) is None


@subcases("family", DEFAULT_FAMILIES, ids=lambda family: family.name)
def test_levels_and_bands_of_a_family_fit(family: AssessmentFamily) -> None:
    """
    Ranks begin at 1 without a gap, no level below a failing one passes, and bands leave no score out.

    Each end that two bands share belongs to exactly one of them; a band has the name of a level.
    """
    ranks = sorted({level.rank for level in family.levels})
    assert ranks == list(range(1, len(ranks) + 1))
    passing = [level.rank for level in family.levels if level.is_proficient]
    failing = [level.rank for level in family.levels if level.is_proficient is False]
    assert max(failing, default=0) < min(passing, default=max(ranks) + 1)
    for band, following in zip(family.bands, family.bands[1:], strict=False):
        assert band.high == following.low
        assert band.includes_high != following.includes_low
    assert all(family.level(band.level) is not None for band in family.bands)
    ends = [end for band in family.bands for end in (band.low, band.high) if end is not None]
    for number in (*ends, *(end + Fraction(1, 1000) for end in ends)):
        assert sum(band.has(number) for band in family.bands) == 1


def assessment(identifier: str, family: str | None) -> Assessment:
    """Return a test."""
    return Assessment(
        vendor_id=identifier,
        assessment_id=AssessmentId(identifier),
        assessment_identifier=identifier,
        title="Test",
        family=family,
        subjects=[],
        subject_descriptors=[],
    )


@subcases(
    ("identifier", "stated", "expected"),
    [
        ("ASM-1", "MAP Growth", families.MAP_GROWTH),
        ("MAP_Screening_Reading", None, families.MAP_GROWTH),
        ("ASM-2", "Curriculum Associates Diagnostic MATH Assessment", families.I_READY),
        ("CAINC-IREADY-DIAGNOSTIC-ELA", None, families.I_READY),
        ("ASM-3", "psat/nmsqt", families.PSAT),
        ("PSAT 8/9_1600", None, families.PSAT),
        ("SAT_1600", None, families.SAT),
        ("SAT Mathematics", None, families.SAT),
        ("ACT Composite", None, families.ACT),
        ("ASM-4", "ACCESS for ELLs", families.ACCESS),
        ("Alternate-ACCESS", None, families.ALTERNATE_ACCESS),
        ("Dibels-8", None, families.DIBELS),
        ("MAP_Growth_Reading", "Somebody's own", None),
        ("Unknown", None, None),
    ],
)
def test_the_family_of_a_test(identifier: str, stated: str | None, expected: AssessmentFamily | None) -> None:
    """By what its source states, else by how its identifier begins; a stated family that nobody knows is none."""
    assert family_of(assessment(identifier, stated), DEFAULT_FAMILIES) is expected


def golden(number: str) -> Any:
    """Return a golden number."""
    return json.loads(GOLDEN.read_text())[number]


@pytest.fixture(scope="module")
def vendors() -> dict[str, list[ResultFact]]:
    """The results in the sample files, by vendor."""
    district = DistrictFacts(lea=255901, name="Grand Bend", year=2022, now=None)  # type: ignore[arg-type]
    return {vendor: facts.results for vendor, facts in read_assessment_files(FILES, district).items()}


def known_family(result: ResultFact) -> AssessmentFamily:
    """Return the family of a result."""
    test = result.assessment
    family = family_of(assessment(test.id, test.family), DEFAULT_FAMILIES)
    assert family is not None, test.family
    return family


def numbers(results: list[ResultFact], method: str) -> list[float]:
    """Return the scores of a reporting method."""
    return [float(text) for result in results for name, _, text in result.scores if name == method]


@with_files
def test_every_result_of_the_sample_files_has_a_family_that_knows_its_level(
    vendors: dict[str, list[ResultFact]],
) -> None:
    """No level of the six vendors is without a rank; levels of parts of STAR's tests are no levels of a test."""
    for results in vendors.values():
        for result in results:
            family = known_family(result)
            if result.level is not None and result.level[0] != "Standard Mastery Level":
                assert family.level(result.level[1]) is not None, result.level


@with_files
def test_quintiles_of_the_sample_of_map_agree_with_their_bands(vendors: dict[str, list[ResultFact]]) -> None:
    """E26 and E27: each stated quintile is the band of its percentile."""
    results = vendors["map-growth"]
    stated = Counter(result.level[1] for result in results if result.level)
    percentiles = numbers(results, "Test Percentile")

    assert stated == golden("E26")["quintile"]
    assert Counter(f"{number:g}" for number in percentiles) == golden("E26")["percentiles"]
    agreeing = [
        result.level is not None and band_of(families.MAP_GROWTH, "Test Percentile", number) == result.level[1]
        for result, number in zip(results, percentiles, strict=True)
    ]
    assert sum(agreeing) == golden("E27")["upperInclusiveAgrees"] == len(results)


@with_files
def test_categories_of_the_sample_of_star_agree_with_their_bands(vendors: dict[str, list[ResultFact]]) -> None:
    """E28: percentile ranks and Renaissance's categories; three students are in need of urgent intervention."""
    results = [result for result in vendors["star"] if numbers([result], "Percentile Rank")]
    ranks = numbers(results, "Percentile Rank")
    stated = [result.level[1] for result in results if result.level]

    assert sorted(ranks) == golden("E28")["percentileRank"]
    assert Counter(stated) == golden("E28")["RenaissanceBenchmarkCategoryName"]
    assert [band_of(families.STAR, "Percentile Rank", rank) for rank in ranks] == stated
    scores = sorted(numbers(results, "Scale Score"))
    assert sum(scores) / len(scores) == golden("E28")["scaledScoreMean"]


@with_files
def test_a_district_may_have_bands_of_its_own() -> None:
    """E28: with the bands that the file states for the district, both ends closed, one student's is another."""
    with next((FILES / "STAR" / "data").glob("SR_sample*.csv")).open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    ends = {
        "Urgent Intervention": (1, 24),
        "Intervention": (25, 34),
        "On Watch": (35, 54),
        "At/Above Benchmark": (55, 99),
    }
    bands = tuple(
        ScoreBand("Percentile Rank", name, Fraction(low), Fraction(high), includes_low=True, includes_high=True)
        for name, (low, high) in ends.items()
    )
    district = replace(families.STAR, bands=bands)
    names = {
        row["StudentStateID"]: [
            band_of(family, "Percentile Rank", float(row["PercentileRank"]))
            for family in (families.STAR, district)
        ]
        for row in rows
    }

    assert Counter(own for _, own in names.values()) == golden("E28")["DistrictBenchmarkCategoryName"]
    assert [student for student, (usual, own) in names.items() if usual != own] == golden("E28")[
        "districtNotRenaissance"
    ]


@with_files
@pytest.mark.parametrize("subject", ["ela", "math"])
def test_placements_of_the_i_ready_sample_match_the_golden_numbers(
    vendors: dict[str, list[ResultFact]], subject: str
) -> None:
    """E29: relative placements, and the latest one of each student by the date of the test."""
    results = [r for r in vendors["i-ready"] if f"-{subject.upper()} " in r.assessment.id]
    expected = golden("E29")[subject]
    placements = Counter(result.level[1] for result in results if result.level)
    latest: dict[str, ResultFact] = {}
    for result in sorted(results, key=lambda result: result.at):
        latest[result.student] = result

    assert placements == expected["relativePlacement"]
    assert numbers(results, "Percentile") == expected["percentiles"]
    assert {
        student: [numbers([result], "Scale Score"), result.level and result.level[1]]
        for student, result in latest.items()
    } == {student: [[float(scale)], level] for student, (scale, level, _) in expected["latestOnly"].items()}
    below = sum(
        level.is_proficient is False
        for result in results
        if result.level and (level := families.I_READY.level(result.level[1]))
    )
    assert below == sum(number for name, number in placements.items() if name.endswith("Below"))


@with_files
def test_levels_of_the_sample_of_dibels(vendors: dict[str, list[ResultFact]]) -> None:
    """E31: composite levels and percentiles; three of five students are well below the benchmark."""
    results = vendors["dibels-8-benchmark"]
    levels = [known_family(result).level(result.level[1]) for result in results if result.level]

    assert Counter(level.code for level in levels if level) == golden("E31")["compositeLevel"]
    assert sorted(numbers(results, "Composite National Norm Percentile")) == golden("E31")["percentiles"]
    assert sum(level.is_proficient is False for level in levels if level) == 3


@with_files
@pytest.mark.parametrize(
    ("test", "title"),
    [("psat_10", "PSAT 10"), ("psat_89", "PSAT 8/9"), ("psat_nmsqt", "PSAT/NMSQT"), ("sat", "SAT")],
)
def test_benchmarks_of_the_sample_of_the_college_board(
    vendors: dict[str, list[ResultFact]], test: str, title: str
) -> None:
    """E32 and E34: the flag of each section has a rank, and N is not met; percentiles of the national sample."""
    results = [result for result in vendors["psat-sat"] if result.assessment.title == title]
    for part, expected in golden("E32")[test].items():
        flags = [
            known_family(result).level(code)
            for result in results
            for name, code in result.objective_levels
            if name.upper() == part
        ]
        assert Counter(flag.code for flag in flags if flag) == expected
        assert sum(flag.is_proficient is False for flag in flags if flag) == expected.get("N", 0)
    if test in golden("E34"):
        percentiles = numbers(results, "Nationally Rep Sample Pctl Total Score")
        assert sorted(percentiles) == golden("E34")[test]["percentilesNatRep"]
