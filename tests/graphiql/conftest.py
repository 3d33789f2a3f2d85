"""One demo for all visits to GraphiQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gateway.servers import RunningDemo, running_demo


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """A demo of a small district. A test that changes a sandbox changes it back."""
    with running_demo(tmp_path_factory.mktemp("demo"), "--students", "20") as demo:
        yield demo
