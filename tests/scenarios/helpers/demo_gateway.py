"""A gateway over districts of the demo, in a thread of this process; queries are sent over HTTP."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from student_graph.gateway.demo.districts import DemoDistrict, all_people, build_districts
from student_graph.gateway.demo.people import DemoIssuer
from student_graph.gateway.server import Service
from tests.gateway.servers import client_for


@dataclass(frozen=True)
class DemoGateway:
    """A running gateway and the tokens of the demo's people."""

    client: httpx.Client
    tokens: Mapping[str, str]
    """Access tokens by name of the person."""

    def post(self, query: str, viewer: str = "superintendent", **variables: Any) -> dict[str, Any]:
        """Send a query as one of the demo's people, and return the response."""
        response = self.client.post(
            "/graphql",
            json={"query": query, "variables": variables},
            headers={"Authorization": f"Bearer {self.tokens[viewer]}"},
            timeout=60,
        )
        content: dict[str, Any] = response.json()
        return content


def demo_districts(kind: str, students: int = 30, records: Path | None = None) -> list[DemoDistrict]:
    """Build the demo's districts of a kind, with so many students each or from files of records."""
    return build_districts(argparse.Namespace(district=kind, students=students, seed=1, records=records))


@contextlib.contextmanager
def demo_gateway(districts: Sequence[DemoDistrict], **settings: Any) -> Iterator[DemoGateway]:
    """Run a gateway over districts whose sandboxes are served. `settings` are keywords of `Service`."""
    issuer = DemoIssuer(all_people(districts))
    service = Service([district.connect() for district in districts], {}, issuers=(issuer.issuer(),), **settings)
    with client_for(service.app()) as client:
        yield DemoGateway(client, issuer.tokens())


def comparable(value: Any) -> Any:
    """Return a copy without fetch times and request ids, which differ between two equal responses."""
    if isinstance(value, list):
        return [comparable(item) for item in value]
    if isinstance(value, dict):
        return {name: comparable(item) for name, item in value.items() if name not in {"fetchedAt", "requestId"}}
    return value
