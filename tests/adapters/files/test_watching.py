"""Tests of the index: new, changed, half-written and removed files, archives, and bounds."""

from __future__ import annotations

import asyncio
import gzip
import io
import threading
import time
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from student_graph.adapters.errors import AdapterError, RefusedError, UnavailableError
from student_graph.adapters.files.client import archives, index, storage
from student_graph.adapters.files.client.refreshing import SharedRefresh
from tests.adapters.files.exports import NEW, OLD, opened, results, row, scores, text, write


async def test_a_new_file_is_read_and_the_others_are_not_read_again(tmp_path: Path) -> None:
    """After a listing shows a new file, its rows are answered; a file that did not change is not opened again."""
    write(tmp_path, "fall.csv", text([row()]))
    async with opened(tmp_path) as adapter:
        assert scores((await results(adapter))[0]) == ["210"]
        first = await adapter.version()
        write(tmp_path, "winter.csv", text([row(score="219", TestID="T2", TestStartDate="01/20/2022")]), at=NEW)

        assert scores((await results(adapter))[0]) == ["219", "210"]
        assert await adapter.version() != first
        assert adapter._index is not None
        assert adapter._index.reads == 2


async def test_the_location_is_listed_at_the_interval_only(tmp_path: Path) -> None:
    """Within the interval a new file is not seen, and nothing is listed."""
    write(tmp_path, "fall.csv", text([row()]))
    async with opened(tmp_path, refresh_seconds=3600) as adapter:
        await results(adapter)
        write(tmp_path, "winter.csv", text([row(TestID="T2")]), at=NEW)

        assert scores((await results(adapter))[0]) == ["210"]


async def test_a_record_says_when_its_file_was_written(tmp_path: Path) -> None:
    """Each result has the time of its own file."""
    write(tmp_path, "fall.csv", text([row()]), at=OLD)
    async with opened(tmp_path) as adapter:
        records, _ = await results(adapter)
        [file] = adapter.source_files

    assert records is not None
    assert records[0].file_written_at == file.modified_at == datetime.fromtimestamp(OLD, UTC)


async def test_a_changed_file_replaces_its_rows_and_a_removed_one_takes_them_away(tmp_path: Path) -> None:
    """A file with new content is read again; rows of a file that is gone are not answered."""
    path = write(tmp_path, "fall.csv", text([row(), row("401002")]))
    async with opened(tmp_path) as adapter:
        assert scores((await results(adapter))[0]) == ["210"]
        write(tmp_path, "fall.csv", text([row(score="215")]), at=NEW)
        assert scores((await results(adapter))[0]) == ["215"]
        assert (await results(adapter, "401002"))[0] is None
        path.unlink()
        assert (await results(adapter))[0] is None


async def test_a_file_that_is_being_written_waits_and_its_older_version_is_served(tmp_path: Path) -> None:
    """A file that has just changed is read once two listings show the same size and time."""
    now = time.time()
    write(tmp_path, "fall.csv", text([row()]), at=OLD)
    async with opened(tmp_path, settle_seconds=3600) as adapter:
        assert scores((await results(adapter))[0]) == ["210"]
        complete = text([row(score="215"), row("401002")])
        write(tmp_path, "fall.csv", complete[: len(complete) // 2], at=now)
        assert scores((await results(adapter))[0]) == ["210"]
        assert [file.problem for file in adapter.source_files if file.problem] == [index.STILL_WRITTEN]
        write(tmp_path, "fall.csv", complete, at=now + 1)
        assert scores((await results(adapter))[0]) == ["210"]

        assert scores((await results(adapter))[0]) == ["215"]
        assert [file.problem for file in adapter.source_files if file.problem] == []


async def test_files_over_the_memory_bound_are_reported_and_the_newest_are_served(tmp_path: Path) -> None:
    """Of two files of which only one fits, the newer is served; an answer says that results may be missing."""
    many = [row(str(number), TestID=f"T{number}") for number in range(4000)]
    write(tmp_path, "old.csv", text(many), at=OLD)
    write(tmp_path, "new.csv", text(many), at=NEW)
    async with opened(tmp_path, memory_mb=2) as adapter:
        records, unreadable = await results(adapter, "7")
        served = {file.name: file.problem for file in adapter.source_files}
        assert adapter._index is not None
        assert adapter._index.snapshot.size <= 2 << 20

    assert scores(records) == ["210"]
    assert served == {"new.csv": None, "old.csv": index.OVER_BOUND}
    assert unreadable


async def test_archives_are_read_without_unpacking_them(tmp_path: Path) -> None:
    """The members of a zip archive and a gzip file are files like others."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("out/fall.csv", text([row()]))
        archive.writestr("readme.md", "nothing")
    write(tmp_path, "vendor.zip", packed.getvalue())
    write(tmp_path, "winter.csv.gz", gzip.compress(text([row(score="219", TestID="T2")]).encode()))
    async with opened(tmp_path) as adapter:
        assert sorted(scores((await results(adapter))[0])) == ["210", "219"]
        assert {file.name for file in adapter.source_files} == {"vendor.zip/out/fall.csv", "winter.csv.gz"}


def _bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.csv", text([row()]) + "x" * (3 << 20))
    return packed.getvalue()


def _crowd() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(archives.MAX_MEMBERS + 1):
            archive.writestr(f"{number}.csv", "")
    return packed.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bomb.zip", _bomb()),
        ("bomb.csv.gz", gzip.compress(text([row()]).encode() + b"x" * (3 << 20))),
        ("crowd.zip", _crowd()),
        ("half.zip", _bomb()[:200]),
        ("half.csv.gz", gzip.compress(text([row()] * 1000).encode())[:-50]),
    ],
)
async def test_an_archive_out_of_bounds_hides_no_other_file(tmp_path: Path, name: str, content: bytes) -> None:
    """Bombs, crowds and halves of archives are problems with a reason; answers say that results may be missing."""
    write(tmp_path, "fall.csv", text([row()]))
    write(tmp_path, name, content)
    async with opened(tmp_path, max_file_mb=2) as adapter:
        records, unreadable = await results(adapter)
        problems = [file.problem for file in adapter.source_files if file.name.startswith(name)]

    assert scores(records) == ["210"]
    assert len(problems) == 1
    assert problems[0]
    assert unreadable


async def test_a_location_that_is_gone_is_a_failure_even_with_rows_in_memory(tmp_path: Path) -> None:
    """A folder that was read and is gone fails each lookup; a folder without files has no results."""
    folder = tmp_path / "exports"
    path = write(folder, "fall.csv", text([row()]))
    async with opened(folder) as adapter:
        await results(adapter)
        path.unlink()
        assert (await results(adapter))[0] is None
        folder.rmdir()
        with pytest.raises(UnavailableError):
            await results(adapter)


@pytest.mark.parametrize(
    ("cause", "error"),
    [
        (OSError("When listing objects: AWS Error ACCESS_DENIED during ListObjectsV2"), RefusedError),
        (PermissionError("/srv/x"), RefusedError),
        (FileNotFoundError("/srv/x"), UnavailableError),
        (OSError("curlCode: 28, Timeout was reached"), UnavailableError),
    ],
)
def test_errors_of_a_storage_keep_its_text_to_themselves(cause: OSError, error: type[AdapterError]) -> None:
    """A refusal has another error than an outage, and no path is in the message."""
    translated = storage.storage_error(cause)

    assert type(translated) is error
    assert "/srv" not in translated.reason


async def test_lookups_share_one_refresh_and_a_cancelled_one_does_not_end_it() -> None:
    """Ten lookups wait for one refresh in one thread; the first is cancelled, and all others have the result."""
    started, release, calls = threading.Event(), threading.Event(), []

    def refresh() -> str:
        calls.append(threading.current_thread().name)
        started.set()
        release.wait()
        return "tables"

    shared = SharedRefresh(refresh, lambda: None)
    waiting = [asyncio.ensure_future(shared()) for _ in range(10)]
    await asyncio.to_thread(started.wait)
    waiting[0].cancel()
    await asyncio.gather(waiting[0], return_exceptions=True)
    release.set()

    assert await asyncio.gather(*waiting[1:]) == ["tables"] * 9
    assert len(calls) == 1


async def test_a_state_that_is_fresh_needs_no_thread(tmp_path: Path) -> None:
    """Within the interval the present tables are returned as they are."""
    write(tmp_path, "fall.csv", text([row()]))
    async with opened(tmp_path, refresh_seconds=3600) as adapter:
        await results(adapter)
        assert adapter._index is not None
        assert adapter._index.current() is adapter._index.snapshot
