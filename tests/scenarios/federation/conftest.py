"""A gateway over a small district of the demo, which is a subgraph."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from student_graph.adapters.sandbox.serving import served
from student_graph.gateway.demo.districts import DemoDistrict
from student_graph.gateway.disclosure import DisclosureKeys, DisclosureLog
from tests.scenarios.helpers.demo_gateway import DemoGateway, demo_districts, demo_gateway

KEYS = DisclosureKeys(b"s" * 32)


@pytest.fixture(scope="module")
def district() -> DemoDistrict:
    """The demo's district on Ed-Fi and Canvas, with sixty students."""
    [district] = demo_districts("edfi", students=60)
    return district


@pytest.fixture
def record(tmp_path: Path) -> Path:
    """The folder of the record of disclosures."""
    return tmp_path / "disclosures"


@pytest.fixture
def gateway(district: DemoDistrict, record: Path) -> Iterator[DemoGateway]:
    """A gateway with nothing in its cache."""
    log = DisclosureLog(record, KEYS)
    with (
        served(*district.sandboxes.values()),
        demo_gateway([district], federation=True, defer=True, disclosure_log=log) as running,
    ):
        yield running
