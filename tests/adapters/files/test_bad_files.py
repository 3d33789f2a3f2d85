"""Files that cannot be read as they are: each is a problem with a place and a remedy, and hides no other file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest

from student_graph.adapters.errors import RefusedError, UnavailableError
from student_graph.adapters.files.adapter import Files, FileSettings
from student_graph.adapters.files.client.faults import TOO_LONG
from student_graph.adapters.files.client.index import DENIED
from student_graph.adapters.files.client.rosters import RosterIndex
from student_graph.adapters.sandbox.serving import served
from tests.adapters.files.bucket import Bucket
from tests.adapters.files.exports import COLUMNS, NEW, OLD, opened, results, row, scores, text, write

NOT_CP1252 = b"\x81"
"""A byte that neither UTF-8 nor Windows-1252 has alone."""


async def problem_of(folder: Path, name: str = "bad.csv") -> str:
    """What the adapter says about a file, while the other file in the folder is answered."""
    write(folder, "good.csv", text([row()]))
    async with opened(folder) as adapter:
        assert scores((await results(adapter))[0]) == ["210"]
        return str({file.name: file.problem for file in adapter.source_files}[name])


async def test_another_encoding_is_named_with_its_line(tmp_path: Path) -> None:
    """The operator sees what was tried, and where it failed."""
    lines = text([row("401002"), row("401003", StudentLastName="?"), row("401004")]).encode()
    write(tmp_path, "bad.csv", lines.replace(b"?", NOT_CP1252), NEW)

    assert await problem_of(tmp_path) == (
        "not text in the encoding utf-8 or cp1252 from line 3 on; export the file as UTF-8"
    )


async def test_another_delimiter_is_named(tmp_path: Path) -> None:
    """A separator that no reader of CSV guesses is one column; the message lists those that are known."""
    write(tmp_path, "bad.csv", text([row("401002")], delimiter="^"), NEW)
    problem = await problem_of(tmp_path)

    assert "a comma, a semicolon, a tab or |" in problem
    assert "(line 1)" in problem


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        (
            [*COLUMNS, *(f"Extra{number}" for number in range(5_000))],
            "a header of more than 5000 columns (line 1)",
        ),
        ([*COLUMNS, "x" * 300_000], "a first line of more than 256 KiB is no header (line 1)"),
    ],
)
async def test_a_header_that_is_too_long_is_a_problem(
    columns: Sequence[str], problem: str, tmp_path: Path
) -> None:
    """It is not read in part: columns would be missing without a word."""
    write(tmp_path, "bad.csv", text([row("401002")], columns), NEW)

    assert await problem_of(tmp_path) == problem


async def test_a_row_that_is_too_long_is_left_out_with_its_line(tmp_path: Path) -> None:
    """Of a file that is read line by line: the rows around it are answered."""
    too_long = row("401002", StudentLastName="x" * 9_000_000)
    write(tmp_path, "map.csv", text([row(), too_long, row("401003", score="219")]))
    async with opened(tmp_path) as adapter:
        answered = [scores((await results(adapter, student))[0]) for student in ("401001", "401003")]
        [file] = adapter.source_files

    assert answered == [["210"], ["219"]]
    assert file.unreadable_rows == {TOO_LONG: 1}
    assert "(line 3)" in str(file.problem)


async def test_a_file_that_a_bucket_denies_hides_no_other_file() -> None:
    """It is named, and read as soon as the bucket lets it."""
    bucket = Bucket()
    bucket.put("district/map/fall.csv", text([row()]).encode(), OLD)
    bucket.put("district/map/denied.csv", text([row("401002")]).encode(), OLD)
    bucket.denied_names = frozenset({"denied.csv"})
    with served(bucket):
        async with httpx.AsyncClient() as http:
            adapter = Files("files", FileSettings.model_validate(bucket.settings()), http)
            records, unreadable = await results(adapter)
            problems = {file.name: file.problem for file in adapter.source_files}
            bucket.denied_names = frozenset()
            later, _ = await results(adapter, "401002")

    assert scores(records) == ["210"]
    assert unreadable
    assert DENIED in problems.values()
    assert scores(later) == ["210"]


async def test_a_bucket_that_denies_says_which_rights_are_missing() -> None:
    """The listing itself: nothing can be answered, and the message names the settings."""
    bucket = Bucket()
    bucket.denies = True
    with served(bucket):
        async with httpx.AsyncClient() as http:
            with pytest.raises(RefusedError) as denied:
                await results(Files("files", FileSettings.model_validate(bucket.settings()), http))

    assert "access_key_id_env" in denied.value.reason


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_roster_may_have_another_delimiter(delimiter: str, tmp_path: Path) -> None:
    """The standard has commas; a spreadsheet saves what its country uses."""
    write(tmp_path, "users.csv", text([["u1", "active", "student"]], ["sourcedId", "status", "role"], delimiter))
    index = RosterIndex(FileSettings(location=str(tmp_path), settle_seconds=0, refresh_seconds=0))

    users = index.refresh().tables["users"]
    assert users.rows_with("sourcedId", "u1") == [0]
    assert users.columns["role"].take([0]) == ["student"]


def test_a_half_written_roster_is_named_with_its_file(tmp_path: Path) -> None:
    """The header is cut: the export is not served, and the error says which file it is."""
    write(tmp_path, "users.csv", "sour")
    index = RosterIndex(FileSettings(location=str(tmp_path), settle_seconds=0, refresh_seconds=0))
    with pytest.raises(UnavailableError, match=r"users\.csv has no column sourcedId in its first line"):
        index.refresh()
