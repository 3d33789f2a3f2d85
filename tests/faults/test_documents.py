"""Section G: documents that are expensive to execute. They are refused before any vendor request."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from student_graph.adapters.sandbox.serving import Sandbox, served
from tests.scenarios.helpers.demo_gateway import DemoGateway, demo_districts, demo_gateway


@pytest.fixture(scope="module")
def gateway() -> Iterator[tuple[DemoGateway, list[Sandbox]]]:
    """A gateway over a small district, and the sandboxes of the district."""
    districts = demo_districts("edfi", 30)
    sandboxes = list(districts[0].sandboxes.values())
    with served(*sandboxes), demo_gateway(districts, defer=True) as running:
        yield running, sandboxes


def many(part: str, count: int) -> str:
    parts = (part.replace("#", str(n)) for n in range(count)) if "#" in part else [part] * count
    return "{ " + " ".join(parts) + " }"


def nested(part: str, levels: int) -> str:
    return "{ " + (part + " { ") * levels + "id" + " }" * levels + " }"


SPREADS = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(40))
FRAGMENTS = " ".join(f"fragment F{n} on Query {{ sources {{ name }} }}" for n in range(51))
EVENTS = " ".join(f"a{n}: attendanceEvents(first: 100) {{ edges {{ node {{ date }} }} }}" for n in range(29))
DOCUMENTS: list[tuple[str, str, Any]] = [
    ("G01", many("districts", 120_000), 413),
    ("G01", "#" * 1_000_000 + "\n{ districts { id } }", 413),
    ("G01", '{ student(studentUniqueId: "' + "x" * 1_000_000 + '") { id } }', 413),
    ("G02", many("districts { id }", 700_000), 413),
    ("G03", many("a#: districts { id }", 40), "QUERY_TOO_COMPLEX"),
    ("G03", many("a#: districts { id }", 1_000), "Syntax Error: Source contains more than 20000"),
    ("G04", nested("districts", 900), "Syntax Error"),
    ("G04", nested("districts", 7_000), 413),
    ("G05", nested("districts { schools { district", 16) + " } }" * 16, "QUERY_TOO_COMPLEX"),
    ("G06", "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }", "QUERY_TOO_COMPLEX"),
    ("G07", "{ ...F0 } " + SPREADS + " fragment F40 on Query { districts { id } }", "QUERY_TOO_COMPLEX"),
    ("G10", many("districts { id }", 400), "QUERY_TOO_COMPLEX"),
    ("G11", many("... on Query { districts { id name } }", 200), "Syntax Error: Document contains more than 2000"),
    ("G12", "{ districts { id " + "@include(if: true) " * 60 + "} }", "QUERY_TOO_COMPLEX"),
    ("G13", " ".join(f"query Q{n} {{ districts {{ id }} }}" for n in range(11)), "QUERY_TOO_COMPLEX"),
    ("G13", "{ districts { id } } " + FRAGMENTS, "QUERY_TOO_COMPLEX"),
    ("G15", "{ students(filter: {}, first: 1000000000) { totalCount } }", "BAD_INPUT"),
    ("G15", "{ students(filter: {}, first: 1000000000) { edges { node { id } } } }", "QUERY_TOO_COMPLEX"),
    ("G16", f"{{districts {{students(first: 100) {{edges {{node {{{EVENTS}}}}}}}}}}}", "QUERY_TOO_COMPLEX"),
    ("G17", "{ students(filter: {}, first: -1) { totalCount } }", "BAD_INPUT"),
    ("G17", "{ students(filter: {}, first: 100000000000000000000) { totalCount } }", "Int cannot represent"),
    ("G17", "{ students(filter: {}, first: " + "9" * 5_000 + ") { totalCount } }", "Expected value of type 'Int'"),
    ("G17", "{ students(filter: {}, first: NaN) { totalCount } }", "Int cannot represent"),
    ("G19", many("a#: __schema { types { name fields { name } } }", 31), "QUERY_TOO_COMPLEX"),
    ("G19", "{ __schema { types { " + "ofType { " * 60 + "name" + " }" * 60 + " } } }", "QUERY_TOO_COMPLEX"),
    ("G22", "{ district { shortNam } }", "Cannot query field 'shortNam' on type 'LocalEducationAgency'."),
    ("G23", "{ ...Nowhere }", "Unknown fragment 'Nowhere'."),
    ("G24", "subscription { districts { id } }", "The student graph is read-only"),
    ("G24", many("... @defer { districts { id } }", 21), "QUERY_TOO_COMPLEX"),
    ("G25", '{ student(id: "' + "x" * 5_000 + '") { id } }', "BAD_ID"),
    ("G25", '{ node(id: "bm9uZQ==") { id } }', "BAD_ID"),
    ("G25", '{ students(filter: {}, after: "' + "A" * 3_000 + '") { totalCount } }', "BAD_ID"),
]  # fmt: skip
"""Row, document, and result: the HTTP status, the code of the error, or the start of its message."""


CASES = [
    pytest.param(text, expected, marks=pytest.mark.row(row), id=f"{row}-{number}")
    for number, (row, text, expected) in enumerate(DOCUMENTS)
]


@pytest.mark.parametrize(("document", "expected"), CASES)
def test_a_hostile_document_is_refused_before_any_vendor(
    gateway: tuple[DemoGateway, list[Sandbox]], document: str, expected: str | int
) -> None:
    """The error names the limit or the mistake, and does not repeat the document."""
    running, sandboxes = gateway
    for sandbox in sandboxes:
        sandbox.requests.clear()
    status, response = post(running, {"query": document})
    if isinstance(expected, int):
        assert status == expected
    else:
        error = response["errors"][0]
        assert expected in (error["extensions"].get("code"), error["message"][: len(expected)]), error
        assert len(error["message"]) < 400
    assert response.get("data") is None or not any(response["data"].values())
    assert [request for sandbox in sandboxes for request in sandbox.requests] == []


def post(running: DemoGateway, body: Any) -> tuple[int, dict[str, Any]]:
    """Status and body of the response to a request."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {
        "Authorization": f"Bearer {running.tokens['superintendent']}",
        "Content-Type": "application/json",
        # The connection of a body over 1 MiB is closed; the next request must not be sent on it just then.
        "Connection": "close",
    }
    response = running.client.post("/graphql", content=content, headers=headers, timeout=60)
    return response.status_code, response.json()


@pytest.mark.parametrize(("body", "status"), [
    pytest.param([{"query": "{ districts { id } }"}] * 1_000, 400, marks=pytest.mark.row("G14"), id="G14"),
    pytest.param({"query": "query ($i: [ID!]!) {nodes(ids: $i) {id}}", "variables": {"i": ["x"] * 100_000}}, 413,
                 marks=pytest.mark.row("G18"), id="G18-long"),
    pytest.param(b'{"query": "{ districts { id } }", "variables": {"a": ' + b"[" * 900 + b"]" * 900 + b"}}", 200,
                 marks=pytest.mark.row("G18"), id="G18-deep"),
    pytest.param('{"query": "{ districts { id } }"}'.encode("utf-16"), 400,
                 marks=pytest.mark.row("G20"), id="G20-utf-16"),
    pytest.param(b'{"query": "{ districts { id } }", "operationName": "\\ud800"}', 400,
                 marks=pytest.mark.row("G20"), id="G20-surrogate"),
    pytest.param(b'{"query": "{ districts { id } }", "query": "{ districts { shortName } }"}', 400,
                 marks=pytest.mark.row("G20"), id="G20-twice"),
    pytest.param({"query": "{ districts { id } }", "variables": {"name": "A\0"}}, 400,
                 marks=pytest.mark.row("G20"), id="G20-nul"),
])  # fmt: skip
def test_a_hostile_body_is_refused(gateway: tuple[DemoGateway, list[Sandbox]], body: Any, status: int) -> None:
    """Batches are off, UTF-8 is the only encoding, and a deeply nested variable is an error."""
    actual, response = post(gateway[0], body)
    assert actual == status
    assert response.get("data") is None
    assert response["errors"]
