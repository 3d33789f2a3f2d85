"""Clients with a normalized cache: with the generated policies, it says what the gateway said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from student_graph.gateway.cli.schema.type_policies import WRITERS
from student_graph.gateway.demo.districts import DemoDistrict
from student_graph.resolvers.schema import core_schema, make_schema
from tests.client_libraries.cache_clients import CLIENTS, CacheClient, behavior_input, example_jobs, url_of
from tests.scenarios.helpers.demo_gateway import DemoGateway

PARTIAL = {"02-class-roster", "17-what-may-i-see"}
"""Examples with errors, which some caches do not keep."""
MIXED = {
    "graphcache": ("Transportation: unique", "Transportation: embedded"),
    "apollo": ("transportation: { merge: false }", "transportation: { merge: true }"),
}
"""A policy of each cache, and one by which two buses of a student are mixed."""


@pytest.fixture(scope="module", params=CLIENTS, ids=lambda client: client.name)
def client(request: pytest.FixtureRequest) -> CacheClient:
    """A client's library."""
    library: CacheClient = request.param
    return library


@pytest.fixture(scope="module")
def behavior(
    client: CacheClient, gateway: DemoGateway, district: DemoDistrict, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """What the client did with deferred parts, persisted queries, pages, and objects without id."""
    folder = tmp_path_factory.mktemp(client.name)
    output: dict[str, Any] = client.run("behavior", folder, **behavior_input(gateway, district))
    return output


def without_types(value: Any) -> Any:
    """A copy without the names of types."""
    if isinstance(value, list):
        return [without_types(item) for item in value]
    if isinstance(value, dict):
        return {name: without_types(item) for name, item in value.items() if name != "__typename"}
    return value


def test_the_cache_says_what_the_gateway_sent(
    client: CacheClient, gateway: DemoGateway, district: DemoDistrict, tmp_path: Path
) -> None:
    """
    Each example document reads back as it was sent, also after all others of the same viewer.

    The later ones may have replaced a list, so that the cache misses a part of it; it has no other value.
    """
    output = client.run("examples", tmp_path, url=url_of(gateway), jobs=example_jobs(gateway, district))

    assert output["complaints"] == []
    results = output["results"]
    assert {name for name, result in results.items() if result["errors"]} == PARTIAL
    complete = {name: result for name, result in results.items() if name not in PARTIAL}
    assert {name: result["first"] for name, result in complete.items() if result["first"]} == {}
    assert {result["later"] for result in complete.values()} <= {None, "incomplete"}
    assert sum(result["later"] is None for result in complete.values()) >= len(complete) - 3


def test_deferred_parts_follow_the_first_one(behavior: dict[str, Any]) -> None:
    """The client shows the first part before the others, and at last what the query without `@defer` returns."""
    assert behavior["complaints"] == []
    for first, *_, last in behavior["deferred"].values():
        assert first["student"]["name"]["firstName"]
        assert "courseGrades" not in first["student"]
        assert last["student"]["courseGrades"]


def test_a_persisted_query_is_answered(behavior: dict[str, Any]) -> None:
    """The client sends a hash, then the text, because the gateway stores none; the second time the text alone."""
    assert behavior["sent"] == 3
    assert all(answer["districts"] for answer in behavior["answers"])


def test_pages_are_joined_to_one_list(behavior: dict[str, Any]) -> None:
    """Two pages of seven students are a list of 14."""
    students = [edge["node"]["studentUniqueId"] for edge in behavior["joined"]]
    assert len(students) == len(set(students)) == 14


def test_no_object_without_id_gets_a_part_of_another_one(behavior: dict[str, Any]) -> None:
    """A list that lost an item and another bus replace the old ones; the two parts of a name are joined."""
    name, grades, all_of_grades, bus, all_of_bus = map(without_types, behavior["kept"])

    assert name["name"] == {"firstName": "Ada", "lastName": "Hill"}
    assert grades["courseGrades"] == [{"letter": "B"}]
    assert bus["transportation"] == {"busNumber": "12"}
    assert (all_of_grades, all_of_bus) == (None, None)


def test_another_field_that_a_query_names_id_is_none(behavior: dict[str, Any]) -> None:
    """Two students have one first name, which a query names `id`; each keeps the last name."""
    assert behavior["lastNames"] == ["Hill", "Stone"]


def test_with_other_policies_objects_are_mixed(
    client: CacheClient, gateway: DemoGateway, district: DemoDistrict, tmp_path: Path
) -> None:
    """So the test above would fail if the policies treated a record as a part of its parent."""
    policies = WRITERS[client.policies](core_schema(make_schema())).replace(*MIXED[client.policies])
    *_, bus = client.run("behavior", tmp_path, policies, **behavior_input(gateway, district))["kept"]

    assert without_types(bus)["transportation"] == {"busNumber": "12", "mileage": 2.5}
