"""Fixtures of the disclosure log."""

from __future__ import annotations

import asyncio

import pytest

from tests.gateway.disclosure.retention_logs import FiveDays, write_five_days


@pytest.fixture(scope="session")
def five_days(tmp_path_factory: pytest.TempPathFactory) -> FiveDays:
    """A log with one file a day; tests copy its files into directories of their own."""
    return asyncio.run(write_five_days(tmp_path_factory.mktemp("five-days")))
