"""A gateway over a district of the demo that is traced and measured."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from student_graph.adapters.sandbox.serving import Sandbox, served
from student_graph.gateway.demo.districts import DemoDistrict
from student_graph.gateway.telemetry import TelemetrySettings
from tests.gateway.telemetry.collector import Collector, collecting
from tests.scenarios.helpers.demo_gateway import DemoGateway, demo_districts, demo_gateway

METRICS_TOKEN = "metrics-" + "m" * 32
OPEN_METRICS = "application/openmetrics-text; version=1.0.0"
PAGE = "{ viewer { students(first: 5) { edges { node { studentUniqueId name { firstName } } } } } }"
STUDENTS = 20


@dataclass
class Observed:
    """A gateway, its vendors, and the collector that it reports to."""

    gateway: DemoGateway
    collector: Collector
    districts: list[DemoDistrict]

    @property
    def sandboxes(self) -> list[Sandbox]:
        """The vendors."""
        return [sandbox for district in self.districts for sandbox in district.sandboxes.values()]

    def metrics(self, accept: str = "text/plain") -> str:
        """The text of `/metrics`."""
        headers = {"Authorization": f"Bearer {METRICS_TOKEN}", "Accept": accept}
        response = self.gateway.client.get("/metrics", headers=headers)
        assert response.status_code == 200
        return response.text

    def value(self, name: str, **labels: str) -> float:
        """The sum of the values of a metric whose labels have these values."""
        total = 0.0
        for line in self.metrics().splitlines():
            match = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line)
            if match is None or match[1] != name:
                continue
            shown = dict(re.findall(r'(\w+)="([^"]*)"', match[2] or ""))
            if labels.items() <= shown.items():
                total += float(match[3])
        return total


@contextlib.contextmanager
def observed_gateway(
    kind: str = "edfi", service: dict[str, Any] | None = None, **settings: Any
) -> Iterator[Observed]:
    """Run a gateway that traces every request, unless `settings` of its telemetry say something else."""
    districts = demo_districts(kind, STUDENTS)
    sandboxes = [sandbox for district in districts for sandbox in district.sandboxes.values()]
    with collecting() as collector, served(*sandboxes):
        telemetry = TelemetrySettings(
            endpoint=collector.url, sample=1.0, metrics=True, metrics_token=METRICS_TOKEN, push_seconds=600.0
        )
        telemetry = replace(telemetry, **settings)
        with demo_gateway(districts, telemetry=telemetry, **(service or {})) as gateway:
            yield Observed(gateway, collector, districts)
