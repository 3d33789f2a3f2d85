"""Deferred parts in each format: put together, they are the response without `@defer`."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import strawberry
from strawberry.schema.config import StrawberryConfig

from student_graph.adapters.errors import UnavailableError
from student_graph.gateway.execution import EncodingExecutor
from student_graph.gateway.web.graphql import GraphQLView
from tests import long_runs
from tests.gateway.graph import ADMISSION, TOKEN, start_operation
from tests.gateway.servers import client_for

DOCUMENTS = long_runs.size(10, 150)
ACCEPTED = {
    "": "multipart/mixed",
    "; incrementalSpec=v0.2": "multipart/mixed;incrementalSpec=v0.2, application/json",
    "; deferSpec=20220824": "multipart/mixed;deferSpec=20220824, application/json",
}
"""`Accept` headers by the parameter of the response's media type."""


@strawberry.type
class Part:
    """An object with others in it, and with fields that come soon, late or never."""

    number: int

    @strawberry.field
    async def late(self) -> int:
        """A value after some turns of the event loop."""
        for _ in range(self.number % 5):
            await asyncio.sleep(0)
        return self.number

    @strawberry.field
    async def down(self) -> str | None:
        """A field of a vendor that is down."""
        await asyncio.sleep(0)
        raise UnavailableError("no answer in time")

    @strawberry.field
    def part(self) -> Part:
        """Another object."""
        return Part(number=self.number * 7 % 11 + 1)

    @strawberry.field
    async def list(self) -> list[Part]:
        """Two objects."""
        return [Part(number=self.number + 1), Part(number=self.number + 2)]


@strawberry.type
class Query:
    """The query type."""

    @strawberry.field
    def part(self) -> Part:
        """An object."""
        return Part(number=1)


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    """A client of a view that offers `@defer`."""
    config = StrawberryConfig(enable_experimental_incremental_execution=True)
    schema = strawberry.Schema(Query, execution_context_class=EncodingExecutor, config=config)
    with client_for(GraphQLView(schema, ADMISSION, start_operation)) as client:
        yield client


def post(http: httpx.Client, accept: str, query: str, **variables: Any) -> httpx.Response:
    """Send a query with an `Accept` header."""
    return http.post(
        "/graphql", json={"query": query, "variables": variables}, headers={**TOKEN, "Accept": accept}
    )


def parts(response: httpx.Response) -> list[dict[str, Any]]:
    """The parts of a response, in the order in which they were sent."""
    texts = response.text.split("\r\n---")[1:-1]
    return [json.loads(text.partition("\r\n\r\n")[2]) for text in texts]


def merged(response: httpx.Response) -> tuple[Any, set[Any]]:
    """The data of a response, and the paths and codes of its errors, as a client puts them together."""
    if not response.headers["content-type"].startswith("multipart/mixed"):
        body = response.json()
        return body["data"], errors_of(body)
    first, *others = parts(response)
    data, errors, pending = first["data"], errors_of(first), {}
    for part in [first, *others]:
        pending |= {item["id"]: item["path"] for item in part.get("pending", ())}
        for item in part.get("incremental", ()):
            path = [*pending[item["id"]], *item.get("subPath", ())] if "id" in item else item["path"]
            target = data
            for key in path:
                target = target[key]
            merge(target, item["data"])
            errors |= errors_of(item)
    assert [part["hasNext"] for part in [first, *others]] == [True] * len(others) + [False]
    return data, errors


def merge(target: dict[str, Any], data: dict[str, Any]) -> None:
    """Add data to an object, and to the objects in it."""
    for key, value in data.items():
        if isinstance(value, dict) and isinstance(target.get(key), dict):
            merge(target[key], value)
        else:
            target[key] = value


def errors_of(part: dict[str, Any]) -> set[Any]:
    """Paths and codes of the errors in a response or in a part of it."""
    return {(tuple(error["path"]), error["extensions"]["code"]) for error in part.get("errors", ())}


def random_document(chance: random.Random) -> str:
    """A document with deferred fragments, some of them in one another and with the same fields."""
    names = iter(range(1_000))
    fragments = []

    def selections(depth: int, *, in_list: bool) -> str:
        picks = ["number"]
        for _ in range(chance.randrange(1, 4)):
            kind = chance.choice(["late", "down", "part", "list", "fragment", "spread"])
            defer = "" if in_list or chance.random() < 0.3 else "@defer "
            if kind in ("late", "down"):
                picks.append(kind)
            elif depth == 0:
                continue
            elif kind in ("part", "list"):
                picks.append(f"{kind} {{ {selections(depth - 1, in_list=in_list or kind == 'list')} }}")
            elif kind == "fragment":
                picks.append(f"... {defer}{{ {selections(depth - 1, in_list=in_list)} }}")
            else:
                name = f"F{next(names)}"
                fragments.append(f"fragment {name} on Part {{ {selections(depth - 1, in_list=in_list)} }}")
                picks.append(f"...{name} {defer}")
        return " ".join(picks)

    body = f"{{ part {{ {selections(3, in_list=False)} }} }}"
    return " ".join([body, *fragments])


@pytest.mark.long_run
@pytest.mark.parametrize("parameter", ACCEPTED)
def test_the_parts_together_are_the_undeferred_response(http: httpx.Client, parameter: str) -> None:
    """Random documents have the same data and errors with and without `@defer`."""
    chance, in_parts = random.Random(parameter), 0  # noqa: S311 - the same documents in every run
    for _ in range(DOCUMENTS):
        document = random_document(chance)
        if document.count("@defer") > 20:
            continue
        response = post(http, ACCEPTED[parameter], document)
        plain = post(http, "application/json", document.replace("@defer", ""))
        in_parts += response.headers["content-type"].startswith("multipart/mixed")

        assert merged(response) == merged(plain), document
    assert in_parts > 0


@pytest.mark.parametrize("parameter", ACCEPTED)
def test_the_response_is_in_the_format_that_the_client_asks_for(http: httpx.Client, parameter: str) -> None:
    """The media type names the format; parts of August 2022 have path and label and nothing pending."""
    query = '{ part { number ... @defer(label: "x") { part { number } ... @defer { down } } } }'
    response = post(http, ACCEPTED[parameter], query)
    items = [item for part in parts(response) for item in part.get("incremental", ())]

    assert response.headers["content-type"] == f'multipart/mixed; boundary="-"{parameter}'
    if "deferSpec" in parameter:
        assert "pending" not in response.text
        assert "completed" not in response.text
        assert items[0] == {"data": {"part": {"number": 8}}, "path": ["part"], "label": "x"}
        assert items[1]["errors"][0]["path"] == ["part", "down"]
    else:
        assert {"id", "data"} <= items[0].keys()


@pytest.mark.parametrize(
    ("definition", "variables"),
    [
        ("", None),
        ("$on: Boolean = false", {}),
        ("$on: Boolean!", {"on": False}),
        ("$on: Boolean! = true", {"on": False}),
    ],
)
@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json", "multipart/mixed"])
def test_a_defer_that_is_off_changes_nothing(
    http: httpx.Client, accept: str, definition: str, variables: Any
) -> None:
    """The response has one part with everything, whatever the client accepts, also below a list if it says so."""
    condition = "$on" if definition else "false"
    head = f"query({definition})" if definition else ""
    response = post(
        http, accept, f"{head} {{ part {{ ... @defer(if: {condition}) {{ late }} }} }}", **variables or {}
    )

    assert response.status_code == 200
    assert response.json()["data"] == {"part": {"late": 1}}


def test_below_a_list_a_defer_that_is_always_off_is_allowed(http: httpx.Client) -> None:
    """It defers nothing, so there is no part for each item."""
    response = post(http, "application/json", "{ part { list { ... @defer(if: false) { number } } } }")

    assert response.json()["data"] == {"part": {"list": [{"number": 2}, {"number": 3}]}}


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("multipart/mixed;deferSpec=20990101, application/json", 406),
        ('multipart/mixed;boundary="graphql";subscriptionSpec="1.0", application/json', 406),
        ("multipart/mixed;deferSpec=20220824;q=0, application/json", 406),
        ("application/json", 406),
        ('multipart/mixed;boundary="-", application/json', 200),
        ("multipart/mixed;deferSpec=20220824;q=0.5, application/json", 200),
    ],
)
def test_a_client_that_asks_for_an_unknown_format_is_refused(http: httpx.Client, accept: str, status: int) -> None:
    """The message names the formats that there are."""
    response = post(http, accept, "{ part { ... @defer { late } } }")

    assert response.status_code == status
    assert status == 200 or "deferSpec=20220824" in response.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    "document",
    [
        "{ part { list { ...F } } } fragment F on Part { ... @defer { late } }",
        "{ part { list { ...F } } } fragment F on Part { part { ...G @defer } } fragment G on Part { late }",
        "query($on: Boolean!) { part { ...F list { ...F } } } fragment F on Part { ... @defer(if: $on) { late } }",
    ],
)
def test_a_fragment_does_not_bring_a_defer_below_a_list(http: httpx.Client, document: str) -> None:
    """The rule looks through spreads of fragments, at any depth, also if the fragment is fine elsewhere."""
    response = post(http, "multipart/mixed", document, on=True)

    assert response.json()["errors"][0]["message"].startswith("@defer is not supported inside a list")


def test_deferred_fragments_count_at_every_spread(http: httpx.Client) -> None:
    """A fragment with three that is spread seven times has one more than is allowed, and is measured once."""
    three = "fragment F on Part { " + "... @defer { late } " * 3 + "}"
    spreads = " ".join(f"p{n}: part {{ ...F }}" for n in range(7))
    response = post(http, "multipart/mixed", f"{{ part {{ {spreads} }} }} {three}")

    assert response.json()["errors"][0]["message"].startswith("@defer may be used at most 20 times")


@pytest.mark.parametrize("field", ["__schema { types { name } }", '__type(name: "Part") { name }'])
def test_the_schema_is_not_shown_beside_deferred_parts(http: httpx.Client, field: str) -> None:
    """It would hold up everybody, because graphql-core executes a document with `@defer` in one go."""
    response = post(
        http, "multipart/mixed", f"{{ part {{ ... @defer {{ late }} }} ...F }} fragment F on Query {{ {field} }}"
    )

    assert response.json()["errors"][0]["message"] == "@defer is not supported beside __schema and __type."
