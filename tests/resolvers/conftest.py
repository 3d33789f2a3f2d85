"""
Every test of the graph runs on both executors, because they must give the same results.

Long runs in full are about many data, and use the gateway's executor alone; a sample of them runs on both.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.long_runs import size
from tests.resolvers.two_districts import SCHEMAS, executor


@pytest.fixture(autouse=True, params=list(SCHEMAS)[: size(2, 1)])
def executor_name(request: pytest.FixtureRequest) -> Iterator[None]:
    """Execute the operations of the test with one of the executors."""
    token = executor.set(request.param)
    yield
    executor.reset(token)
