"""Metrics are pure functions: their tests execute no operation."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def executor_name() -> None:
    """Run the tests of metrics once, and not on both executors."""
