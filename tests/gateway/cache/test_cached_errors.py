"""Cached responses with errors that follow from links, grants and settings: equal until one of these changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from student_graph.adapters.model import Sensitivity
from student_graph.gateway.server.service import Service
from student_graph.resolvers.access import unlimited_grants
from student_graph.resolvers.context import Viewer, ViewerRole
from tests.gateway.servers import client_for
from tests.gateway.small_district import (
    DISTRICT,
    Ledger,
    district,
    identity,
    submitted,
)

HERE = frozenset({DISTRICT})
VIEWERS = {
    "head": Viewer("head", ViewerRole.SUPERINTENDENT, HERE, unlimited_grants(*Sensitivity), operator=True),
    "clerk": Viewer("clerk", ViewerRole.SUPERINTENDENT, HERE),
}
QUERY = "query ($ids: [String!]) { students(filter: {ids: $ids}) { edges { node { studentUniqueId %s } } } }"
WORK = "assignments { title }"


@dataclass
class Gateway:
    """A gateway over a district in which one of two students has an account at the LMS."""

    client: httpx.Client
    ledger: Ledger

    def query(self, fields: str, viewer: str = "head", **headers: str) -> dict[str, Any]:
        """The response to a query for some fields of both students."""
        request = {"query": QUERY % fields, "variables": {"ids": ["s1", "s2"]}}
        headers = {"Authorization": f"Bearer {viewer}", **headers}
        response: dict[str, Any] = self.client.post("/graphql", json=request, headers=headers).json()
        return response

    def count_executions(self) -> int:
        """The number of operations that were executed so far, this one included."""
        response = self.query("", **{"X-Student-Graph-Explain": "1"})
        return int(response["extensions"]["executor"]["planned"])

    def purge(self) -> None:
        """Purge what is cached about the district."""
        body, headers = {"district": DISTRICT}, {"Authorization": "Bearer head"}
        assert self.client.post("/cache/purge", json=body, headers=headers).status_code == 200


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """A gateway that caches responses."""
    ledger = Ledger(students=["s1", "s2"], identities=[identity("s1"), identity("s2")], work=[submitted("s1")])
    with client_for(Service([district(ledger)], VIEWERS).app()) as client:
        yield Gateway(client, ledger)


def errors_of(response: dict[str, Any]) -> list[tuple[Any, str]]:
    """Path and code of each error."""
    return [(error["path"], error["extensions"]["code"]) for error in response.get("errors", [])]


def request_ids(response: dict[str, Any]) -> set[str]:
    """The request ids that the errors name."""
    return {error["extensions"]["requestId"] for error in response["errors"]}


CASES = {
    "no account at the LMS": (WORK, "head", "NO_IDENTITY_LINK", 1),
    "a class of data without a grant": ("disciplineIncidents { date }", "clerk", "FORBIDDEN", 2),
    "a lookup that no source offers": ("transportation { busNumber }", "head", "NOT_OFFERED", 2),
}


@pytest.mark.parametrize("case", CASES)
def test_a_response_with_stable_errors_is_not_executed_again(gateway: Gateway, case: str) -> None:
    """The cached response has the same data, errors and paths, and names its own request in each error."""
    fields, viewer, code, count = CASES[case]
    first, second = gateway.query(fields, viewer), gateway.query(fields, viewer)
    executions = gateway.count_executions()
    third = gateway.query(fields, viewer)

    assert gateway.count_executions() == executions + 1  # the execution of the count itself
    assert [error_code for _, error_code in errors_of(first)] == [code] * count
    assert errors_of(first) == errors_of(second) == errors_of(third)
    assert first["data"] == second["data"] == third["data"]
    assert len(request_ids(third)) == 1
    assert request_ids(third).isdisjoint(request_ids(second))


def test_a_student_who_gets_an_account_is_no_longer_an_error(gateway: Gateway) -> None:
    """The cached response depends on the identifiers, and on what the LMS answered for them."""
    for _ in range(3):
        assert len(errors_of(gateway.query(WORK))) == 1
    gateway.ledger.work.append(submitted("s2"))
    gateway.purge()

    assert errors_of(gateway.query(WORK)) == []


def test_a_grant_of_one_viewer_does_not_change_the_errors_of_another(gateway: Gateway) -> None:
    """Responses with errors are cached for one viewer, as all are."""
    fields = "disciplineIncidents { date }"
    for _ in range(3):
        assert len(errors_of(gateway.query(fields, "clerk"))) == 2
        assert errors_of(gateway.query(fields, "head")) == []


def test_a_client_may_not_cache_a_response_with_errors() -> None:
    """Also if the gateway caches it: the reason may be gone a second later."""
    ledger = Ledger(students=["s1", "s2"])
    service = Service([district(ledger)], VIEWERS, client_cache_seconds=30)
    with client_for(service.app()) as client:
        body = {"query": QUERY % "transportation { busNumber }", "variables": {"ids": ["s1"]}}
        for _ in range(3):
            response = client.post("/graphql", json=body, headers={"Authorization": "Bearer head"})
            assert errors_of(response.json())
            assert response.headers["cache-control"] == "private, no-store"
