"""Every test of the graph runs on both executors: what one answers, the other must."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.resolvers.two_districts import SCHEMAS, executor


@pytest.fixture(autouse=True, params=list(SCHEMAS))
def each_executor(request: pytest.FixtureRequest) -> Iterator[None]:
    """Carry out what the test asks by one executor, then by the other."""
    before = executor.set(request.param)
    yield
    executor.reset(before)
