"""Operators see what a process remembers, within its bounds, and nobody else does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from student_graph.gateway.server.service import Service
from student_graph.resolvers.context import Viewer, ViewerRole
from tests.gateway.servers import client_for
from tests.gateway.small_district import DISTRICT, Ledger, district

HEAD = Viewer("head", ViewerRole.SUPERINTENDENT, frozenset({DISTRICT}))
VIEWERS = {"head": HEAD, "operator": replace(HEAD, subject="operator", operator=True)}


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    """A client of a small district's gateway."""
    with client_for(Service([district(Ledger(students=["s1"]))], VIEWERS).app()) as client:
        yield client


@pytest.mark.parametrize(("token", "status"), [("head", 403), ("nobody", 401)])
def test_the_memory_is_for_operators(http: httpx.Client, token: str, status: int) -> None:
    """How full a cache is tells what others asked for."""
    response = http.get("/health/memory", headers={"Authorization": f"Bearer {token}"})
    assert response.status_code == status
    assert response.json()["error"] == "Send the token of an operator."


def test_operators_see_the_memory_and_the_bound_of_every_cache(http: httpx.Client) -> None:
    """A request is remembered in all of them, and the total is their sum."""
    request = {
        "query": '{ student(studentUniqueId: "s1") { studentUniqueId attendanceEvents { edges { cursor } } } }'
    }
    for _ in range(2):
        assert "errors" not in http.post("/graphql", json=request, headers={"Authorization": "Bearer head"}).json()

    report = http.get("/health/memory", headers={"Authorization": "Bearer operator"}).json()

    names = ["answers", "responses", "reaches", "tables", "tokens", "documents", "estimates", "plans", "rows"]
    assert list(report) == [*names, "total"]
    empty = {"rows", "tables", "tokens"}  # nobody lists a population, and no issuer signs tokens here
    assert all(0 < row["bytes"] <= row["maxBytes"] for name, row in report.items() if name not in empty)
    for column in ("bytes", "maxBytes"):
        assert report["total"][column] == sum(report[name][column] for name in names)
