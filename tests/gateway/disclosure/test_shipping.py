"""Copies of the record of disclosures in an object store: here one over HTTP that keeps objects in memory."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
import pytest

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.cli.serving.fixed import changed_setting
from student_graph.gateway.concurrency.hanging_work import in_daemon_thread
from student_graph.gateway.config import environment, settings_file
from student_graph.gateway.config.disclosure import DisclosureStoreConfig
from student_graph.gateway.disclosure import shipping, store
from student_graph.gateway.disclosure.log import DisclosureLog
from student_graph.gateway.disclosure.shipping import ABANDONED_SECONDS, Shipper
from student_graph.gateway.disclosure.store import S3Settings, S3Store, StoreError
from student_graph.gateway.disclosure.verification import verify_log
from tests.gateway.disclosure.child import CONFIG
from tests.gateway.disclosure.logs import KEYS, NOON, PUBLIC_KEY, Clock, entry, write

BUCKET = "district-records"
KEY_ID, SECRET_KEY = "key", "secret"
YEARS = timedelta(days=2555)
ANSWER_SECONDS = 0.2
"""How long the tests wait for an answer of the store."""


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """Address of a store."""
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - slow to import, and few processes need it

    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def client(endpoint: str) -> Any:
    """A client of the store of its own, with an empty bucket that has object lock."""
    import boto3  # noqa: PLC0415 - slow to import, and few processes need it

    client = boto3.session.Session().client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=KEY_ID,
        aws_secret_access_key=SECRET_KEY,
    )
    httpx.post(f"{endpoint}/moto-api/reset").raise_for_status()
    client.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
    yield client
    client.close()


def store_of(endpoint: str, bucket: str = BUCKET) -> S3Store:
    """The bucket, as the gateway uses it."""
    return S3Store(S3Settings(bucket, "copies/", YEARS, "COMPLIANCE", endpoint, "us-east-1", KEY_ID, SECRET_KEY))


def names(client: Any) -> list[str]:
    """Names of the objects in the bucket."""
    listing = client.list_objects_v2(Bucket=BUCKET)
    return [content["Key"] for content in listing.get("Contents", ())]


async def test_a_closed_file_is_copied_with_its_sidecar_and_cannot_be_deleted(
    client: Any, endpoint: str, tmp_path: Path
) -> None:
    """The copies are the bytes of the files, and verify as the files do; the store keeps them for seven years."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 - slow to import, and few processes need it

    folder = tmp_path / "log"
    folder.mkdir()
    log = DisclosureLog(folder, KEYS, shipper=Shipper(folder, store_of(endpoint)))
    write(log, entry("s1"))
    await log.close()
    copies = tmp_path / "copies"
    copies.mkdir()
    for name in names(client):
        copy = client.get_object(Bucket=BUCKET, Key=name)
        (copies / name.removeprefix("copies/")).write_bytes(copy["Body"].read())
        assert copy["ObjectLockMode"] == "COMPLIANCE"
        assert copy["ObjectLockRetainUntilDate"] > datetime.now(UTC) + YEARS - timedelta(days=1)
        with pytest.raises(ClientError, match="AccessDenied"):
            client.delete_object(Bucket=BUCKET, Key=name, VersionId=copy["VersionId"])
    assert {path.name: path.read_bytes() for path in copies.iterdir()} == {
        path.name: path.read_bytes() for path in folder.iterdir()
    }
    assert verify_log(copies, PUBLIC_KEY).problems == []


async def test_a_file_that_is_written_is_not_copied_until_its_process_is_gone(
    client: Any, endpoint: str, tmp_path: Path
) -> None:
    """A file of a killed process has no end: it is copied after two days without a line."""
    log = DisclosureLog(tmp_path, KEYS)
    write(log, entry("s1"))
    await log.sign()
    written = log.current_file.path.stat().st_mtime
    clock = Clock(written + ABANDONED_SECONDS - 60)
    shipper = Shipper(tmp_path, store_of(endpoint), wall_clock=clock)
    await shipper.ship()
    assert names(client) == []
    clock.now += 120
    await shipper.ship()
    assert f"copies/{log.current_file.name}" in names(client)
    await log.close()


async def test_a_file_is_copied_once(client: Any, endpoint: str, tmp_path: Path) -> None:
    """Also by another process, and by one that did not know that it was there: the bucket has one version."""
    log = DisclosureLog(tmp_path, KEYS)
    write(log, entry("s1"))
    await log.close()
    for _ in range(2):
        await Shipper(tmp_path, store_of(endpoint)).ship()
    with log.current_file.path.open("rb") as content:
        store_of(endpoint).put(log.current_file.name, content)
    versions = client.list_object_versions(Bucket=BUCKET)["Versions"]
    assert [version["IsLatest"] for version in versions] == [True, True]


async def test_a_process_with_a_store_continues_in_a_new_file_after_its_time(tmp_path: Path) -> None:
    """If it has recorded something since: an idle process starts no files."""
    clock = Clock(NOON)
    log = DisclosureLog(tmp_path, KEYS, max_file_seconds=3600, wall_clock=clock)
    first = log.current_file.name
    clock.now += 3601
    await log.sign()
    assert log.current_file.name == first
    write(log, entry("s1"))
    await log.sign()
    assert log.current_file.name != first
    second = log.current_file.name
    write(log, entry("s1"))
    clock.now += 3599
    await log.sign()
    assert log.current_file.name == second
    await log.close()
    assert verify_log(tmp_path, PUBLIC_KEY).problems == []


async def test_a_store_that_refuses_costs_nothing_and_is_named_once(
    client: Any, endpoint: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The log names the store's code; the files stay, and are copied when the bucket is there."""
    client.delete_bucket(Bucket=BUCKET)
    log = DisclosureLog(tmp_path, KEYS)
    write(log, entry("s1"))
    await log.close()
    shipper = Shipper(tmp_path, store_of(endpoint))
    with caplog.at_level(logging.INFO, "student_graph.disclosure"):
        await shipper.ship()
        await shipper.ship()
        client.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
        await shipper.ship()
    assert [record.getMessage() for record in caplog.records if record.name == "student_graph.disclosure"] == [
        "the disclosure log is not copied to its store (NoSuchBucket); its files stay here",
        "the disclosure log is copied to its store again",
    ]
    assert len(names(client)) == 2


def test_a_store_that_does_not_answer_is_a_failure() -> None:
    """The address of nothing: the kind of the failure is named, and no address or key."""
    store = store_of("http://127.0.0.1:9")
    with pytest.raises(StoreError, match=r"^EndpointConnectionError$"):
        list(store.names())


def test_a_bucket_without_object_lock_is_refused_by_the_check(client: Any, endpoint: str) -> None:
    """The text says what to change; a bucket with it passes."""
    store_of(endpoint).check()
    client.create_bucket(Bucket="plain-bucket")
    with pytest.raises(StoreError, match="bucket plain-bucket has no object lock: create it with object lock"):
        store_of(endpoint, "plain-bucket").check()
    with pytest.raises(StoreError, match=r"bucket nowhere cannot be read \(NoSuchBucket\)"):
        store_of(endpoint, "nowhere").check()


STORE = """
[disclosure.store]
bucket = "district-records"
retain_days = 2555
region = "us-east-1"
"""


def settings(tmp_path: Path, text: str) -> settings_file.Config:
    """The settings of a file with a store."""
    path = tmp_path / "gateway.toml"
    path.write_text(CONFIG.replace("[[districts]]", text + "[[districts]]", 1))
    return settings_file.load(path)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ('key_id_env = "A"', "name both, or none to use the machine's role"),
        ('endpoint = "http://s3.example"', "endpoint"),
        ('mode = "FOREVER"', "mode"),
    ],
)
def test_a_wrong_store_is_refused(change: str, problem: str, tmp_path: Path) -> None:
    """The message names the setting."""
    with pytest.raises(SettingsError) as error:
        settings(tmp_path, STORE + change + "\n")
    assert "disclosure.store" in str(error.value)
    assert problem in str(error.value)


async def test_the_store_needs_its_keys_and_a_restart_to_change(tmp_path: Path) -> None:
    """A variable that is not set is named; another bucket needs a restart."""
    config = settings(tmp_path, STORE + 'key_id_env = "STORE_ID"\nsecret_key_env = "STORE_KEY"\n')
    path = tmp_path / "gateway.toml"
    environ = {"STORE_ID": "AKIAIOSFODNN7EXAMPLE"}  # Amazon's have 20 characters
    with pytest.raises(SettingsError, match="secret_key_env: the environment variable STORE_KEY is not set"):
        environment.store_keys(config, path, environ)
    keys = environment.store_keys(config, path, environ | {"STORE_KEY": "secret"})
    assert keys == ("AKIAIOSFODNN7EXAMPLE", "secret")
    assert config.disclosure.store is not None
    store = DisclosureStoreConfig(bucket="another", retain_days=1)
    section = config.disclosure.model_copy(update={"store": store})
    changed = config.model_copy(update={"disclosure": section})
    assert changed_setting(config, changed) == "disclosure.store"


@pytest.fixture
def silent_store() -> Iterator[S3Store]:
    """A store whose connections nobody accepts."""
    with (
        mock.patch.object(store, "READ_SECONDS", ANSWER_SECONDS),
        socket.create_server(("127.0.0.1", 0)) as listener,
    ):
        endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"
        settings = S3Settings(
            "records", "", timedelta(days=1), "GOVERNANCE", endpoint, "us-east-1", "id", "secret"
        )
        yield S3Store(settings)


def test_a_check_says_that_the_store_does_not_answer(silent_store: S3Store) -> None:
    """In one line, not with the trace of an error."""
    with pytest.raises(StoreError, match=r"bucket records cannot be read \(ReadTimeoutError\)"):
        silent_store.check()


async def test_a_process_ends_and_leaves_the_copies_to_the_next_one(
    silent_store: S3Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The record in the folder is complete."""
    log = DisclosureLog(tmp_path, KEYS, shipper=Shipper(tmp_path, silent_store))
    write(log, entry("s1"))
    with mock.patch.object(shipping, "CLOSE_SECONDS", ANSWER_SECONDS / 10):
        await log.close()

    assert "are copied at the next start" in caplog.text
    assert verify_log(tmp_path, PUBLIC_KEY).problems == []


async def test_work_in_a_thread_answers_fails_or_is_left_behind() -> None:
    """Whatever it raises arrives, and what hangs costs the time that it was given."""
    assert await in_daemon_thread(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        await in_daemon_thread(lambda: 1 // 0)
    with pytest.raises(TimeoutError):
        await in_daemon_thread(lambda: time.sleep(ANSWER_SECONDS), ANSWER_SECONDS / 10)
