"""Every test of the graph runs on both executors, because they must give the same results."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.resolvers.two_districts import SCHEMAS, executor


@pytest.fixture(autouse=True, params=list(SCHEMAS))
def executor_name(request: pytest.FixtureRequest) -> Iterator[None]:
    """Execute the operations of the test with one of the executors."""
    token = executor.set(request.param)
    yield
    executor.reset(token)
