"""Tests with the sample files of vendors: every score arrives, and a child's scores reach nobody else."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest

from student_graph.adapters.answers import Ask
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.files.adapter import Files, FileSettings
from student_graph.adapters.identity import IdentityRule, IdentityRules
from student_graph.adapters.lookup import Batch, lookup_of
from student_graph.adapters.model import (
    DistrictId,
    StudentId,
    StudentIdentifier,
    StudentIdentity,
)
from student_graph.adapters.sources import District, Source
from student_graph.gateway.fetch.identity import identified
from student_graph.gateway.fetch.vendor import fetch_from_vendor
from student_graph.gateway.telemetry import Telemetry
from tests.adapters.files.exports import opened

SAMPLES = Path(__file__).parents[4] / "shared" / "data" / "earthmover-edfi-bundles"
pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample files of vendors are not here")
RESULTS = lookup_of(Adapter.assessment_results_by_student)
COLUMNS = {
    "MAP_Growth": ("StudentID", "TestRITScore"),
    "STAR": ("StudentIdentifier", "ScaledScore"),
    "i-Ready": ("Student ID", "Overall Scale Score"),
    "Dibels_8_Benchmark": ("Student Primary ID", "Composite Score"),
    "PSAT_SAT": ("DISTRICT_STUDENT_ID", "LATEST_SAT_TOTAL"),
    "ACCESS": ("District Student ID", "Scale Score - Overall"),
}
"""For each vendor's folder, the columns with the student's number and the first score."""


@pytest.mark.parametrize("vendor", COLUMNS)
async def test_every_score_of_a_sample_arrives_with_its_student(vendor: str, tmp_path: Path) -> None:
    """The first scores of each student are those that Python's own reader of CSV finds in the student's rows."""
    student_column, score_column = COLUMNS[vendor]
    expected: set[tuple[str, str]] = set()
    for file in sorted((SAMPLES / vendor / "data").glob("*.csv")):
        shutil.copy(file, tmp_path)
        with file.open(encoding="utf-8-sig", newline="") as lines:
            for row in csv.DictReader(lines):
                has_all_values = None not in row and None not in row.values()
                is_scored = row.get(score_column, "").strip() not in {"", "NA"}
                if has_all_values and is_scored and row[student_column]:
                    expected.add((row[student_column], row[score_column].strip()))
    students = sorted({student for student, _ in expected})
    async with opened(tmp_path, settle_seconds=0) as adapter:
        batch = await adapter.assessment_results_by_student([StudentId(f"district_id:{s}") for s in students])
    answered = {
        (str(key).partition(":")[2], score.result)
        for key, records in batch.items()
        if not isinstance(records, AdapterError)
        for record in records
        for score in record.scores[:1]
    }

    assert len(expected) >= 3
    assert expected <= answered
    assert answered - expected <= {pair for pair in answered if vendor == "PSAT_SAT"}  # PSAT has other columns


@pytest.mark.parametrize("vendor", ["i-Ready", "Dibels_8_Benchmark", "ACCESS"])
async def test_every_level_of_a_part_is_one_that_the_vendor_publishes(vendor: str, tmp_path: Path) -> None:
    """A text that stands for no level, such as `Not Assessed`, makes no result of a part that was not taken."""
    with (SAMPLES / vendor / "seeds" / "performanceLevelDescriptors.csv").open(newline="") as lines:
        published = {row["codeValue"] for row in csv.DictReader(lines)}
    students: set[str] = set()
    for file in sorted((SAMPLES / vendor / "data").glob("*.csv")):
        shutil.copy(file, tmp_path)
        with file.open(encoding="utf-8-sig", newline="") as lines:
            students |= {row[COLUMNS[vendor][0]] for row in csv.DictReader(lines)} - {""}
    async with opened(tmp_path, settle_seconds=0) as adapter:
        batch = await adapter.assessment_results_by_student([StudentId(f"district_id:{s}") for s in students])
    levels = {
        level.level.code_value
        for records in batch.values()
        if not isinstance(records, AdapterError)
        for record in records
        for part in record.objectives
        for level in part.performance_levels
    }

    assert levels
    assert levels <= published


class Roster(Adapter):
    """A student information system that knows the people whose numbers the samples cross."""

    PEOPLE = (
        *("605000", "605001", "605002", "605003"),
        *("604821", "604822", "604823", "604824"),  # the other numbers in the sample of MAP Growth
        *("605100", "605101", "605102", "605103"),  # the other numbers in that of STAR
    )

    async def student_identities_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, StudentIdentity]:
        return {id: self._identity(id) for id in ids if id in self.PEOPLE}

    async def student_identities_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[StudentIdentity]]:
        return {id: [self._identity(StudentId(person)) for person in self.PEOPLE] for id in ids}

    @staticmethod
    def _identity(id: StudentId) -> StudentIdentity:
        state = StudentIdentifier(system="State", value=id)
        return StudentIdentity(vendor_id=id, student_id=id, identifiers=[state])


CROSSING = ("MAP_Growth/data/sample_anonymized_file.csv", "STAR/data/SR_sample_anonymized_file.csv")
"""Samples in which the two numbers of a row are those of two students."""
BY_BOTH_NUMBERS = IdentityRules(
    students=(IdentityRule(field="district_id"), IdentityRule(field="state_id")), confirm=()
)
BY_ONE_NUMBER = IdentityRules(students=(IdentityRule(field="district_id"),), confirm=("birth_date",))


@pytest.mark.parametrize("file", CROSSING)
@pytest.mark.parametrize(
    ("rules", "are_delivered"),
    [
        (None, False),
        (BY_BOTH_NUMBERS, False),
        (BY_ONE_NUMBER.model_copy(update={"requires_confirmation": True}), False),
        (BY_ONE_NUMBER.model_copy(update={"confirm": ()}), True),
    ],
)
async def test_the_crossing_ids_of_a_sample_reach_nobody(
    file: str, rules: IdentityRules | None, are_delivered: bool, tmp_path: Path
) -> None:
    """
    In these samples each row has the numbers of two students, and nothing that confirms one of them.

    By the default rules, and by any that need a confirmation or compare both numbers, nobody gets a result. Only a
    district that trusts one column alone, without a confirmation, gets them: the last case shows what is withheld.
    """
    shutil.copy(SAMPLES / file, tmp_path)
    district_id = DistrictId("grand-bend")
    async with httpx.AsyncClient() as http:
        settings = FileSettings(location=str(tmp_path), settle_seconds=0)
        files = Source("map", "files", district_id, Files("map", settings, http), rules or Files.identity)
        roster = Source("sis", "roster", district_id, Roster("sis", settings, http))
        district = District(district_id, "Grand Bend", (roster, files))
        fetch = identified(fetch_from_vendor, {district_id: district}, Telemetry())
        answers = await fetch(files, Ask(RESULTS, tuple(map(StudentId, Roster.PEOPLE))))
    records = [r for answer in answers.values() if isinstance(answer.value, list) for r in answer.value]

    assert len(records) == (4 if are_delivered else 0)
    errors = {answer.value.code for answer in answers.values() if isinstance(answer.value, AdapterError)}
    assert are_delivered or errors & {"IDENTITY_UNCONFIRMED", "IDENTITY_CONFLICT"}
