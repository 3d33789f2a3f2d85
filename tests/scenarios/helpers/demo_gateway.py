"""A gateway over districts of the demo, in a thread of this process; queries are sent over HTTP."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from student_graph.adapters.canvas.sandbox import CanvasSandbox
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.sandbox.serving import served
from student_graph.gateway.demo.districts import DemoDistrict, all_people, build_districts
from student_graph.gateway.demo.people import DemoIssuer
from student_graph.gateway.server.service import Service
from tests.gateway.servers import client_for
from tests.patience import OPERATION_SECONDS, SOURCE_SECONDS

OUTAGE_CODES = frozenset({"SOURCE_UNAVAILABLE", "RATE_LIMITED", "DEADLINE"})
"""Codes of parts that are missing because a source did not answer."""


@dataclass(frozen=True)
class DemoGateway:
    """A running gateway and the tokens of the demo's people."""

    client: httpx.Client
    tokens: Mapping[str, str]
    """Access tokens by name of the person."""

    def post(self, query: str, viewer: str = "superintendent", **variables: Any) -> dict[str, Any]:
        """
        Send a query as one of the demo's people, and return the response.

        Fails, with the reason, if a source did not answer.
        """
        response = self.client.post(
            "/graphql",
            json={"query": query, "variables": variables},
            headers={"Authorization": f"Bearer {self.tokens[viewer]}"},
            timeout=2 * OPERATION_SECONDS,
        )
        content: dict[str, Any] = response.json()
        outages = [part for part in missing_parts(content) if part["code"] in OUTAGE_CODES]
        assert outages == [], "a source did not answer"
        return content


def missing_parts(response: dict[str, Any]) -> list[dict[str, Any]]:
    """Return path, code and source of each part that is missing from a response."""
    parts = [{"path": error.get("path"), **error["extensions"]} for error in response.get("errors", ())]
    return [*parts, *response.get("extensions", {}).get("degraded", ())]


def demo_districts(
    kind: str, students: int = 30, records: Path | None = None, data_standard: str = "5.1"
) -> list[DemoDistrict]:
    """Build the demo's districts of a kind, with so many students each or from files of records."""
    options = {"students": students, "seed": 1, "records": records, "data_standard": data_standard}
    return build_districts(argparse.Namespace(district=kind, **options))


@contextlib.contextmanager
def demo_gateway(districts: Sequence[DemoDistrict], **settings: Any) -> Iterator[DemoGateway]:
    """Run a gateway over districts whose sandboxes are served. `settings` are keywords of `Service`."""
    issuer = DemoIssuer(all_people(districts))
    connected = [district.connect(timeout=SOURCE_SECONDS) for district in districts]
    judged = {district.id: district.metrics.settings for district in districts}
    settings = {"operation_seconds": OPERATION_SECONDS, "metric_settings": judged, **settings}
    service = Service(connected, {}, issuers=(issuer.issuer(),), **settings)
    with client_for(service.app()) as client:
        yield DemoGateway(client, issuer.tokens())


@contextlib.contextmanager
def gateway_and_usual_gateway(district: DemoDistrict) -> Iterator[tuple[DemoGateway, DemoGateway]]:
    """Run a gateway over a district, and one over the same people on Ed-Fi and Canvas."""
    sandboxes = {"edfi": EdFiSandbox(district.facts), "canvas": CanvasSandbox(district.facts)}
    with (
        served(*district.sandboxes.values(), *sandboxes.values()),
        demo_gateway([district]) as first,
        demo_gateway([replace(district, sandboxes=sandboxes)]) as second,
    ):
        yield first, second


def comparable(value: Any) -> Any:
    """Return a copy without fetch times and request ids, which differ between two equal responses."""
    if isinstance(value, list):
        return [comparable(item) for item in value]
    if isinstance(value, dict):
        return {name: comparable(item) for name, item in value.items() if name not in {"fetchedAt", "requestId"}}
    return value
