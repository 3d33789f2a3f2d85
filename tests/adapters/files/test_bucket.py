"""Tests of files in a bucket: read in place, watched by listing, and refused."""

from __future__ import annotations

import io
import logging
import zipfile
from collections.abc import Iterator

import httpx
import pytest
from pydantic import ValidationError

from student_graph.adapters.errors import RefusedError, UnavailableError
from student_graph.adapters.files.adapter import Files, FileSettings
from student_graph.adapters.sandbox.serving import served
from tests.adapters.files.bucket import SECRET, Bucket
from tests.adapters.files.exports import NEW, OLD, results, row, scores, text
from tests.subcases import subcases


@pytest.fixture(scope="module")
def _served() -> Iterator[Bucket]:
    bucket = Bucket()
    with served(bucket):
        yield bucket


@pytest.fixture
def bucket(_served: Bucket) -> Bucket:
    """A bucket with one file below the prefix of the settings, and one beside it."""
    _served.objects.clear()
    _served.denies = False
    _served.put("district/map/fall.csv", text([row()]).encode(), OLD)
    _served.put("elsewhere/fall.csv", text([row("401002")]).encode(), OLD)
    _served.requests.clear()
    return _served


def adapter_of(bucket: Bucket, http: httpx.AsyncClient, **changes: str) -> Files:
    """The adapter for a bucket."""
    return Files("files", FileSettings.model_validate(bucket.settings() | changes), http)


async def test_only_files_below_the_prefix_are_read(bucket: Bucket) -> None:
    """Objects and the members of an archive are rows; nothing outside the prefix is listed."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("winter.csv", text([row(score="219", TestID="T2", TestStartDate="01/20/2022")]))
    bucket.put("district/winter.zip", packed.getvalue(), OLD)
    async with httpx.AsyncClient() as http:
        adapter = adapter_of(bucket, http)
        assert scores((await results(adapter))[0]) == ["219", "210"]
        assert (await results(adapter, "401002"))[0] is None


async def test_a_listing_finds_new_objects_and_reads_no_other_again(bucket: Bucket) -> None:
    """After a new object, only that one is requested."""
    async with httpx.AsyncClient() as http:
        adapter = adapter_of(bucket, http)
        await results(adapter)
        bucket.put("district/new.csv", text([row(score="219", TestID="T2")]).encode(), NEW)
        bucket.requests.clear()
        await results(adapter)
        await results(adapter)
    read = [line for line in bucket.requests if "list-type" not in line]

    assert read
    assert all("new.csv" in line for line in read)


async def test_a_bucket_that_denies_is_a_refusal_and_shows_no_secret(
    bucket: Bucket, caplog: pytest.LogCaptureFixture
) -> None:
    """A wrong key, and a permission that was taken away, are refusals, also with rows in memory."""
    caplog.set_level(logging.DEBUG)
    async with httpx.AsyncClient() as http:
        with pytest.raises(RefusedError) as wrong_key:
            await results(adapter_of(bucket, http, access_key_id="AKIDOTHER"))
        adapter = adapter_of(bucket, http)
        await results(adapter)
        bucket.denies = True
        with pytest.raises(RefusedError) as denied:
            await results(adapter)

    assert {wrong_key.value.code, denied.value.code} == {"SOURCE_FORBIDDEN"}
    assert SECRET not in caplog.text + repr(denied.value) + repr(adapter.settings)


async def test_a_bucket_that_is_down_is_an_outage(bucket: Bucket) -> None:
    """A server that does not answer is no refusal: a later lookup may succeed."""
    async with httpx.AsyncClient() as http:
        adapter = adapter_of(bucket, http)
        bucket.switches.down = True
        with pytest.raises(UnavailableError):
            await results(adapter)
        bucket.switches.down = False
        assert scores((await results(adapter))[0]) == ["210"]


@subcases(
    "changes",
    [
        {"endpoint": "http://storage.example"},
        {"secret_access_key": None},
        {"location": "s3://"},
        {"location": "ftp://exports"},
        {"location": "exports"},
        {"time_zone": "Mars/Olympus"},
    ],
)
def test_a_setting_that_cannot_work_is_refused(changes: dict[str, str | None]) -> None:
    """No unencrypted server, no half of a key, no other scheme, no relative path, no unknown zone."""
    settings = {"location": "s3://exports", "access_key_id": "A", "secret_access_key": "B"}
    with pytest.raises(ValidationError):
        FileSettings.model_validate(settings | changes)
