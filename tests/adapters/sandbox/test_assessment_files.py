"""Tests of reading assessment vendors' files."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import AssessmentTakerFact, DistrictFacts, ResultFact
from student_graph.adapters.sandbox.records.assessment_files import FOLDER, read_assessment_files
from student_graph.adapters.sandbox.records.lms_files import RecordsError

SAMPLES = Path(__file__).parents[4] / "shared" / "data" / FOLDER
DISTRICT = make_district(10)
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample files are not next to this checkout")

IREADY_HEADER = (
    "Last Name,First Name,Student ID,Student State ID,Student Grade,Academic Year,Completion Date,"
    "Overall Scale Score,Percentile,Overall Relative Placement,Phonics Scale Score\n"
)
SEEDS = {
    "assessments.csv": "assessmentIdentifier,assessmentTitle,namespace\n"
    "CAINC-IREADY-DIAGNOSTIC-ELA,Diagnostic,uri://cainc.com/\n",
    "academicSubjectDescriptors.csv": "assessmentIdentifier,edfi_descriptor\n"
    "CAINC-IREADY-DIAGNOSTIC-ELA,uri://ed-fi.org/AcademicSubjectDescriptor#English Language Arts\n",
}


@pytest.fixture(scope="module")
def vendors() -> dict[str, DistrictFacts]:
    """All sample files, read once."""
    return read_assessment_files(SAMPLES, DISTRICT)


@pytest.fixture(scope="module")
def samples(vendors: dict[str, DistrictFacts]) -> list[ResultFact]:
    """The results of all vendors."""
    return [result for facts in vendors.values() for result in facts.results]


def iready_folder(folder: Path, *rows: str) -> Path:
    """Create a folder with one i-Ready file of these rows."""
    (folder / "i-Ready" / "data").mkdir(parents=True)
    (folder / "i-Ready" / "seeds").mkdir()
    (folder / "i-Ready" / "data" / "ela.csv").write_text(
        "\ufeff" + IREADY_HEADER + "\n".join(rows), encoding="utf-8"
    )
    for name, text in SEEDS.items():
        (folder / "i-Ready" / "seeds" / name).write_text(text)
    return folder


def with_id(results: list[ResultFact], result_id: str) -> ResultFact:
    """The result with an id."""
    return next(result for result in results if result.id == result_id)


@needs_samples
def test_every_row_of_every_file_is_a_result(samples: list[ResultFact]) -> None:
    """Each row of each file is one result with its own id."""
    rows = 0
    for file in SAMPLES.glob("*/data/*.csv"):
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows += sum(1 for _ in csv.DictReader(lines))

    assert len(samples) == rows > 0
    assert len({result.id for result in samples}) == rows


@needs_samples
def test_every_vendor_has_its_own_tests(vendors: dict[str, DistrictFacts]) -> None:
    """There are six vendors, each with the tests of its own results only."""
    assert set(vendors) == {"map-growth", "star", "i-ready", "psat-sat", "dibels-8-benchmark", "access"}
    for facts in vendors.values():
        assert {r.assessment.id for r in facts.results} == {a.id for a in facts.assessments}
        assert (facts.lea, facts.name, facts.students) == (DISTRICT.lea, DISTRICT.name, [])


@needs_samples
def test_a_map_row_keeps_both_numbers(samples: list[ResultFact]) -> None:
    """If the two columns of numbers belong to two students, the fact keeps both numbers."""
    result = with_id(samples, "MAP-Growth-sample-anonymized-file-3")

    assert result.taker == AssessmentTakerFact(ids=(("District", "605001"), ("State", "604822")))
    assert result.at == datetime(2021, 9, 16, 14, 2, 45, tzinfo=UTC)
    assert result.scores[0] == ("RIT Scale Score", "Integer", "233")
    assert result.level == ("Achievement Quintile", "LoAvg")
    assert result.objectives[0] == ("Number and Algebraic Methods", "225")
    assert (result.assessment.title, result.assessment.subject, result.year) == ("MAP Growth", "Mathematics", 2022)


@needs_samples
def test_a_screening_is_a_separate_test(samples: list[ResultFact]) -> None:
    """MAP's screening and growth tests are distinguished by the name of the test."""
    assert Counter(r.assessment.id for r in samples if r.assessment.family == "MAP Growth") == {
        "MAP_Growth_Science 2022": 3,
        "MAP_Growth_Mathematics 2022": 3,
        "MAP_Screening_Reading 2022": 1,
    }


@needs_samples
def test_names_and_birth_dates_are_kept(samples: list[ResultFact]) -> None:
    """STAR's main file has both; an unreadable birth date becomes None."""
    star = with_id(samples, "STAR-SR-sample-anonymized-file-2").taker
    unreadable = with_id(samples, "ACCESS-2021-to-2025-sample-anonymized-file-Alternate-ACCESS-6").taker

    assert star == AssessmentTakerFact(
        ids=(("District", "605000"), ("State", "605100")), first="Student", last="One", birth=date(2014, 1, 1)
    )
    assert unreadable is not None
    assert unreadable.birth is None


@needs_samples
def test_a_part_of_a_test_is_a_separate_test(samples: list[ResultFact]) -> None:
    """STAR's files of standards and skill areas score parts, which are not read as the complete test."""
    parts = [r for r in samples if r.id.startswith(("STAR-SR-Dashboard", "STAR-SR-Skill"))]

    assert len(parts) == 10
    assert "STAR-RD 2024" not in {part.assessment.id for part in parts}
    assert {part.assessment.family for part in parts} == {"STAR"}


@needs_samples
def test_na_is_not_a_score(samples: list[ResultFact]) -> None:
    """A cell with `NA` has no score."""
    result = with_id(samples, "ACCESS-2021-to-2025-sample-anonymized-file-Alternate-ACCESS-2")

    assert (result.scores, result.objectives) == ((), ())


def test_a_row_is_read_by_its_columns(tmp_path: Path) -> None:
    """Text is unchanged, empty cells are ignored, and a grade level becomes a code."""
    folder = iready_folder(
        tmp_path, "Hill,Ada,1,S1,K,2025-2026,1/13/2026,424,10,On Level,", "Vale,Ben,2,,3,2025-2026,8/27/2025,,,,9"
    )
    first, second = read_assessment_files(folder, DISTRICT)["i-ready"].results

    assert first.taker == AssessmentTakerFact(ids=(("District", "1"), ("State", "S1")), first="Ada", last="Hill")
    assert first.scores == (("Scale Score", "Integer", "424"), ("Percentile", "Percentile", "10"))
    assert (first.grade, first.year, first.objectives) == ("Kindergarten", 2026, ())
    assert second.taker is not None
    assert second.taker.ids == (("District", "2"),)
    assert (second.scores, second.level, second.objectives) == ((), None, (("Phonics", "9"),))
    assert second.assessment is first.assessment
    assert first.assessment.objectives == (("Phonics", "Phonics"),)


@pytest.mark.parametrize("row", [
    "Hill,Ada,,,3,2025-2026,1/13/2026,424,10,On Level,",
    "Hill,Ada,1,S1,3,2025-2026,yesterday,424,10,On Level,",
    "Hill,Ada,1,S1,3,soon,1/13/2026,424,10,On Level,",
    "Hill,Ada",
])  # fmt: skip
def test_the_error_of_an_unreadable_row_has_its_line(tmp_path: Path, row: str) -> None:
    """A row without a number, a date or a year is an error with the line, and without the content."""
    with pytest.raises(RecordsError) as caught:
        read_assessment_files(iready_folder(tmp_path, row), DISTRICT)

    assert str(caught.value) == "i-Ready/ela.csv, line 2: not a row of i-Ready"


def test_a_folder_without_files_is_refused(tmp_path: Path) -> None:
    """A folder without files of a known vendor is an error."""
    with pytest.raises(RecordsError, match="holds no files of an assessment vendor"):
        read_assessment_files(tmp_path, DISTRICT)


@pytest.mark.parametrize("seed", sorted(SEEDS))
def test_a_folder_without_definitions_of_tests_is_refused(tmp_path: Path, seed: str) -> None:
    """Without the seeds, the tests of the results are unknown."""
    folder = iready_folder(tmp_path, "Hill,Ada,1,S1,3,2025-2026,1/13/2026,424,10,On Level,")
    (folder / "i-Ready" / "seeds" / seed).unlink()

    with pytest.raises(RecordsError, match="i-Ready/seeds: No such file"):
        read_assessment_files(folder, DISTRICT)
