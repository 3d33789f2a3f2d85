"""The ways that an operation can be carried out."""

from __future__ import annotations

import pytest

from tests.gateway.execution.small import EXECUTORS


@pytest.fixture(params=list(EXECUTORS))
def way(request: pytest.FixtureRequest) -> str:
    """An executor."""
    return str(request.param)
