"""Tests of files as text: encodings, delimiters, headers and broken rows."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path

import pytest

from student_graph.adapters.errors import AdapterError
from student_graph.adapters.files.client import faults
from student_graph.adapters.model import StudentId
from tests.adapters.files.exports import COLUMNS, opened, results, row, scores, text, write
from tests.long_runs import size


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
async def test_encodings_and_delimiters_are_recognized(tmp_path: Path, encoding: str, delimiter: str) -> None:
    """A family name with an accent arrives in every encoding, whatever stands between the values."""
    write(tmp_path, "map.csv", text([row(StudentLastName="Peña")], delimiter=delimiter).encode(encoding))
    async with opened(tmp_path) as adapter:
        records, _ = await results(adapter)

    assert records is not None
    assert [record.subject.family_name for record in records if record.subject] == ["Peña"]


async def test_columns_may_have_another_order_and_case(tmp_path: Path) -> None:
    """The header decides, not the position; letter case and blanks around a name do not count."""
    order = list(range(len(COLUMNS)))[::-1]
    names = [f" {COLUMNS[position].upper()} " for position in order]
    write(tmp_path, "map.csv", text([[row()[position] for position in order]], names))
    async with opened(tmp_path) as adapter:
        assert scores((await results(adapter))[0]) == ["210"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Fall 2021-2022,401002,S401002\r\n", faults.WRONG_LENGTH),
        (",".join([*row("401002"), "extra", "values"]) + "\r\n", faults.WRONG_LENGTH),
        (",".join(row("401002", StudentLastName='"Okafor')) + "\r\n", faults.OPEN_QUOTE),
        (",".join(row("401002", TestStartDate="yesterday")) + "\r\n", faults.NO_DATE),
        (",".join(row("401002", TestStartDate="9999-12-31")) + "\r\n", faults.NO_DATE),
        (",".join(row("", Student_StateID=" ")) + "\r\n", faults.NO_STUDENT),
    ],
)
async def test_one_bad_row_is_counted_and_takes_no_other_away(tmp_path: Path, line: str, reason: str) -> None:
    """The row is left out with its line and its reason; the rows before and after it are answered."""
    good = text([row(f"4010{number}") for number in range(10, 20)]).splitlines(keepends=True)
    write(tmp_path, "map.csv", "".join([*good[:5], line, *good[5:]]))
    async with opened(tmp_path) as adapter:
        for number in range(10, 20):
            records, unreadable = await results(adapter, f"4010{number}")
            assert scores(records) == ["210"]
            assert not unreadable
        [file] = adapter.source_files
        message = await adapter.check()

    assert file.unreadable_rows == {reason: 1}
    assert "line 6" in message
    assert "401002" not in message
    assert "Okafor" not in message


async def test_an_answer_says_that_a_row_of_its_student_is_missing(tmp_path: Path) -> None:
    """A row whose student can be read is reported for that student, with the reason and without its values."""
    bad = [row(TestStartDate="soon", TestID="T2"), [*row("401002"), "extra"]]
    write(tmp_path, "map.csv", text([row(), *bad]))
    async with opened(tmp_path) as adapter:
        records, unreadable = await results(adapter)
        _, of_other = await results(adapter, "401002", "district_id")

    assert scores(records) == ["210"]
    assert [error.reason for error in unreadable.errors] == [faults.NO_DATE]
    assert [error.reason for error in of_other.errors] == [faults.WRONG_LENGTH]


async def test_values_may_hold_quotes_delimiters_and_line_breaks(tmp_path: Path) -> None:
    """A value in quotes is one value, and the lines of later rows are still right."""
    name = '"Survey, ""long""\r\nform"'
    write(tmp_path, "map.csv", text([row(TestName=name), row("401002", TestStartDate="never")]))
    async with opened(tmp_path) as adapter:
        assert scores((await results(adapter))[0]) == ["210"]
        assert "line 4" in await adapter.check()


@pytest.mark.long_run
async def test_damaged_text_never_hides_more_than_its_own_lines(tmp_path: Path) -> None:
    """
    Whatever quotation marks and delimiters are put into one row, all rows that were not touched are answered.

    The rows that Python's own reader of CSV finds in each line alone say what must be there.
    """
    rng = random.Random(17)  # noqa: S311 - a sample, and no secret
    for trial in range(size(5, 200)):
        students = [f"4010{number}" for number in range(10, 30)]
        lines = text([row(student) for student in students]).splitlines(keepends=True)
        broken = rng.randrange(1, len(lines))
        body = list(lines[broken].rstrip())
        for _ in range(rng.randint(1, 3)):
            body.insert(rng.randrange(len(body)), rng.choice(['"', ",", '"' * 3, "\t"]))
        lines[broken] = "".join(body) + "\r\n"
        write(tmp_path, "map.csv", "".join(lines), at=1_700_000_000 + trial)
        async with opened(tmp_path) as adapter:
            keys = [StudentId(f"district_id:{student}") for student in students]
            batch = await adapter.assessment_results_by_student(keys)
            for position, key in enumerate(keys, start=1):
                records = batch.get(key)
                assert not isinstance(records, AdapterError)
                if position != broken:
                    assert scores(records) == ["210"], lines[broken]
                elif records:
                    assert len(next(csv.reader(io.StringIO(lines[broken])))) == len(COLUMNS)


async def test_a_file_of_another_vendor_is_listed_and_hides_nothing(tmp_path: Path) -> None:
    """A file without a column map is named as a problem; other files are answered without a warning."""
    write(tmp_path, "map.csv", text([row()]))
    write(tmp_path, "lunch.csv", "Name,Balance\r\nSomebody,5\r\n")
    write(tmp_path, "empty.csv", "")
    write(tmp_path, "notes.pdf", b"%PDF")
    async with opened(tmp_path) as adapter:
        records, unreadable = await results(adapter)
        problems = {file.name: file.problem for file in adapter.source_files}

    assert scores(records) == ["210"]
    assert not unreadable
    assert problems.keys() == {"map.csv", "lunch.csv", "empty.csv"}
    assert "column_maps" in str(problems["lunch.csv"])
    assert problems["map.csv"] is None


async def test_a_score_that_is_not_a_number_is_kept_as_a_text(tmp_path: Path) -> None:
    """`< 5`, `A-` and `ND` are results without a number; NA and an empty text are no results."""
    texts = ("< 5", "A-", "ND", "", "NA", "1e999", "NaN")
    write(tmp_path, "map.csv", text([row(score=value, TestID=f"T{n}") for n, value in enumerate(texts)]))
    async with opened(tmp_path) as adapter:
        records, _ = await results(adapter)

    assert records is not None
    rit = [s for record in records for s in record.scores if s.reporting_method.code_value == "RIT Scale Score"]
    assert {score.result: score.numeric for score in rit} == dict.fromkeys(("< 5", "A-", "ND", "1e999", "NaN"))
