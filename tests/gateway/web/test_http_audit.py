"""The audits of GraphQL over HTTP that its reference implementation brings, against the real service."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from student_graph.gateway.server import Service
from student_graph.resolvers.context import Viewer, ViewerRole
from tests.gateway.servers import answering
from tests.gateway.small_district import DISTRICT, Ledger, district

AUDIT = Path(__file__).parent / "http_audit"
NEED_GET = {"5A70", "D6D5", "6A70"}
"""Audits that need a query by GET to be answered; a fourth (80D8) sends one and only looks at the media type."""


def audited(*, get: bool) -> dict[str, str]:
    """What each audit says of the gateway, by its id."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node, which is not installed")
    if not (AUDIT / "node_modules").is_dir():
        pytest.skip("needs the packages of tests/gateway/http_audit: run make setup with npm installed")
    viewer = Viewer("audit", ViewerRole.SERVICE, frozenset({DISTRICT}))
    service = Service([district(Ledger())], {"t" * 32: viewer}, get_queries=get)
    with answering(service.app()) as client:
        url = f"{client.base_url}/graphql".replace("//graphql", "/graphql")
        told = subprocess.run(  # noqa: S603 - our own script
            [node, "audit.mjs", url, "t" * 32], cwd=AUDIT, capture_output=True, text=True, timeout=60, check=True
        )
    lines = [json.loads(line) for line in told.stdout.splitlines()]
    return {line["id"]: "ok" if line["status"] == "ok" else f"{line['name']}: {line['reason']}" for line in lines}


def test_with_get_allowed_every_audit_passes() -> None:
    """61 of 61."""
    told = audited(get=True)

    assert {key: said for key, said in told.items() if said != "ok"} == {}
    assert len(told) == 61


def test_with_get_refused_only_those_that_need_it_fail() -> None:
    """All but those that need an answer to a query by GET."""
    told = audited(get=False)

    assert {key for key, said in told.items() if said != "ok"} == NEED_GET
    assert len(told) == 61
