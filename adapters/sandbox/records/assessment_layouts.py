"""
Layouts of assessment vendors' files: the meaning of each column.

The source is the Earthmover bundles, https://github.com/edanalytics/earthmover_edfi_bundles.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

Row: TypeAlias = dict[str, str]
Columns: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The columns of one kind of file."""

    folder: str
    files: str
    """Pattern of the files in the folder's `data/`"""
    test: Callable[[Row], str]
    """Returns the test's identifier in the folder's `seeds/assessments.csv`"""
    ids: Columns
    """(system of the number, column), the vendor's primary number first"""
    taken_at_columns: tuple[str, ...]
    """Columns of the date, and of the time of day if there is one"""
    scores: Columns
    """(reporting method, column)"""
    name: tuple[str, str] | None = None
    """Columns of first and last name"""
    birth: str | None = None
    grade: str | None = None
    year: str | None = None
    """Column of the school year; None derives it from the date"""
    level: tuple[str, str] | None = None
    """(reporting method, column)"""
    objectives: Columns = ()
    """(part, column of its score); a part that begins with `=` is the column that holds the name of the part"""
    objective_levels: Columns = ()
    """(part, column of its performance level)"""
    part: str | None = None
    """Column with the part of the test that a row is about; None if rows are about the complete test"""


def _fixed_test(test: str) -> Callable[[Row], str]:
    return lambda _: test


def _map_test(row: Row) -> str:
    kind = "Screening" if "screening" in row["TestName"].lower() else "Growth"
    subject = "Reading" if row["Subject"] == "Language Arts" else row["Subject"]
    return f"MAP_{kind}_{subject}"


_MAP = Layout(
    folder="MAP_Growth",
    files="*.csv",
    test=_map_test,
    ids=(("District", "StudentID"), ("State", "Student_StateID")),
    taken_at_columns=("TestStartDate", "TestStartTime"),
    year="TermName",
    scores=(
        ("RIT Scale Score", "TestRITScore"),
        ("SEM", "TestStandardError"),
        ("Test Percentile", "TestPercentile"),
    ),
    level=("Achievement Quintile", "AchievementQuintile"),
    objectives=tuple((f"=Goal{n}Name", f"Goal{n}RitScore") for n in range(1, 9)),
)

_STAR_IDS = (("District", "StudentIdentifier"), ("State", "StudentStateID"))
_STAR_TESTS = {"SR": "STAR-RD", "SM": "STAR-MA", "SEL": "STAR-EARLY-LIT"}
_STAR = tuple(
    layout
    for prefix, test in _STAR_TESTS.items()
    for layout in (
        Layout(
            folder="STAR",
            files=f"{prefix}_Dashboard_Standards*.csv",
            test=_fixed_test(test),
            ids=_STAR_IDS,
            taken_at_columns=("CompletedDate",),
            year="SchoolYear",
            part="StandardName",
            scores=(("Standard Percent Mastery", "StandardPercentMastery"),),
            level=("Standard Mastery Level", "StandardMasteryLevel"),
        ),
        Layout(
            folder="STAR",
            files=f"{prefix}_SkillArea*.csv",
            test=_fixed_test(test),
            ids=_STAR_IDS,
            taken_at_columns=("CompletedDate",),
            year="SchoolYear",
            part="SkillAreaName",
            scores=(("Skill Area Mastery Score", "SkillAreaMasteryScore"),),
        ),
        Layout(
            folder="STAR",
            files=f"{prefix}_*.csv",
            test=_fixed_test(test),
            ids=_STAR_IDS,
            name=("StudentFirstName", "StudentLastName"),
            birth="BirthDate",
            taken_at_columns=("CompletedDate",),
            year="SchoolYear",
            grade="Grade",
            scores=(
                ("Scale Score", "ScaledScore"),
                ("Unified Score", "UnifiedScore"),
                ("Percentile Rank", "PercentileRank"),
                ("Grade Equivalent", "GradeEquivalent"),
                ("Current SGP", "CurrentSGP"),
                ("State Benchmark Cat. Name", "StateBenchmarkCategoryName"),
                ("District Benchmark Cat. Name", "DistrictBenchmarkCategoryName"),
                ("School Benchmark Cat. Name", "SchoolBenchmarkCategoryName"),
            ),
            level=("Renaissance Benchmark Cat. Name", "RenaissanceBenchmarkCategoryName"),
        ),
    )
)

_IREADY_DOMAINS = {
    "ela": ("Phonological Awareness", "Phonics", "High-Frequency Words", "Vocabulary", "Comprehension: Overall"),
    "math": ("Number and Operations", "Algebra and Algebraic Thinking", "Measurement and Data", "Geometry"),
}
_IREADY = tuple(
    Layout(
        folder="i-Ready",
        files=f"*{subject}*.csv",
        test=_fixed_test(f"CAINC-IREADY-DIAGNOSTIC-{subject.upper()}"),
        ids=(("District", "Student ID"), ("State", "Student State ID")),
        name=("First Name", "Last Name"),
        taken_at_columns=("Completion Date",),
        year="Academic Year",
        grade="Student Grade",
        scores=(("Scale Score", "Overall Scale Score"), ("Percentile", "Percentile")),
        level=("Overall Relative Placement", "Overall Relative Placement"),
        objectives=tuple((domain, f"{domain} Scale Score") for domain in domains),
    )
    for subject, domains in _IREADY_DOMAINS.items()
)

_COLLEGE_TESTS = {
    "*psat_89*": ("PSAT 8/9_1600", "PSAT"),
    "*psat_10*": ("PSAT 10_1600", "PSAT"),
    "*psat_nmsqt*": ("PSAT/NMSQT_1600", "PSAT"),
    "*_sat*": ("SAT_1600", "SAT"),
}
_COLLEGE_BOARD = tuple(
    Layout(
        folder="PSAT_SAT",
        files=f"{files}.csv",
        test=_fixed_test(test),
        ids=(
            ("District", "DISTRICT_STUDENT_ID"),
            ("State", "STATE_STUDENT_ID"),
            ("Secondary", "SECONDARY_ID"),
            ("College Board", "CB_ID"),
        ),
        name=("NAME_FIRST", "NAME_LAST"),
        birth="BIRTH_DATE",
        taken_at_columns=(f"LATEST_{kind}_DATE",),
        scores=(
            ("Total Score", f"LATEST_{kind}_TOTAL"),
            ("Nationally Rep Sample Pctl Total Score", f"PERCENTILE_NATREP_{kind}_TOTAL"),
        ),
        objectives=(("EBRW", f"LATEST_{kind}_EBRW"), ("Math", f"LATEST_{kind}_MATH_SECTION")),
        objective_levels=(("EBRW", "EBRW_CCR_BENCHMARK"), ("Math", "MATH_CCR_BENCHMARK")),
    )
    for files, (test, kind) in _COLLEGE_TESTS.items()
)

_DIBELS_MEASURES = (
    "Letter Names (LNF)",
    "Phonemic Awareness (PSF)",
    "Letter Sounds (NWF-CLS)",
    "Decoding (NWF-WRC)",
    "Word Reading (WRF)",
    "Reading Fluency (ORF)",
    "Reading Comprehension (Maze)",
)
_DIBELS = Layout(
    folder="Dibels_8_Benchmark",
    files="*.csv",
    test=_fixed_test("Dibels-8"),
    ids=(("District", "Student Primary ID"), ("State", "Primary ID - Student ID (State ID)")),
    name=("Student First Name", "Student Last Name"),
    birth="Date of Birth",
    taken_at_columns=("Client Date",),
    year="School Year",
    grade="Assessment Grade",
    scores=(
        ("Composite Score", "Composite Score"),
        ("Composite National Norm Percentile", "Composite - National Norm Percentile"),
        ("Composite Score Lexile", "DIBELS Composite Score - Lexile"),
    ),
    level=("Composite Level", "Composite Level"),
    objectives=tuple((measure, f"{measure} - Score") for measure in _DIBELS_MEASURES),
)

_ACCESS = tuple(
    Layout(
        folder="ACCESS",
        files=files,
        test=_fixed_test(test),
        ids=(
            ("District", "District Student ID"),
            ("State", "State Student ID"),
            ("DRC", "Unique DRC Student ID"),
        ),
        name=("Student First Name", "Student Last Name"),
        birth="Birth Date",
        taken_at_columns=("Test Completion Date",),
        grade="Grade",
        scores=(("Scale Score", "Scale Score - Overall"), ("Proficiency Level", "Proficiency Level - Overall")),
        objectives=tuple(
            (domain, f"Scale Score - {domain}") for domain in ("Listening", "Reading", "Speaking", "Writing")
        ),
    )
    for files, test in (("*Alternate_ACCESS.csv", "Alternate-ACCESS"), ("*file_ACCESS.csv", "ACCESS"))
)

LAYOUTS = (_MAP, *_STAR, *_IREADY, *_COLLEGE_BOARD, _DIBELS, *_ACCESS)
"""All known layouts; the first that matches a file is used."""
