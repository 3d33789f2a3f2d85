"""A demo with the dashboard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gateway.servers import RunningDemo, running_demo


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """A demo of a small district that serves the dashboard."""
    with running_demo(tmp_path_factory.mktemp("demo"), "--students", "240", "--dashboard") as demo:
        yield demo


@pytest.fixture
def student(running: RunningDemo) -> str:
    """Id of the student of the demo's parent."""
    answer = running.post("{ viewer { students(first: 1) { edges { node { id } } } } }", "parent")
    student_id: str = answer["data"]["viewer"]["students"]["edges"][0]["node"]["id"]
    return student_id
