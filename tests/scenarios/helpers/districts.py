"""Districts of the demo on a gateway in this process, asked over HTTP."""

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
class Standing:
    """A gateway that answers."""

    client: httpx.Client
    tokens: Mapping[str, str]
    """Of the demo's people, by name."""

    def ask(self, query: str, viewer: str = "superintendent", **variables: Any) -> dict[str, Any]:
        """The answer to a query, as one of the demo's people gets it."""
        answer = self.client.post(
            "/graphql",
            json={"query": query, "variables": variables},
            headers={"Authorization": f"Bearer {self.tokens[viewer]}"},
            timeout=60,
        )
        found: dict[str, Any] = answer.json()
        return found


def districts(kind: str, students: int = 30, records: Path | None = None) -> list[DemoDistrict]:
    """The demo's districts of a kind."""
    return build_districts(argparse.Namespace(district=kind, students=students, seed=1, records=records))


@contextlib.contextmanager
def standing(made: Sequence[DemoDistrict], **settings: Any) -> Iterator[Standing]:
    """A gateway over districts whose sandboxes answer, until the block ends."""
    issuer = DemoIssuer(all_people(made))
    service = Service([each.connect() for each in made], {}, issuers=(issuer.issuer(),), **settings)
    with client_for(service.app()) as client:
        yield Standing(client, issuer.tokens())


def undated(part: Any) -> Any:
    """The same without the instants at which records were fetched, and without what each request is called."""
    if isinstance(part, list):
        return [undated(each) for each in part]
    if isinstance(part, dict):
        return {name: undated(each) for name, each in part.items() if name not in {"fetchedAt", "requestId"}}
    return part
