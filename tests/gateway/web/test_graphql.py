"""GraphQL over HTTP: requests and responses over real sockets."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from student_graph.gateway.web.request import MAX_BODY_BYTES
from tests.gateway.graph import TOKEN, VIEW
from tests.gateway.servers import client_for


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    """A client of the GraphQL view."""
    with client_for(VIEW) as client:
        yield client


def post(http: httpx.Client, query: str, **members: Any) -> dict[str, Any]:
    """Send a query, and return the content of its response."""
    response = http.post("/graphql", json={"query": query, **members}, headers=TOKEN)
    content: dict[str, Any] = response.json()

    assert response.status_code == 200
    return content


def test_a_response_has_data_and_counts_calls_to_sources(http: httpx.Client) -> None:
    """The extensions say how each source was used."""
    response = post(http, "{ role }")

    assert response["data"] == {"role": "teacher"}
    assert response["extensions"]["sources"]["sis"]["calls"] == 2
    assert "errors" not in response


@pytest.mark.parametrize(
    ("headers", "challenge", "message"),
    [
        ({}, "Bearer", "Send the token"),
        ({"Authorization": "Bearer"}, "Bearer", "Send the token"),
        ({"Authorization": "Basic dDp0"}, "Bearer", "Send the token"),
        ({"Authorization": "Bearer other"}, 'Bearer error="invalid_token"', "This token is not accepted"),
    ],
)
def test_a_request_without_a_viewers_token_is_refused(
    http: httpx.Client, headers: dict[str, str], challenge: str, message: str
) -> None:
    """The response tells a token that is not accepted from none (RFC 6750, section 3)."""
    response = http.post("/graphql", json={"query": "{ role }"}, headers=headers)
    [error] = response.json()["errors"]

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == challenge
    assert error["message"].startswith(message)
    assert error["extensions"] == {"code": "UNAUTHENTICATED"}


@pytest.mark.parametrize("media", [
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/jsonx",
    "text/plain; a=application/json",
    "",
])  # fmt: skip
def test_another_media_type_is_refused(http: httpx.Client, media: str) -> None:
    """A page of another site can send these without permission (CORS), but not JSON."""
    response = http.post("/graphql", content=b'{"query":"{role}"}', headers={**TOKEN, "Content-Type": media})

    assert response.status_code == 415
    assert response.json()["errors"][0]["message"] == "Send the request as application/json."


@pytest.mark.parametrize("media", ["application/json", "APPLICATION/JSON", "application/json; charset=utf-8"])
def test_the_json_media_type_is_accepted_in_any_case(http: httpx.Client, media: str) -> None:
    """Upper and lower case and parameters of the media type do not matter."""
    response = http.post("/graphql", content=b'{"query":"{role}"}', headers={**TOKEN, "Content-Type": media})

    assert response.status_code == 200


def test_a_compressed_request_is_refused(http: httpx.Client) -> None:
    """The gateway decompresses no request."""
    headers = {**TOKEN, "Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert http.post("/graphql", content=b"\x1f\x8b", headers=headers).status_code == 415


@pytest.mark.parametrize("body", [
    b"",
    b"{",
    b"null",
    b"7",
    b'"{role}"',
    b"[]",
    b'[{"query":"{role}"}]',
    b"{}",
    b'{"query":null}',
    b'{"query":7}',
    b'{"query":""}',
    b'{"query":["{role}"]}',
    b'{"query":"{role}","variables":[]}',
    b'{"query":"{role}","variables":"{}"}',
    b'{"query":"{role}","operationName":7}',
    b'{"query":"{role}","variables":{"a":NaN}}',
    b'{"query":"{role}","variables":{"a":"\\ud800"}}',
    b'{"query":"{role}","variables":{"a":' + b"[" * 20_000 + b"]" * 20_000 + b"}}",
    b"\xef\xbb\xbf{}",
    '{"query":"{role}"}'.encode("utf-16"),
    b'{"query":"\xff"}',
])  # fmt: skip
def test_a_malformed_body_is_a_400(http: httpx.Client, body: bytes) -> None:
    """The response to any other JSON or bytes says what to send, and is never a 500."""
    response = http.post("/graphql", content=body, headers={**TOKEN, "Content-Type": "application/json"})

    assert response.status_code == 400
    assert response.json()["errors"][0]["message"]


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_the_limit_is_refused(http: httpx.Client, *, chunked: bool) -> None:
    """No more than the limit is read, whether the request states its length or not."""
    body = b'{"query":"{role}"}' + b" " * MAX_BODY_BYTES
    content: Any = iter([body]) if chunked else body
    response = http.post("/graphql", content=content, headers={**TOKEN, "Content-Type": "application/json"})

    assert response.status_code == 413


@pytest.mark.parametrize(("query", "message"), [
    ("{", "Syntax Error: Expected Name, found <EOF>."),
    ("{ rolle }", "Cannot query field 'rolle' on type 'Query'."),
    ("query A { role } query B { role }", "The document must have exactly one operation"),
    ("mutation { role }", "The student graph is read-only"),
    ("subscription { role }", "The student graph is read-only"),
    ("fragment F on Query { role }", "The document must have exactly one operation"),
    ("{ bus(student: 7) }", "String cannot represent a non string value: 7"),
    ("{" + " role" * 2_000 + "}", "Syntax Error: Document contains more than 2000"),
    ("#" * 20_001 + "\n{ role }", "Syntax Error: "),
])  # fmt: skip
def test_an_error_says_what_is_wrong_with_a_document(http: httpx.Client, query: str, message: str) -> None:
    """It names the field, the location or the limit; nothing is executed."""
    response = post(http, query)

    assert response["errors"][0]["message"].startswith(message)
    assert response.get("data") is None


def test_an_operation_is_selected_by_its_name(http: httpx.Client) -> None:
    """Of several operations, the named one is executed; an unknown name is an error."""
    document = "query A { a: role } query B { b: role }"

    assert post(http, document, operationName="B")["data"] == {"b": "teacher"}
    assert "operationName" in post(http, document, operationName="C")["errors"][0]["message"]


def test_an_error_names_the_wrong_variable(http: httpx.Client) -> None:
    """A variable of a wrong type is the client's mistake, and the code says so."""
    response = post(http, "query($s: String) { bus(student: $s) }", variables={"s": 7})

    assert "'$s'" in response["errors"][0]["message"]
    assert response["errors"][0]["extensions"]["code"] == "BAD_INPUT"


def test_an_error_has_the_code_of_a_failed_source(http: httpx.Client) -> None:
    """It names the source and when to retry; the other fields have their values."""
    response = post(http, "{ role bus }")
    [error] = response["errors"]

    assert response["data"] == {"role": "teacher", "bus": None}
    assert error["path"] == ["bus"]
    assert error["extensions"].pop("requestId")
    assert error["extensions"] == {
        "code": "SOURCE_UNAVAILABLE",
        "source": "sis",
        "retryable": True,
        "retryAfter": 3,
        "coordinate": "Query.bus",
    }


def test_an_internal_error_shows_no_details(http: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    """The response has a code. The log names the position in the code once, and nothing that the client sent."""
    with caplog.at_level(logging.DEBUG):
        response = post(http, "query Q($s: String!) { a: bug b: bug(student: $s) }", variables={"s": "Ada Hill"})
    text = "\n".join(logging.Formatter().format(record) for record in caplog.records if record.name != "httpx")

    assert {error["extensions"]["code"] for error in response["errors"]} == {"INTERNAL"}
    assert not [word for word in ("LookupError", "605123", "Ada Hill", "no row") if word in json.dumps(response)]
    assert text.count("LookupError") == 1
    assert not [word for word in ("605123", "Ada Hill", "no row", "bug(student") if word in text]
    assert response["errors"][0]["extensions"]["requestId"] in text
