"""
The families of tests that every district has: ranks of levels, proficiency, bands of scores, reporting methods.

Codes are those of the vendors' files as the Earthmover bundles map them
(https://github.com/edanalytics/earthmover_edfi_bundles), and of Ed-Fi's sample district. Only what a vendor itself
calls meeting its standard, or not meeting it, is proficient or not. No vendor's file states the year of its norms.
"""

from __future__ import annotations

from fractions import Fraction

from student_graph.resolvers.metrics.families import AssessmentFamily, FamilyLevel, ScoreBand

_MET = (
    FamilyLevel("Did Not Meet Standard", 1, is_proficient=False),
    FamilyLevel("Met Standard", 2, is_proficient=True),
)
"""The levels of ACT, SAT and state tests in Ed-Fi's sample district."""
_READINESS = (FamilyLevel("N", 1, is_proficient=False), FamilyLevel("Y", 2, is_proficient=True))
"""College Board's benchmarks of college and career readiness: met or not."""
_NATIONAL_SAMPLE = ("Nationally Rep Sample Pctl Total Score", "User Percentile Total Score")


def _bands(method: str, *levels: tuple[str, int | None, int | None], includes_low: bool) -> tuple[ScoreBand, ...]:
    """Bands that follow each other; of each end that two bands share, one of them has the score."""
    return tuple(
        ScoreBand(
            method=method,
            level=level,
            low=None if low is None else Fraction(low),
            high=None if high is None else Fraction(high),
            includes_low=includes_low,
            includes_high=not includes_low,
        )
        for level, low, high in levels
    )


ACT = AssessmentFamily("ACT", _MET, test_prefixes=("ACT ",))
SAT = AssessmentFamily(
    "SAT",
    (*_MET, *_READINESS),
    test_prefixes=("SAT ", "SAT_"),
    percentile_methods=(
        "National College-Bound Percentile",
        "State College-Bound Percentile",
        *_NATIONAL_SAMPLE,
        "Percentile",
    ),
)
PSAT = AssessmentFamily(
    "PSAT",
    _READINESS,
    other_names=("PSAT 8/9", "PSAT 10", "PSAT/NMSQT"),
    test_prefixes=("PSAT ", "PSAT/"),
    percentile_methods=(*_NATIONAL_SAMPLE, "Percentile"),
)
STATE_ASSESSMENT = AssessmentFamily(
    "State Assessment",
    (*_MET, FamilyLevel("Advanced", 3, is_proficient=True)),
    test_prefixes=("SA-", "State Assessment"),
)
MAP_GROWTH = AssessmentFamily(
    "MAP Growth",
    # Quintiles compare with other students: NWEA does not call any of them proficient.
    tuple(FamilyLevel(code, rank) for rank, code in enumerate(("Low", "LoAvg", "Avg", "HiAvg", "High"), start=1)),
    test_prefixes=("MAP_", "MAP-"),
    percentile_methods=("Test Percentile", "Percentile"),
    growth_methods=(
        "Fall-To-Spring Observed Growth",
        "Fall-To-Winter Observed Growth",
        "Winter-To-Spring Observed Growth",
        "Fall-To-Fall Observed Growth",
        "Winter-To-Winter Observed Growth",
        "Spring-To-Spring Observed Growth",
    ),
    # NWEA: "Low (percentile <= 20)", "LoAvg (percentile > 20 to <= 40)", ..., "High (percentile > 80)".
    bands=_bands(
        "Test Percentile",
        ("Low", None, 20),
        ("LoAvg", 20, 40),
        ("Avg", 40, 60),
        ("HiAvg", 60, 80),
        ("High", 80, None),
        includes_low=False,
    ),
)
STAR = AssessmentFamily(
    "STAR",
    (
        FamilyLevel("Urgent Intervention", 1, is_proficient=False),
        FamilyLevel("Intervention", 2, is_proficient=False),
        FamilyLevel("On Watch", 3, is_proficient=False),
        FamilyLevel("At/Above Benchmark", 4, is_proficient=True),
        FamilyLevel("At/Above", 4, is_proficient=True),
        FamilyLevel("At Benchmark", 4, is_proficient=True),
        FamilyLevel("Above Benchmark", 5, is_proficient=True),
    ),
    test_prefixes=("STAR-",),
    percentile_methods=("Percentile Rank", "Percentile"),
    growth_methods=(
        "Current SGP",
        "Student Growth Percentile Fall-to-Spring",
        "Student Growth Percentile Fall-to-Winter",
        "Student Growth Percentile Winter-to-Spring",
        "Student Growth Percentile Spring-to-Fall",
        "Student Growth Percentile Fall-to-Fall",
        "Student Growth Percentile Spring-to-Spring",
    ),
    # Renaissance's own benchmarks: at or above the 40th percentile rank, from the 25th, from the 10th, below it.
    bands=_bands(
        "Percentile Rank",
        ("Urgent Intervention", None, 10),
        ("Intervention", 10, 25),
        ("On Watch", 25, 40),
        ("At/Above Benchmark", 40, None),
        includes_low=True,
    ),
)
I_READY = AssessmentFamily(
    "i-Ready",
    (
        FamilyLevel("3 or More Grade Levels Below", 1, is_proficient=False),
        FamilyLevel("2 Grade Levels Below", 2, is_proficient=False),
        FamilyLevel("1 Grade Level Below", 3, is_proficient=False),
        FamilyLevel("Early On Grade Level", 4),  # in the grade, but its expectations are met only in part
        FamilyLevel("Mid or Above Grade Level", 5, is_proficient=True),
    ),
    other_names=(
        "Curriculum Associates Diagnostic ELA Assessment",
        "Curriculum Associates Diagnostic MATH Assessment",
    ),
    test_prefixes=("CAINC-IREADY",),
    percentile_methods=("Percentile",),
    growth_methods=("Diagnostic Gain",),
)
DIBELS = AssessmentFamily(
    "DIBELS",
    (
        FamilyLevel("Well Below Benchmark", 1, is_proficient=False),
        FamilyLevel("Below Benchmark", 2, is_proficient=False),
        FamilyLevel("At Benchmark", 3, is_proficient=True),
        FamilyLevel("At or Above Benchmark", 3, is_proficient=True),
        FamilyLevel("Above Benchmark", 4, is_proficient=True),
    ),
    test_prefixes=("Dibels",),
    percentile_methods=("Composite National Norm Percentile", "Percentile"),
)
_ACCESS_LEVELS = ("Entering", "Emerging", "Developing", "Expanding", "Bridging", "Reaching")
ACCESS = AssessmentFamily(
    "ACCESS",
    # Which level ends the status of an English learner is decided by each state, so none is proficient here.
    tuple(
        level
        for rank, name in enumerate(_ACCESS_LEVELS, start=1)
        for level in (FamilyLevel(str(rank), rank), FamilyLevel(name, rank))
    ),
    other_names=("ACCESS for ELLs",),
    test_prefixes=("ACCESS",),
    bands=_bands(  # WIDA: the number before the point is the level
        "Proficiency Level",
        *((str(rank), rank, rank + 1 if rank < len(_ACCESS_LEVELS) else None) for rank in range(1, 7)),
        includes_low=True,
    ),
)
ALTERNATE_ACCESS = AssessmentFamily(
    "Alternate ACCESS",
    tuple(FamilyLevel(code, rank) for rank, code in enumerate(("A1", "A2", "A3", "P1", "P2", "P3"), start=1)),
    test_prefixes=("Alternate-ACCESS", "Alternate ACCESS"),
)

DEFAULT_FAMILIES = (
    ACT,
    SAT,
    PSAT,
    STATE_ASSESSMENT,
    MAP_GROWTH,
    STAR,
    I_READY,
    DIBELS,
    ACCESS,
    ALTERNATE_ACCESS,
)
"""Families that every district has; a district's own family of the same name replaces one."""
