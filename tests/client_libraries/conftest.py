"""A gateway over a small district of the demo, which the clients' libraries talk to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from student_graph.adapters.sandbox.serving import served
from student_graph.gateway.demo.districts import DemoDistrict
from tests.scenarios.helpers.demo_gateway import DemoGateway, demo_districts, demo_gateway

STUDENTS = 60


@pytest.fixture(scope="module")
def district() -> DemoDistrict:
    """The demo's district on Ed-Fi and Canvas."""
    [district] = demo_districts("edfi", students=STUDENTS)
    return district


@pytest.fixture(scope="module")
def gateway(district: DemoDistrict) -> Iterator[DemoGateway]:
    """A gateway over the district, which offers `@defer`."""
    with served(*district.sandboxes.values()), demo_gateway([district], defer=True) as running:
        yield running
