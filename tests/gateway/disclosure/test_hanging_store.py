"""A silent object store holds up neither a check nor the end of a process."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from unittest import mock

import pytest

from student_graph.gateway.concurrency.hanging_work import in_daemon_thread
from student_graph.gateway.disclosure import shipping, store
from student_graph.gateway.disclosure.log import DisclosureLog
from student_graph.gateway.disclosure.shipping import Shipper
from student_graph.gateway.disclosure.store import S3Settings, S3Store, StoreError
from student_graph.gateway.disclosure.verification import verify_log
from tests.gateway.disclosure.logs import KEYS, PUBLIC_KEY, entry, write

ANSWER_SECONDS = 0.2
"""How long the tests wait for an answer of the store."""


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
