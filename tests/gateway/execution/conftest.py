"""Runs tests with each executor."""

from __future__ import annotations

import pytest

from tests.gateway.execution.small_schema import EXECUTORS


@pytest.fixture(params=list(EXECUTORS))
def executor(request: pytest.FixtureRequest) -> str:
    """Name of an executor."""
    return str(request.param)
