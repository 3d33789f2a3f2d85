"""Tests of repeated, corrected and unequal rows, dates, and districts' own column maps."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from student_graph.adapters.files.api.layouts import read_families
from student_graph.adapters.model import AcademicSubject, GradeLevel
from student_graph.adapters.registry import SettingsError
from tests.adapters.files.exports import NEW, OLD, opened, results, row, scores, text, write


async def test_equal_rows_are_one_result(tmp_path: Path) -> None:
    """A row that stands twice in a file, and again in another one, is one result."""
    write(tmp_path, "a.csv", text([row(), row()]), at=OLD)
    write(tmp_path, "b.csv", text([row()]), at=NEW)
    async with opened(tmp_path) as adapter:
        assert scores((await results(adapter))[0]) == ["210"]


async def test_a_corrected_file_replaces_the_rows_that_it_has(tmp_path: Path) -> None:
    """A newer file with another name wins for the tests in it, and older files keep the others."""
    other = row(score="190", TestID="T2", TestStartDate="09/01/2020")
    write(tmp_path, "z.csv", text([row(score="210"), other]), at=OLD)
    write(tmp_path, "a_corrected.csv", text([row(score="213")]), at=NEW)
    async with opened(tmp_path) as adapter:
        records, _ = await results(adapter)
    assert scores(records) == ["213", "190"]
    assert records is not None
    assert [record.file_written_at for record in records] == [datetime.fromtimestamp(at, UTC) for at in (NEW, OLD)]


async def test_two_takings_on_one_day_are_two_results(tmp_path: Path) -> None:
    """Two takings on one day, and two unequal rows of one taking, are two results each with an id of its own."""
    rows = [row(score="210"), row(score="215"), row(score="220", TestID="T2")]
    write(tmp_path, "a.csv", text(rows))
    async with opened(tmp_path) as adapter:
        records, _ = await results(adapter)

    assert records is not None
    assert sorted(scores(records)) == ["210", "215", "220"]
    assert len({record.vendor_id for record in records}) == 3


async def test_a_correction_does_not_change_the_record_id(tmp_path: Path) -> None:
    """The id of a result depends on the student and the taking, not on the score or the file."""
    write(tmp_path, "a.csv", text([row(score="210")]), at=OLD)
    async with opened(tmp_path) as adapter:
        before, _ = await results(adapter)
        write(tmp_path, "b.csv", text([row(score="213")]), at=NEW)
        after, _ = await results(adapter)

    assert before is not None
    assert after is not None
    assert before[0].vendor_id == after[0].vendor_id


async def test_a_record_id_depends_on_open_data_only(tmp_path: Path) -> None:
    """With it, a viewer of the result could try birth dates and state numbers until the id is the same."""
    write(tmp_path, "a.csv", text([row()]), at=OLD)
    async with opened(tmp_path) as adapter:
        before, _ = await results(adapter)
        write(tmp_path, "b.csv", text([row(Student_StateID="S9", StudentDateOfBirth="4/15/2011")]), at=NEW)
        after, _ = await results(adapter)

    assert [record.vendor_id for record in before or ()] == [record.vendor_id for record in after or ()]


async def test_times_without_a_zone_are_in_the_zone_of_the_district(tmp_path: Path) -> None:
    """A time is in the configured zone; a date without a time stays that date in every zone."""
    columns = ("TermName", "StudentID", "Subject", "TestName", "TestID", "TestStartDate", "TestStartTime",
               "TestRITScore")  # fmt: skip
    rows = [
        ("Fall 2021-2022", "401001", "Mathematics", "Growth", "T1", "09/16/2021", "23:30:00", "1"),
        ("Fall 2021-2022", "401001", "Mathematics", "Growth", "T2", "09/15/2021", "", "2"),
        ("Fall 2021-2022", "401001", "Mathematics", "Growth", "T3", "09/14/2021", "noon", "3"),
    ]
    write(tmp_path, "a.csv", text(rows, columns))
    async with opened(tmp_path, time_zone="America/Chicago") as adapter:
        records, _ = await results(adapter)

    assert records is not None
    assert [record.administration_date for record in records] == [
        datetime(2021, 9, 17, 4, 30, tzinfo=UTC),
        datetime(2021, 9, 15, tzinfo=UTC),
        datetime(2021, 9, 14, tzinfo=UTC),
    ]


async def test_zeros_that_a_spreadsheet_took_come_back(tmp_path: Path) -> None:
    """A number with too few digits is found by its full form, only where the settings say how many it has."""
    write(tmp_path, "a.csv", text([row("4711", Student_StateID="815"), row("X9", TestID="T2")]))
    async with opened(tmp_path, id_digits={"district_id": 6}) as adapter:
        assert scores((await results(adapter, "004711"))[0]) == ["210"]
        assert (await results(adapter, "4711"))[0] is None
        assert scores((await results(adapter, "815", "state_id"))[0]) == ["210"]
        assert scores((await results(adapter, "X9"))[0]) == ["210"]


async def test_a_district_can_say_how_it_writes_dates(tmp_path: Path) -> None:
    """A format of the settings is tried before those of the map."""
    write(tmp_path, "a.csv", text([row(TestStartDate="05.10.2021")]))
    async with opened(tmp_path, date_formats=["%d.%m.%Y"]) as adapter:
        records, _ = await results(adapter)

    assert records is not None
    assert records[0].administration_date == datetime(2021, 10, 5, tzinfo=UTC)


OWN_MAP = """
family = "Reading Inventory"
source = "the district"

[[layouts]]
name = "reading inventory"
requires = ["Pupil", "Taken", "Words"]
student.district_id = "Pupil"
date.columns = ["Taken"]
date.formats = ["%Y%m%d"]
grade = "Year"
tests = [{ identifier = "RI-{Level}", title = "Inventory {Level}", subject = "Reading" }]
scores = [{ method = "Words per minute", column = ["Words", "WPM"], datatype = "INTEGER" }]
"""


async def test_a_district_adds_a_vendor_without_code(tmp_path: Path) -> None:
    """A column map in a file of the district reads an export that this package does not know."""
    maps = write(tmp_path, "maps/inventory.toml", OWN_MAP)
    write(tmp_path, "ri.csv", "Pupil,Year,Level,Taken,Words\r\n401001,K,2,20211005,87\r\n")
    async with opened(tmp_path, column_maps=[str(maps)]) as adapter:
        records, _ = await results(adapter)
        tests = await adapter.assessments_by_district([])
        known = await adapter.assessments_by_id([records[0].assessment_id] if records else [])

    assert records is not None
    assert records[0].school_year == 2022
    assert records[0].grade_level_when_assessed is GradeLevel.KINDERGARTEN
    assert scores(records) == ["87"]
    assert tests == {}
    [test] = known.values()
    assert not isinstance(test, Exception)
    assert (test.assessment_id, test.title) == ("RI-2", "Inventory 2")
    assert test.subjects == [AcademicSubject.READING]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (("requires =", "requried ="), "requires"),
        (("[[layouts]]", "[[layouts"), "line 5"),
        (('datatype = "INTEGER"', 'datatype = "NUMBER"'), "scores.0.datatype"),
        (('source = "the district"', 'source = "the district"\nquestion = 1'), "question"),
    ],
)
def test_a_wrong_column_map_is_refused_with_its_file_and_line(
    tmp_path: Path, change: tuple[str, str], named: str
) -> None:
    """An unknown property, wrong TOML and a wrong value are errors that name the file and the line or property."""
    path = write(tmp_path, "inventory.toml", OWN_MAP.replace(*change))
    with pytest.raises(SettingsError) as caught:
        read_families([path])

    assert str(path) in str(caught.value)
    assert named in str(caught.value)
