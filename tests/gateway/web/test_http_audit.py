"""The audits of graphql-http, the reference implementation of GraphQL over HTTP, against the real service."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from student_graph.gateway.server.service import Service
from student_graph.gateway.web.live.limits import LiveLimits
from student_graph.resolvers.context import Viewer, ViewerRole
from tests.gateway.servers import client_for
from tests.gateway.small_district import DISTRICT, Ledger, district

AUDIT = Path(__file__).parent / "http_audit"
AUDITS_BY_GET = {"5A70", "D6D5", "6A70"}
"""Audits that need an answer to a query by GET; a fourth (80D8) sends one, but checks only the media type."""


def run_audits(*, get: bool) -> dict[str, str]:
    """Run all audits against a gateway, and return the result of each by its id: `ok`, or its name and reason."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node, which is not installed")
    if not (AUDIT / "node_modules").is_dir():
        pytest.skip("needs the packages of tests/gateway/http_audit: run make setup with npm installed")
    viewer = Viewer("audit", ViewerRole.SERVICE, frozenset({DISTRICT}))
    service = Service([district(Ledger())], {"t" * 32: viewer}, get_queries=get, live=LiveLimits())
    with client_for(service.app()) as client:
        url = f"{client.base_url}/graphql".replace("//graphql", "/graphql")
        process = subprocess.run(  # noqa: S603 - our own script
            [node, "audit.mjs", url, "t" * 32], cwd=AUDIT, capture_output=True, text=True, timeout=60, check=True
        )
    lines = [json.loads(line) for line in process.stdout.splitlines()]
    return {line["id"]: "ok" if line["status"] == "ok" else f"{line['name']}: {line['reason']}" for line in lines}


def test_with_queries_by_get_every_audit_passes() -> None:
    """All 61 audits pass if the gateway answers queries by GET."""
    results = run_audits(get=True)

    assert {audit: result for audit, result in results.items() if result != "ok"} == {}
    assert len(results) == 61


def test_without_queries_by_get_only_their_audits_fail() -> None:
    """By default the gateway refuses GET, so the audits that need an answer to it fail, and no others."""
    results = run_audits(get=False)

    assert {audit for audit, result in results.items() if result != "ok"} == AUDITS_BY_GET
    assert len(results) == 61
